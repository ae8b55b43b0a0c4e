"""Views: memoryview, mappingproxy, dict and OrderedDict views; only what they show."""

import array
import collections
import ctypes
import io
import pickle
import threading
import types

import pytest
from support.source import define

import cppickle

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


class TestLinks:
    """A view of what is in the stream too shows that, and changes with it."""

    CHANGED = """
        table = next(x for x in obj if isinstance(x, dict))
        table["new"] = "more"
        del table["a"]
        [list(view) for view in obj if view is not table]
        """

    @pytest.mark.parametrize("place", [0, 1, 2, 3])
    @pytest.mark.parametrize("protocol", range(6))
    def test_dict_views(self, bare_worker, place, protocol):
        table = {"a": 1, "b": [2]}
        sent = [table.keys(), table.values(), table.items()]
        sent.insert(place, table)
        bare_worker.load(cppickle.dumps(sent, protocol))
        answer = bare_worker.ask(self.CHANGED)
        assert answer == [
            ["b", "new"],
            [[2], "more"],
            [("b", [2]), ("new", "more")],
        ]

    @pytest.mark.parametrize("name", ["keys", "values", "items"])
    @pytest.mark.parametrize("first", [True, False])
    def test_one_view(self, in_fresh_process, name, first):
        table = {n: [n] for n in range(2500)}
        view = getattr(table, name)()
        sent = {"view": view, "table": table} if first else {"t": table, "view": view}
        question = f"""
            table = obj.get("table") or obj["t"]
            before = len(table), list(obj["view"]) == list(table.{name}())
            table.clear()
            before, len(obj["view"])
            """
        assert in_fresh_process(sent, question) == ((2500, True), 0)

    def test_views_of_a_dict_that_is_not_there(self, in_fresh_process):
        lock = threading.Lock()
        keys, values = {"a": lock}, {lock: 1}
        sent = [keys.keys(), keys.keys(), values.values(), values.values()]
        question = "[list(view) for view in obj], obj[0] is obj[1]"
        assert in_fresh_process(sent, question) == ([["a"], ["a"], [1], [1]], False)

    def test_the_rest_of_the_dict_is_refused_with_its_path(self):
        table = {"a": threading.Lock()}
        with pytest.raises(TypeError) as caught:
            cppickle.dumps([table.keys(), table])
        assert caught.value.cppickle_path == "list[1]['a']"

    def test_a_dict_that_holds_its_own_view(self, in_fresh_process):
        table = {"a": 1}
        table["keys"], table["values"] = table.keys(), table.values()
        question = "obj['b'] = 2\nlist(obj['keys']), list(obj['values'])[-1]"
        expected = (["a", "keys", "values", "b"], 2)
        assert in_fresh_process(table, question) == expected

    def test_a_view_that_shows_its_own_dict(self, in_fresh_process):
        table = {"a": 1}
        table["me"] = table
        question = "[x for x in obj if x != 1][0]['me']['a'], len(obj)"
        assert in_fresh_process(table.values(), question) == (1, 2)

    def test_an_ordered_dict_before_its_views(self, in_fresh_process):
        table = collections.OrderedDict(a=1)
        question = "table, keys = obj\ntable['b'] = 2\nlist(keys), type(keys).__name__"
        expected = (["a", "b"], "odict_keys")
        assert in_fresh_process([table, table.keys()], question) == expected

    def test_several_dumps_of_one_pickler(self):
        table, file = {"a": 1}, io.BytesIO()
        pickler = cppickle.Pickler(file)
        pickler.dump(table.values())
        pickler.dump(table)
        pickler.clear_memo()
        pickler.dump(table)
        file.seek(0)
        unpickler = pickle.Unpickler(file)
        values, loaded, again = (unpickler.load() for _ in range(3))
        loaded["b"] = 2
        assert list(values) == [1, 2]
        assert again == {"a": 1}

    def test_a_cached_function_beside_a_view(self, in_fresh_process):
        made = define("TABLE = {'a': 1}\ndef get(): return TABLE")
        table = made.TABLE
        question = "view, get = obj\nget()['b'] = 2\nlist(view)"
        in_fresh_process(made.get, "obj()")
        assert in_fresh_process([table.keys(), made.get], question) == ["a", "b"]

    WHOLE = {
        "bytearray": lambda: bytearray(range(24)),
        "array": lambda: array.array("i", range(6)),
    }
    SHOWN = {
        "all": lambda view: view,
        "a slice": lambda view: view[1:4],
        "the end": lambda view: view[-1:],
        "backwards": lambda view: view[::-1],
        "every second": lambda view: view[::2],
        "nothing": lambda view: view[3:3],
        "cast": lambda view: view.cast("B").cast("i"),
        "cast to two dimensions": lambda view: view.cast("B").cast("h", [3, 4]),
        "a slice, cast": lambda view: view.cast("B")[4:12].cast("H"),
        "read-only": lambda view: view.toreadonly(),
        "a read-only slice": lambda view: view[1:3].toreadonly(),
        "of a view": lambda view: memoryview(view[1:])[1:],
    }

    @pytest.mark.parametrize("kind", WHOLE)
    @pytest.mark.parametrize("shown", SHOWN)
    def test_a_memoryview_after_its_object(self, in_fresh_process, kind, shown):
        whole = self.WHOLE[kind]()
        view = self.SHOWN[shown](memoryview(whole))
        question = """
            whole, view = obj
            before = view.tobytes(), view.format, view.shape, view.readonly
            for i in range(len(whole)):
                whole[i] = 7
            before, view.tobytes(), view.obj is whole
            """
        before = view.tobytes(), view.format, view.shape, view.readonly
        found = in_fresh_process([whole, view], question)
        assert found[0] == before
        for i in range(len(whole)):
            whole[i] = 7
        assert found[1:] == (view.tobytes(), True)

    @pytest.mark.parametrize("kind", WHOLE)
    def test_a_memoryview_of_all_before_its_object(self, in_fresh_process, kind):
        whole = self.WHOLE[kind]()
        sent = [memoryview(whole), memoryview(whole).cast("B"), whole]
        question = (
            "one, two, whole = obj\nwhole[0] = 7\none[0], two[0], one.obj is two.obj"
        )
        assert in_fresh_process(sent, question) == (7, 7, True)

    def test_a_part_alone_is_no_more_than_the_part(self):
        whole = bytearray(b"secret" * 100)
        stream = cppickle.dumps(memoryview(whole)[1:4])
        assert b"secret" not in stream
        assert pickle.loads(stream) == b"ecr"

    @pytest.mark.parametrize("beside", [True, False])
    def test_memory_of_ctypes(self, in_fresh_process, beside):
        """memoryview.cast does not know its formats."""
        numbers = (ctypes.c_int * 4)(1, 2, 3, 4)
        views = [
            memoryview(numbers),
            memoryview(numbers)[1:],
            memoryview(numbers)[::-2],
        ]
        question = (
            "*_, one, two, three = obj\n[(v.tobytes(), v.format) for v in obj[-3:]]"
        )
        expected = [(view.tobytes(), view.format) for view in views]
        sent = [numbers, *views] if beside else views
        assert in_fresh_process(sent, question) == expected

    def test_a_cast_that_cannot_be_made_is_refused(self):
        numbers = (ctypes.c_int * 4 * 2)()
        with pytest.raises(pickle.PicklingError, match="format '<i'"):
            cppickle.dumps(memoryview(numbers)[1:])
