"""A package's own tests, run where they are: installed, or on a worker."""

import collections
import importlib
import inspect
import unittest


def counts(modules):
    """How the tests in these modules end that need no fixtures: numbers by outcome."""
    found = collections.Counter()
    for name in modules:
        module = importlib.import_module(name)
        for test in tests_in(module):
            found[outcome_of(test)] += 1
    return dict(found)


def tests_in(module):
    """The tests of a module as callables without arguments."""
    for name, value in sorted(vars(module).items()):
        if getattr(value, "__module__", None) != module.__name__:
            continue
        if inspect.isfunction(value) and name.startswith("test"):
            if is_bare(value):
                yield value
        elif isinstance(value, type) and issubclass(value, unittest.TestCase):
            yield from unittest_cases(value)
        elif isinstance(value, type) and name.startswith("Test"):
            yield from methods_of(value)


def is_bare(function):
    return not inspect.signature(function).parameters and not is_marked(function)


def is_marked(function):
    """Whether pytest would call it with arguments, or not at all."""
    return bool(getattr(function, "pytestmark", ()))


def unittest_cases(cls):
    for name in unittest.TestLoader().getTestCaseNames(cls):
        case = cls(name)

        def run(case=case):
            result = case.defaultTestResult()
            case.run(result)
            if result.skipped:
                raise unittest.SkipTest
            assert result.wasSuccessful()

        yield run


def methods_of(cls):
    if "__init__" in vars(cls):
        return
    for name, value in sorted(vars(cls).items()):
        if not name.startswith("test") or not inspect.isfunction(value):
            continue
        if len(inspect.signature(value).parameters) == 1 and not is_marked(value):
            yield lambda name=name: run_method(cls, name)


def run_method(cls, name):
    for prepare in ("setup_class", "setUpClass"):
        if hasattr(cls, prepare):
            getattr(cls, prepare)()
    case = cls()
    if hasattr(case, "setup_method"):
        case.setup_method()
    getattr(case, name)()


def outcome_of(test):
    try:
        test()
    except BaseException as error:
        kind = type(error).__name__
        return "skipped" if kind in ("Skipped", "SkipTest") else "failed"
    return "passed"
