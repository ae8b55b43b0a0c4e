"""Values of many kinds: two of each, and what tells them apart at the far end."""

PRELUDE = """
import array, collections, dataclasses, datetime, decimal, enum, fractions, functools
import io, ipaddress, json, csv, logging, operator, pathlib, random, re, types, typing
import uuid
def made(name, *bases, **names):
    return type(name, bases, names)
class List(list): pass
class Dict(dict): pass
class Str(str): pass
class Int(int): pass
class Float(float): pass
class Tuple(tuple): pass
class Set(set): pass
class Bytes(bytes): pass
class FrozenSet(frozenset): pass
class Plain:
    def __init__(self, n): self.n = n
    def get(self): return self.n
class Slotted:
    __slots__ = "n", "unset"
    def __init__(self, n): self.n = n
class Reduced:
    def __init__(self, n): self.n = n
    def __reduce__(self): return Reduced, (self.n,)
class Stated:
    def __getstate__(self): return self.n + 10
    def __setstate__(self, n): self.n = n - 10
class Newed:
    def __new__(cls, *, n=0): self = object.__new__(cls); self.n = n; return self
    def __getnewargs_ex__(self): return (), {"n": self.n}
    def __getstate__(self): return None
class Failed(Exception): pass
def with_state(obj, **state):
    vars(obj).update(state)
    return obj
def stated(n): obj = Stated(); obj.n = n; return obj
def cell(n): return lambda: n
def defaulted(n):
    def f(a=n): return a
    return f
def keyword(n):
    def f(*, a=n): return a
    return f
def nested(n):
    def f():
        def g(a=n): return a
        return g()
    return f
def tagged(n):
    def f(): pass
    f.tag = n
    return f
def annotated(t):
    def f(a: t): pass
    return f
def looped(n):
    ring = [n]
    ring.append(ring)
    return ring
def module(n):
    made = types.ModuleType("made")
    made.n = n
    return made
"""

# What takes long to define, for those that name it.
COSTLY = {
    "Colour": "class Colour(enum.Enum): ONE, TWO = 1, 2",
    "Flag": "class Flag(enum.Flag): ONE, TWO = 1, 2",
    "Data": "@dataclasses.dataclass\nclass Data: n: int",
    "Frozen": "@dataclasses.dataclass(frozen=True)\nclass Frozen: n: int",
    "Named": "class Named(typing.NamedTuple): n: int",
    "Pair": "Pair = collections.namedtuple('Pair', 'a b')",
    "numpy": "import numpy\nclass Array(numpy.ndarray): pass",
}


class Kind:
    """Two expressions, and the question that tells apart what they give.

    A single expression stands for two, with 1 and with 2 in the place of $.
    """

    def __init__(self, *expressions, ask="repr(x)"):
        if len(expressions) == 1:
            expressions = [expressions[0].replace("$", v) for v in "12"]
        self.one, self.other = expressions
        self.ask = ask
        named = [COSTLY[name] for name in COSTLY if name in self.one]
        self.prelude = "\n".join([PRELUDE, *named, ""])


