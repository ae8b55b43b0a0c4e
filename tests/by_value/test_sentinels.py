"""Bare objects that modules keep under a name are that name's, wherever they arrive."""

import functools
import importlib
import pickle
import sys

import pytest
from support import libraries
from support.source import define

import cppickle

LIBRARY = {
    "sentinel_lib/__init__.py": "from sentinel_lib.impl import MISSING\n",
    "sentinel_lib/impl.py": "MISSING = object()\n",
    "sentinel_app.py": "from sentinel_lib import MISSING as GONE\n",
}


@pytest.fixture
def library(tmp_path, monkeypatch):
    """A package with a sentinel, and a module of somebody else's that imports it."""
    with libraries.installed(tmp_path, monkeypatch, LIBRARY, "sentinel_lib") as library:
        yield library


far = functools.partial(libraries.far, "sentinel_lib")


def test_a_default(library):
    made = define("def f(x=M): return x", M=library.MISSING)
    assert far(made.f, "obj() is sentinel_lib.MISSING") is True


def test_a_global_and_a_closure(library):
    source = """
        def made(m):
            def f(): return m is M and m is M2
            return f
        M2 = M
        f = made(M)
        """
    assert far(define(source, M=library.MISSING).f, "obj()") is True


def test_an_attribute_of_a_class(library):
    source = """
        class C:
            missing = M
            def get(self, value=M): return value is self.missing
        """
    made = define(source, M=library.MISSING)
    question = "obj.missing is sentinel_lib.MISSING, obj().get()"
    assert far(made.C, question) == (True, True)


def test_a_value_behind_code(library):
    made = define("def f(): return 1")
    assert far([made.f, library.MISSING], "obj[1] is sentinel_lib.MISSING") is True


def test_of_the_standard_library(in_fresh_process):
    made = define("def f(): return functools._initial_missing", functools=None)
    made.f.__globals__["functools"] = functools
    made = define("def f(x=M): return x", M=functools._initial_missing)
    question = "import functools\nobj() is functools._initial_missing"
    assert in_fresh_process(made.f, question) is True


def test_the_senders_own(in_fresh_process):
    source = """
        M = object()
        def f(x=M): return x is M, type(x) is object
        """
    assert in_fresh_process(define(source).f, "obj()") == (True, True)


def test_one_that_modules_of_two_packages_hold(library):
    """Nothing tells whose it is: it arrives as an object of its own."""
    importlib.import_module("sentinel_app")
    made = define("def f(x=M): return x is M, type(x) is object", M=library.MISSING)
    assert far(made.f, "obj()") == (True, True)
    assert b"sentinel" not in cppickle.dumps(made.f)


def test_of_a_module_that_travels_by_value(library):
    module = importlib.import_module("sentinel_lib.impl")
    cppickle.register_pickle_by_value(library)
    try:
        made = define("def f(x=M): return type(x) is object", M=module.MISSING)
        assert b"sentinel_lib" not in cppickle.dumps(made.f)
    finally:
        cppickle.unregister_pickle_by_value(library)


def test_data_by_itself_has_the_standard_picklers_bytes(library, same_bytes):
    same_bytes([library.MISSING, library.MISSING])


def test_one_that_is_bound_anew(library):
    made = define("def f(x=M): return x", M=library.MISSING)
    by_name = cppickle.dumps(made.f)
    assert cppickle.dumps(made.f) == cppickle.dumps(made.f) == by_name
    for module in (library, sys.modules["sentinel_lib.impl"]):
        module.MISSING = object()
    assert cppickle.dumps(made.f) != by_name
    assert pickle.loads(cppickle.dumps(made.f))() is not library.MISSING


def test_many():
    """Modules are not searched for each of them."""
    own = [object() for _ in range(100_000)]
    made = define("def f(): return M", M=own)
    loaded = pickle.loads(cppickle.dumps(made.f))()
    assert len({id(one) for one in loaded}) == len(own)
