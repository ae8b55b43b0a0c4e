"""Writes streams of the cloudpickle that is installed: see tools/freeze_cloudpickle.sh,
which runs it under a relative name, so that no path of its machine is in them.

The streams go into a zip archive in the current folder, named after the versions of
cloudpickle and Python. They are read by tests/compat/test_frozen_streams.py.
"""

import abc
import collections
import dataclasses
import enum
import functools
import logging
import pathlib
import sys
import types
import typing
import weakref
import xml.dom.minidom
import zipfile

import cloudpickle

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


def main():
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    name = f"cloudpickle-{cloudpickle.__version__}-python-{version}.zip"
    place = pathlib.Path(name)
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, make in OBJECTS.items():
            try:
                stream = cloudpickle.dumps(make())
            except Exception as error:
                print(f"{place.name}: no {name}: {error!r}")
            else:
                info = zipfile.ZipInfo(name)
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, stream)


if __name__ == "__main__":
    main()
