"""Processes of engines that are started by command line, and ended with their group."""

import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import venv


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def python_without_cppickle():
    """An interpreter that has all packages of this environment except cppickle."""
    folder = pathlib.Path(sys.prefix + "-without-cppickle")
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=False)
    inside = f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
    for package in (pathlib.Path(sys.prefix) / inside).iterdir():
        link = folder / inside / package.name
        if not package.name.startswith("cppickle") and not link.is_symlink():
            with contextlib.suppress(FileExistsError):
                link.symlink_to(package)
    return str(python)


@contextlib.contextmanager
def running(command, **options):
    """A command in a process group of its own, which is killed at the end."""
    process = subprocess.Popen(
        command, start_new_session=True, cwd=tempfile.gettempdir(), **options
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            pass
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextlib.contextmanager
def dask_cluster(scheduler, worker):
    """A ``dask scheduler`` and two workers; gives their address.

    scheduler, worker: an interpreter and, if wanted, options of the command.
    """
    address = f"tcp://127.0.0.1:{free_port()}"
    common = ["--no-dashboard"]
    python, *options = scheduler
    schedule = [python, "-m", "dask", "scheduler", "--host", address]
    with running([*schedule, *common, *options]):
        python, *options = worker
        work = [python, "-m", "dask", "worker", address, "--nworkers=2", "--nthreads=1"]
        with running([*work, *common, *options]):
            yield address
