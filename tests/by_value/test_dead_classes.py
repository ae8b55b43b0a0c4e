"""Classes that have died: nothing of them stays, and their addresses are used again."""

import os

import pytest
from support.processes import Worker, run_child
from support.senders import living_worker

import cppickle

# The address sanitizer keeps for a while what has been freed.
KEEPS_FREED = "asan" in os.environ.get("LD_PRELOAD", "")
TELLS_MEMORY = os.path.exists("/proc/self/statm") and not KEEPS_FREED


def classes(number):
    for n in range(number):
        yield cppickle.dumps(type("Short", (), {"n": n, "f": lambda self: self.n}))


@pytest.mark.parametrize("bare", [True, False], ids=["bare", "with cppickle"])
def test_nothing_stays_in_the_tracker_of_a_worker(bare):
    """20,000 classes come and go: neither entries nor memory are left of them."""
    with Worker(bare=bare) as worker:
        worker.load(cppickle.dumps(list(classes(20_000))), "streams")
        grown, tracked, entries = worker.ask(
            """
            import gc, pickle, sys
            def resident():
                with open("/proc/self/statm") as statm:
                    return int(statm.read().split()[1]) * 4096
            for stream in streams[:2000]: pickle.loads(stream)
            gc.collect()
            before = resident()
            for stream in streams[2000:]: pickle.loads(stream)
            gc.collect()
            tracker = sys._cppickle_tracker
            resident() - before, len(tracker), len(vars(tracker))
            """
            if TELLS_MEMORY
            else """
            import gc, pickle, sys
            for stream in streams: pickle.loads(stream)
            gc.collect()
            tracker = sys._cppickle_tracker
            0, len(tracker), len(vars(tracker))
            """
        )
    assert (tracked, entries < 100) == (0, True)
    assert grown < 18_000 * 60


def test_nothing_stays_of_versions_of_a_living_class():
    """2,000 edits in place reach one class; the tracker has as much as after one."""
    streams = []
    made = type("Job", (), {"n": 0})
    for n in range(2000):
        made.n = n
        streams.append(cppickle.dumps(made))
    with living_worker() as worker:
        worker.load(cppickle.dumps(streams), "streams")
        sizes = worker.ask(
            """
            import gc, pickle, sys
            loads = [pickle.loads(stream) for stream in streams[:10]]
            tracker = sys._cppickle_tracker
            before = len(tracker), len(vars(tracker))
            for stream in streams[10:]: job = pickle.loads(stream)
            gc.collect()
            assert job.n == 1999 and job is loads[0]
            before, (len(tracker), len(vars(tracker)))
            """
        )
    assert sizes[0] == sizes[1]


def test_nothing_stays_in_the_sender():
    """The same for a process that makes, sends and drops classes."""
    run_child(
        """
        import gc, cppickle, sys
        def turn():
            for n in range(500): cppickle.dumps(type("Short", (), {"n": n}))
            gc.collect()
            return sys.getallocatedblocks()
        sizes = [turn() for _ in range(40)]
        # One block of each class would be 16,000; bounded tables vary by hundreds.
        assert min(sizes[-8:]) - min(sizes[:8]) < 2000, sizes
        """
    )


def test_a_class_at_the_address_of_a_dead_one():
    """Its predecessor's records are for a class that is no more."""
    run_child(
        """
        import gc, os, sys
        if "MALLOC_PERTURB_" not in os.environ:  # freed memory does not look alive
            again = [sys.executable, "-c", sys.orig_argv[-1]]
            os.execve(again[0], again, {**os.environ, "MALLOC_PERTURB_": "165"})
        import cppickle

        def make(n, names):
            return type(f"K{n}", (), names)

        gc.disable()
        met = 0
        for attempt in range(100):
            nested = {f"n{i}": make(i + 1, {"y": [i]}) for i in range(90)}
            first = make(0, dict(nested))
            address = id(first)
            for name in nested: delattr(first, name)
            for _ in range(3): cppickle.dumps(first)
            del first
            gc.collect()
            others = [make(0, nested) for _ in range(8)]
            for other in others:
                if id(other) == address:
                    met += 1
                    stream = cppickle.dumps(other)
                    assert all(cppickle.dumps(other) == stream for _ in range(3))
            if met > 10: break
            del nested, others, other
            gc.collect()
        """
    )
