"""CPython's own tests of picklers, from its package `test`, for ours.

The standard unpickler loads the streams. Classes that already exist in
`test.test_pickle` for the Python pickler are taken over as they are.
"""

import contextlib
import functools
import io
import pickle
import re
import unittest
from unittest import mock

import pytest

import cppickle

pytest.importorskip("test.pickletester", reason="this Python has no package `test`")
from test import pickletester, test_pickle

# Each of these fails by nature, in every class that has it: an error that it expects is
# not raised, or what FAILS_WITH says. One that passes, or fails in another way, is an
# error.
BY_NATURE = {
    "test_c_methods": "staticmethod objects, which pickle refuses, go by value",
    "test_py_methods": "staticmethod and classmethod objects go by value",
    "test_local_lookup_error": "local functions go by value",
    "test_unpickleable_newobj_class": "instances of local classes go by value",
    "test_unpickleable_newobj_ex_class": "instances of local classes go by value",
    "test_newobj_proxies": "a weak proxy goes as one, and not as a second object",
    "test_default_dispatch_table": "cloudpickle's Pickler has one at class level",
}

FAILS_WITH = {
    "test_newobj_proxies": r"<class '(weakref\.ProxyType|weakproxy)'> != <class",
}

NO_EXCEPTION = "'_AssertRaisesContext' object has no attribute 'exception'"
NOT_RAISED = f"not raised|{re.escape(NO_EXCEPTION)}"


def expected_to_fail(case, name, reason):
    """A test method that runs `name` of the class `case`, which fails."""

    @functools.wraps(getattr(case, name))
    def run(self):
        result = case(name).run(unittest.TestResult())
        assert result.failures, f"passes, and is listed to fail: {reason}"
        for _, report in result.failures + result.errors:
            assert re.search(FAILS_WITH.get(name, NOT_RAISED), report)
        pytest.xfail(reason)

    return run


def conforming(case):
    """The class of tests with those of BY_NATURE turned around."""
    listed = BY_NATURE.keys() & set(dir(case))
    turned = {name: expected_to_fail(case, name, BY_NATURE[name]) for name in listed}
    return type(case)(case.__name__, (case,), turned)


@contextlib.contextmanager
def told_place():
    """Take our way to say where an error is, a path, for the notes of 3.14."""
    try:
        yield
    except Exception as error:
        line = f"\n  while pickling {error.cppickle_path}"
        if error.args and isinstance(error.args[0], str):
            error.args = (error.args[0].removesuffix(line),)
        error.__notes__ = mock.ANY
        raise


class WithPickler:
    pickler = cppickle.Pickler
    unpickler = pickle.Unpickler
    pickler_class = cppickle.Pickler
    unpickler_class = pickle.Unpickler
    persistent_load_error = pickle.UnpicklingError


@conforming
class TestPickler(WithPickler, test_pickle.PyPicklerTests):
    pass


@conforming
class TestPicklerForPythonUnpickler(WithPickler, test_pickle.PyPicklerTests):
    unpickler = pickle._Unpickler


@conforming
class TestDumps(
    pickletester.AbstractPickleTests,
    pickletester.BigmemPickleTests,
    unittest.TestCase,
):
    pickler = cppickle.Pickler
    unpickler = pickle.Unpickler
    test_framed_write_sizes_with_delayed_writer = None  # needs a file

    def dumps(self, arg, protocol=None, *, fix_imports=True, **options):
        if fix_imports:
            return cppickle.dumps(arg, protocol, **options)
        file = io.BytesIO()
        cppickle.Pickler(file, protocol, fix_imports=False, **options).dump(arg)
        return file.getvalue()

    def loads(self, stream, **options):
        return pickle.loads(stream, **options)


@conforming
class TestModule(pickletester.AbstractPickleModuleTests, unittest.TestCase):
    dump = staticmethod(cppickle.dump)
    dumps = staticmethod(cppickle.dumps)
    load = staticmethod(cppickle.load)
    loads = staticmethod(cppickle.loads)
    Pickler = cppickle.Pickler
    Unpickler = pickle.Unpickler


@conforming
class TestPersistentIds(WithPickler, test_pickle.PyPersPicklerTests):
    pass


@conforming
class TestIdentityAsPersistentId(WithPickler, test_pickle.PyIdPersPicklerTests):
    pass


@conforming
class TestPicklerObject(WithPickler, test_pickle.PyPicklerUnpicklerObjectTests):
    pass


@conforming
class TestDispatchTable(WithPickler, test_pickle.PyDispatchTableTests):
    pass


@conforming
class TestChainedDispatchTable(WithPickler, test_pickle.PyChainDispatchTableTests):
    pass


# cloudpickle's Pickler has a reducer_override of its own: a mixin goes before it.
class HookedPickler(pickletester.AbstractCustomPicklerClass, cppickle.Pickler):
    pass


@conforming
class TestHook(test_pickle.PyPicklerHookTests):
    pickler_class = HookedPickler


if hasattr(pickletester, "AbstractPicklingErrorTests"):  # since 3.13

    @conforming
    class TestErrors(WithPickler, test_pickle.PyPicklingErrorTests):
        def dumps(self, arg, protocol=None, **options):
            with told_place():
                return super().dumps(arg, protocol, **options)
