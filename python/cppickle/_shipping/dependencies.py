"""What a stream needs where it is loaded."""

import dataclasses
import importlib.metadata
import sys
from typing import Any

from .. import _core
from .places import MAIN_MODULES, Place, dist_info_of, is_local, place_of
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
    places: dict[str, Place] = {}
    for module in sorted({*named, *imported} - MAIN_MODULES):
        if module.partition(".")[0] in sys.stdlib_module_names:
            if module in sys.modules:
                standard.add(module)
            continue
        place = place_of(module)
        if place is not None:
            places[place.name] = place
        elif module in named or not _is_attribute(module):
            unknown.add(module)
    for name, place in places.items():
        if is_local(place):
            local[name] = place.file
        else:
            distributions.update(_distribution_of(place))
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


def _distribution_of(place: Place) -> dict[str, str]:
    folder = dist_info_of(place)
    if folder is None:
        return {}
    found = importlib.metadata.Distribution.at(folder)
    return {found.metadata["Name"]: found.version}
