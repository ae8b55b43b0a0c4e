"""What test_mpi.py runs on two ranks: functions, instances and arrays go to and fro."""

import dataclasses

import numpy
from mpi4py import MPI
from mpi4py.util import pkl5

import cppickle.integrations.mpi

cppickle.integrations.mpi.install()

FACTOR = 3


@dataclasses.dataclass
class Scaled:
    values: object

    def total(self):
        return float(self.values.sum()) * FACTOR


def exchange(comm):
    """Rank 0 sends, rank 1 uses what it gets and sends it back."""
    shift = comm.bcast((lambda x: x + FACTOR) if comm.rank == 0 else None, root=0)
    assert shift(1) == 4
    if comm.rank == 0:
        sent = Scaled(numpy.ones(200_000))
        comm.send(sent, dest=1)
        returned = comm.recv(source=1)
        assert type(returned) is Scaled, type(returned)
        assert returned.total() == sent.total() * 2
    else:
        received = comm.recv(source=0)
        received.values = received.values * 2
        comm.send(received, dest=0)


exchange(MPI.COMM_WORLD)
exchange(pkl5.Intracomm(MPI.COMM_WORLD))
if MPI.COMM_WORLD.rank == 1:
    print("rank 1 is content", flush=True)
