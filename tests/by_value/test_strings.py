"""Which strings are one object: those of code by value, those of data by identity."""

import io
import pickle

import pytest
from support.source import define
from support.streams import written_out

import cppickle

# Two strings that are equal, and made so that they are not one.
MADE = "one = ''.join(['<', 'missing', '>'])\nother = ''.join(['<', 'missing', '>'])\n"

# What holds in the sender must hold in the worker.
IDENTITIES = {
    "a default and a global": "def obj(x=one): return x is one",
    "a keyword default and a global": "def obj(*, x=one): return x is one",
    "defaults behind the function": "def obj(x=one, y=[]): return x is one",
    "the default of a function that comes later": "def g(x=one): return x\n"
    "def obj(): return one is g()",
    "a free variable and a global": "def make(x):\n  def f(): return x is one\n"
    "  return f\nobj = make(one)",
    "items of globals": "d, e = [one], {one: other}\n"
    "def obj(): return d[0] is [*e][0] is not e[one]",
    "a class attribute and a default": "class C:\n  missing = one\n"
    "  def f(self, x=one): return x is C.missing\nobj = C().f",
    "a class attribute and a global": "class C: missing = one\n"
    "def obj(): return C.missing is one",
    "state of an instance and a global": "class C: pass\nc = C()\nc.x = one\n"
    "def obj(): return c.x is one",
}


@pytest.mark.parametrize("case", IDENTITIES)
def test_identity(case, in_fresh_process):
    obj = define(MADE + IDENTITIES[case]).obj
    assert obj()
    assert in_fresh_process(obj, "obj()")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_data_beside_code_is_written_as_it_is_alone(protocol):
    f = define("def f(): pass").f
    texts = [f"text {i}" for i in range(50)]
    data = [texts, {t: [t, t[:3], "é" + t] for t in texts}, texts]
    alone = len(pickle.dumps(data, protocol))
    beside = len(cppickle.dumps((f, data), protocol)) - len(cppickle.dumps(f, protocol))
    longer_indices = 4 * 4 * len(texts)
    assert abs(beside - alone) <= longer_indices


@pytest.mark.parametrize("text", ["x", "é", "x" * 300, "é" * 300])
def test_all_ways_to_write_take_the_same_for_one(text):
    """Short tuples, lists and dicts have ways of their own, hooks have none of them."""
    source = "d = {1: t}\ndef f(): return d\ndef g(x=t, *, y=t): return x, d, t"
    made = define(source, t=text)
    for obj in ([made.f, made.g], [made.f, (text,), made.g, {text: [text]}]):
        expected = written_out(obj)
        for _ in range(3):
            assert cppickle.dumps(obj) == expected


def test_data_may_equal_names_of_the_code():
    made = define("class C:\n  x = 'y'\n  def f(self): return z\nz = ['x', 'C', 'f']")
    data = ["x", "y", "z", "C", "f", "__main__", {"x": "z"}]
    for obj in ([made.C, data], [data, made.C], [made.C(), data, made.C.f, data]):
        loaded = pickle.loads(cppickle.dumps(obj))
        assert [each for each in loaded if isinstance(each, list)] == [
            each for each in obj if isinstance(each, list)
        ]


def test_a_pickler_s_later_dumps_know_the_strings_of_its_first():
    made = define("def f(): return name_of_a_global\nname_of_a_global = 1")
    made_again = define("def f(): return name_of_a_global\nname_of_a_global = 2")
    file = io.BytesIO()
    pickler = cppickle.Pickler(file)
    sizes = []
    for obj in (made.f, ["name_of_a_global", "other"], made_again.f):
        before = file.tell()
        pickler.dump(obj)
        sizes.append(file.tell() - before)
    file.seek(0)
    unpickler = pickle.Unpickler(file)
    f, names, g = (unpickler.load() for _ in range(3))
    assert (f(), names, g()) == (1, ["name_of_a_global", "other"], 2)
    assert sizes[2] < sizes[0]
