"""Objects of typing's that exist where nobody has imported it."""

import pytest
from support.processes import run_child
from support.source import since

pytestmark = pytest.mark.skipif(**since(3, 12))

SOURCES = {
    "an alias": ("type Made = int | list[Made]", "Made.__value__"),
    "a function": ("def Made[T](x: T): return x", "Made.__type_params__"),
    "a class": ("class Made[T]:\n  x: T", "Made.__type_params__"),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_what_the_compiler_makes(kind):
    source, question = SOURCES[kind]
    run_child(
        f"""
        import pickle, cppickle
        scope = {{"__name__": "__main__"}}
        exec({source!r}, scope)
        again = pickle.loads(cppickle.dumps(scope["Made"]))
        expected = str(eval({question!r}, scope))
        assert str(eval({question!r}, {{"Made": again}})) == expected
        """
    )
