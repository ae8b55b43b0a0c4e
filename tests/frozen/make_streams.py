"""Writes streams of the cloudpickle or cppickle that is installed, whichever is named.

See tools/freeze_cloudpickle.sh and tools/freeze_release.sh, which run it under a
relative name, so that no path of their machine is in the streams.

The streams go into a zip archive in the current folder, named after the versions of
the library and of Python. They are read by tests/compat/test_frozen_streams.py and
tests/compat/test_first_release.py.
"""

import abc
import collections
import dataclasses
import enum
import functools
import importlib
import logging
import pathlib
import reprlib
import sys
import types
import typing
import weakref
import xml.dom.minidom
import zipfile


def without_paths(code):
    """`code` as if it had been compiled in the folder of the standard library."""
    inner = [without_paths(c) if hasattr(c, "co_code") else c for c in code.co_consts]
    name = relative(code.co_filename)
    return code.replace(co_filename=name, co_consts=tuple(inner))


def relative(path):
    return "lib/" + path.partition("/lib/")[2] if "/lib/" in path else path


def hide_paths(module):
    """What `module` makes for others shall not name the folder that it is in."""
    owners = [vars(module)]
    owners += [vars(v) for v in vars(module).values() if isinstance(v, type)]
    for owner in owners:
        for value in owner.values():
            function = getattr(value, "__func__", value)
            if isinstance(function, types.FunctionType):
                function.__code__ = without_paths(function.__code__)
    module.__file__ = relative(module.__file__)
    if hasattr(module, "__path__"):
        module.__path__ = [relative(path) for path in module.__path__]


for made_for_others in collections, dataclasses, functools, reprlib, typing:
    hide_paths(made_for_others)

RATE = 3


def shared_counter(start):
    count = start

    def up(by=1, *, twice: bool = False) -> int:
        """Count up."""
        nonlocal count
        count += by * (2 if twice else 1)
        return count

    def value():
        return count

    return [up, value]


def even(n):
    return n == 0 or odd(n - 1)


def odd(n):
    return n != 0 and even(n - 1)


def scaled(n, k=1):
    return n * RATE + k


scaled.note = "an attribute"


def parsed(text):
    return xml.dom.minidom.parseString(text).documentElement.tagName


def with_empty_cell():
    if False:
        later = None

    def use():
        return later

    return use


class Base:
    def who(self):
        return "base"


class Derived(Base):
    """A class of the sender."""

    unit = "m"

    def __init__(self, n):
        self.n = n

    def who(self):
        return "derived " + super().who()

    @property
    def double(self):
        return 2 * self.n

    @classmethod
    def made(cls):
        return cls(7)

    @staticmethod
    def fee(n):
        return n // 10


class Shape(abc.ABC):
    @abc.abstractmethod
    def area(self): ...


Shape.register(tuple)


class Colour(enum.Enum):
    RED = 1
    BLUE = 2

    def label(self):
        return self.name.lower()


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@dataclasses.dataclass(repr=False)  # __repr__ has a path of this machine
class Order:
    number: int
    factor: dataclasses.InitVar[int] = 2
    kind: typing.ClassVar[str] = "order"
    parts: list = dataclasses.field(default_factory=list)

    def __post_init__(self, factor):
        self.number *= factor


T = typing.TypeVar("T", bound=int)


class Box(typing.Generic[T]):
    def __init__(self, content: T):
        self.content = content


def dynamic_module():
    module = types.ModuleType("made_here")
    module.answer = 42
    exec("def ask(): return answer", vars(module))
    return module


def text_file():
    pathlib.Path("text.tmp").write_text("some text")
    file = open("text.tmp")  # noqa: SIM115 it is to be pickled open
    pathlib.Path("text.tmp").unlink()
    file.read(5)
    return file


class Meta(type):
    @property
    def tag(cls):
        return cls.__name__.lower()


class Tagged(metaclass=Meta):
    class Inner:
        depth = 2

    def inner(self):
        return self.Inner.depth


class Slotted:
    __slots__ = ("left", "right")

    def __init__(self, left, right):
        self.left, self.right = left, right


class Celsius:
    def __set_name__(self, owner, name):
        self.name = "_" + name

    def __get__(self, obj, owner):
        return self if obj is None else getattr(obj, self.name) - 273

    def __set__(self, obj, value):
        setattr(obj, self.name, value + 273)


class Oven:
    heat = Celsius()


class Plugin:
    known = []

    def __init_subclass__(cls):
        Plugin.known.append(cls.__name__)


