"""Reduce values as cloudpickle gives them, for those who take its reducers one by one.

The pickler of cppickle does not use them: it writes these types natively. They serve
other picklers, which find them as attributes of ``cloudpickle.cloudpickle``.
"""

import logging
import sys
import types
import typing
from typing import Any

from .helpers import (
    _class_getstate,
    _function_getstate,
    _get_bases,
    _get_cell_contents,
    _is_registered_pickle_by_value,
    _lookup_module_and_qualname,
    _should_pickle_by_reference,
)
from .rebuilding import (
    _builtin_type,
    _class_setstate,
    _empty_cell_value,
    _file_reconstructor,
    _function_setstate,
    _get_dataclass_field_type_sentinel,
    _make_cell,
    _make_dict_items,
    _make_dict_keys,
    _make_dict_values,
    _make_empty_cell,
    _make_function,
    _make_skeleton_class,
    _make_skeleton_enum,
    _make_typevar,
    dynamic_subimport,
    subimport,
)
from .tracking import _get_or_create_tracker_id

# --- Functions and code ---------------------------------------------------------------

# The parameters of types.CodeType, as the attributes of a code object.
_CODE_ATTRIBUTES = (
    "co_argcount",
    "co_posonlyargcount",
    "co_kwonlyargcount",
    "co_nlocals",
    "co_stacksize",
    "co_flags",
    "co_code",
    "co_consts",
    "co_names",
    "co_varnames",
    "co_filename",
    "co_name",
    *(("co_qualname",) if sys.version_info >= (3, 11) else ()),
    "co_firstlineno",
    "co_linetable",
    *(("co_exceptiontable",) if sys.version_info >= (3, 11) else ()),
    "co_freevars",
    "co_cellvars",
)


def _code_reduce(obj: types.CodeType) -> tuple[Any, ...]:
    return types.CodeType, tuple(getattr(obj, name) for name in _CODE_ATTRIBUTES)


def _cell_reduce(obj: types.CellType) -> tuple[Any, ...]:
    content = _get_cell_contents(obj)
    if content is _empty_cell_value:
        return _make_empty_cell, ()
    return _make_cell, (content,)


def _method_reduce(obj: types.MethodType) -> tuple[Any, ...]:
    return types.MethodType, (obj.__func__, obj.__self__)


def _classmethod_reduce(obj: Any) -> tuple[Any, ...]:
    return type(obj), (obj.__func__,)


def _property_reduce(obj: property) -> tuple[Any, ...]:
    return property, (obj.fget, obj.fset, obj.fdel, obj.__doc__)


def _getset_descriptor_reduce(obj: Any) -> tuple[Any, ...]:
    return getattr, (obj.__objclass__, obj.__name__)


def _function_getnewargs(func: types.FunctionType) -> tuple[Any, ...]:
    kept = ("__package__", "__name__", "__path__", "__file__")
    base = {name: func.__globals__[name] for name in kept if name in func.__globals__}
    cells = func.__closure__
    empty = None if cells is None else tuple(types.CellType() for _ in cells)
    return func.__code__, base, None, None, empty


def _dynamic_function_reduce(func: types.FunctionType) -> tuple[Any, ...]:
    state = _function_getstate(func)
    arguments = _function_getnewargs(func)
    return _make_function, arguments, state, None, None, _function_setstate


# --- Classes --------------------------------------------------------------------------


def _class_getnewargs(obj: type) -> tuple[Any, ...]:
    own = obj.__dict__
    body = {name: own[name] for name in ("__module__", "__slots__") if name in own}
    own_dict = own.get("__dict__")
    if isinstance(own_dict, property):
        body["__dict__"] = own_dict
    tracker_id = _get_or_create_tracker_id(obj)
    return type(obj), obj.__name__, _get_bases(obj), body, tracker_id, None


def _enum_getnewargs(obj: Any) -> tuple[Any, ...]:
    members = {member.name: member.value for member in obj}
    return (
        obj.__bases__,
        obj.__name__,
        obj.__qualname__,
        members,
        obj.__module__,
        _get_or_create_tracker_id(obj),
        None,
    )


