"""Containers: batches, sharing and recursion, byte for byte as the standard pickler."""

import collections
import copy
import pickle
from random import Random

import pytest

BATCH_EDGES = [0, 1, 2, 3, 4, 255, 256, 257, 999, 1000, 1001, 1999, 2000, 2001, 3001]


class Node:
    def __init__(self, value=None):
        self.value = value


class Key:
    """Hashable before its state has come back."""

    def __hash__(self):
        return 7


@pytest.mark.parametrize("size", BATCH_EDGES)
def test_batches(same_bytes, size):
    numbers = range(size)
    same_bytes(list(numbers))
    same_bytes(tuple(numbers))
    same_bytes(dict.fromkeys(numbers))
    same_bytes(set(numbers))
    same_bytes(frozenset(numbers))


@pytest.mark.parametrize("size", [0, 1, 2, 1001])
def test_batches_of_what_needs_the_memo(same_bytes, size):
    words = [f"word {n}" for n in range(size)]
    same_bytes(words + words)
    same_bytes({word: [word] for word in words})


@pytest.mark.parametrize("size", [0, 1, 2, 1000, 1001])
def test_batches_of_reduced_subclasses(same_bytes, size):
    same_bytes(collections.OrderedDict.fromkeys(range(size)))
    same_bytes(collections.deque(range(size)))
    same_bytes(collections.defaultdict(list, dict.fromkeys(range(size))))
    same_bytes(collections.Counter(range(size)))


def test_many_memo_entries(same_bytes):
    many = [[n] for n in range(70_000)]
    same_bytes([many, many[0], many[255], many[256], many[65_535], many[-1]])


def test_empty_containers_inside_each_other(same_bytes):
    same_bytes([[], (), {}, set(), frozenset(), [()], ([],), {(): {}}])


def test_empty_tuples_are_not_memoized(same_bytes):
    same_bytes([(), (), ((), ())])


def test_shared_containers(same_bytes, roundtrip):
    inner = [1]
    tree = {"a": inner, "b": (inner, inner), "c": {"d": inner}}
    same_bytes(tree)
    again = roundtrip(tree)
    assert again["a"] is again["b"][0] is again["b"][1] is again["c"]["d"]


def test_equal_but_distinct_containers_stay_apart(same_bytes, roundtrip):
    same_bytes([[1], [1], (1, 2), copy.copy((1, 2))])
    first, second = roundtrip([[1], [1]])
    assert first is not second


def test_a_list_in_itself(same_bytes, roundtrip):
    loop = [1]
    loop.append(loop)
    same_bytes(loop)
    again = roundtrip(loop)
    assert again[1] is again


def test_a_dict_in_itself(same_bytes, roundtrip):
    loop = {}
    loop["me"] = loop
    same_bytes(loop)
    again = roundtrip(loop)
    assert again["me"] is again


@pytest.mark.parametrize("size", [1, 2, 3, 4, 10])
def test_a_tuple_in_itself_by_way_of_a_list(same_bytes, roundtrip, size):
    inner = []
    loop = (inner, *range(size - 1))
    inner.append(loop)
    same_bytes(loop)
    same_bytes(inner)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        again = roundtrip(loop, protocol)
        assert again[0][0] is again
        assert len(again) == size


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_a_tuple_in_itself_at_every_place(same_bytes, size):
    inner = {}
    loop = tuple([inner] * size)
    inner["loop"] = loop
    same_bytes([loop, loop])


def test_tuples_in_each_other(same_bytes, roundtrip):
    inner = []
    left = (inner, 1)
    right = (left, 2, inner)
    inner.append(right)
    same_bytes(left)
    same_bytes(right)
    again = roundtrip(right)
    assert again[2][0] is again


@pytest.mark.parametrize("kind", [set, frozenset])
def test_a_set_in_itself_by_way_of_an_object(same_bytes, roundtrip, kind):
    node = Node()
    node.value = kind([node])
    same_bytes(node)
    same_bytes(node.value)
    again = roundtrip(node)
    assert next(iter(again.value)) is again
    (inner,) = whole = roundtrip(node.value)
    assert inner.value is whole