class Filter(Plugin):
    pass


class Parent:
    def child(self):
        return Child()


class Child:
    def parent(self):
        return Parent()


class Failed(Exception):
    def __init__(self, code):
        super().__init__(f"code {code}")
        self.code = code

    def __reduce__(self):
        return Failed, (self.code,)


class Access(enum.Flag):
    READ = 1
    WRITE = 2


class Words(dict):
    def longest(self):
        return max(self, key=len)


@dataclasses.dataclass(frozen=True, order=True)
class Version:
    major: int
    minor: int = 0


class Movie(typing.TypedDict, total=False):
    title: str
    year: int


@typing.runtime_checkable
class Runs(typing.Protocol):
    def run(self): ...


Point = collections.namedtuple("Point", "x y", defaults=[0])
P = typing.ParamSpec("P")
UserId = typing.NewType("UserId", int)


class Place(typing.NamedTuple):
    name: str
    at: Point = Point(1)


@functools.lru_cache(maxsize=3)
def doubled(n):
    return n * 2


ORDERED = collections.OrderedDict([("a", 1), ("b", 2)])

# Names to what makes the object: an exception leaves the stream out.
OBJECTS = {
    "functions": lambda: [*shared_counter(5), even, odd, scaled],
    "submodule": lambda: parsed,
    "empty_cell": with_empty_cell,
    "partial": lambda: functools.partial(scaled, k=2),
    "code": lambda: compile("6 * 7", "<there>", "eval"),
    "classes": lambda: [Base, Derived, Derived(4)],
    "method": lambda: Derived(4).who,
    "abstract": lambda: Shape,
    "enums": lambda: [Colour, Colour.RED, Level.HIGH],
    "dataclass": lambda: [Order, Order(3)],
    "generic": lambda: [T, Box, Box[int], Box(1)],
    "module": dynamic_module,
    "imported_modules": lambda: [functools, xml.dom.minidom],
    "views": lambda: [*(f({"a": 1}) for f in (dict.keys, dict.values, dict.items))],
    "ordered_views": lambda: [ORDERED.keys(), ORDERED.values(), ORDERED.items()],
    "types": lambda: [type(None), type(...), type(NotImplemented), types.FunctionType],
    "buffers": lambda: [memoryview(b"ab"), types.MappingProxyType({"a": 1})],
    "weak_set": lambda: [Base, weakref.WeakSet([Base])],
    "loggers": lambda: [logging.getLogger("a.b"), logging.getLogger()],
    "file": text_file,
}

# What cloudpickle refuses or does in another way.
MORE = {
    "metaclass": lambda: [Tagged, Tagged()],
    "slots": lambda: [Slotted, Slotted(1, 2)],
    "descriptor": lambda: [Oven, Oven()],
    "init_subclass": lambda: [Plugin, Filter],
    "cycle": lambda: [Parent, Child()],
    "exception": lambda: [Failed, Failed(3)],
    "flag": lambda: [Access, Access.READ | Access.WRITE],
    "subclass_of_dict": lambda: [Words, Words(a=1, bcd=2)],
    "frozen_dataclass": lambda: [Version, Version(3, 10)],
    "typed_dict": lambda: Movie,
    "protocol": lambda: Runs,
    "named_tuples": lambda: [Point, Point(1), Place, Place("here")],
    "typing": lambda: [P, UserId, typing.Optional[Base], list[Derived], int | Base],
    "lru_cache": lambda: doubled,
    "sets_in_code": lambda: lambda x: x in {"a", "b", ("c", 1)},
}
TYPE_PARAMETERS = """
class Stack[T]:
    def push(self, item: T) -> T: return item
type Pair[A] = tuple[A, A]
"""


def type_parameters():
    exec(TYPE_PARAMETERS, globals())
    return [globals()["Stack"], globals()["Pair"]]


def main():
    library = importlib.import_module(sys.argv[1])
    objects = OBJECTS
    if library.__name__ == "cppickle":
        objects = {**OBJECTS, **MORE}
        if sys.version_info >= (3, 12):
            objects["type_parameters"] = type_parameters
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    name = f"{library.__name__}-{library.__version__}-python-{version}.zip"
    place = pathlib.Path(name)
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, make in objects.items():
            try:
                stream = library.dumps(make())
            except Exception as error:
                print(f"{place.name}: no {name}: {error!r}")
            else:
                info = zipfile.ZipInfo(name)
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, stream)


if __name__ == "__main__":
    main()
