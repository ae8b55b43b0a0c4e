"""Importable modules for the cases, and the state of the process around one case."""

import contextlib
import copyreg
import importlib
import pathlib
import sys
import tempfile

import cppickle

PLAIN = '''
"""A module that can be imported."""
import enum
VALUE = 1
LIST = [1, "a"]
def function(x=VALUE): return VALUE, x
def other(): return function, LIST
class Class:
    y = 1
    def method(self): return VALUE
class Color(enum.Enum):
    A = 1
    B = 2
'''
FILES = {
    "fuzz_plain.py": PLAIN,
    "fuzz_package/__init__.py": "VALUE = 2\n",
    "fuzz_package/inner.py": PLAIN,
}
NAMES = ["fuzz_plain", "fuzz_package", "fuzz_package.inner"]


@contextlib.contextmanager
def importable_modules():
    """A folder with the modules, in the path of this process."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in FILES.items():
            path = pathlib.Path(folder, name)
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        sys.path.insert(0, folder)
        importlib.invalidate_caches()
        try:
            yield folder
        finally:
            sys.path.remove(folder)


@contextlib.contextmanager
def process_state():
    """What the statements of a case change in the process is as before at the end."""
    tables = [*TABLES, vars(sys.modules["__main__"])]
    kept = [dict(table) for table in tables]
    try:
        yield
    finally:
        for table, before in zip(tables, kept):
            restore(table, before)
        for name in NAMES:
            sys.modules.pop(name, None)
        for name in registered():
            with contextlib.suppress(ValueError):
                cppickle.unregister_pickle_by_value(unregistrable(name))
        with contextlib.suppress(ValueError):
            copyreg.remove_extension("fuzz_plain", "function", 0xF7)


TABLES = [copyreg.dispatch_table, cppickle.Pickler.dispatch.maps[0]]
AT_START = [dict(table) for table in TABLES]


def has_reducers():
    """Whether a case has registered reducers: then what is sent is another object."""
    return TABLES != AT_START


def registered():
    """The names of the modules that go by value."""
    return set(cppickle.list_registry_pickle_by_value())


def restore(table, before):
    """Without a look at the keys: a case may have made them unhashable."""
    table.clear()
    table.update(before)


def unregistrable(name):
    module = sys.modules.get(name)
    return module if module is not None else type(sys)(name)
