"""Objects of the standard library, alone and with classes and functions of ours."""

import collections
import datetime
import decimal
import fractions
import functools
import itertools
import operator
import pathlib
import pickle
import random
import re
import struct
import sys
import uuid
import warnings
import zoneinfo

import pytest
from support.source import define

import cppickle

UTC = datetime.timezone.utc
EQUAL = {
    "deque": collections.deque([1, [2]], maxlen=5),
    "defaultdict": collections.defaultdict(list, a=[1]),
    "Counter": collections.Counter("aab"),
    "OrderedDict": collections.OrderedDict(b=1, a=2),
    "ChainMap": collections.ChainMap({"a": 1}, {"b": 2}),
    "datetime": datetime.datetime(2024, 2, 29, 1, 2, 3, 4, UTC, fold=1),
    "date": datetime.date(2024, 2, 29),
    "time": datetime.time(1, 2, 3),
    "timedelta": datetime.timedelta(-1, 2, 3),
    "timezone": datetime.timezone(datetime.timedelta(hours=1), "CET"),
    "Decimal": decimal.Decimal("1.10"),
    "Fraction": fractions.Fraction(1, 3),
    "UUID": uuid.UUID(int=5),
    "PurePosixPath": pathlib.PurePosixPath("/a/b"),
    "pattern": re.compile("(a+)|b", re.IGNORECASE),
    "range": range(1, 10, 2),
    "slice": slice(1, None, 2),
    "complex": 1 + 2j,
    "bytearray": bytearray(b"abc"),
    "frozenset": frozenset([1, (2, 3)]),
}


@pytest.mark.parametrize("name", EQUAL)
def test_an_equal_object_arrives(in_fresh_process, name):
    obj = EQUAL[name]
    assert in_fresh_process(obj, "obj") == obj
    assert in_fresh_process(obj, "type(obj).__name__, repr(obj)") == (
        type(obj).__name__,
        repr(obj),
    )


def test_a_pattern_works(in_fresh_process):
    question = "obj.match('AAb').group(), obj.flags, obj.pattern"
    pattern = EQUAL["pattern"]
    expected = ("AA", pattern.flags, pattern.pattern)
    assert in_fresh_process(pattern, question) == expected


def test_a_random_generator_goes_on(in_fresh_process):
    generator = random.Random(7)
    generator.gauss(0, 1)
    answers = in_fresh_process(generator, "[obj.random(), obj.gauss(0, 1)]")
    assert answers == [generator.random(), generator.gauss(0, 1)]


def test_a_zone_of_the_tz_database(in_fresh_process):
    try:
        zone = zoneinfo.ZoneInfo("Europe/Berlin")
    except zoneinfo.ZoneInfoNotFoundError:
        pytest.skip("no tz database")
    assert in_fresh_process(zone, "obj.key") == "Europe/Berlin"


def test_a_default_factory_of_ours(in_fresh_process):
    made = define(
        "from collections import defaultdict\ntable = defaultdict(lambda: [7])"
    )
    question = "obj['new'], obj.default_factory(), dict(obj)"
    assert in_fresh_process(made.table, question) == ([7], [7], {"new": [7]})


OPERATORS = {
    "itemgetter": (operator.itemgetter(1, 2), "obj('abc')", ("b", "c")),
    "one itemgetter": (operator.itemgetter("k"), "obj({'k': 5})", 5),
    "attrgetter": (operator.attrgetter("real", "imag"), "obj(1j)", (0.0, 1.0)),
    "dotted attrgetter": (
        operator.attrgetter("a.b"),
        "type(obj).__name__",
        "attrgetter",
    ),
    "methodcaller": (operator.methodcaller("split", sep="-"), "obj('a-b')", ["a", "b"]),
    "partial": (functools.partial(int, base=2), "obj('101')", 5),
    "partial of partial": (functools.partial(functools.partial(pow, 2), 3), "obj()", 8),
    "add": (operator.add, "obj(1, 2)", 3),
    "reduce": (functools.reduce, "obj(int.__add__, [1, 2, 3])", 6),
}


@pytest.mark.parametrize("name", OPERATORS)
def test_operators_and_partials(in_fresh_process, name):
    obj, question, answer = OPERATORS[name]
    assert in_fresh_process(obj, question) == answer


def test_an_itemgetter_of_an_object_of_ours(in_fresh_process):
    made = define("class Key(str): pass\nkey = Key('k')")
    question = "obj({'k': 5})"
    assert in_fresh_process(operator.itemgetter(made.key), question) == 5


ITERATORS = {
    "count": lambda: itertools.count(5, 2),
    "cycle": lambda: itertools.cycle([1, 2, 3]),
    "repeat": lambda: itertools.repeat("x", 5),
    "chain": lambda: itertools.chain([1], (2, 3), "ab"),
    "compress": lambda: itertools.compress("abcd", [1, 0, 1, 1]),
    "islice": lambda: itertools.islice(range(100), 3, 20, 4),
    "accumulate": lambda: itertools.accumulate([1, 2, 3, 4], operator.mul),
    "starmap": lambda: itertools.starmap(pow, [(2, 3), (3, 2), (4, 1)]),
    "takewhile": lambda: itertools.takewhile(lambda x: x < 3, [1, 2, 3, 1]),
    "dropwhile": lambda: itertools.dropwhile(lambda x: x < 3, [1, 3, 1, 5]),
    "filterfalse": lambda: itertools.filterfalse(lambda x: x % 2, range(9)),
    "zip_longest": lambda: itertools.zip_longest("ab", [1, 2, 3], fillvalue=0),
    "product": lambda: itertools.product("ab", [1, 2]),
    "permutations": lambda: itertools.permutations("abc", 2),
    "combinations": lambda: itertools.combinations("abcd", 2),
}


