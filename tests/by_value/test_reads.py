"""The check of recordings reads all that the reducers read.

A build with -DCPPICKLE_LOG_READS=ON notes both and compares them whenever something is
recorded; `make test-reads` makes one.
"""

import pytest
from by_value.test_cached_expansions import CHANGES, NAMES, SOURCE, module
from support.source import define

import cppickle
from cppickle import _core

__all__ = ["module"]  # a fixture

pytestmark = pytest.mark.skipif(
    not hasattr(_core, "_take_read_report"),
    reason="only the build of `make test-reads` logs reads",
)

# What only foreign code can tell is not recorded.
NOT_RECORDED = ["annotated", "Number", "Bits", "Holder"]


@pytest.fixture
def made():
    return define(SOURCE)


@pytest.fixture
def comparisons():
    """Counts how often was compared, and sees to it that nothing is missing."""
    _core._take_read_report()
    counts = []

    def compared(*roots):
        for root in roots:
            for _ in range(4):
                cppickle.dumps(root)
        checks, reads, missing = _core._take_read_report()
        assert not missing, "\n".join(sorted(set(missing)))
        counts.append(checks)
        return checks

    return compared


@pytest.mark.parametrize("name", NAMES)
def test_all_reads_are_covered(made, comparisons, name):
    obj = getattr(made, name)
    checks = comparisons(obj, [obj], (obj, made.recursive, made.Base))
    assert bool(checks) or name in NOT_RECORDED


@pytest.mark.parametrize("change", CHANGES)
def test_all_reads_are_covered_after_a_change(made, comparisons, change):
    name, statement = CHANGES[change]
    obj = getattr(made, name)
    comparisons(obj, (obj, made.recursive))
    exec(statement, made.globals)
    comparisons(obj, (obj, made.recursive))


MORE = """
import enum
import json
import types
class Slotted:
    __slots__ = ("a", "b")
class Plain: pass
slotted, plain = Slotted(), Plain()
slotted.a, plain.x, plain.y = [1], slotted, (slotted, {"k": plain})
SETS = {plain}, frozenset({(1, "a"), (2, "b")})
DATA = [slotted, plain, SETS, types.MappingProxyType({"a": 1})]
def data(): return DATA, json
def outer():
    class Local:
        def method(self): return __class__, DATA
    return Local
Local = outer()
def keywords(*, a=(1, [2]), b=DATA): return a, b
class Colour(enum.Enum):
    RED = 1
    def mixed(self, other=...): return Plain, NotImplemented
class Made(metaclass=Meta):
    marks = ..., object()
    bound = tuple.__new__, len
    @classmethod
    def build(cls): return function(), Class, Colour.RED
"""


@pytest.mark.parametrize("name", ["data", "Local", "keywords", "Colour", "Made"])
def test_all_reads_of_other_kinds_are_covered(module, comparisons, name):
    imported = ["Meta", "Class", "function"]
    made = define(MORE, **{found: getattr(module, found) for found in imported})
    obj = getattr(made, name)
    assert comparisons(obj, [obj])


PARTS = {
    "func_kwdefaults": "keywords",
    "func_defaults": "with_default",
    "func_doc": "with_default",
    "func_closure": "closed",
    "__package__": "with_default",
    "VALUE": "with_default",
    "ht_name": "Class",
    "_abc_impl": "Abstract",
    "fget": "Class",
}


@pytest.mark.parametrize("part", PARTS)
def test_what_a_walk_leaves_out_is_named(part):
    made = define("""
        import abc
        VALUE = 1
        def keywords(*, a=1): return a
        def with_default(a=1): return VALUE
        def make(n): return lambda: n
        closed = make(1)
        class Class:
            @property
            def prop(self): return 1
        class Abstract(abc.ABC): pass
    """)
    _core._take_read_report()
    _core._leave_out_of_walks(part)
    try:
        for _ in range(3):
            cppickle.dumps(getattr(made, PARTS[part]))
    finally:
        _core._leave_out_of_walks("")
    missing = _core._take_read_report()[2]
    assert missing
    assert all(f" {part} of " in line for line in missing)