def test_a_frozenset_in_itself_in_the_middle_of_a_list(same_bytes, roundtrip):
    node = Key()
    node.value = frozenset([node, 1, 2])
    same_bytes([node.value, node, node.value])
    first, middle, last = roundtrip([node.value, node, node.value])
    assert first is last is middle.value
    assert middle in first


def test_a_dict_whose_key_reaches_it(same_bytes, roundtrip):
    key = Key()
    key.value = {key: 1}
    same_bytes(key)
    again = roundtrip(key)
    assert again.value == {again: 1}


def test_an_object_in_itself(same_bytes, roundtrip):
    node = Node()
    node.value = node
    same_bytes(node)
    again = roundtrip(node)
    assert again.value is again


class MyList(list):
    pass


class MyDict(dict):
    pass


class MyTuple(tuple):
    pass


class MySet(set):
    pass


class MyFrozenSet(frozenset):
    pass


@pytest.mark.parametrize("kind", [MyList, MyTuple, MySet, MyFrozenSet])
def test_subclasses(same_bytes, roundtrip, kind):
    obj = kind([1, 2, 3])
    obj.state = [obj]
    same_bytes(obj)
    again = roundtrip(obj)
    assert type(again) is kind
    assert list(again) == [1, 2, 3]
    assert again.state[0] is again


def test_a_dict_subclass_in_itself(same_bytes, roundtrip):
    obj = MyDict(a=1)
    obj["me"], obj.state = obj, obj
    same_bytes(obj, range(2, 6))
    again = roundtrip(obj)
    assert again["me"] is again.state is again


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_list_subclass_in_itself(same_bytes, roundtrip, protocol):
    obj = MyList()
    obj.append(obj)
    same_bytes(obj, [protocol])
    again = roundtrip(obj, protocol)
    assert again[0] is again


@pytest.mark.parametrize("wrap", [lambda x: [x], lambda x: (x,), lambda x: {1: x}])
def test_nesting(same_bytes, wrap):
    obj = None
    for _ in range(150):
        obj = wrap(obj)
    same_bytes(obj)


def leaves(choose):
    """A leaf of some kind: of those written in one go, and of those that are not."""
    return choose(
        [
            lambda: choose([0, 255, 256, 65_535, 65_536, -1, 2**30, 2**31, -(2**40)]),
            lambda: choose([None, True, False, 1.5, float("inf"), "", "shared"]),
            lambda: "x" * choose([1, 3, 4, 7, 8, 15, 16, 17, 100, 255, 256, 300]),
            lambda: choose(["\xe9", "\u20ac" * 9, "\U0001f600", b"", b"b" * 300]),
        ]
    )()


@pytest.mark.parametrize("seed", range(8))
def test_leaves_of_all_kinds_in_lists_tuples_and_dicts(same_bytes, seed):
    random = Random(seed)

    def leaf():
        return leaves(random.choice)

    def container():
        values = [leaf() for _ in range(random.randrange(6))]
        kind = random.randrange(4)
        if kind == 0:
            return values
        if kind == 1:
            return dict.fromkeys(map(repr, values), leaf())
        return tuple(values[: random.randrange(1, 6)])

    obj = [random.choice([leaf, container])() for _ in range(20_000)]
    same_bytes(obj, [0, 2, 4, 5])
    same_bytes(dict(enumerate(obj)), [4, 5])


@pytest.mark.parametrize("length", [250, 255, 256])
def test_tuples_across_the_ends_of_frames(same_bytes, length):
    for start in range(0, 800, 97):
        text = "t" * length
        obj = ["s" * start] + [(text + str(i), i, text) for i in range(1000)]
        same_bytes(obj, [4, 5])


def test_more_objects_than_a_packed_memo_holds(same_bytes):
    held = [str(i) for i in range(1_100_000)]
    same_bytes([held.copy(), held[:3], held[-3:], held[2**20 - 3 : 2**20 + 3]], [5])
