"""A worker needs nothing installed, and never meets foreign bytecode unawares."""

import importlib.util
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest
from support.processes import FarError, Worker
from support.source import define
from support.streams import globals_named, modules_named

import cppickle

SAMPLES = {
    "a lambda": "obj = lambda x: x + 1",
    "a function with globals": "n = 1\ndef f(): return n\nobj = f",
    "a function with attributes": "def obj(a: int = 1, *, b=2): 'doc'\nobj.note = 1",
    "a closure": "def make(n):\n  def f(): return n, f\n  return f\nobj = make(1)",
    "a class": "class C:\n  x = 1\n  def f(self): return C, __class__\nobj = C",
    "a slotted class": "class C: __slots__ = 'a', '__b'\nobj = C",
    "an instance": "class C: pass\nobj = C()",
    "a metaclass": "class M(type): pass\nclass C(metaclass=M): pass\nobj = C",
    "an abstract class": "from abc import ABC, abstractmethod\n"
    "class C(ABC):\n  @abstractmethod\n  def f(self): pass\nC.register(int)\nobj = C",
    "a dataclass": "from dataclasses import *\n@dataclass(slots=True)\n"
    "class C:\n  x: int\n  y: list = field(default_factory=list)\nobj = [C, C(1)]",
    "an enum": "import enum\nclass E(enum.Enum):\n  A = 1\nobj = [E, E.A]",
    "a flag": "import enum\nclass E(enum.Flag):\n  A, B = 1, 2\nobj = E.A | E.B",
    "a named tuple": "from collections import namedtuple\nobj = namedtuple('P', 'x y')",
    "a generic class": "from typing import *\nT = TypeVar('T')\n"
    "class C(Generic[T]): pass\nobj = [C, T, C[int]]",
    "a protocol": "from typing import *\nclass P(Protocol):\n  x: int\nobj = P",
    "a typed dict": "from typing import *\nclass D(TypedDict):\n  x: int\nobj = D",
    "a new type": "from typing import *\nobj = NewType('N', int)",
    "a property": "obj = property(lambda self: 1)",
    "methods": "class C:\n  f = classmethod(lambda c: 1)\n  g = staticmethod(len)\n"
    "  def h(self): pass\nobj = [C.f, C.g, C().h, C]",
    "an lru_cache": "import functools\nobj = functools.lru_cache(lambda: 1)",
    "a module": "import types\nobj = types.ModuleType('made_here')",
    "a code object": "obj = compile('1', 'f', 'eval')",
    "cells": "import types\nobj = [types.CellType(1), types.CellType()]",
    "views": "import types\nd = {1: 2}\n"
    "obj = [d.keys(), d.values(), d.items(), types.MappingProxyType(d)]",
    "weak references": "import weakref\nclass C: pass\nc = C()\n"
    "obj = [c, weakref.ref(c), weakref.WeakSet([c])]",
    "a submodule": "import xml.dom.minidom\ndef f(): return xml.dom.minidom\nobj = f",
    "a logger": "import logging\nobj = logging.getLogger('x')",
}

HERE = ".".join(map(str, sys.version_info[:2]))
LIBRARY = sys.stdlib_module_names


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_stream_names_only_the_standard_library(sample):
    stream = cppickle.dumps(define(SAMPLES[sample]).obj)
    roots = {module.partition(".")[0] for module in modules_named(stream)}
    assert roots <= LIBRARY


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_bare_worker_loads_it_and_imports_nothing_of_ours(bare_worker, sample):
    bare_worker.load(cppickle.dumps(define(SAMPLES[sample]).obj))
    question = "import sys\n{'cppickle', 'cloudpickle'} & set(sys.modules)"
    assert bare_worker.ask(question) == set()


def test_globals_named_sees_what_pickle_looks_up():
    stream = cppickle.dumps([len, define("obj = lambda: 1").obj, re.compile])
    assert {"builtins len", "re compile"} <= globals_named(stream)


def forms_of(number):
    """The magic number of a version as streams have it: raw, quoted, in a key."""
    magic = number.to_bytes(2, "little") + b"\r\n"
    return [magic, repr(magic).encode(), b"_%d" % number]


def foreign_number():
    """One whose forms are as long as those of this version."""
    here = int.from_bytes(importlib.util.MAGIC_NUMBER[:2], "little")
    lengths = [*map(len, forms_of(here))]
    return here, next(
        n for n in range(here + 50, 65536) if [*map(len, forms_of(n))] == lengths
    )


HERES, FOREIGNS = map(forms_of, foreign_number())
MAGIC = HERES[0]
WITH_CODE = ["a lambda", "a closure", "a class", "an instance", "a code object"]