def _enum_getstate(obj: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is left of the class's state when its members have been made."""
    attributes, slots = _class_getstate(obj)
    made_by_enum = {name for name in attributes if name.startswith("_")} & {
        "_generate_next_value_",
        "_member_names_",
        "_member_map_",
        "_member_type_",
        "_value2member_map_",
    }
    for name in made_by_enum | {member.name for member in obj}:
        attributes.pop(name, None)
    return attributes, slots


def _dynamic_class_reduce(obj: Any) -> tuple[Any, ...]:
    import enum

    if issubclass(obj, enum.Enum):
        make: Any = _make_skeleton_enum
        arguments, state = _enum_getnewargs(obj), _enum_getstate(obj)
    else:
        make = _make_skeleton_class
        arguments, state = _class_getnewargs(obj), _class_getstate(obj)
    return make, arguments, state, None, None, _class_setstate


def _class_reduce(obj: Any) -> Any:
    for value in (None, Ellipsis, NotImplemented):
        if obj is type(value):
            return type, (value,)
    if obj in _BUILTIN_TYPE_NAMES:
        return _builtin_type, (_BUILTIN_TYPE_NAMES[obj],)
    if _should_pickle_by_reference(obj):
        return NotImplemented
    return _dynamic_class_reduce(obj)


_BUILTIN_TYPE_NAMES = {
    value: name for name, value in types.__dict__.items() if type(value) is type
}

# --- Modules, type variables, views, files --------------------------------------------


def _module_reduce(obj: types.ModuleType) -> tuple[Any, ...]:
    if _should_pickle_by_reference(obj):
        return subimport, (obj.__name__,)
    names = {k: v for k, v in obj.__dict__.items() if k != "__builtins__"}
    return dynamic_subimport, (obj.__name__, names)


def _decompose_typevar(obj: Any) -> tuple[Any, ...]:
    return (
        obj.__name__,
        obj.__bound__,
        obj.__constraints__,
        obj.__covariant__,
        obj.__contravariant__,
        _get_or_create_tracker_id(obj),
    )


def _typevar_reduce(obj: typing.Any) -> tuple[Any, ...]:
    found = _lookup_module_and_qualname(obj, obj.__name__)
    if found is None or _is_registered_pickle_by_value(found[0]):
        return _make_typevar, _decompose_typevar(obj)
    return getattr, found


def _dataclass_field_base_reduce(obj: Any) -> tuple[Any, ...]:
    return _get_dataclass_field_type_sentinel, (obj.name,)


def _memoryview_reduce(obj: memoryview) -> tuple[Any, ...]:
    return bytes, (obj.tobytes(),)


def _mappingproxy_reduce(obj: Any) -> tuple[Any, ...]:
    return types.MappingProxyType, (dict(obj),)


def _weakset_reduce(obj: Any) -> tuple[Any, ...]:
    return type(obj), (list(obj),)


def _dict_keys_reduce(obj: Any) -> tuple[Any, ...]:
    return _make_dict_keys, (list(obj),)


def _dict_values_reduce(obj: Any) -> tuple[Any, ...]:
    return _make_dict_values, (list(obj),)


def _dict_items_reduce(obj: Any) -> tuple[Any, ...]:
    return _make_dict_items, (dict(obj),)


def _odict_keys_reduce(obj: Any) -> tuple[Any, ...]:
    return _make_dict_keys, (list(obj), True)


def _odict_values_reduce(obj: Any) -> tuple[Any, ...]:
    return _make_dict_values, (list(obj), True)


def _odict_items_reduce(obj: Any) -> tuple[Any, ...]:
    return _make_dict_items, (dict(obj), True)


def _logger_reduce(obj: logging.Logger) -> tuple[Any, ...]:
    return logging.getLogger, (obj.name,)


def _root_logger_reduce(obj: logging.Logger) -> tuple[Any, ...]:
    return logging.getLogger, ()


def _file_reduce(obj: Any) -> tuple[Any, ...]:
    import io
    import pickle

    for name in ("stdout", "stderr"):
        if obj is getattr(sys, name):
            return getattr, (sys, name)
    if obj.closed or "r" not in obj.mode or "+" in obj.mode or obj.isatty():
        raise pickle.PicklingError(
            f"only text files open for reading can be pickled, not {obj!r}"
        )
    place = obj.tell()
    obj.seek(0)
    copy = io.StringIO(obj.read())
    obj.seek(place)
    copy.seek(place)
    return _file_reconstructor, (copy,)
