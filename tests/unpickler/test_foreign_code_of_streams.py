"""Foreign code in the middle of a load."""

import gc
import io
import pickle
import sys
import threading

import pytest

import cppickle


def call(function, *arguments):
    """An object that loads as the answer of the call."""
    return type("Call", (), {"__reduce__": lambda self: (function, arguments)})()


HOOK = [None]


def hook(*arguments):
    return HOOK[0](*arguments)


hook.__module__ = __name__


@pytest.fixture
def hooked():
    yield lambda function: HOOK.__setitem__(0, function)
    HOOK[0] = None


STREAM = pickle.dumps([1, call(hook, 2), {"a": call(hook, 3)}, "end"], 4)


def test_nested_loads(hooked):
    hooked(lambda x: cppickle.loads(pickle.dumps([x, x])))
    assert cppickle.loads(STREAM) == [1, [2, 2], {"a": [3, 3]}, "end"]


def test_an_unpickler_in_use(hooked):
    unpickler = cppickle.Unpickler(io.BytesIO(STREAM * 2))

    def again(x):
        for use in (
            unpickler.load,
            lambda: unpickler.__init__(io.BytesIO()),
            unpickler.memo.clear,
            lambda: setattr(unpickler, "memo", {}),
        ):
            with pytest.raises(RuntimeError, match="already used"):
                use()
        gc.collect()
        return x

    hooked(again)
    for _ in range(2):
        assert unpickler.load() == [1, 2, {"a": 3}, "end"]


def test_an_error_leaves_an_unpickler_usable(hooked):
    def fails(x):
        raise LookupError(x)

    file = io.BytesIO(STREAM + pickle.dumps("next"))
    unpickler = cppickle.Unpickler(file)
    hooked(fails)
    with pytest.raises(LookupError):
        unpickler.load()
    file.seek(len(STREAM))
    assert cppickle.load(file) == "next"


def test_the_collector_is_as_it_was(hooked):
    seen = []
    hooked(lambda x: seen.append(gc.isenabled()))
    for enabled in (True, False):
        (gc.enable if enabled else gc.disable)()
        try:
            cppickle.loads(STREAM)
            with pytest.raises(pickle.UnpicklingError):
                cppickle.loads(STREAM[:-1] + b"00.")
            assert gc.isenabled() is enabled
            assert seen == [enabled] * 4
            seen.clear()
        finally:
            gc.enable()


def test_foreign_code_that_turns_the_collector_off(hooked):
    hooked(lambda x: gc.disable())
    try:
        cppickle.loads(STREAM)
        assert not gc.isenabled()
    finally:
        gc.enable()


class Mean:
    """Unequal keys of one hash, whose comparison does what it likes."""

    action = None

    def __hash__(self):
        return 1

    def __eq__(self, other):
        if Mean.action:
            Mean.action()
        return self is other


def test_keys_that_meddle():
    stream = pickle.dumps({Mean(): 1, Mean(): 2, "k": {Mean(), Mean()}}, 4)

    def action():
        for found in gc.get_objects():
            if type(found) is dict and any(type(k) is Mean for k in found):
                found.clear()
        gc.collect()

    Mean.action = staticmethod(action)
    try:
        for _ in range(20):
            cppickle.loads(stream)
    finally:
        Mean.action = None


def test_finalizers_that_load():
    loaded = []

    class Dies:
        def __del__(self):
            loaded.append(cppickle.loads(pickle.dumps([1])))

    sys.modules[__name__].Dies = Dies
    Dies.__qualname__ = "Dies"
    one = pickle.dumps(Dies(), 4)
    loaded.clear()
    stream = one[:-1].replace(b"\x94", b"") + b"0N."  # POP, None
    assert cppickle.loads(b"\x80\x04" + stream[11:]) is None
    assert loaded == [[1]]


def test_threads():
    stream = pickle.dumps([{"a": [1, 2.5, ("x", None)]}] * 100, 5)
    wrong = []

    def run():
        for _ in range(200):
            if cppickle.loads(stream) != pickle.loads(stream):
                wrong.append(1)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert gc.isenabled()