KINDS = {
    "int": Kind("$"),
    "big int": Kind("2**70 + $"),
    "float": Kind("$ / 4"),
    "complex": Kind("$ * 1j"),
    "str": Kind("'s$'"),
    "bytes": Kind("b'$'"),
    "None": Kind("None", "False"),
    "bool and int": Kind("1", "True"),
    "int and float": Kind("1", "1.0"),
    "zeros": Kind("0.0", "-0.0"),
    "tuple and list": Kind("(1,)", "[1]"),
    "str and subclass": Kind("'a'", "Str('a')", ask="type(x).__name__"),
    "list": Kind("[$]"),
    "dict": Kind("{'a': $}"),
    "order of a dict": Kind("{'a': 0, 'b': 0}", "{'b': 0, 'a': 0}", ask="list(x)"),
    "set": Kind("{$}"),
    "frozenset": Kind("frozenset([$])"),
    "nested frozenset": Kind("frozenset([frozenset([$])])"),
    "shared list": Kind("[[]] * 2", "[[], []]", ask="x[0] is x[1]"),
    "ring": Kind("looped($)", ask="x[0], x[1] is x"),
    "ring and list": Kind("looped(1)", "[1, [1, [1]]]", ask="x[1] is x"),
    "range": Kind("range($)"),
    "slice": Kind("slice($)"),
    "bytearray": Kind("bytearray(b'$')"),
    "array": Kind("array.array('i', [$])"),
    "type of array": Kind("array.array('i')", "array.array('l')"),
    "memoryview": Kind("memoryview(b'$')", ask="bytes(x)"),
    "re.compile": Kind("re.compile('$')"),
    "flags of re.compile": Kind("re.compile('a')", "re.compile('a', re.I)"),
    "namedtuple": Kind("Pair(1, $)"),
    "typing.NamedTuple": Kind("Named($)"),
    "deque": Kind("collections.deque([$])"),
    "maxlen of a deque": Kind("collections.deque([], $)"),
    "Counter": Kind("collections.Counter({'a': $})"),
    "OrderedDict": Kind("collections.OrderedDict(a=$)"),
    "defaultdict": Kind("collections.defaultdict(int, a=$)"),
    "default of a defaultdict": Kind(
        "collections.defaultdict(int)", "collections.defaultdict(list)"
    ),
    "ChainMap": Kind("collections.ChainMap({'a': $})"),
    "UserDict": Kind("collections.UserDict(a=$)"),
    "subclass of list": Kind("List([$])"),
    "state of a subclass of list": Kind("with_state(List([0]), n=$)", ask="x.n"),
    "subclass of dict": Kind("Dict(a=$)"),
    "subclass of str": Kind("Str($)"),
    "subclass of int": Kind("Int($)"),
    "state of a subclass of int": Kind("with_state(Int(0), n=$)", ask="x.n"),
    "subclass of float": Kind("Float($)"),
    "subclass of tuple": Kind("Tuple([$])"),
    "subclass of set": Kind("Set([$])"),
    "subclass of frozenset": Kind("FrozenSet([$])"),
    "subclass of bytes": Kind("Bytes(b'$')"),
    "BytesIO": Kind("io.BytesIO(b'$')", ask="x.getvalue()"),
    "position of a BytesIO": Kind(
        "io.BytesIO(b'ab')", "(b := io.BytesIO(b'ab'), b.read(1))[0]", ask="x.tell()"
    ),
    "StringIO": Kind("io.StringIO('$')", ask="x.getvalue()"),
    "lru_cache": Kind("functools.lru_cache(lambda: $)", ask="x()"),
    "partial": Kind("functools.partial(int, $)", ask="x()"),
    "keyword of a partial": Kind("functools.partial(dict, a=$)", ask="x()"),
    "random.Random": Kind("random.Random($)", ask="x.getstate()[1][1]"),
    "union": Kind("int | str", "int | bytes"),
    "generic alias": Kind("list[int]", "list[str]"),
    "typing alias": Kind("typing.List[int]", "typing.List[str]"),
    "Literal": Kind("typing.Literal[$]"),
    "Optional of a class": Kind("typing.Optional[int]", "typing.Optional[str]"),
    "TypeVar": Kind(
        "typing.TypeVar('T')", "typing.TypeVar('T', bound=int)", ask="x.__bound__"
    ),
    "NewType": Kind(
        "typing.NewType('N', int)",
        "typing.NewType('N', str)",
        ask="x.__supertype__.__name__",
    ),
    "date": Kind("datetime.date(2000, 1, $)"),
    "datetime": Kind("datetime.datetime(2000, 1, $, tzinfo=datetime.timezone.utc)"),
    "timezone": Kind("datetime.timezone(datetime.timedelta(hours=$))"),
    "timedelta": Kind("datetime.timedelta($)"),
    "Decimal": Kind("decimal.Decimal($)"),
    "digits of a Decimal": Kind("decimal.Decimal('1')", "decimal.Decimal('1.0')"),
    "Fraction": Kind("fractions.Fraction($, 3)"),
    "Path": Kind("pathlib.Path('/$')", ask="str(x)"),
    "UUID": Kind("uuid.UUID(int=$)"),
    "ip_address": Kind("ipaddress.ip_address('10.0.0.$')"),
    "mappingproxy": Kind("types.MappingProxyType({'a': $})"),
    "SimpleNamespace": Kind("types.SimpleNamespace(a=$)"),
    "itemgetter": Kind("operator.itemgetter($)"),
    "methodcaller": Kind("operator.methodcaller('m', $)"),
    "logger": Kind("logging.getLogger('l$')", ask="x.name"),
    "module": Kind("json", "csv", ask="x.__name__"),
    "dynamic module": Kind("module($)", ask="x.n"),
    "built-in function": Kind("len", "abs", ask="x.__name__"),
    "built-in method": Kind("'a$'.upper", ask="x()"),
    "type": Kind("int", "str"),
    "type of None": Kind("type(None)", "type(...)"),
    "member of an enum": Kind("Colour($)", ask="x.name"),
    "member of a flag": Kind("Flag($)", ask="x.name"),
    "member of an importable enum": Kind("re.I", "re.M", ask="x.name"),
    "dataclass": Kind("Data($)", ask="x.n"),
    "frozen dataclass": Kind("Frozen($)", ask="x.n"),
    "exception": Kind("ValueError($)"),
    "state of an exception": Kind("with_state(ValueError(), n=$)", ask="x.n"),
    "exception by value": Kind("Failed($)", ask="x.args"),
    "instance": Kind("Plain($)", ask="x.n"),
    "slots": Kind("Slotted($)", ask="x.n"),
    "__reduce__": Kind("Reduced($)", ask="x.n"),
    "__getstate__": Kind("stated($)", ask="x.n"),
    "__getnewargs_ex__": Kind("Newed(n=$)", ask="x.n"),
    "class of an instance": Kind(
        "made('Made', object, n=1)()", "made('Made', object, n=2)()", ask="x.n"
    ),
    "bound method": Kind("Plain($).get", ask="x()"),
    "lambda": Kind("lambda: $", ask="x()"),
    "closure": Kind("cell($)", ask="x()"),
    "default": Kind("defaulted($)", ask="x()"),
    "keyword default": Kind("keyword($)", ask="x()"),
    "default of a nested function": Kind("nested($)", ask="x()"),
    "attribute of a function": Kind("tagged($)", ask="x.tag"),
    "annotation": Kind(
        "annotated(int)", "annotated(str)", ask="x.__annotations__['a'].__name__"
    ),
    "generator function": Kind("lambda: (yield $)", ask="list(x())"),
    "code": Kind("compile('$', '<there>', 'eval')", ask="eval(x)"),
    "class": Kind("made('Made', object, n=$)", ask="x.n"),
    "class of another base": Kind(
        "made('Made', int)", "made('Made', str)", ask="x.__base__.__name__"
    ),
    "metaclass": Kind("made('Meta', type, n=$)('Made', (), {})", ask="type(x).n"),
    "key of a dict": Kind("{($, 'a'): 0}"),
    "class as a key": Kind("{made('Made', object, n=$): 0}", ask="[c.n for c in x]"),
    "class in a set": Kind("{made('Made', object, n=$)}", ask="[c.n for c in x]"),
}

WITH_NUMPY = {
    "ndarray": Kind("numpy.array([$])", ask="x.tolist()"),
    "dtype of an ndarray": Kind(
        "numpy.zeros(2, 'f4')", "numpy.zeros(2, 'f8')", ask="str(x.dtype)"
    ),
    "shape of an ndarray": Kind(
        "numpy.zeros((2, 3))", "numpy.zeros((3, 2))", ask="x.shape"
    ),
    "order of an ndarray": Kind(
        "numpy.ones((2, 3), order='C')",
        "numpy.ones((2, 3), order='F')",
        ask="x.flags.f_contiguous",
    ),
    "ndarray of objects": Kind("numpy.array([Plain($)], object)", ask="x[0].n"),
    "subclass of ndarray": Kind("numpy.zeros(1).view(Array) + $", ask="x.tolist()"),
    "numpy scalar": Kind("numpy.float64($)", ask="float(x)"),
    "dtype": Kind("numpy.dtype('f4')", "numpy.dtype('f8')", ask="str(x)"),
    "numpy Generator": Kind(
        "numpy.random.default_rng($)", ask="x.bit_generator.state['state']['state']"
    ),
}
