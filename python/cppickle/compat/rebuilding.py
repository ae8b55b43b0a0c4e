"""What streams of cloudpickle 2.0 to 3.1 call in order to rebuild their objects.

Their names, parameters and answers are part of stored streams, so none of them changes.
"""

import builtins
import sys
import types
import typing
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .tracking import _lookup_class_or_track, known_class


class _EmptyCellValue:
    """The content of an empty cell: told by its identity."""

    def __reduce__(self) -> str:
        return "_empty_cell_value"


_EmptyCellValue.__name__ = _EmptyCellValue.__qualname__ = "_empty_cell_value"
_empty_cell_value = _EmptyCellValue()

# --- Functions ------------------------------------------------------------------------


def _make_empty_cell() -> types.CellType:
    return types.CellType()


def _make_cell(value: Any = _empty_cell_value) -> types.CellType:
    return _make_empty_cell() if value is _empty_cell_value else types.CellType(value)


def cell_set(cell: types.CellType, value: Any) -> None:
    cell.cell_contents = value


def _make_function(
    code: types.CodeType,
    globals: dict[str, Any],
    name: str | None,
    argdefs: tuple[Any, ...] | None,
    closure: tuple[types.CellType, ...] | None,
) -> types.FunctionType:
    globals["__builtins__"] = builtins.__dict__
    return types.FunctionType(code, globals, name, argdefs, closure)


def _function_setstate(obj: types.FunctionType, state: Any) -> None:
    attributes, slots = state
    slots = dict(slots)
    names = slots.pop("__globals__")
    cells = slots.pop("__closure__", None)
    slots.pop("_cloudpickle_submodules", None)  # being unpickled imported them
    obj.__dict__.update(attributes)
    obj.__globals__.update(names)
    obj.__globals__["__builtins__"] = builtins.__dict__
    if cells is not None and obj.__closure__ is not None:
        _fill_cells(obj.__closure__, cells)
    for name, value in slots.items():
        setattr(obj, name, value)


def _fill_cells(
    targets: Iterable[types.CellType], sources: Iterable[types.CellType]
) -> None:
    for target, source in zip(targets, sources):
        try:
            target.cell_contents = source.cell_contents
        except ValueError:  # empty
            continue


# --- Classes --------------------------------------------------------------------------


def _make_skeleton_class(
    type_constructor: Callable[..., type],
    name: str,
    bases: tuple[type, ...],
    type_kwargs: Mapping[str, Any],
    class_tracker_id: str | None,
    extra: Any,
) -> Any:
    known: Any = known_class(class_tracker_id)
    if known is not None:
        return known
    made = types.new_class(
        name,
        bases,
        {"metaclass": type_constructor},
        lambda namespace: namespace.update(type_kwargs),
    )
    return _lookup_class_or_track(class_tracker_id, made)


def _make_skeleton_enum(
    bases: tuple[Any, ...],
    name: str,
    qualname: str,
    members: Mapping[str, Any],
    module: str,
    class_tracker_id: str | None,
    extra: Any,
) -> Any:
    known: Any = known_class(class_tracker_id)
    if known is not None:
        return known
    metaclass: Any = type(bases[-1])
    namespace = metaclass.__prepare__(name, bases)
    for member, value in members.items():
        namespace[member] = value
    made = metaclass.__new__(metaclass, name, bases, namespace)
    made.__module__ = module
    made.__qualname__ = qualname
    return _lookup_class_or_track(class_tracker_id, made)


def _class_setstate(obj: Any, state: Any) -> Any:
    attributes = dict(state[0])
    registered = attributes.pop("_abc_impl", None)
    # Setting __module__ deletes it, so it comes last.
    line = attributes.pop("__firstlineno__", None)
    for name, value in attributes.items():
        setattr(obj, name, value)
    if line is not None:
        obj.__firstlineno__ = line
    for subclass in registered or ():
        if subclass is not None:
            obj.register(subclass)
    return obj


def _make_typevar(
    name: str,
    bound: Any,
    constraints: tuple[Any, ...],
    covariant: bool,
    contravariant: bool,
    class_tracker_id: str | None,
) -> Any:
    known: Any = known_class(class_tracker_id)
    if known is not None:
        return known
    make: Any = typing.TypeVar
    made = make(
        name,
        *constraints,
        bound=bound,
        covariant=covariant,
        contravariant=contravariant,
    )
    return _lookup_class_or_track(class_tracker_id, made)


def _get_dataclass_field_type_sentinel(name: str) -> Any:
    return dataclass_field_types()[name]


def dataclass_field_types() -> dict[str, Any]:
    import dataclasses

    names = ("_FIELD", "_FIELD_CLASSVAR", "_FIELD_INITVAR")
    return {name: getattr(dataclasses, name) for name in names}


# --- Modules and the rest -------------------------------------------------------------


def subimport(name: str) -> types.ModuleType:
    __import__(name)
    return sys.modules[name]


def dynamic_subimport(name: str, vars: Mapping[str, Any]) -> types.ModuleType:
    module = types.ModuleType(name)
    module.__dict__.update(vars)
    module.__dict__["__builtins__"] = builtins.__dict__
    return module


def _builtin_type(name: str) -> Any:
    return type if name == "ClassType" else getattr(types, name)


def _gen_ellipsis() -> Any:
    return Ellipsis


def _gen_not_implemented() -> Any:
    return NotImplemented


def _file_reconstructor(retval: Any) -> Any:
    return retval


def instance(cls: Callable[[], Any]) -> Any:
    """Used as a class decorator: the one instance takes the place of the class."""
    return cls()


def _make_dict_keys(obj: Iterable[Any], is_ordered: bool = False) -> Any:
    kind: Any = OrderedDict if is_ordered else dict
    return kind.fromkeys(obj).keys()


def _make_dict_values(obj: Iterable[Any], is_ordered: bool = False) -> Any:
    kind: Any = OrderedDict if is_ordered else dict
    return kind(enumerate(obj)).values()


def _make_dict_items(obj: Any, is_ordered: bool = False) -> Any:
    return OrderedDict(obj).items() if is_ordered else obj.items()


def is_tornado_coroutine(func: Any) -> bool:
    """True for a function that an imported tornado.gen made a coroutine of."""
    warnings.warn(
        "is_tornado_coroutine() is deprecated; "
        "use tornado.gen.is_coroutine_function() instead",
        category=DeprecationWarning,
        stacklevel=2,
    )
    gen = sys.modules.get("tornado.gen")
    test = getattr(gen, "is_coroutine_function", None)
    return bool(test is not None and test(func))


def _rebuild_tornado_coroutine(func: Any) -> Any:
    from importlib import import_module

    return import_module("tornado.gen").coroutine(func)
