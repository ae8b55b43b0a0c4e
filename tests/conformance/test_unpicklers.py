"""CPython's own tests of unpicklers, from its package `test`, for ours.

The standard pickler writes the streams where a test writes them.
"""

import pickle
import unittest

import pytest

import cppickle

pytest.importorskip("test.pickletester", reason="this Python has no package `test`")
from test import pickletester, test_pickle


class Reading:
    unpickler = cppickle.Unpickler
    bad_stack_errors = (pickle.UnpicklingError,)
    truncated_errors = (pickle.UnpicklingError, EOFError)
    truncated_data_error = (pickle.UnpicklingError, "truncated")
    size_overflow_error = (OverflowError, "exceeds")


class WithUnpickler(Reading):
    pickler = pickle._Pickler
    pickler_class = pickle.Pickler
    unpickler_class = cppickle.Unpickler
    persistent_load_error = pickle.UnpicklingError


class TestUnpickler(WithUnpickler, test_pickle.PyUnpicklerTests):
    pass


class TestGraphs(WithUnpickler, test_pickle.PyPicklerTests):
    pass


class TestLoads(
    Reading,
    pickletester.AbstractUnpickleTests,
    pickletester.AbstractPickleTests,
    pickletester.BigmemPickleTests,
    unittest.TestCase,
):
    test_framed_write_sizes_with_delayed_writer = None  # of picklers with a file

    def dumps(self, arg, protocol=None, **options):
        return pickle.dumps(arg, protocol, **options)

    def loads(self, stream, **options):
        return cppickle.loads(stream, **options)


class TestModule(pickletester.AbstractPickleModuleTests, unittest.TestCase):
    dump = staticmethod(pickle.dump)
    dumps = staticmethod(pickle.dumps)
    load = staticmethod(cppickle.load)
    loads = staticmethod(cppickle.loads)
    Pickler = pickle.Pickler
    Unpickler = cppickle.Unpickler


class TestPersistentIds(WithUnpickler, test_pickle.PyPersPicklerTests):
    pass


class TestIdentityAsPersistentId(WithUnpickler, test_pickle.PyIdPersPicklerTests):
    pass


class TestUnpicklerObject(WithUnpickler, test_pickle.PyPicklerUnpicklerObjectTests):
    pass


class TestDispatchTable(WithUnpickler, test_pickle.PyDispatchTableTests):
    def get_dispatch_table(self):
        return pickle.dispatch_table.copy()
