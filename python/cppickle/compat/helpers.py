"""The private helpers of cloudpickle that other libraries import or replace.

Where one is replaced on the module ``cloudpickle.cloudpickle``, the pickler calls the
replacement; the originals are for those who import them.
"""

import abc
import sys
import types
from collections.abc import Iterable, Iterator
from typing import Any

from .. import _core
from .rebuilding import _empty_cell_value

_MAIN_MODULES = ("__main__", "__mp_main__")

# --- By reference or by value ---------------------------------------------------------


def _getattribute(obj: Any, name: str) -> Any:
    for part in name.split("."):
        if part == "<locals>":
            raise AttributeError(f"a local object has no path: {name!r} on {obj!r}")
        obj = getattr(obj, part)
    return obj


def _whichmodule(obj: Any, name: str) -> str | None:
    """The module that the object names, else the first in which it is found."""
    told: str | None = getattr(obj, "__module__", None)
    if told is not None:
        return told
    for module_name, module in sys.modules.copy().items():
        if module_name in _MAIN_MODULES or not isinstance(module, types.ModuleType):
            continue
        try:
            if _getattribute(module, name) is obj:
                return module_name
        except Exception:  # a module's __getattr__ may raise anything; look further
            continue
    return None


def _lookup_module_and_qualname(
    obj: Any, name: str | None = None
) -> tuple[types.ModuleType, str] | None:
    """Where an import finds the object, None when it has to travel by value."""
    if name is None:
        name = getattr(obj, "__qualname__", None) or getattr(obj, "__name__", None)
    if name is None:
        return None
    module_name = _whichmodule(obj, name)
    if module_name is None or module_name == "__main__":
        return None
    module = sys.modules.get(module_name)
    if module is None:
        return None
    try:
        found = _getattribute(module, name)
    except AttributeError:
        return None
    return (module, name) if found is obj else None


def _is_registered_pickle_by_value(module: types.ModuleType) -> bool:
    registered = _core._by_value_modules()
    name = module.__name__
    while name:
        if name in registered:
            return True
        name = name.rpartition(".")[0]
    return False


def _should_pickle_by_reference(obj: Any, name: str | None = None) -> bool:
    if isinstance(obj, types.ModuleType):
        registered = _is_registered_pickle_by_value(obj)
        return not registered and obj.__name__ in sys.modules
    if isinstance(obj, (types.FunctionType, type)):
        found = _lookup_module_and_qualname(obj, name)
        return found is not None and not _is_registered_pickle_by_value(found[0])
    kind = type(obj).__name__
    raise TypeError(f"cannot check importability of {kind} instances")


# --- Code and functions ---------------------------------------------------------------


def _extract_code_globals(co: types.CodeType) -> dict[str, None]:
    """The names that the code and the code nested in it use as globals, in order."""
    return dict.fromkeys(_core._code_globals(co))


def _walk_global_ops(code: types.CodeType) -> Iterator[Any]:
    import dis

    names = {"LOAD_GLOBAL", "STORE_GLOBAL", "DELETE_GLOBAL"}
    for instruction in dis.get_instructions(code):
        if instruction.opname in names:
            yield instruction.argval


def _find_imported_submodules(
    code: types.CodeType, top_level_dependencies: Iterable[Any]
) -> list[types.ModuleType]:
    """Loaded submodules of the modules given that the code reaches by attributes."""
    mentioned = set(code.co_names)
    found = []
    for package in top_level_dependencies:
        if not isinstance(package, types.ModuleType):
            continue
        if not getattr(package, "__package__", None):
            continue
        prefix = package.__name__ + "."
        for name, module in list(sys.modules.items()):
            below = isinstance(name, str) and name.startswith(prefix)
            if below and mentioned.issuperset(name[len(prefix) :].split(".")):
                found.append(module)
    return found


def _get_cell_contents(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return _empty_cell_value


def _function_getstate(func: types.FunctionType) -> tuple[dict[str, Any], Any]:
    """The function's attributes, and its slots with the globals that it needs."""
    available = func.__globals__
    used = {
        name: available[name]
        for name in _extract_code_globals(func.__code__)
        if name in available
    }
    contents = [_get_cell_contents(cell) for cell in func.__closure__ or ()]
    slots = {
        "__name__": func.__name__,
        "__qualname__": func.__qualname__,
        "__annotations__": func.__annotations__,
        "__kwdefaults__": func.__kwdefaults__,
        "__defaults__": func.__defaults__,
        "__module__": func.__module__,
        "__doc__": func.__doc__,
        "__closure__": func.__closure__,
        "_cloudpickle_submodules": _find_imported_submodules(
            func.__code__, [*used.values(), *contents]
        ),
        "__globals__": used,
    }
    return func.__dict__, slots


# --- Classes --------------------------------------------------------------------------


def _get_bases(typ: type) -> tuple[Any, ...]:
    """The bases as they were written: with subscripts of generic classes."""
    written = typ.__dict__.get("__orig_bases__")
    return tuple(written) if written is not None else typ.__bases__


def _extract_class_dict(cls: type) -> dict[str, Any]:
    """The class's own attributes, without those that it has from a base."""
    inherited: dict[str, Any] = {}
    for base in reversed(cls.__bases__):
        inherited.update(base.__dict__)
    missing = object()
    return {
        name: value
        for name, value in sorted(cls.__dict__.items())
        if inherited.get(name, missing) is not value
    }


def _class_getstate(obj: type) -> tuple[dict[str, Any], dict[str, Any]]:
    attributes = _extract_class_dict(obj)
    for made_anew in ("__weakref__", "__dict__"):
        attributes.pop(made_anew, None)
    if isinstance(obj, abc.ABCMeta):
        attributes.pop("_abc_impl", None)
        registry: Any = abc._get_dump(obj)[0]  # type: ignore[attr-defined]
        attributes["_abc_impl"] = [reference() for reference in registry]
    slots = attributes.get("__slots__", ())
    for slot in (slots,) if isinstance(slots, str) else tuple(slots):
        attributes.pop(slot, None)
    return attributes, {}
