"""What a stream needs where it is loaded."""

import dataclasses
import importlib.metadata
import os
import sys
from collections.abc import Iterable
from typing import Any

from .. import _core
from .places import Place, has_line, installed_folders, is_local, place_of, records_in
from .shipments import modules_imported_by


@dataclasses.dataclass(frozen=True)
class Dependencies:
    """What has to be there where a stream is loaded.

    Attributes:
        distributions: versions by name, of those that are installed here.
        standard_library: its modules that the stream names.
        local: modules and packages that no installed distribution has: a worker gets
            them by ``ship="local"``, or has to have them; the file of each by its name.
        unknown: modules that the stream, or an import statement in it, names and that
            were not found here.
        code: the version of Python whose bytecode is in the stream; None: there is
            none, and any version will do.
    """

    distributions: dict[str, str]
    standard_library: tuple[str, ...]
    local: dict[str, str]
    unknown: tuple[str, ...]
    code: str | None

    def requirements(self) -> str:
        """The distributions as the text of a requirements file."""
        return "".join(
            f"{name}=={version}\n" for name, version in self.distributions.items()
        )


def dependencies(obj: Any) -> Dependencies:
    """See `cppickle.dependencies`."""
    _, named, functions = _core._observed_dump(obj)
    # A name that only code has may be an attribute, not a module.
    imported = set().union(*map(modules_imported_by, functions)) - named
    standard: set[str] = set()
    local: dict[str, str] = {}
    distributions: dict[str, str] = {}
    unknown: set[str] = set()
    for module in sorted({*named, *imported} - {"__main__", "__mp_main__"}):
        if module.partition(".")[0] in sys.stdlib_module_names:
            if module in sys.modules:
                standard.add(module)
            continue
        place = place_of(module)
        if place is None:
            if module in named or not _is_attribute(module):
                unknown.add(module)
        elif is_local(place):
            local[place.name] = place.file
        else:
            distributions.update(_distributions_of([place]))
    return Dependencies(
        dict(sorted(distributions.items())),
        tuple(sorted(standard)),
        local,
        tuple(sorted(unknown)),
        ".".join(map(str, sys.version_info[:2])) if functions else None,
    )


def _is_attribute(module: str) -> bool:
    """Whether ``from a import b`` takes it out of a module that is there."""
    above, _, name = module.rpartition(".")
    found = sys.modules.get(above)
    return hasattr(found, name) or place_of(above) is not None


def _distributions_of(places: Iterable[Place]) -> dict[str, str]:
    found = {}
    for place in places:
        for folder in dict.fromkeys([place.entry, *installed_folders()]):
            for name, record in records_in(folder).items():
                if folder == place.entry and has_line(record, place.path):
                    path = os.path.join(folder, name)
                    metadata = importlib.metadata.Distribution.at(path)
                    found[metadata.metadata["Name"]] = metadata.version
    return found
