"""Descriptions of object graphs, made without a call of anybody's code.

Imported by the far end, too, so it needs nothing but the standard library.
"""

import sys
import types

ATOMS = (type(None), bool, int, float, complex, str, bytes, type(...), type(NotImplemented))
LEFT_OUT = {
    *("__dict__", "__weakref__", "_abc_impl", "__builtins__", "__firstlineno__"),
    *("__static_attributes__", "__annotations_cache__"),
}


class Opaque(Exception):
    """Something in the graph can only be told by its own code."""


def described(root):
    """Text that is equal for graphs of equal content and sharing; None if opaque."""
    description = Description()
    try:
        description.add(root)
    except (Opaque, RecursionError):
        return None
    return "\n".join(description.lines)


def is_global(obj, module, name):
    """Whether that name, in that module, is the object."""
    if not isinstance(module, str) or not isinstance(name, str):
        return False
    if module == "__main__" or "<locals>" in name:
        return False
    found = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found is obj


class Description:
    def __init__(self, by_value=()):
        self.lines = []
        self.numbers = {}
        self.kept = []

    def line(self, *words):
        self.lines.append(" ".join(words))

    def add(self, obj):
        kind = type(obj)
        if kind in ATOMS:
            return self.line(kind.__name__, repr(obj))
        if kind is tuple:
            return self.add_all("tuple", obj)
        if id(obj) in self.numbers:
            return self.line("again", str(self.numbers[id(obj)]))
        self.numbers[id(obj)] = len(self.numbers)
        self.kept.append(obj)
        return self.add_new(kind, obj)

    def add_new(self, kind, obj):
        if kind is list:
            self.add_all("list", obj)
        elif kind is dict:
            self.add_dict("dict", obj)
        elif kind in (set, frozenset):
            self.add_set(obj)
        elif isinstance(obj, type):
            self.add_class(obj)
        elif kind is types.FunctionType:
            self.add_function(obj)
        elif kind in (staticmethod, classmethod):
            self.line(kind.__name__)
            self.add(obj.__func__)
        elif kind is property:
            self.add_all("property", [obj.fget, obj.fset, obj.fdel, obj.__doc__])
        elif kind is types.ModuleType:
            self.line("module", str(obj.__name__))
        elif kind is types.MemberDescriptorType:
            self.line("slot", obj.__name__)
        else:
            self.add_instance(obj)

    def add_all(self, name, items):
        self.line(name, str(len(items)))
        for item in items:
            self.add(item)

    def add_dict(self, name, items):
        self.line(name, str(len(items)))
        for key, value in items.items():
            self.add(key)
            self.add(value)

    def add_set(self, items):
        if not all(type(item) in ATOMS for item in items):
            raise Opaque
        self.line(type(items).__name__, *sorted(map(repr, items)))

    def add_function(self, function):
        if is_global(function, function.__module__, function.__qualname__):
            return self.line("global", function.__module__, function.__qualname__)
        self.line("function")
        parts = [function.__name__, function.__qualname__, function.__module__]
        self.add_all("names", [*parts, function.__doc__])
        self.add(function.__defaults__)
        self.add(function.__kwdefaults__)
        self.add(vars(function))
        self.add_code(function.__code__)
        for cell in function.__closure__ or ():
            self.add_cell(cell)
        for name in sorted(global_names(function.__code__)):
            if name in function.__globals__:
                self.line("variable", name)
                self.add(function.__globals__[name])
        return None

    def add_cell(self, cell):
        try:
            value = cell.cell_contents
        except ValueError:
            return self.line("empty cell")
        self.line("cell")
        return self.add(value)

    def add_code(self, code):
        self.line("code", code.co_name, code.co_code.hex(), str(code.co_flags))
        self.line(*code.co_names, "/", *code.co_varnames, "/", *code.co_freevars)
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                self.add_code(constant)
            else:
                self.line(repr(type(constant)), str(constant_text(constant)))

    def add_class(self, cls):
        module, name = cls.__module__, cls.__qualname__
        if not cls.__flags__ & 512 or is_global(cls, module, name):
            return self.line("class", str(module), name)
        self.line("class by value", cls.__name__)
        self.add(type(cls))
        self.add(cls.__bases__)
        names = [n for n in vars(cls) if n not in LEFT_OUT]
        if any(not isinstance(n, str) for n in names):
            raise Opaque
        for name in sorted(names):
            self.line("attribute", name)
            self.add(vars(cls)[name])
        return None

    def add_instance(self, obj):
        cls = type(obj)
        plain = cls.__reduce_ex__ is object.__reduce_ex__
        plain = plain and cls.__reduce__ is object.__reduce__
        getstate = getattr(object, "__getstate__", None)
        if not plain or getattr(cls, "__getstate__", None) is not getstate:
            raise Opaque
        if cls.__basicsize__ < object.__basicsize__ or builtin_base(cls) is not object:
            raise Opaque
        self.line("instance")
        self.add(cls)
        state = getattr(obj, "__dict__", None)
        if isinstance(state, dict):
            self.add_dict("state", state)


def builtin_base(cls):
    return next(base for base in cls.__mro__ if not base.__flags__ & 512)


def constant_text(constant):
    if isinstance(constant, frozenset):
        return sorted(map(repr, constant))
    return repr(constant)


def global_names(code):
    """The names that code may look for among the globals."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= global_names(constant)
    return names
