"""Descriptions of object graphs, made without a call of anybody's code.

Imported by the far end, too, so it needs nothing but the standard library.
"""

import dis
import sys
import types
import weakref

HEAP_TYPE, IS_ABSTRACT = 1 << 9, 1 << 20
MOST_LINES = 20_000  # what tuples share is told again
HOOKS = {"__reduce__", "__reduce_ex__", "__getstate__", "__class__"}
ATOMS = (
    type(None),
    bool,
    int,
    float,
    complex,
    str,
    bytes,
    type(...),
    type(NotImplemented),
)
GLOBALS = ("LOAD_GLOBAL", "STORE_GLOBAL", "DELETE_GLOBAL")
LEFT_OUT = {
    *("__dict__", "__weakref__", "_abc_impl", "__builtins__", "__firstlineno__"),
    *("__static_attributes__", "__annotations_cache__", "__slotnames__"),
    "__abstractmethods__",  # found again by abc
}


class Opaque(Exception):
    """Something in the graph can only be told by its own code, or all is too much."""


def described(root, by_value=()):
    """Text that is equal for graphs of equal content and sharing; None if opaque.

    Nothing of the modules whose names are in `by_value` is told by its name.
    """
    description = Description(by_value)
    try:
        description.add(root)
    except (Opaque, RecursionError):
        return None
    return "\n".join(description.lines)


class Description:
    def __init__(self, by_value):
        self.by_value = by_value
        self.lines = []
        self.numbers = {}
        self.spaces = set()  # dicts of functions and instances arrive apart
        self.kept = []

    def line(self, *words):
        if len(self.lines) > MOST_LINES:
            raise Opaque
        self.lines.append(" ".join(words))

    def is_global(self, obj, module, name):
        """Whether that name, in that module, is the object, and goes by name."""
        if not isinstance(module, str) or module == "__main__" or "<locals>" in name:
            return False
        if any(f"{module}.".startswith(f"{other}.") for other in self.by_value):
            return False
        found = sys.modules.get(module)
        for part in name.split("."):
            found = getattr(found, part, None)
        return found is obj

    def add(self, obj):
        kind = type(obj)
        if kind in ATOMS:
            return self.line(kind.__name__, repr(obj))
        if kind is tuple:
            return self.add_all("tuple", obj)
        if kind in weakref.ProxyTypes:
            raise Opaque  # whatever is asked of it, its referent answers
        if id(obj) in self.spaces:
            raise Opaque
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
            self.line("module", str(vars(obj).get("__name__")))
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
        if self.is_global(function, function.__module__, function.__qualname__):
            return self.line("global", function.__module__, function.__qualname__)
        self.line("function")
        parts = [function.__name__, function.__qualname__, function.__module__]
        self.add_all("names", [*parts, function.__doc__])
        self.add(function.__defaults__)
        self.add(function.__kwdefaults__)
        self.add_attributes(vars(function))
        self.add_code(function.__code__)
        for cell in function.__closure__ or ():
            self.add_cell(cell)
        for name in sorted(global_names(function.__code__)):
            if name in function.__globals__:
                self.line("variable", name)
                self.add(function.__globals__[name])
        return None

    def add_attributes(self, attributes):
        if id(attributes) in self.spaces or id(attributes) in self.numbers:
            raise Opaque
        self.spaces.add(id(attributes))
        self.kept.append(attributes)
        self.add_dict("attributes", attributes)

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
        if not cls.__flags__ & HEAP_TYPE or self.is_global(cls, module, name):
            return self.line("class", str(module), name)
        self.line("class by value", cls.__name__)
        self.add(type(cls))
        self.add(cls.__bases__)
        names = [n for n in vars(cls) if n not in LEFT_OUT]
        if any(not isinstance(n, str) for n in names) or has_odd_slots(cls):
            raise Opaque
        if arrives_changed(cls):
            raise Opaque
        for name in sorted(names):
            self.line("attribute", name)
            self.add(vars(cls)[name])
        return None

    def add_instance(self, obj):
        cls = type(obj)
        if cls.__flags__ & IS_ABSTRACT:
            raise Opaque  # cannot be made where it is loaded
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
            if not HOOKS.isdisjoint(state):
                raise Opaque
            self.add_attributes(state)


def arrives_changed(cls):
    """Whether it is one of the classes that are known not to travel as they are."""
    names = vars(cls)
    # One that got its __eq__ later has no hash where it is loaded.
    if "__eq__" in names and "__hash__" not in names:
        return True
    # A docstring that UTF-8 has no form for can be set, but not be given to type().
    doc = names.get("__doc__")
    return isinstance(doc, str) and any("\ud800" <= c <= "\udfff" for c in doc)


def has_odd_slots(cls):
    """Whether __slots__ names what is no slot: it was set later."""
    slots = vars(cls).get("__slots__", ())
    slots = [slots] if isinstance(slots, str) else slots
    return any(
        type(vars(cls).get(name)) is not types.MemberDescriptorType
        for name in slots
        if not name.startswith("__")
    )


def builtin_base(cls):
    return next(base for base in cls.__mro__ if not base.__flags__ & HEAP_TYPE)


def constant_text(constant):
    if isinstance(constant, frozenset):
        return sorted(map(repr, constant))
    return repr(constant)


def global_names(code):
    """The names that code looks for among the globals."""
    names = {i.argval for i in dis.get_instructions(code) if i.opname in GLOBALS}
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= global_names(constant)
    return names
