"""Expressions of values, to be evaluated in the namespace of a case."""

IMPORTS = (
    "import abc, array, collections, copy, copyreg, dataclasses, datetime, decimal, "
    "enum, fractions, functools, gc, itertools, logging, math, operator, os.path, "
    "pathlib, random, re, string, sys, types, typing, uuid, weakref\n"
    "import cppickle, pickle"
)

SCALARS = [
    *("0", "1", "True", "False", "None", "1.0", "0.0", "-0.0", "float('nan')", "-1"),
    *("256", "int('257')", "-5", "int('-6')", "2**31", "2**63", "10**30", "1.5"),
    *("'a'", "''.join(['ab', 'c'])", "'x' * 300", "''", "'__main__'"),
    *("'method'", "'\\xe9'", "'\\ud800'", "b'b'", "b'x' * 300", "b''", "..."),
    *("''.join(['__ma', 'in__'])", "NotImplemented", "b'0123456789ab'"),
]
CONTAINERS = [
    *("()", "(1, 2)", "(1, True)", "tuple([1, 2])", "('a', ['a'])", "[]", "[1, [2]]"),
    *(
        "{}",
        "{'a': 1}",
        "{1: 'a', 'b': [2]}",
        "{1, 2}",
        "{'a', 'b', 'c'}",
        "{0, 8, 16}",
    ),
    *("frozenset([1, 'a'])", "frozenset()", "[(), (1, 2)]", "{(1, 2): {'k': []}}"),
]
KNOWN = [
    *("int", "len", "dict", "tuple.__new__", "os.path.join", "math", "math.pi"),
    *("object()", "collections.OrderedDict", "functools.partial", "staticmethod(len)"),
    *("types.MappingProxyType({'a': 1})", "(lambda: 1)", "(lambda x: [x, V0])"),
]
EXOTIC = [
    *("bytearray(b'ab')", "range(3)", "slice(1, 2)", "complex(1, -0.0)", "[].append"),
    *("re.compile('a')", "decimal.Decimal('1.5')", "datetime.date(2020, 1, 1)"),
    *("datetime.datetime(2020, 1, 1)", "collections.deque([1])", "uuid.UUID(int=5)"),
    *("collections.OrderedDict(a=1)", "collections.defaultdict(list, a=[1])"),
    *(
        "collections.Counter('aab')",
        "fractions.Fraction(1, 2)",
        "array.array('i', [1])",
    ),
    *("pathlib.PurePosixPath('a')", "list[int]", "typing.Optional[int]", "int | str"),
    *("typing.Callable[[int], str]", "typing.TypeVar('T')", "typing.NewType('N', int)"),
    *("typing.List['C0']", "typing.Literal[1, True]", "typing.Annotated[int, [1]]"),
    *("functools.partial(f0, 1)", "functools.partial(int, base=2)"),
    *("functools.lru_cache(f0)", "functools.singledispatch(f0)", "weakref.ref(C0)"),
    *("types.SimpleNamespace(a=1)", "operator.attrgetter('a')", "ValueError('x')"),
    *("operator.itemgetter(1)", "property(f0)", "type('Dynamic', (), {'a': 1})"),
    *(
        "C0.method",
        "C0.build",
        "classmethod(f0)",
        "types.MethodType(f0, 1)",
        "iter([1])",
    ),
    *("logging.getLogger('a')", "itertools.count(3)", "memoryview(b'x')", "{}.keys()"),
    *("functools.cached_property(f0)", "types.CellType(1)", "f0.__code__", "f0"),
    *("random.Random(3)", "string.Template('a')", "fuzz_package", "sys.version_info"),
    *("fuzz_plain.function", "fuzz_plain.Class", "fuzz_plain.Color.A", "fuzz_plain"),
    *("fuzz_plain.Class()", "fuzz_plain.LIST", "fuzz_package.inner.function"),
]
