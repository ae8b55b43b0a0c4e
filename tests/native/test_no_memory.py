"""An allocation that fails ends the dump with MemoryError, and nothing else."""

import textwrap

import pytest
from support.processes import run_child

pytest.importorskip("_testcapi")

ROOTS = {
    "a class": "C",
    "an enumeration": "E",
    "a function": "f",
    "instances": "[D(), C(), E.A]",
    "data": "[{'a': [1.5, 'x' * 9, (2, 3)], 'b': {4, 5}}] * 3",
}

SENDER = """
    import dataclasses, enum
    class Base:
        x = {1, 2}
        def f(self): return super().__init__
    class C(Base):
        y = [1, Base]
        def g(self): return C, D
    @dataclasses.dataclass
    class D:
        a: int = 1
    class E(enum.Enum):
        A = 1
    def f(a, b=C): return E.A, C, D, len(a)
    """

SCRIPT = """
    import pickle
    import _testcapi, cppickle

    def dump_without(number):
        "Dump when the allocation of that number fails; whether it was needed."
        scope = {"__name__": "__main__"}
        exec(SENDER, scope)
        root, dumps, failed = eval(ROOT, scope), cppickle.dumps, False
        _testcapi.set_nomemory(number, number + 1)
        try:
            dumps(root)
        except MemoryError:
            failed = True
        finally:
            _testcapi.remove_mem_hooks()
        streams = {cppickle.dumps(root) for _ in range(3)}
        assert len(streams) == 1, number
        pickle.loads(streams.pop())
        return failed

    failures = sum([dump_without(number) for number in range(400)])
    assert failures
    """


@pytest.mark.parametrize("root", ROOTS)
def test_the_next_dump_is_right(root):
    names = f"SENDER, ROOT = {textwrap.dedent(SENDER)!r}, {ROOTS[root]!r}\n"
    run_child(names + textwrap.dedent(SCRIPT))
