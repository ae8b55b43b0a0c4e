"""What the engine looks at without holding it, and whose code could run meanwhile.

A function's globals, cells and slots, a class's bases, an instance's slots are read and
written while nobody else's code runs. So names are found without asking ``__eq__`` of
keys, ``__getattr__`` of modules and metaclasses, or ``__getitem__`` of tables, or else
nothing is borrowed. `make test-borrows` runs the suite with a check of that.
"""

import collections
import contextlib
import copyreg
import gc
import io
import pickle
import sys
import types
from importlib.machinery import ModuleSpec

import pytest
from support.processes import Died, run_child
from support.source import define

import cppickle
from cppickle import _core


class Impostor:
    """A key that has the hash of a name and acts when a dump compares it."""

    dumps = False

    def __init__(self, name, act):
        self.hash = hash(name)
        self.act = act

    def __hash__(self):
        return self.hash

    def __eq__(self, other):
        if Impostor.dumps:
            self.act()
        return False


def refuse():
    raise AssertionError("a key was compared")


def dumped(obj):
    Impostor.dumps = True
    try:
        return cppickle.dumps(obj)
    finally:
        Impostor.dumps = False


def first(mapping, key):
    """`mapping` with `key` before everything else, so that a look-up meets it first."""
    items = dict(mapping)
    mapping.clear()
    mapping[key] = None
    mapping.update(items)


def used_again():
    """Memory that was just freed gets other content."""
    gc.collect()
    return [[None] * n for n in range(1, 40) for _ in range(20)]


# --- Keys that are no names ---------------------------------------------


@pytest.mark.parametrize("name", ["value", "__name__", "__file__", "__package__"])
def test_a_key_with_the_hash_of_a_global(name):
    made = define("value = [1]\ndef f(): return value")
    first(made.globals, Impostor(name, refuse))
    for _ in range(4):
        assert pickle.loads(dumped(made.f))() == [1]


@pytest.mark.parametrize(
    "name", ["__module__", "__reduce_ex__", "__slots__", "f", "__init_subclass__"]
)
def test_a_key_with_the_hash_of_an_attribute_of_a_class(name):
    key = Impostor(name, refuse)
    made = type("C", (), {"f": lambda self: 1})
    namespace = {key: 1, **vars(made)}
    with contextlib.suppress(TypeError):  # newer versions refuse such a namespace
        made = type("C", (), namespace)
    for _ in range(4):
        again = pickle.loads(dumped([made(), made]))
        assert (again[0].f(), again[1].__name__) == (1, "C")


@pytest.mark.parametrize("name", ["__reduce_ex__", "__getstate__", "x"])
def test_a_key_with_the_hash_of_an_attribute_of_an_instance(name):
    made = define("class C: pass").C()
    made.x = [1]
    first(vars(made), Impostor(name, refuse))
    del vars(made)[next(iter(vars(made)))]
    for _ in range(3):
        assert pickle.loads(dumped(made)).x == [1]


@pytest.mark.parametrize("loaded", [True, False])
@pytest.mark.parametrize("name", ["helper", "__getattr__", "__name__", "__spec__"])
def test_a_key_with_the_hash_of_a_name_in_a_module(name, loaded, monkeypatch):
    module = types.ModuleType("cppickle_test_impostor")
    if loaded:
        module.__spec__ = ModuleSpec(module.__name__, None)
    exec("def helper(): return 1\nclass Kind: pass", vars(module))
    first(vars(module), Impostor(name, refuse))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    made = define(
        "def f(): return helper, Kind", helper=module.helper, Kind=module.Kind
    )
    for _ in range(3):
        again = pickle.loads(dumped(made.f))
        helper, kind = again()
        assert (helper is module.helper) == loaded
        assert helper() == 1
        assert kind is module.Kind


def test_a_key_with_the_hash_of_a_module():
    run_child(
        """
        import sys, pickle, cppickle, json
        class Impostor:
            def __hash__(self): return hash("json")
            def __eq__(self, other):
                if dumps: raise AssertionError
                return False
        dumps = False
        modules = dict(sys.modules)
        sys.modules.clear()
        sys.modules[Impostor()] = None
        sys.modules.update(modules)
        def f(): return json.dumps, json
        dumps = True
        streams = {cppickle.dumps(f) for _ in range(4)}
        dumps = False
        del sys.modules[next(iter(sys.modules))]
        assert pickle.loads(streams.pop())() == (json.dumps, json) and not streams
        """
    )


