"""Containers: batches, sharing and recursion, byte for byte as the standard pickler."""

import collections
import copy
import pickle

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
