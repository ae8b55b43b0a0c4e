"""cloudpickle's three modules: the package, its main module and ``cloudpickle_fast``.

They are made once, by modules(), and are in sys.modules only after an install().
"""

import functools
import pickle
import sys
import types
from importlib import import_module
from importlib.machinery import ModuleSpec
from typing import Any

from .. import _core
from . import helpers, rebuilding, reducers, tracking

PACKAGE = "cloudpickle"
MAIN = "cloudpickle.cloudpickle"
FAST = "cloudpickle.cloudpickle_fast"

PUBLIC = [
    "__version__",
    "Pickler",
    "CloudPickler",
    "dumps",
    "loads",
    "dump",
    "load",
    "register_pickle_by_value",
    "unregister_pickle_by_value",
]
# Modules of the standard library that happen to be attributes, imported when asked for.
_MODULES = frozenset(
    [
        "_collections_abc",
        "abc",
        "builtins",
        "copyreg",
        "dataclasses",
        "dis",
        "io",
        "itertools",
        "logging",
        "opcode",
        "pickle",
        "platform",
        "struct",
        "sys",
        "threading",
        "types",
        "typing",
        "uuid",
        "warnings",
        "weakref",
    ]
)
# Objects of the standard library, by the module that they come from.
_FOREIGN = {
    "CellType": "types",
    "ChainMap": "collections",
    "Enum": "enum",
    "OrderedDict": "collections",
    "Generic": "typing",
    "Union": "typing",
    "Tuple": "typing",
    "Callable": "typing",
    "ClassVar": "typing",
    "Final": "typing",
    "Literal": "typing",
    "EXTENDED_ARG": "opcode",
    "HAVE_ARGUMENT": "opcode",
}
_GLOBAL_OPCODES = ("STORE_GLOBAL", "DELETE_GLOBAL", "LOAD_GLOBAL")


def _late_attribute(name: str) -> Any:
    """An attribute that costs an import: made when it is asked for first."""
    if name in _MODULES:
        return import_module(name)
    if name in _FOREIGN:
        return getattr(import_module(_FOREIGN[name]), name)
    if name in _GLOBAL_OPCODES:
        return import_module("opcode").opmap[name]
    if name == "GLOBAL_OPS":
        return tuple(_late_attribute(each) for each in _GLOBAL_OPCODES)
    if name == "_DATACLASSE_FIELD_TYPE_SENTINELS":
        return rebuilding.dataclass_field_types()
    raise AttributeError(name)


class CompatModule(types.ModuleType):
    """One of the three modules; replacements of helpers are told to the pickler."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "_PICKLE_BY_VALUE_MODULES":
            _core._use_by_value_modules(value)
        super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("__"):
            try:
                value = _late_attribute(name)
            except AttributeError:
                pass
            else:
                self.__dict__[name] = value
                return value
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")


def _api() -> dict[str, Any]:
    """The functions of the API as Python functions, as libraries know them."""
    core_dump, core_dumps = _core.dump, _core.dumps
    register = _core.register_pickle_by_value
    unregister = _core.unregister_pickle_by_value
    registry = _core.list_registry_pickle_by_value

    def dump(
        obj: object, file: Any, protocol: int | None = None, buffer_callback: Any = None
    ) -> None:
        core_dump(obj, file, protocol, buffer_callback)

    def dumps(
        obj: object, protocol: int | None = None, buffer_callback: Any = None
    ) -> bytes:
        return core_dumps(obj, protocol, buffer_callback)

    def register_pickle_by_value(module: types.ModuleType) -> None:
        register(module)

    def unregister_pickle_by_value(module: types.ModuleType) -> None:
        unregister(module)

    def list_registry_pickle_by_value() -> set[str]:
        return registry()

    functions: tuple[Any, ...] = (
        dump,
        dumps,
        register_pickle_by_value,
        unregister_pickle_by_value,
        list_registry_pickle_by_value,
    )
    for function in functions:
        function.__doc__ = getattr(_core, function.__name__).__doc__
    api: dict[str, Any] = {function.__name__: function for function in functions}
    api |= {"load": pickle.load, "loads": pickle.loads}
    api |= {"Pickler": _core.Pickler, "CloudPickler": _core.Pickler}
    return api | {"DEFAULT_PROTOCOL": _core.DEFAULT_PROTOCOL}


def _own_names(source: types.ModuleType) -> dict[str, Any]:
    """What a module of this package defines for the surface."""
    return {
        name: value
        for name, value in vars(source).items()
        if isinstance(value, types.FunctionType) and value.__module__ == source.__name__
    }


def _main_names() -> dict[str, Any]:
    names = _api()
    for source in (tracking, rebuilding, helpers, reducers):
        names |= _own_names(source)
    for name in ("BY_CLASS", "BY_ID", "LOCK"):
        full = f"_DYNAMIC_CLASS_TRACKER_{name}"
        names[full] = getattr(tracking, full)
    for value in names.values():
        if isinstance(value, types.FunctionType):
            value.__module__ = MAIN
            value.__qualname__ = value.__name__
    names["_PICKLE_BY_VALUE_MODULES"] = _core._by_value_modules()
    rebuilding._EmptyCellValue.__module__ = MAIN
    names["_empty_cell_value"] = rebuilding._empty_cell_value
    names["_BUILTIN_TYPE_NAMES"] = reducers.BUILTIN_TYPE_NAMES
    names |= {"PYPY": False, "builtin_code_type": None, "pickle": pickle}
    return names | {"types": types, "sys": sys}


def _made(name: str, names: dict[str, Any]) -> CompatModule:
    module = CompatModule(name, _core.__doc__)
    is_package = name == PACKAGE
    module.__dict__.update(names)
    module.__file__ = __file__
    module.__package__ = PACKAGE
    module.__spec__ = ModuleSpec(name, None, origin=__file__, is_package=is_package)
    if is_package:
        module.__path__ = []
    return module


@functools.cache
def modules() -> dict[str, CompatModule]:
    """The three modules by their names."""
    names = _main_names()
    main = _made(MAIN, names)
    fast = _made(FAST, names | {"cloudpickle": main})
    public = {name: value for name, value in names.items() if not name.startswith("_")}
    public |= {"cloudpickle": main, "cloudpickle_fast": fast}
    public |= {"__version__": _core.__version__, "__all__": list(PUBLIC)}
    return {MAIN: main, FAST: fast, PACKAGE: _made(PACKAGE, public)}
