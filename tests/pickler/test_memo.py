"""A pickler's memo: several dumps, the memo proxy, clear_memo, fast mode."""

import gc
import io
import pickle
import sys
import weakref

import pytest

import cppickle


class Node:
    pass


class Session:
    """One pickler of `module` on one file, and what its dumps load to."""

    def __init__(self, module=cppickle, **options):
        self.file = io.BytesIO()
        self.pickler = module.Pickler(self.file, 5, **options)

    def dump(self, obj):
        start = self.file.tell()
        self.pickler.dump(obj)
        return self.file.getvalue()[start:]


def same_session(script):
    """Run `script` on a session of each module; both must write the same."""
    ours, theirs = Session(), Session(pickle)
    script(ours)
    script(theirs)
    assert ours.file.getvalue() == theirs.file.getvalue()
    return ours


def test_several_dumps_share_the_memo():
    obj = [1, "text", (2, 3)]

    def script(session):
        session.dump(obj)
        session.dump(obj)
        session.dump([obj, obj[1], obj[2]])

    session = same_session(script)
    unpickler = pickle.Unpickler(io.BytesIO(session.file.getvalue()))
    first, second, third = unpickler.load(), unpickler.load(), unpickler.load()
    assert first is second is third[0]


def test_clear_memo_forgets():
    obj = ["text"]

    def script(session):
        session.dump(obj)
        session.pickler.clear_memo()
        session.dump(obj)

    same_session(script)


def test_the_memo_maps_ids_to_indices_and_objects():
    session, text = Session(), "text"
    session.dump([text])
    memo = session.pickler.memo.copy()
    assert memo[id(text)] == (1, text)
    assert len(memo) == 2


def test_the_memo_s_copy_is_the_standard_one():
    obj = [1, "a", ("b", {"c": b"d"}), {"e"}]
    ours, theirs = Session(), Session(pickle)
    ours.dump(obj)
    theirs.dump(obj)
    assert ours.pickler.memo.copy() == theirs.pickler.memo.copy()


def test_clearing_the_memo_through_the_proxy():
    obj = ["text"]

    def script(session):
        session.dump(obj)
        session.pickler.memo.clear()
        assert session.pickler.memo.copy() == {}
        session.dump(obj)

    same_session(script)


def test_assigning_one_pickler_s_memo_to_another():
    obj = ["text", [1]]
    first, second = Session(), Session()
    first.dump(obj)
    second.pickler.memo = first.pickler.memo
    primed = second.dump([obj])
    file = io.BytesIO(first.file.getvalue() + primed)
    unpickler = pickle.Unpickler(file)
    once = unpickler.load()
    assert unpickler.load()[0] is once


def test_assigning_a_dict_as_the_memo():
    obj = ["text"]
    first, second = Session(), Session()
    first.dump(obj)
    second.pickler.memo = first.pickler.memo.copy()
    assert second.pickler.memo.copy() == first.pickler.memo.copy()
    assert len(second.dump([obj])) < len(Session().dump([obj]))


@pytest.mark.parametrize(
    "wrong",
    [5, [], {"a": 1}, {1: 2}, {1: (1, 2, 3)}, {1: ("a", 2)}],
    ids=repr,
)
def test_a_wrong_memo_is_refused(wrong):
    with pytest.raises(TypeError):
        Session().pickler.memo = wrong


def test_the_memo_cannot_be_deleted():
    with pytest.raises(TypeError):
        del Session().pickler.memo


def test_the_proxy_cannot_be_hashed_and_has_a_reduce():
    memo = Session().pickler.memo
    with pytest.raises(TypeError):
        hash(memo)
    assert memo.__reduce__() == (dict, ({},))


def test_the_proxy_keeps_the_pickler():
    session = Session()
    session.dump(["text"])
    memo = session.pickler.memo
    del session
    gc.collect()
    assert len(memo.copy()) == 2


def test_fast_mode_writes_no_memo():
    def script(session):
        assert not session.pickler.fast
        session.pickler.fast = True
        assert session.pickler.fast
        session.dump(["a", "a", ("b", 1, 2, 3), {"c": b"d"}, {1}, Node])

    same_session(script)


def test_fast_mode_does_not_look_into_the_memo():
    obj = ["text"]

    def script(session):
        session.dump(obj)
        session.pickler.fast = 1
        session.dump([obj, obj])

    same_session(script)


def test_fast_mode_on_a_cycle_raises():
    loop = []
    loop.append(loop)
    session = Session()
    session.pickler.fast = True
    with pytest.raises(ValueError) as caught:
        session.dump(loop)
    assert set(caught.value.cppickle_path.split("[0]")) == {"list", ""}


@pytest.mark.parametrize("protocol", range(6))
def test_bin_tells_the_protocol(protocol):
    ours = cppickle.Pickler(io.BytesIO(), protocol)
    assert ours.bin == pickle.Pickler(io.BytesIO(), protocol).bin


def test_bin_can_be_set():
    pickler = cppickle.Pickler(io.BytesIO())
    pickler.bin = 0
    assert pickler.bin == 0


def test_dumps_keeps_no_object_alive():
    node = Node()
    gone = weakref.ref(node)
    cppickle.dumps([node, node, {"k": node}])
    del node
    assert gone() is None


def test_a_cleared_pickler_keeps_no_object_alive():
    node, session = Node(), Session()
    gone = weakref.ref(node)
    session.dump([node, node])
    session.pickler.clear_memo()
    del node
    gc.collect()
    assert gone() is None


def test_a_failed_dump_keeps_no_object_alive():
    node = Node()
    node.lock = sys._getframe()
    gone = weakref.ref(node)
    try:
        cppickle.dumps([node, node])
    except TypeError:
        pass
    node.lock = None
    del node
    gc.collect()
    assert gone() is None


def test_the_memo_protects_temporaries():
    """An object that dies during the dump must not lend its address to another."""

    class Fresh:
        def __reduce__(self):
            return list, ([object, "fresh" * 2, [1]],)

    again = pickle.loads(cppickle.dumps([Fresh() for _ in range(1000)]))
    assert again == [[object, "freshfresh", [1]]] * 1000
    assert len({id(inner) for inner in again}) == 1000
