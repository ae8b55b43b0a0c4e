"""register_pickle_by_value: modules and packages sent to workers without them."""

import importlib
import sys
import types

import pytest
from support.processes import FarError
from support.source import define
from support.streams import globals_named

import cppickle

PACKAGE = {
    "__init__.py": "from .shapes import Square\nfrom . import tools\nversion = '1.0'\n"
    "def hello(): return tools.greet('hello')\n",
    "tools.py": "greetings = 0\nunused = None\n"
    "def greet(word):\n"
    "    global greetings\n"
    "    greetings += 1\n"
    "    return f'{word} {greetings}'\n",
    "shapes.py": "import enum\nfrom .sub.deep import double\n"
    "class Kind(enum.Enum):\n    ROUND = 1\n    FLAT = 2\n"
    "class Square:\n"
    "    kind = Kind.FLAT\n"
    "    def __init__(self, side): self.side = side\n"
    "    def area(self): return double(self.side) * self.side\n",
    "sub/__init__.py": "",
    "sub/deep.py": "factor = 2\ndef double(x): return factor * x\n",
}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An imported package that no other process can import."""
    root = tmp_path / "shapelib"
    for name, source in PACKAGE.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    yield importlib.import_module("shapelib")
    for name in [n for n in sys.modules if n.partition(".")[0] == "shapelib"]:
        del sys.modules[name]


@pytest.fixture
def register():
    """Register modules for the time of a test."""
    before = cppickle.list_registry_pickle_by_value()
    yield cppickle.register_pickle_by_value
    for name in cppickle.list_registry_pickle_by_value() - before:
        module = sys.modules.get(name) or types.ModuleType(name)
        cppickle.unregister_pickle_by_value(module)


def test_without_registering_it_goes_by_reference(package, roundtrip, bare_worker):
    assert roundtrip(package.hello) is package.hello
    with pytest.raises(FarError, match="No module named 'shapelib'"):
        bare_worker.load(cppickle.dumps(package.hello))


def test_a_function(package, register, in_fresh_process):
    register(package)
    question = "import sys\nobj(), obj(), 'shapelib' in sys.modules"
    assert in_fresh_process(package.hello, question) == ("hello 1", "hello 2", False)


def test_a_class_and_its_instance(package, register, in_fresh_process):
    register(package)
    question = (
        "cls, one = obj\none.area(), type(one) is cls, cls(2).area(), one.kind.name"
    )
    sent = [package.Square, package.Square(3)]
    assert in_fresh_process(sent, question) == (18, True, 8, "FLAT")


def test_an_enum_member(package, register, in_fresh_process):
    register(package)
    member = sys.modules["shapelib.shapes"].Kind.ROUND
    assert in_fresh_process(member, "obj.name, obj.value") == ("ROUND", 1)


def test_a_submodule_of_a_registered_package(package, register, in_fresh_process):
    register(package)
    deep = sys.modules["shapelib.sub.deep"]
    assert in_fresh_process(deep.double, "obj(4)") == 8


def test_a_submodule_alone(package, register, in_fresh_process, roundtrip):
    deep = importlib.import_module("shapelib.sub.deep")
    register(deep)
    assert in_fresh_process(deep.double, "obj(4)") == 8
    assert roundtrip(package.hello) is package.hello


def test_the_module_itself(package, register, in_fresh_process):
    register(package)
    question = "obj.tools.greet('a'), obj.version, obj.Square(3).area(), obj.__name__"
    assert in_fresh_process(package, question) == ("a 1", "1.0", 18, "shapelib")


def test_a_module_s_functions_share_its_namespace(package, register, in_fresh_process):
    register(package)
    tools = package.tools
    question = """
        tools, greet = obj
        greet('a')
        tools.greetings, greet.__globals__ is vars(tools)
        """
    assert in_fresh_process([tools, tools.greet], question) == (1, True)


def test_a_lambda_of_main_that_uses_it(package, register, in_fresh_process):
    register(package)
    made = define("job = lambda n: shapelib.Square(n).area()", shapelib=package)
    assert in_fresh_process(made.job, "obj(3)") == 18


def test_only_what_is_referenced_travels(package, register, bare_worker):
    register(package)
    package.tools.unused = sys._getframe()
    bare_worker.load(cppickle.dumps(package.tools.greet))
    assert bare_worker.ask("obj('x'), 'unused' in obj.__globals__") == ("x 1", False)


def test_a_real_package(register, in_fresh_process):
    sortedcontainers = pytest.importorskip("sortedcontainers")
    register(sortedcontainers)
    made = sortedcontainers.SortedDict(b=2, a=1)
    question = "list(obj), obj.update(c=3, _=0), list(obj.items())[0], obj.bisect('b')"
    answer = in_fresh_process(made, question)
    assert answer == (["a", "b"], None, ("_", 0), 3)


def test_unregistering(package, roundtrip):
    cppickle.register_pickle_by_value(package)
    assert "shapelib hello" not in globals_named(cppickle.dumps(package.hello))
    cppickle.unregister_pickle_by_value(package)
    assert "shapelib hello" in globals_named(cppickle.dumps(package.hello))
    assert roundtrip(package.hello) is package.hello


def test_the_registry_is_listed(package, register):
    before = cppickle.list_registry_pickle_by_value()
    register(package)
    after = cppickle.list_registry_pickle_by_value()
    assert after - before == {"shapelib"}
    after.clear()
    assert "shapelib" in cppickle.list_registry_pickle_by_value()


def test_registering_twice_counts_once(package, register):
    register(package)
    register(package)
    cppickle.unregister_pickle_by_value(package)
    assert "shapelib" not in cppickle.list_registry_pickle_by_value()


@pytest.mark.parametrize("wrong", ["shapelib", 5, None, type])
def test_only_modules_can_be_registered(wrong):
    with pytest.raises(ValueError, match="Input should be a module object"):
        cppickle.register_pickle_by_value(wrong)
    with pytest.raises(ValueError, match="Input should be a module object"):
        cppickle.unregister_pickle_by_value(wrong)


def test_only_imported_modules_can_be_registered():
    with pytest.raises(ValueError, match="was not imported correctly"):
        cppickle.register_pickle_by_value(types.ModuleType("never_imported"))


def test_only_registered_modules_can_be_unregistered(package):
    with pytest.raises(ValueError, match="is not registered for pickle by value"):
        cppickle.unregister_pickle_by_value(package)
