"""install() and uninstall(): ``import cloudpickle`` gives cppickle in this process.

A finder at the head of sys.meta_path answers for cloudpickle's three modules. Where the
real ones are loaded already they are adopted: they stay the same objects, for those who
hold them, and their attributes become cppickle's until uninstall().
"""

import os
import sys
import threading
import types
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from typing import Any

from .. import _core
from . import surface, tracking

SHIM = os.path.join(os.path.dirname(os.path.dirname(__file__)), "shim")

_lock = threading.RLock()
_installation: "_Installation | None" = None

# What tells a module from others: an adopted one keeps it.
_IDENTITY = frozenset(
    [
        "__name__",
        "__spec__",
        "__loader__",
        "__path__",
        "__file__",
        "__package__",
        "__cached__",
        "__builtins__",
        "cloudpickle",
        "cloudpickle_fast",
    ]
)
_ABSENT = object()


class _AliasLoader(Loader):
    def create_module(self, spec: ModuleSpec) -> types.ModuleType:
        return surface.modules()[spec.name]

    def exec_module(self, module: types.ModuleType) -> None:
        # The package comes last in sys.modules, as it does when it imports its parts.
        if module.__name__ == surface.PACKAGE:
            __import__(surface.MAIN)
            __import__(surface.FAST)


class _AliasFinder(MetaPathFinder):
    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: types.ModuleType | None = None,
    ) -> ModuleSpec | None:
        if fullname not in (surface.PACKAGE, surface.MAIN, surface.FAST):
            return None
        is_package = fullname == surface.PACKAGE
        return ModuleSpec(
            fullname, _AliasLoader(), origin=surface.__file__, is_package=is_package
        )


class _Adoption:
    """A module of the real cloudpickle that has cppickle's attributes for a while."""

    def __init__(self, module: types.ModuleType) -> None:
        self.module = module
        self.kind = type(module)
        names = vars(surface.modules()[module.__name__])
        self.ours = {k: v for k, v in names.items() if k not in _IDENTITY}
        self.theirs = {k: vars(module).get(k, _ABSENT) for k in self.ours}

    def begin(self) -> None:
        self.module.__class__ = surface.CompatModule
        vars(self.module).update(self.ours)

    def end(self) -> None:
        self.module.__class__ = self.kind
        for name, value in self.theirs.items():
            if value is _ABSENT:
                vars(self.module).pop(name, None)
            else:
                vars(self.module)[name] = value

    def share_state(self) -> None:
        """Let cppickle know what the real cloudpickle knew."""
        registered = self.theirs.get("_PICKLE_BY_VALUE_MODULES")
        if isinstance(registered, set):
            _core._by_value_modules().update(registered)
        by_id = self._tracked()
        for key, cls in list(by_id.items()) if by_id is not None else ():
            tracking._lookup_class_or_track(key, cls)

    def return_state(self) -> None:
        """Let the real cloudpickle know what it would have learned meanwhile."""
        registered = self.theirs.get("_PICKLE_BY_VALUE_MODULES")
        if isinstance(registered, set):
            registered.clear()
            registered.update(_core._by_value_modules())
        by_id = self._tracked()
        if by_id is None:
            return
        by_class = self.theirs["_DYNAMIC_CLASS_TRACKER_BY_CLASS"]
        for key, cls in list(tracking._DYNAMIC_CLASS_TRACKER_BY_ID.items()):
            by_class[by_id.setdefault(key, cls)] = key

    def _tracked(self) -> Any:
        by_id = self.theirs.get("_DYNAMIC_CLASS_TRACKER_BY_ID", _ABSENT)
        return None if by_id is _ABSENT else by_id


class _Installation:
    def __init__(self) -> None:
        self.finder = _AliasFinder()
        self.blocked: list[str] = []
        self.adoptions = [_Adoption(module) for module in _loaded_originals()]

    def begin(self) -> None:
        sys.meta_path.insert(0, self.finder)
        for name in (surface.PACKAGE, surface.MAIN, surface.FAST):
            if sys.modules.get(name, _ABSENT) is None:
                self.blocked.append(name)
                del sys.modules[name]
        for adoption in self.adoptions:
            adoption.share_state()
            adoption.begin()

    def end(self) -> None:
        for adoption in self.adoptions:
            adoption.return_state()
            adoption.end()
        if self.finder in sys.meta_path:
            sys.meta_path.remove(self.finder)
        surface.forget_replacements()
        for name, module in surface.modules().items():
            if sys.modules.get(name) is module:
                del sys.modules[name]
        for name in self.blocked:
            sys.modules.setdefault(name, None)  # type: ignore[arg-type]


def _loaded_originals() -> list[types.ModuleType]:
    """cloudpickle's modules that are loaded; an error when they cannot be adopted."""
    found = []
    for name in (surface.PACKAGE, surface.MAIN, surface.FAST):
        module = sys.modules.get(name)
        if module is None or module is surface.modules()[name]:
            continue
        if type(module) is not types.ModuleType:
            raise RuntimeError(
                f"cppickle.install() cannot take the place of {module!r}, which is in "
                f"sys.modules as {name!r}: it is no plain module"
            )
        if getattr(module.__spec__, "_initializing", False):
            raise RuntimeError(
                f"cppickle.install() cannot take the place of {name} while it is being "
                "imported; install before or after that"
            )
        found.append(module)
    return found


def install(*, children: bool = False) -> None:
    global _installation
    with _lock:
        if _installation is None:
            fresh = _Installation()
            fresh.begin()
            _installation = fresh
        if children:
            _set_python_path([SHIM, *_python_path()])


def uninstall() -> None:
    global _installation
    with _lock:
        if _installation is not None:
            _installation.end()
            _installation = None
        if SHIM in os.environ.get("PYTHONPATH", "").split(os.pathsep):
            _set_python_path(_python_path())


def installed() -> bool:
    """True between install() and uninstall()."""
    return _installation is not None


def _python_path() -> list[str]:
    """The folders of PYTHONPATH but for our own."""
    value = os.environ.get("PYTHONPATH", "")
    return [folder for folder in value.split(os.pathsep) if value and folder != SHIM]


def _set_python_path(folders: list[str]) -> None:
    if folders:
        os.environ["PYTHONPATH"] = os.pathsep.join(folders)
    else:
        os.environ.pop("PYTHONPATH", None)
