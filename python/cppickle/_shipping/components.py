"""The files of a component, packed, and what their import statements reach.

A package goes whole, for code may import what no statement names. Left out are caches,
hidden folders, environments, and tests unless something else reaches them.
"""

import dataclasses
import hashlib
import importlib.util
import marshal
import os
import pickle
import sys
import types
import zipfile
import zlib
from collections.abc import Iterable, Iterator

from . import imports, running
from .metadata import metadata_files
from .places import Place, content_of

# What is larger is no code, and would go along with each stream.
MOST_BYTES = 64 << 20

Loaded = tuple[types.ModuleType, object]  # a module and its __spec__


@dataclasses.dataclass
class Component:
    """A component as it is shipped."""

    place: Place
    digest: bytes
    blob: bytes
    platform: str | None  # of its compiled modules
    sources: dict[str, bytes]  # by module name
    reached: frozenset[str]  # modules that its code may import
    loaded: dict[str, Loaded]  # its modules that have been imported, and compared
    changed: dict[str, types.ModuleType]  # those whose file has been edited since

    @property
    def name(self) -> str:
        return self.place.name

    def has(self, module: str) -> bool:
        return module == self.name or module.startswith(self.name + ".")

    def is_current(self) -> bool:
        """Whether its modules are those that it was compared with."""
        modules = sys.modules
        # A copy: another thread may compare more of them.
        for name, (module, spec) in [*self.loaded.items()]:
            if modules.get(name) is not module:
                return False
            if getattr(module, "__spec__", None) is not spec:
                return False
        return True

    def compare(self, modules: Iterable[str]) -> None:
        """Find out of those modules, unless it is known, whether their source runs."""
        for name in modules:
            module = sys.modules.get(name)
            source = self.sources.get(name)
            if name in self.loaded or not isinstance(module, types.ModuleType):
                continue
            self.loaded[name] = module, getattr(module, "__spec__", None)
            if source is not None and running.is_changed(module, source):
                self.changed[name] = module


def component_of(place: Place, wanted: Iterable[str] = ()) -> Component:
    """Read and pack it.

    Args:
        wanted: names of modules that go along though they look like tests.

    Raises:
        pickle.PicklingError: it is too large, or cannot be read.
    """
    try:
        files = _files_of_archive(place) if place.archive else _files_of_folder(place)
    except OSError as error:
        raise pickle.PicklingError(
            f"{place.name} cannot be shipped: {error}"
        ) from error
    base = place.name.replace(".", "/")
    files = {base + path: content for path, content in files.items()}
    sources = {_module_at(path): path for path in files if path.endswith(".py")}
    loaded = [
        name for name in list(sys.modules) if (name + ".").startswith(place.name + ".")
    ]
    found = _reached(place, files, sources, {*wanted, *loaded})
    kept, reached = found
    files = {path: content for path, content in files.items() if path in kept}
    sources = {name: path for name, path in sources.items() if path in kept}
    files.update(metadata_files(place))
    _check_size(place, files)
    compiled = any(path.endswith((".so", ".pyd")) for path in files)
    plain = _plain(files)
    component = Component(
        place,
        hashlib.blake2b(plain, digest_size=32).digest(),
        zlib.compress(plain, 9),
        platform() if compiled else None,
        {name: files[path] for name, path in sources.items()},
        frozenset(reached),
        {},
        {},
    )
    component.compare(sorted(loaded))
    return component


def platform() -> str:
    """What compiled modules of this process are for, as the worker's text has it."""
    machine = os.uname().machine if hasattr(os, "uname") else ""
    return f"{sys.platform} {machine}"


def _plain(files: dict[str, bytes]) -> bytes:
    """What is packed: lines of size and path, an empty one, and the contents."""
    paths = sorted(files)
    head = "\n".join(f"{len(files[path])} {path}" for path in paths)
    return head.encode() + b"\n\n" + b"".join(files[path] for path in paths)


def unpacked(blob: bytes) -> dict[str, bytes]:
    """The files in a blob, by their paths."""
    head, _, contents = zlib.decompress(blob).partition(b"\n\n")
    files, at = {}, 0
    for line in head.decode().split("\n"):
        size, path = line.split(" ", 1)
        files[path] = contents[at : at + int(size)]
        at += int(size)
    return files


def _check_size(place: Place, files: dict[str, bytes]) -> None:
    total = sum(map(len, files.values()))
    if total > MOST_BYTES:
        largest = max(files, key=lambda path: len(files[path]))
        raise pickle.PicklingError(
            f"{place.name} has {total >> 20} MiB of files ({largest} is the largest), "
            f"and more than {MOST_BYTES >> 20} are not shipped with each stream"
        )


