"""Views: memoryview, mappingproxy, dict and OrderedDict views; only what they show."""

import collections
import threading
import types

import pytest
from support.source import define

KINDS = {"dict": dict, "OrderedDict": collections.OrderedDict}


@pytest.fixture(params=KINDS)
def kind(request):
    return KINDS[request.param]


def test_keys(in_fresh_process, kind):
    question = f"list(obj), type(obj).__name__, {kind is dict} or len(obj)"
    name = type(kind().keys()).__name__
    answer = in_fresh_process(kind(a=1, b=2).keys(), question)
    assert answer[:2] == (["a", "b"], name)


def test_values(in_fresh_process, kind):
    question = "list(obj), type(obj).__name__"
    name = type(kind().values()).__name__
    assert in_fresh_process(kind(a=1, b=[2]).values(), question) == ([1, [2]], name)


def test_items(in_fresh_process, kind):
    question = "list(obj), type(obj).__name__"
    expected = ([("a", 1), ("b", 2)], type(kind().items()).__name__)
    assert in_fresh_process(kind(a=1, b=2).items(), question) == expected


def test_equal_and_unhashable_values_are_all_there(in_fresh_process, kind):
    view = kind(a=1, b=1, c=[1], d=[1]).values()
    assert in_fresh_process(view, "list(obj)") == [1, 1, [1], [1]]


def test_only_what_they_show_travels(in_fresh_process, kind):
    lock = threading.Lock()
    assert in_fresh_process(kind(a=lock).keys(), "list(obj)") == ["a"]
    assert in_fresh_process(kind({lock: 1}).values(), "list(obj)") == [1]


def test_what_they_show_is_shared(in_fresh_process, kind):
    shared = [1]
    question = "view, shared = obj\nnext(iter(view)) is shared"
    assert in_fresh_process([kind(a=shared).values(), shared], question) is True


def test_empty_views(in_fresh_process, kind):
    views = [kind().keys(), kind().values(), kind().items()]
    assert in_fresh_process(views, "[list(view) for view in obj]") == [[], [], []]


def test_the_view_of_a_subclass(in_fresh_process):
    made = define("class Table(dict): pass\ntable = Table(a=1)")
    assert in_fresh_process(made.table.items(), "list(obj)") == [("a", 1)]


@pytest.mark.parametrize(
    "view",
    [
        memoryview(b"Hello"),
        memoryview(bytearray(b"Hello")),
        memoryview(b"Hello!")[:-1],
        memoryview(b"HxexlxlxoX")[::2],
    ],
    ids=["bytes", "bytearray", "slice", "strided"],
)
def test_a_memoryview(in_fresh_process, view):
    assert in_fresh_process(view, "bytes(obj), obj == b'Hello'") == (b"Hello", True)


def test_a_released_memoryview_is_refused():
    import cppickle

    view = memoryview(b"Hello")
    view.release()
    with pytest.raises(ValueError, match="released"):
        cppickle.dumps(view)


def test_a_mappingproxy(in_fresh_process):
    proxy = types.MappingProxyType({"a": [1]})
    question = "obj['a'], type(obj).__name__, dict(obj), hasattr(obj, '__setitem__')"
    expected = ([1], "mappingproxy", {"a": [1]}, False)
    assert in_fresh_process(proxy, question) == expected


def test_a_mappingproxy_shows_its_dict(in_fresh_process):
    table = {"a": 1}
    question = "table, proxy = obj\ntable['b'] = 2\nproxy['b']"
    assert in_fresh_process([table, types.MappingProxyType(table)], question) == 2


def test_a_mappingproxy_of_another_mapping(in_fresh_process):
    proxy = types.MappingProxyType(collections.OrderedDict(a=1))
    assert in_fresh_process(proxy, "dict(obj), list(obj)") == ({"a": 1}, ["a"])


def test_a_mappingproxy_in_itself(in_fresh_process):
    table = {}
    proxy = types.MappingProxyType(table)
    table["holder"] = [proxy]
    question = "dict(obj['holder'][0])['holder'] is obj['holder']"
    assert in_fresh_process(proxy, question) is True
