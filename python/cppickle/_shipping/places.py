"""Where modules are, without importing them, and which of them are local.

A component is what is shipped as a whole: a top-level module or package, or what is
next below a namespace package, of which several folders may have parts.
"""

import dataclasses
import functools
import os
import pkgutil
import site
import sys
import sysconfig
from collections.abc import Iterable
from importlib.machinery import ModuleSpec
from typing import Any

# Each process has another of it.
MAIN_MODULES = frozenset(["__main__", "__mp_main__"])


@dataclasses.dataclass(frozen=True)
class Place:
    """A component, and where it is."""

    name: str
    file: str  # of the module, or of the package's __init__
    folders: tuple[str, ...]  # of a package; none for a module
    archive: str | None  # the zip file that has it

    @property
    def entry(self) -> str:
        """The folder from which its name leads to its file."""
        folder = os.path.dirname(self.file)
        for _ in range(self.name.count(".") + bool(self.folders)):
            folder = os.path.dirname(folder)
        return folder

    @property
    def path(self) -> str:
        """That of the file, from there, with slashes."""
        return os.path.relpath(self.file, self.entry).replace(os.sep, "/")


def place_of(module: str) -> Place | None:
    """The component that has the module of this name; None: there are no files of it.

    Imports nothing.
    """
    name, locations = "", None
    for part in module.split("."):
        name = f"{name}.{part}" if name else part
        spec = _spec_of(name, locations)
        if spec is None:
            return None
        if not _is_namespace(spec):
            return _place(name, spec)
        locations = list(spec.submodule_search_locations or ())
    return None


def _place(name: str, spec: ModuleSpec) -> Place | None:
    file = spec.origin
    if not spec.has_location or file is None or file.endswith(".pyc"):
        return None
    folders = tuple(spec.submodule_search_locations or ())
    archive = getattr(spec.loader, "archive", None)
    return Place(name, os.path.abspath(file), folders, archive)


def _is_namespace(spec: ModuleSpec) -> bool:
    return spec.submodule_search_locations is not None and not spec.has_location


def _spec_of(name: str, locations: Iterable[str] | None) -> ModuleSpec | None:
    module = sys.modules.get(name)
    if module is not None:
        spec = getattr(module, "__spec__", None)
        if isinstance(spec, ModuleSpec) and spec.name == name:
            return spec
        return None
    try:
        return _found(name) if locations is None else _found_below(name, locations)
    except Exception:  # a finder that fails has no module
        return None


def _found(name: str) -> ModuleSpec | None:
    for finder in sys.meta_path:
        find = getattr(finder, "find_spec", None)
        spec: ModuleSpec | None = find(name, None) if find else None
        if spec is not None:
            return spec
    return None


def _found_below(name: str, locations: Iterable[str]) -> ModuleSpec | None:
    # Not by PathFinder: it needs the packages above in sys.modules.
    portions: list[str] = []
    for folder in locations:
        importer: Any = pkgutil.get_importer(folder)
        spec: ModuleSpec | None = importer.find_spec(name) if importer else None
        if spec is None:
            continue
        if spec.loader is not None:
            return spec
        portions += spec.submodule_search_locations or ()
    if not portions:
        return None
    whole = ModuleSpec(name, None, is_package=True)
    whole.submodule_search_locations = portions
    return whole


# --- Local ----------------------------------------------------------------------------


def is_local(place: Place) -> bool:
    """Whether no installed distribution has it, and the interpreter has not either."""
    top = place.name.partition(".")[0]
    if top in sys.stdlib_module_names or top == __name__.partition(".")[0]:
        return False
    file = os.path.normcase(place.file)
    if file.startswith(_own_folders()):
        return False
    return dist_info_of(place) is None


@functools.cache
def _own_folders() -> tuple[str, ...]:
    """The folders of the interpreter, each with a separator at its end.

    What is in them and in no RECORD is installed as well: by a package manager of the
    system, or by hand.
    """
    paths = sysconfig.get_paths()
    folders = {paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders.update(installed_folders())
    folders.add(os.path.dirname(os.__file__))
    return tuple({os.path.join(os.path.normcase(f), "") for f in folders if f})


def installed_folders() -> list[str]:
    """Those that have installed distributions."""
    paths = sysconfig.get_paths()
    named = [f for f in sys.path if os.path.basename(f) in _NAMES_OF_INSTALLED]
    known = [paths["purelib"], paths["platlib"], *site.getsitepackages()]
    return list(dict.fromkeys([*known, site.getusersitepackages(), *named]))


_NAMES_OF_INSTALLED = "site-packages", "dist-packages"


def dist_info_of(place: Place) -> str | None:
    """The dist-info folder of the distribution whose RECORD lists the place's file."""
    line = b"\n" + place.path.encode() + b","
    for name in names_in(place.entry, ".dist-info"):
        folder = os.path.join(place.entry, name)
        with open_or_empty(os.path.join(folder, "RECORD")) as file:
            if line in b"\n" + file.read():
                return folder
    return None


def names_in(folder: str, ending: str) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if name.endswith(ending))
    except OSError:
        return []


def open_or_empty(path: str) -> Any:
    """The file, or one without content where there is none."""
    try:
        return open(path, "rb")
    except OSError:
        return open(os.devnull, "rb")


def content_of(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()