def used(make):
    """An iterator that has given its first item."""
    iterator = make()
    next(iterator)
    return iterator


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="Python 3.14 removed it")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", ITERATORS)
def test_an_iterator_of_itertools_goes_on(in_fresh_process, name):
    make = ITERATORS[name]
    expected = list(itertools.islice(used(make), 6))
    question = "import itertools\nlist(itertools.islice(obj, 6))"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert in_fresh_process(used(make), question) == expected


@pytest.mark.parametrize(
    "make",
    [
        lambda: iter([1, 2, 3]),
        lambda: iter((1, 2, 3)),
        lambda: iter("abc"),
        lambda: iter(b"abc"),
        lambda: iter(range(3)),
        lambda: reversed([1, 2, 3]),
        lambda: enumerate("abc", 5),
        lambda: zip("ab", [1, 2]),
        lambda: map(str, [1, 2, 3]),
        lambda: filter(None, [1, 0, 2]),
        lambda: iter({1: 2, 3: 4}),
        lambda: iter({1: 2, 3: 4}.items()),
    ],
    ids=lambda make: type(make()).__name__,
)
def test_builtin_iterators_go_on(in_fresh_process, make):
    assert in_fresh_process(used(make), "list(obj)") == list(used(make))


def test_functions_of_itertools(in_fresh_process):
    sent = [itertools.chain, itertools.chain.from_iterable, itertools.count]
    question = "import itertools\nlist(obj[1](['ab', 'c'])), obj[2] is itertools.count"
    assert in_fresh_process(sent, question) == (["a", "b", "c"], True)


def test_a_map_of_a_lambda(in_fresh_process):
    made = define("numbers = map(lambda x: x * 2, [1, 2, 3])")
    assert in_fresh_process(made.numbers, "list(obj)") == [2, 4, 6]


# --- Without a reduce value of their own ------------------------------------


def test_a_struct(in_fresh_process):
    made = define(
        "def f(data): return HEADER.unpack(data)", HEADER=struct.Struct("<IH")
    )
    question = "obj(bytes([1, 0, 0, 0, 2, 0])), obj.__globals__['HEADER'].format"
    assert in_fresh_process(made.f, question) == ((1, 2), "<IH")
    assert in_fresh_process(struct.Struct(b">d"), "obj.size, obj.format") == (8, ">d")


BY_LENGTH = "def compare(a, b): return len(a) - len(b)"


def test_a_comparison_key(in_fresh_process):
    key = functools.cmp_to_key(define(BY_LENGTH).compare)
    question = "sorted(['aaa', 'b', 'cc'], key=obj)"
    assert in_fresh_process(key, question) == ["b", "cc", "aaa"]


def test_a_comparison_key_of_an_object(in_fresh_process):
    key = functools.cmp_to_key(define(BY_LENGTH).compare)
    question = "obj[0] < obj[1], obj[1] < obj[0], obj[0].obj"
    pair = [key("a"), key("bb")]
    assert in_fresh_process(pair, question) == (True, False, "a")


def test_a_comparison_key_that_refers_to_itself(in_fresh_process):
    made = define("def compare(a, b): return KEY is not None")
    made.globals["KEY"] = functools.cmp_to_key(made.compare)
    question = "obj('a') < obj('b'), obj('c').obj"
    assert in_fresh_process(made.KEY, question) == (False, "c")


def test_a_ufunc_of_a_function(peer):
    numpy = pytest.importorskip("numpy")
    made = define("def add(x, y=1): return x + y")
    ufuncs = [
        numpy.frompyfunc(made.add, 1, 1),
        numpy.frompyfunc(made.add, 2, 1, identity=0),
        numpy.add,
    ]
    peer.load(cppickle.dumps(ufuncs))
    question = "[f([1, 2]).tolist() for f in obj[:1]], obj[1].reduce([1, 2, 3]), "
    question += "obj[1].identity, [f.nin for f in obj], obj[1].reduce([])"
    expected = ([[2, 3]], 6, 0, [1, 2, 2], 0)
    assert peer.ask(question) == expected
    peer.load(peer.dumps("obj"))
    assert peer.ask(question) == expected


def test_a_vectorized_function_that_has_been_called(peer):
    numpy = pytest.importorskip("numpy")
    vectorized = numpy.vectorize(define("def f(x): return x * 2").f, otypes=[float])
    assert vectorized([1]).tolist() == [2]
    peer.load(cppickle.dumps(vectorized))
    assert peer.ask("obj([1, 2]).tolist()") == [2, 4]


def test_a_registered_reducer_of_a_ufunc_comes_first(monkeypatch):
    numpy = pytest.importorskip("numpy")
    monkeypatch.setitem(
        cppickle.Pickler.dispatch, numpy.ufunc, lambda ufunc: (str, ("ufunc",))
    )
    assert pickle.loads(cppickle.dumps(numpy.frompyfunc(len, 1, 1))) == "ufunc"