@pytest.mark.parametrize("chained", [False, True])
def test_a_key_with_the_hash_of_a_type_in_a_table(chained, monkeypatch):
    """The table has to be asked, then: by what it is, with nothing borrowed."""
    kind = define("class Kind:\n  def __init__(self): self.x = [1]").Kind
    holder = [[1, 2], kind(), [3]]

    def drop():
        holder.clear()
        kept.append(used_again())

    kept = []
    table = {Impostor(kind, drop): None}
    file = io.BytesIO()
    pickler = cppickle.Pickler(file)
    pickler.dispatch_table = collections.ChainMap(table, {}) if chained else table
    monkeypatch.setattr(Impostor, "dumps", True)
    pickler.dump(holder)
    assert pickle.loads(file.getvalue())[0] == [1, 2]


def test_a_foreign_key_in_copyregs_table():
    kind = define("class Kind:\n  def __init__(self): self.x = [1]").Kind
    key = Impostor(kind, lambda: None)
    copyreg.dispatch_table[key] = None
    try:
        assert pickle.loads(cppickle.dumps([kind(), kind()]))[1].x == [1]
    finally:
        del copyreg.dispatch_table[key]


def test_a_key_in_the_registry_of_modules():
    registry = _core._by_value_modules()
    key = Impostor("json", refuse)
    registry.add(key)
    try:
        made = define("import json\ndef f(): return json.dumps")
        assert pickle.loads(dumped(made.f))()("x") == '"x"'
    finally:
        registry.discard(key)


@pytest.mark.parametrize("kind", [list, tuple])
def test_slots_that_compare(kind):
    made = define("class C: __slots__ = ['a']").C
    with contextlib.suppress(AttributeError):
        made.__slots__ = kind(["a", Impostor("b", refuse)])
    made.b = 1
    with contextlib.suppress(pickle.PicklingError, TypeError):
        dumped(made)


def test_static_attributes_that_compare():
    class Text(str):
        __hash__ = str.__hash__

        def __lt__(self, other):
            refuse()

        def __reduce__(self):
            return str, (str(self),)

    made = define("class C: pass").C
    made.__static_attributes__ = (Text("b"), Text("a"))
    assert pickle.loads(cppickle.dumps(made)).__name__ == "C"


# --- Names that only foreign code finds ---------------------------------


def lazily_found(hook):
    """A function, and the module whose ``__getattr__`` is asked for it."""
    module = types.ModuleType("cppickle_test_hooked")
    module.__getattr__ = hook
    exec("def helper(): return 'helper'", vars(module))
    helper = vars(module).pop("helper")
    return module, helper


def drop_globals(made, kept):
    def act():
        for name in ("zz", "list_", "kind"):
            made.globals.pop(name, None)
        kept.append(used_again())

    return act


def replace_code(made, kept):
    other = define("def make(x):\n  def f(): return x\n  return f\nf = make(1)")

    def act():
        made.f.__code__ = other.f.__code__
        made.f.__defaults__ = made.f.__kwdefaults__ = None
        made.f.__dict__.clear()
        kept.append(used_again())

    return act


def dump_again(made, kept):
    def act():
        if len(kept) < 3:
            kept.append(None)
            kept.append(cppickle.dumps(made.f))

    return act


def raise_error(made, kept):
    def act():
        raise ZeroDivisionError("not today")

    return act


@pytest.mark.parametrize("act", [drop_globals, replace_code, dump_again, raise_error])
@pytest.mark.parametrize("place", ["global", "default", "cell", "annotation", "nested"])
def test_a_module_that_is_asked(act, place, monkeypatch):
    """Its ``__getattr__`` runs in the middle of a function."""
    kept = []
    made = define(
        "zz = [1, 2, 3]\nlist_ = [[4], [5]]\nclass kind: x = [6]\n"
        "def make(cell):\n"
        "  def f(a=None, *, b=None): return helper, zz, list_, kind, cell\n"
        "  return f\n"
        "f = make(None)",
        helper=None,
    )
    meddle = act(made, kept)

    def hook(name):
        if name.startswith("__"):
            raise AttributeError(name)
        meddle()
        raise AttributeError(name)

    module, helper = lazily_found(hook)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    if place == "global":
        made.globals["helper"] = helper
    elif place == "default":
        made.f.__defaults__ = (helper,)
        made.f.__kwdefaults__ = {"b": [7]}
    elif place == "cell":
        made.f.__closure__[0].cell_contents = helper
    elif place == "annotation":
        made.f.__annotations__ = {"a": helper}
    else:
        made.globals["helper"] = define("def inner(): return h", h=helper).inner
    for _ in range(3):
        with contextlib.suppress(ZeroDivisionError):
            again = pickle.loads(cppickle.dumps([made.f, [8]]))
            assert again[1] == [8]
            assert again[0].__globals__.get("zz") in ([1, 2, 3], None)


