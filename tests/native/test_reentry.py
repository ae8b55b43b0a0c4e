"""Dumps inside dumps: other picklers are free to run, the same one is not."""

import contextlib
import gc
import io
import pickle
import weakref

import pytest
from support.source import define

import cppickle


class Meddler:
    """Calls `act` when it is reduced, and loads as the string "meddler"."""

    def __init__(self, act):
        self.act = act

    def __reduce__(self):
        self.act()
        return str, ("meddler",)


def test_dumps_inside_dumps():
    inner = []
    job = define("n = 1\ndef job(): return n").job

    def again():
        inner.append(cppickle.dumps([job, shared]))

    shared = ["shared"]
    obj = [shared, job, Meddler(again), shared]
    outer = pickle.loads(cppickle.dumps(obj))
    assert outer[0] is outer[3]
    assert outer[1]() == 1
    assert pickle.loads(inner[0])[0]() == 1


def test_dumps_inside_dumps_a_hundred_deep():
    def nest(n):
        return Meddler(lambda: cppickle.dumps([n, nest(n - 1)]) if n else None)

    assert pickle.loads(cppickle.dumps(nest(100))) == "meddler"


def test_a_pickler_inside_its_own_dump():
    """Refused, and the dump in progress goes on unharmed."""
    seen = []
    file = io.BytesIO()
    pickler = cppickle.Pickler(file)

    def reenter():
        try:
            pickler.dump(["inner"])
        except RuntimeError as error:
            seen.append(error)

    pickler.dump([1, Meddler(reenter), 2])
    assert len(seen) == 1
    assert pickle.loads(file.getvalue()) == [1, "meddler", 2]


@pytest.mark.parametrize("act", ["clear_memo", "__init__", "memo.clear", "memo ="])
def test_a_pickler_changed_inside_its_own_dump(act):
    """Refused or harmless, never a crash."""
    file = io.BytesIO()
    pickler = cppickle.Pickler(file)
    acts = {
        "clear_memo": pickler.clear_memo,
        "__init__": lambda: pickler.__init__(io.BytesIO()),
        "memo.clear": lambda: pickler.memo.clear(),
        "memo =": lambda: setattr(pickler, "memo", {}),
    }

    def meddle():
        with contextlib.suppress(RuntimeError):
            acts[act]()

    shared = [1]
    obj = [shared, (1, 2, shared), Meddler(meddle), shared, [[shared]]]
    with contextlib.suppress(RuntimeError):
        pickler.dump(obj)
    pickler.clear_memo()


def test_a_pickler_dropped_inside_its_own_dump():
    class Pickler(cppickle.Pickler):
        pass

    box = [Pickler(io.BytesIO())]
    gone = weakref.ref(box[0])
    box.pop().dump([Meddler(gc.collect), [1, 2]])
    assert gone() is None


def test_a_dump_from_another_thread_on_the_way():
    import threading

    streams = []

    def dump_elsewhere():
        thread = threading.Thread(target=lambda: streams.append(cppickle.dumps(shared)))
        thread.start()
        thread.join()

    shared = [1, "two", {3: [4]}]
    again = pickle.loads(cppickle.dumps([shared, Meddler(dump_elsewhere), shared]))
    assert again[0] is again[2]
    assert pickle.loads(streams[0]) == shared
