"""What an unpickler makes of a case, in a form that can be compared."""

import io
import pickle
import re
import sys
from dataclasses import dataclass

import cppickle
from fuzz.loads import graphs

# What damaged streams may name, lest they do harm or fill the memory.
BUILTINS = [
    *("int", "len", "complex", "bytearray", "bytes", "list", "set", "frozenset"),
    *("object", "slice", "Ellipsis", "NotImplemented", "nothing"),
]
HARMLESS = {
    *(("builtins", name) for name in BUILTINS),
    *(("copyreg", name) for name in ("_reconstructor", "__newobj__")),
    *(("_codecs", "encode"), ("posixpath", "join")),
    *((graphs.__name__, cls.__name__) for cls in graphs.CLASSES),
}
OLD_NAMES = {"__builtin__": "builtins", "copy_reg": "copyreg"}
IN_MEMORY, IN_FILE, BY_SUBCLASS = WAYS = ("memory", "file", "subclass")


@dataclass(frozen=True)
class Case:
    stream: bytes
    buffers: tuple
    way: str
    options: tuple  # pairs of name and value

    def keywords(self):
        given = dict(self.options)
        if self.buffers:
            given["buffers"] = [
                pickle.PickleBuffer(content) for content in self.buffers
            ]
        return given


@dataclass(frozen=True)
class Outcome:
    kind: str  # "value", or the name of an error's type
    what: object  # a canonical form, or the text of the error
    names: tuple = ()  # which globals were asked for
    place: int = 0  # where the file stands


class Refused(Exception):
    """Instead of a global that a damaged stream must not get."""


class Watch:
    """Notes what is asked for, and refuses what is not known to be harmless."""

    names = None  # a list while something loads

    def __call__(self, event, arguments):
        if self.names is None or event != "pickle.find_class":
            return
        self.names.append(arguments)
        module, name = arguments
        known = OLD_NAMES.get(module, module), name.split(".")[0]
        if known not in HARMLESS or len(name.split(".")) > 2:
            raise Refused(*arguments)


WATCH = Watch()


class Hooks:
    """What a subclass may override."""

    def persistent_load(self, pid):
        return ["persistent", pid]

    def find_class(self, module, name):
        if name == "join":
            return "found"
        return super().find_class(module, name)


class Reader:
    """One of the unpicklers."""

    def __init__(self, name, loads, unpickler):
        self.name = name
        self._loads = loads
        self._unpickler = unpickler
        self._subclass = type("Subclass", (Hooks, unpickler), {})

    def outcome(self, case):
        file = io.BytesIO(case.stream)
        WATCH.names = names = []
        try:
            value = self._load(case, file)
        except MemoryError:
            return Outcome("MemoryError", "")
        except Exception as error:
            what = without_addresses(str(error))
            return Outcome(type(error).__name__, what, tuple(names))
        finally:
            WATCH.names = None
        return Outcome("value", canonical(value), tuple(names), file.tell())

    def _load(self, case, file):
        if case.way == IN_MEMORY:
            return self._loads(case.stream, **case.keywords())
        kind = self._subclass if case.way == BY_SUBCLASS else self._unpickler
        return kind(file, **case.keywords()).load()


OURS = Reader("cppickle", lambda *a, **k: cppickle.loads(*a, **k), cppickle.Unpickler)
IN_C = Reader("C", pickle.loads, pickle.Unpickler)
IN_PYTHON = Reader("Python", pickle._loads, pickle._Unpickler)
# Code that calls append() crashes there, as that of the Python unpickler does.
READERS = OURS, IN_C, IN_C if sys.version_info[:3] == (3, 13, 0) else IN_PYTHON


def canonical(value):
    """Bytes that tell types, values and sharing."""
    try:
        told = pickle.dumps(value, 5)
        if any(sign in told for sign in SIGNS_OF_SETS):
            file = io.BytesIO()
            WithSortedSets(file, 5).dump(value)
            told = file.getvalue()
    except Exception as error:
        return f"{type(value)} {type(error)}"
    return told


SIGNS_OF_SETS = (pickle.ADDITEMS, pickle.FROZENSET, b"set")


class WithSortedSets(pickle.Pickler):
    """Writes the items of sets in an order that does not depend on addresses."""

    def __init__(self, file, protocol):
        super().__init__(file, protocol)
        self._sets = {}  # id: (number, the set)

    def persistent_id(self, obj):
        if not isinstance(obj, (set, frozenset)):
            return None
        if id(obj) in self._sets:
            return self._sets[id(obj)][0]
        self._sets[id(obj)] = len(self._sets), obj
        return type(obj), sorted(obj, key=canonical), getattr(obj, "__dict__", None)


def without_addresses(text):
    return re.sub(r"0x[0-9a-f]+", "0x", text)


def watch_names():
    """Once a process, as audit hooks stay."""
    sys.addaudithook(WATCH)