def test_a_metaclass_that_is_asked(monkeypatch):
    """A dotted name goes through a class whose metaclass has a ``__getattr__``."""
    kept = []

    class Meta(type):
        def __getattr__(cls, name):
            if name == "Inner":
                made.globals.pop("zz", None)
                kept.append(used_again())
            raise AttributeError(name)

    module = types.ModuleType("cppickle_test_hooked")
    module.Outer = Meta("Outer", (), {})
    monkeypatch.setitem(sys.modules, module.__name__, module)
    inner = type("Inner", (), {"__module__": module.__name__})
    inner.__qualname__ = "Outer.Inner"
    made = define("zz = [1, 2, 3]\ndef f(): return inner, zz", inner=inner)
    again = pickle.loads(cppickle.dumps(made.f))
    assert again.__globals__.get("zz") in ([1, 2, 3], None)


def test_a_table_that_is_asked():
    """A mapping of one's own decides about classes of other metaclasses."""
    kept = []

    class Table(collections.UserDict):
        def __getitem__(self, key):
            made.globals.pop("zz", None)
            kept.append(used_again())
            raise KeyError(key)

    made = define(
        "class Meta(type): pass\nclass C(metaclass=Meta): x = [1]\n"
        "zz = [1, 2, 3]\ndef f(): return C, zz\n"
    )
    file = io.BytesIO()
    pickler = cppickle.Pickler(file)
    pickler.dispatch_table = Table()
    pickler.dump([made.f, [1]])
    again = pickle.loads(file.getvalue())
    assert again[0].__globals__.get("zz") in ([1, 2, 3], None)


class Text(str):
    """A str whose hash and comparisons are its own."""

    __slots__ = ()

    def __hash__(self):
        raise AssertionError("hashed")

    def __eq__(self, other):
        raise AssertionError("compared")

    def __reduce__(self):
        return str, (str.__str__(self),)


@pytest.mark.parametrize("attribute", ["__module__", "__qualname__", "__name__"])
def test_names_of_a_subclass_of_str(attribute):
    """No name is looked up by them as the interpreter would."""
    made = define("zz = [1]\ndef helper(): return zz\ndef f(): return helper, zz")
    value = getattr(made.helper, attribute)
    setattr(made.helper, attribute, Text(value if isinstance(value, str) else "json"))
    for _ in range(3):
        with contextlib.suppress(AssertionError):
            assert pickle.loads(cppickle.dumps([made.f, 1]))[0]()[1] == [1]


def test_a_set_that_changes_while_its_items_are_put_in_order():
    kept = []

    class Items(set):
        def __hash__(self):
            return 1

        def __eq__(self, other):
            return self is other

    class Meddler:
        def __init__(self, name):
            self.name = name

        def __reduce__(self):
            inner.clear()
            kept.append(used_again())
            return str, (self.name,)

    inner = Items([Meddler("a"), Meddler("b"), Meddler("c"), ("x",), ("y", "z")])
    job = define("def f(): return 1").f
    with contextlib.suppress(RuntimeError):
        cppickle.dumps([job, {inner, "one", "two"}])


# --- The check itself ---------------------------------------------------


@pytest.mark.skipif(
    not hasattr(_core, "_call_while_borrowing"),
    reason="only the build of `make test-borrows` checks borrows",
)
@pytest.mark.parametrize(
    "call", ["lambda: 1", "Kind", "lambda: cppickle.dumps(1)", "gc.collect"]
)
def test_the_check_ends_the_process(call):
    with pytest.raises(Died, match="foreign code while objects are borrowed"):
        run_child(
            f"""
            import gc
            import cppickle
            gc.callbacks.append(lambda phase, info: None)
            class Kind:
                def __init__(self): pass
            cppickle._core._call_while_borrowing({call})
            """
        )
