"""cloudpickle's three modules: the package, its main module and ``cloudpickle_fast``.

They are made once, by modules(), and are in sys.modules only after an install().
"""

import builtins
import functools
import pickle
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
        if name in HOOKS and self.__name__ in (MAIN, FAST):
            modules()[MAIN].__dict__[name] = value
            tell_replacements(HOOKS[name])

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        if name in HOOKS and self.__name__ in (MAIN, FAST):
            modules()[MAIN].__dict__.pop(name, None)
            tell_replacements(HOOKS[name])

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
        function.__module__ = MAIN
        function.__qualname__ = function.__name__
    api: dict[str, Any] = {function.__name__: function for function in functions}
    api |= {"load": pickle.load, "loads": pickle.loads}
    api |= {"Pickler": _core.Pickler, "CloudPickler": _core.Pickler}
    return api | {"DEFAULT_PROTOCOL": _core.DEFAULT_PROTOCOL}


def _with_globals(function: Any, names: dict[str, Any]) -> Any:
    """The function as one of the module with that namespace, where it calls others."""
    if not isinstance(function, types.FunctionType):
        return function
    made = types.FunctionType(
        function.__code__, names, function.__name__, function.__defaults__
    )
    made.__kwdefaults__ = function.__kwdefaults__
    made.__annotations__ = function.__annotations__
    made.__doc__ = function.__doc__
    return made


def _fill_main(names: dict[str, Any]) -> None:
    names["__builtins__"] = builtins.__dict__
    for source in (tracking, rebuilding, helpers, reducers):
        for name, value in vars(source).items():
            if name.startswith("__") or name in names:
                continue
            if getattr(value, "__module__", None) == source.__name__:
                names[name] = _with_globals(value, names)
            else:
                names[name] = value
    names.update(_api())
    names["_PICKLE_BY_VALUE_MODULES"] = _core._by_value_modules()
    rebuilding._EmptyCellValue.__module__ = MAIN
    names.update(PYPY=False, builtin_code_type=None, pickle=pickle)


def _empty(name: str) -> CompatModule:
    module = CompatModule(name, _core.__doc__)
    is_package = name == PACKAGE
    module.__file__ = __file__
    module.__package__ = PACKAGE
    module.__spec__ = ModuleSpec(name, None, origin=__file__, is_package=is_package)
    if is_package:
        module.__path__ = []
    return module


@functools.cache
def modules() -> dict[str, CompatModule]:
    """The three modules by their names."""
    main, fast, package = _empty(MAIN), _empty(FAST), _empty(PACKAGE)
    _fill_main(main.__dict__)
    names = {k: v for k, v in main.__dict__.items() if not k.startswith("__")}
    fast.__dict__.update(names, cloudpickle=main)
    package.__dict__.update(
        {name: value for name, value in names.items() if not name.startswith("_")},
        cloudpickle=main,
        cloudpickle_fast=fast,
        __version__=_core.__version__,
        __all__=list(PUBLIC),
    )
    ORIGINALS.update((name, names[name]) for name in HOOKS)
    return {MAIN: main, FAST: fast, PACKAGE: package}


# --- Replaced helpers -----------------------------------------------------------------

# Helpers that libraries replace: each with the one that the pickler calls instead of
# its native path, which is the helper itself or calls it.
HOOKS = {
    "_should_pickle_by_reference": "_should_pickle_by_reference",
    "_lookup_module_and_qualname": "_should_pickle_by_reference",
    "_whichmodule": "_should_pickle_by_reference",
    "_getattribute": "_should_pickle_by_reference",
    "_is_registered_pickle_by_value": "_is_registered_pickle_by_value",
    "_function_getstate": "_function_getstate",
    "_extract_code_globals": "_function_getstate",
    "_get_cell_contents": "_function_getstate",
    "_find_imported_submodules": "_function_getstate",
    "_class_getstate": "_class_getstate",
    "_extract_class_dict": "_class_getstate",
    "_code_reduce": "_code_reduce",
    "_module_reduce": "_module_reduce",
    "subimport": "_module_reduce",
    "dynamic_subimport": "_module_reduce",
    "_make_empty_cell": "_make_empty_cell",
}


ORIGINALS: dict[str, Any] = {}


def tell_replacements(hook: str) -> None:
    """Tell the pickler what to call for a hook, if a helper of it has been replaced."""
    names = modules()[MAIN].__dict__
    replaced = any(
        names.get(name) is not ORIGINALS[name]
        for name, called in HOOKS.items()
        if called == hook
    )
    _core._replace_helper(hook, names.get(hook) if replaced else None)


def forget_replacements() -> None:
    """Every helper is the original again."""
    names = modules()[MAIN].__dict__
    for name, hook in HOOKS.items():
        names[name] = ORIGINALS[name]
        _core._replace_helper(hook, None)