# --- Files ----------------------------------------------------------------------------


def _files_of_folder(place: Place) -> dict[str, bytes]:
    """By their paths after the component's name."""
    if not place.folders:
        ending = os.path.splitext(place.file)[1]
        if ending != ".py":  # .so with a tag of the ABI
            ending = "." + os.path.basename(place.file).partition(".")[2]
        return {ending: content_of(place.file)}
    files: dict[str, bytes] = {}
    for top in place.folders:
        for path in _walked(top):
            relative = os.path.relpath(path, top).replace(os.sep, "/")
            if "/" + relative not in files:
                files["/" + relative] = content_of(path)
    return files


def _walked(top: str) -> Iterator[str]:
    seen: set[str] = set()
    for folder, below, names in os.walk(top, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:  # a link that leads up
            below.clear()
            continue
        seen.add(real)
        below[:] = sorted(
            name for name in below if not _is_left_out(os.path.join(folder, name))
        )
        for name in sorted(names):
            path = os.path.join(folder, name)
            if not name.endswith((".pyc", ".pyo", "~")) and os.path.isfile(path):
                yield path


def _is_left_out(folder: str) -> bool:
    name = os.path.basename(folder)
    return (
        name == "__pycache__"
        or name.startswith(".")
        or os.path.exists(os.path.join(folder, "pyvenv.cfg"))
    )


def _files_of_archive(place: Place) -> dict[str, bytes]:
    assert place.archive is not None
    top = place.folders[0] if place.folders else os.path.splitext(place.file)[0]
    begin = os.path.relpath(top, place.archive).replace(os.sep, "/")
    begin += "/" if place.folders else ".py"
    with zipfile.ZipFile(place.archive) as archive:
        return {
            (f"/{name[len(begin) :]}" if place.folders else ".py"): archive.read(name)
            for name in archive.namelist()
            if name.startswith(begin) and not name.endswith(("/", ".pyc"))
        }


def _module_at(path: str) -> str:
    name = path.removesuffix(".py").removesuffix("/__init__")
    return name.replace("/", ".")


# --- What is reached ------------------------------------------------------------------


def _reached(
    place: Place, files: dict[str, bytes], sources: dict[str, str], wanted: set[str]
) -> tuple[set[str], set[str]]:
    """The files that go along, and the modules that their code may import."""
    tests = {path: _tests_above(path) for path in files}
    kept = {path for path, above in tests.items() if above is None}
    names = set(wanted)
    waiting = {name for name, path in sources.items() if path in kept}
    seen: set[str] = set()
    while waiting:
        for name in waiting:
            names |= _names_in(place, name, files[sources[name]], sources[name])
        seen |= waiting
        # Tests that are reached go along with the data beside them.
        for name in names & sources.keys():
            above = tests[sources[name]]
            if above is not None and sources[name] not in kept:
                kept |= {path for path in files if path.startswith(above)}
        waiting = {n for n, path in sources.items() if path in kept} - seen
    return kept, names


def _tests_above(path: str) -> str | None:
    """The folder of tests that has the file, or the file if it is one itself."""
    parts = path.split("/")
    for i, part in enumerate(parts[1:-1], 1):
        if part in ("test", "tests"):
            return "/".join(parts[: i + 1]) + "/"
    name = parts[-1]
    is_test = len(parts) > 1 and name.endswith(".py")
    is_test = is_test and (name.startswith("test_") or name == "conftest.py")
    return path if is_test else None


def _names_in(place: Place, module: str, source: bytes, path: str) -> set[str]:
    code = _code_of(place, module, source, path)
    if code is None:
        return set()
    is_package = path.endswith("/__init__.py")
    package = module if is_package else module.rpartition(".")[0]
    return set(imports.modules_named(imports.statements(code), package))


def _code_of(
    place: Place, module: str, source: bytes, path: str
) -> types.CodeType | None:
    """The code of a module: what Python has cached, if it is there.

    A cached one may be older than the source, which does not matter here.
    """
    for top in place.folders or (os.path.dirname(place.file),):
        below = path[len(place.name) + 1 :] if place.folders else path.split("/")[-1]
        try:
            cached = importlib.util.cache_from_source(os.path.join(top, below))
            data = content_of(cached)
        # No such file, or a Python without caches: its cache_tag is None.
        except (OSError, NotImplementedError, ValueError):
            continue
        if data[:4] == importlib.util.MAGIC_NUMBER:
            try:
                found = marshal.loads(data[16:])
            except (EOFError, ValueError, TypeError):
                continue
            return found if isinstance(found, types.CodeType) else None
    try:
        return compile(source, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return None  # of another version of Python, or a template
