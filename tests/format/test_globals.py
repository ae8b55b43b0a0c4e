"""What travels by reference: names, dotted names, Python 2 names, extension codes."""

import builtins
import collections
import copyreg
import functools
import io
import math
import operator
import pickle
import pickletools
import types

import pytest

import cppickle

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


class Outer:
    class Inner:
        class Innermost:
            pass

        @staticmethod
        def helper():
            return "helped"

        @classmethod
        def maker(cls):
            return cls


def plain_function():
    return 1


class Émile:
    pass


@pytest.mark.parametrize(
    "obj",
    [Outer.Inner, Outer.Inner.Innermost, Outer.Inner.helper],
    ids=lambda obj: obj.__qualname__,
)
def test_dotted_names(same_bytes, roundtrip, obj):
    same_bytes([obj, Outer, obj, Outer.Inner])
    for protocol in PROTOCOLS:
        assert roundtrip(obj, protocol) is obj


class Loop:
    pass


Loop.again = Loop
Loop.__qualname__ = "Loop.again"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_dotted_name_that_leads_back_to_its_own_parent(roundtrip, protocol):
    assert roundtrip(Loop, protocol) is Loop


@pytest.mark.parametrize("obj", [len, print, math.sqrt, operator.add, iter], ids=repr)
def test_builtin_functions(same_bytes, roundtrip, obj):
    same_bytes(obj)
    assert roundtrip(obj) is obj


@pytest.mark.parametrize("obj", [int, type, object, dict, OSError, zip], ids=repr)
def test_builtin_types(same_bytes, roundtrip, obj):
    same_bytes(obj)
    assert roundtrip(obj) is obj


@pytest.mark.parametrize("obj", [plain_function, Outer, Émile, functools.reduce])
def test_importable_functions_and_classes(same_bytes, roundtrip, obj):
    same_bytes(obj, range(3, 6))
    assert roundtrip(obj) is obj


def test_a_name_outside_ascii_at_every_protocol():
    for protocol in PROTOCOLS:
        try:
            expected = pickle.dumps(Émile, protocol)
        except pickle.PicklingError:
            with pytest.raises(pickle.PicklingError):
                cppickle.dumps(Émile, protocol)
        else:
            assert cppickle.dumps(Émile, protocol) == expected


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_bound_methods_of_importable_classes(roundtrip, protocol):
    assert roundtrip(Outer.Inner.maker, protocol)() is Outer.Inner
    assert roundtrip(dict.fromkeys, protocol)("a") == {"a": None}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_bound_builtin_methods(same_bytes, roundtrip, protocol):
    for method in [[1, 2].index, "a b".split, {1: 2}.get, b"ab".hex, (1).bit_length]:
        same_bytes(method, [protocol])
    assert roundtrip("a b".split, protocol)() == ["a", "b"]


def test_a_bound_builtin_method_shares_its_self(roundtrip):
    items = []
    append, again = roundtrip([items.append, items])
    append(1)
    assert again == [1]


@pytest.mark.parametrize(
    "obj", [str.upper, list.append, dict.get, int.__add__], ids=repr
)
@pytest.mark.parametrize("protocol", range(2, 6))
def test_unbound_builtin_methods(roundtrip, obj, protocol):
    assert roundtrip(obj, protocol) is obj


@pytest.mark.parametrize("fix_imports", [True, False])
@pytest.mark.parametrize("protocol", range(3))
@pytest.mark.parametrize(
    "obj",
    [
        range,
        map,
        zip,
        filter,
        functools.reduce,
        builtins.input,
        collections.UserDict,
        collections.UserString,
        pickle.Pickler,
        OSError,
        StopAsyncIteration,
        ModuleNotFoundError,
        BaseException,
        str,
        bytes,
        io.StringIO,
        types.SimpleNamespace,
    ],
    ids=repr,
)
def test_python_2_names(obj, protocol, fix_imports):
    file = io.BytesIO()
    cppickle.Pickler(file, protocol, fix_imports=fix_imports).dump(obj)
    assert file.getvalue() == pickle.dumps(obj, protocol, fix_imports=fix_imports)


@pytest.mark.parametrize("protocol", range(3, 6))
def test_no_python_2_names_from_protocol_3_on(protocol):
    file = io.BytesIO()
    cppickle.Pickler(file, protocol, fix_imports=True).dump(range)
    assert b"builtins" in file.getvalue()


@pytest.fixture
def extension(request):
    module, name, code = Outer.__module__, "Outer", request.param
    copyreg.add_extension(module, name, code)
    yield code
    copyreg.remove_extension(module, name, code)


@pytest.mark.parametrize(
    "extension", [1, 0xF0, 0xFF, 0x100, 0xFFFF, 0x10000, 0x7FFFFFFF], indirect=True
)
def test_the_extension_registry(same_bytes, roundtrip, extension):
    same_bytes(Outer)
    same_bytes([Outer, Outer()])
    for protocol in range(2, 6):
        names = {
            op.name for op, *_ in pickletools.genops(cppickle.dumps(Outer, protocol))
        }
        assert names & {"EXT1", "EXT2", "EXT4"}
        assert roundtrip(Outer, protocol) is Outer


def test_an_extension_code_that_has_gone_is_not_used():
    copyreg.add_extension(Outer.__module__, "Outer", 77)
    copyreg.remove_extension(Outer.__module__, "Outer", 77)
    assert cppickle.dumps(Outer) == pickle.dumps(Outer, 5)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (object(), TypeError),
        (None, TypeError),
        (-1, RuntimeError),
        (0, RuntimeError),
        (2**31, RuntimeError),
        (2**1000, OverflowError),
    ],
    ids=["an object", "None", "negative", "zero", "32 bits", "huge"],
)
def test_a_wrong_extension_code(monkeypatch, code, error):
    registry = copyreg._extension_registry
    monkeypatch.setitem(registry, (Outer.__module__, "Outer"), code)
    with pytest.raises(error):
        cppickle.dumps(Outer)


def test_a_name_that_now_means_something_else(monkeypatch):
    original = Outer.Inner
    monkeypatch.setattr(Outer, "Inner", "another thing")
    stream = cppickle.dumps(original)
    assert pickle.loads(stream).__qualname__ == "Outer.Inner"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_builtin_that_is_not_where_it_says(monkeypatch, protocol):
    power = math.pow
    monkeypatch.delattr(math, "pow")
    with pytest.raises(pickle.PicklingError):
        cppickle.dumps(power, protocol)


class WithoutModule:
    pass


def test_a_class_found_by_searching_the_modules(roundtrip):
    WithoutModule.__module__ = None
    try:
        assert roundtrip(WithoutModule) is WithoutModule
    finally:
        WithoutModule.__module__ = __name__