def as_of_another_version(obj):
    """The stream of `obj`, marked as written by another Python."""
    stream = cppickle.dumps(obj)
    assert any(here in stream for here in HERES)
    for here, foreign in zip(HERES, FOREIGNS):
        stream = stream.replace(here, foreign)
    return stream


@pytest.mark.parametrize("sample", WITH_CODE)
def test_a_foreign_magic_number_raises_an_import_error(bare_worker, sample):
    stream = as_of_another_version(define(SAMPLES[sample]).obj)
    with pytest.raises(FarError) as caught:
        bare_worker.load(stream)
    assert caught.value.kind == "ImportError"
    assert HERE in caught.value.message


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("class Point:\n  class Inner: pass\nobj = Point.Inner()", "Point.Inner"),
        ("class Base: pass\nclass Derived(Base): pass\nobj = Derived()", "Derived"),
        ("import enum\nclass Color(enum.Enum): RED = 1\nobj = [Color.RED]", "Color"),
        ("import typing\nobj = typing.TypeVar('T')", "T"),
        ("class Größe: pass\nobj = Größe", "Größe"),
    ],
)
def test_the_error_of_a_class_names_it_and_a_way_out(bare_worker, source, name):
    with pytest.raises(FarError) as caught:
        bare_worker.load(as_of_another_version(define(source).obj))
    assert caught.value.kind == "ImportError"
    assert caught.value.message.startswith(
        f"{name}, pickled by CPython {HERE} (load it there or import it), loaded by "
    )


def test_the_check_comes_before_the_bytecode_is_read(bare_worker):
    """Broken bytecode behind a foreign magic number is never unmarshalled."""
    code = define("def f(): return 'a marker in the constants'").f.__code__
    stream = as_of_another_version(code)
    start = stream.index(b"a marker in the constants")
    broken = stream[: start - 2] + b"\xff" * 27 + stream[start + 25 :]
    with pytest.raises(FarError) as caught:
        bare_worker.load(broken)
    assert caught.value.kind == "ImportError"


def test_the_worker_lives_on(bare_worker):
    made = define("def f(): return 5")
    with pytest.raises(FarError):
        bare_worker.load(as_of_another_version(made.f))
    bare_worker.load(cppickle.dumps(made.f))
    assert bare_worker.ask("obj()") == 5


def test_streams_without_bytecode_have_no_version(bare_worker):
    stream = cppickle.dumps([1, "a", {"b": (2.5, None)}, len, re.compile("x")])
    assert not any(here in stream for here in HERES[:2])
    bare_worker.load(stream)
    assert bare_worker.ask("obj[:2]") == [1, "a"]


def version_of(python):
    """(major, minor) of an interpreter; None if it does not run or is no CPython."""
    code = "import sys; print(sys.implementation.name, *sys.version_info[:2])"
    try:
        done = subprocess.run(
            [python, "-I", "-S", "-c", code], capture_output=True, text=True, timeout=30
        )
    except OSError:
        return None
    name, _, version = done.stdout.strip().partition(" ")
    return tuple(map(int, version.split())) if name == "cpython" else None


def candidates():
    """Interpreters that may be of another version than this one."""
    if chosen := os.environ.get("CPPICKLE_OTHER_PYTHON"):
        yield chosen
    pyenv = pathlib.Path(os.environ.get("PYENV_ROOT", pathlib.Path.home() / ".pyenv"))
    yield from map(str, sorted(pyenv.glob("versions/3.*/bin/python")))
    for minor in range(10, 16):
        if found := shutil.which(f"python3.{minor}"):
            yield found
    yield from filter(None, [shutil.which("python3")])


@pytest.fixture(scope="module")
def other_python():
    """An interpreter of another minor version, 3.10 or later, and its version."""
    for python in candidates():
        version = version_of(python)
        if version and version >= (3, 10) and version != sys.version_info[:2]:
            return python, ".".join(map(str, version))
    pytest.skip("no other Python found; CPPICKLE_OTHER_PYTHON names one")


@pytest.mark.parametrize("sample", WITH_CODE)
def test_another_version_of_python_refuses_bytecode(other_python, sample):
    python, version = other_python
    with Worker(python=python) as worker:
        with pytest.raises(FarError) as caught:
            worker.load(cppickle.dumps(define(SAMPLES[sample]).obj))
        assert caught.value.kind == "ImportError"
        assert version in caught.value.message
        assert HERE in caught.value.message
        assert worker.ask("1 + 1") == 2
    assert worker.process.returncode == 0


def test_another_version_of_python_loads_plain_data(other_python):
    python, _ = other_python
    data = {"a": [1, 2.5, (None, b"c")], "f": len, "s": {1, 2}}
    with Worker(python=python) as worker:
        worker.load(cppickle.dumps(data))
        assert worker.ask("obj") == data
