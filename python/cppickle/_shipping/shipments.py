"""What goes along with a stream: from the modules that it names to its prelude."""

import contextlib
import dataclasses
import pickle
import sys
import types
import warnings
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .. import _core
from . import imports, stream, worker
from .components import Component, Loaded, component_of
from .places import MAIN_MODULES, Place, is_local, place_of
from .selecting import Selection, selection


def prelude(
    ship: Selection | None,
    warn_local: bool,
    modules: set[str],
    functions: list[types.FunctionType],
    may_dump_again: bool,
) -> bytes | None:
    """What is put in front of a stream; called by _core when the stream is there.

    Args:
        modules: those that the stream names.
        functions: those whose code is in it.
        may_dump_again: whether None may be answered: what is to be shipped is not what
            runs here, goes by value from now on, and the object has to be dumped again.

    Raises:
        pickle.PicklingError: a component cannot be shipped, or the object would have to
            be dumped again.
    """
    if _by_value and _ship_reloaded() and may_dump_again:
        return None
    roots = frozenset(modules.union(*map(modules_imported_by, functions)))
    known = ship.preludes.get(roots) if ship else None
    if known is not None and known.is_current() and not warn_local:
        return known.opcodes
    places = _places_of(roots)
    components = _closure(places, ship, roots) if ship else {}
    changed = {
        name: module
        for component in components.values()
        for name, module in [*component.changed.items()]
    }
    if _send_by_value(changed, modules):
        if may_dump_again:
            return None
        raise pickle.PicklingError(
            f"the source of {', '.join(sorted(changed))} is not what runs here; it "
            "goes by value from now on: dump once more, with a new pickler"
        )
    if warn_local:
        _warn_of_local(places, components)
    made = Prelude.of(ship, components)
    if ship is not None:
        if len(ship.preludes) >= _MOST_PRELUDES:
            ship.preludes.clear()
        ship.preludes[roots] = made
    return made.opcodes


_MOST_PRELUDES = 64  # of a selection: each holds its blobs

_statements: "weakref.WeakKeyDictionary[types.CodeType, list[imports.Statement]]" = (
    weakref.WeakKeyDictionary()
)


def modules_imported_by(function: types.FunctionType) -> Iterator[str]:
    """What the import statements in a function's code name."""
    code = function.__code__
    found = _statements.get(code)
    if found is None:
        found = _statements[code] = imports.statements(code)
    if not found:
        return iter(())
    package = imports.package_of(function.__globals__)
    return imports.modules_named(found, package)


def _places_of(modules: Iterable[str]) -> dict[str, Place]:
    """The components of modules, by name; those in files of this machine only."""
    found: dict[str, Place] = {}
    tops: dict[str, Place | None] = {}
    for module in modules:
        place = None
        # All modules of a package that is no namespace are in one place.
        top = module.partition(".")[0]
        if top in sys.stdlib_module_names or top in MAIN_MODULES:
            continue
        if top not in tops:
            tops[top] = place_of(top)
        place = tops[top] or place_of(module)
        if place is not None:
            found[place.name] = place
    return found


# --- Components -----------------------------------------------------------------------

# As they were packed last, by place and by the tests that go along.
_components: dict[tuple[Place, frozenset[str]], Component] = {}


def _component(place: Place, names: Iterable[str]) -> Component:
    """The component as it is now; what it sends is known to this process."""
    wanted = frozenset(n for n in names if n.startswith(place.name + "."))
    key = place, wanted
    component = _components.get(key)
    if component is None or not component.is_current():
        component = _components[key] = component_of(place, wanted)
    digests = sys.__dict__.setdefault(worker.KNOWN, {})
    digests[place.name] = component.digest
    return component


def _closure(
    places: dict[str, Place], ship: Selection, roots: Iterable[str]
) -> dict[str, Component]:
    """The components that are shipped, sorted by name, with all that they reach."""
    found: dict[str, Component] = {}
    waiting = [place for place in places.values() if ship.takes(place)]
    while waiting:
        place = waiting.pop()
        if place.name in found:
            continue
        component = found[place.name] = _component(place, ship.names)
        component.compare(name for name in roots if component.has(name))
        reached = _places_of(component.reached).values()
        waiting += [other for other in reached if ship.takes(other)]
    return dict(sorted(found.items()))


# Modules that were registered here, since their source is not what runs.
_by_value: dict[str, Loaded] = {}


def _send_by_value(changed: dict[str, types.ModuleType], named: set[str]) -> bool:
    """Register changed modules; whether the stream names one that was not before."""
    again = False
    for name, module in changed.items():
        if name in _by_value:
            continue
        _by_value[name] = module, getattr(module, "__spec__", None)
        warnings.warn(
            f"the source of {name} has changed since it was imported: it goes by "
            "value, and what else imports it there gets it as the file is now",
            stacklevel=2,
        )
        _core.register_pickle_by_value(module)
        again = again or name in named
    return again


def _ship_reloaded() -> bool:
    """Take out of the registry what has been imported anew; whether there was any."""
    again = False
    for name, (module, spec) in list(_by_value.items()):
        if sys.modules.get(name) is module and module.__spec__ is spec:
            continue
        del _by_value[name]
        again = True
        with contextlib.suppress(ValueError):
            _core.unregister_pickle_by_value(module)
    return again


@dataclasses.dataclass
class Prelude:
    """Opcodes, and what they are made of."""

    opcodes: bytes
    components: list[Component]

    @classmethod
    def of(cls, ship: Selection | None, components: dict[str, Component]) -> "Prelude":
        sent = {} if ship is None else _sent(ship.shipments)
        parts: list[stream.Part] = []
        platform = None
        for name, component in components.items():
            is_there = sent.get(name) == component.digest
            parts.append((name, component.digest, None if is_there else component.blob))
            platform = platform or component.platform
        return cls(stream.prelude(parts, platform), [*components.values()])

    def is_current(self) -> bool:
        return all(component.is_current() for component in self.components)


def _sent(shipments: "Iterable[Shipment]") -> dict[str, bytes]:
    return {name: digest for one in shipments for name, digest in one.digests.items()}


# --- Shipments ------------------------------------------------------------------------


class Shipment:
    """Modules that are sent once, and named by streams that are dumped with them.

    See `cppickle.shipment`.

    Attributes:
        stream: bytes that put the modules in place where `pickle.loads` reads them.
        digests: of the modules and packages in it, by name: 32 bytes each.
        selection: what it was made of.
    """

    _chosen: Selection | None = None

    def __init__(self, chosen: Selection) -> None:
        self.selection = chosen
        loaded = [name for name in list(sys.modules) if name != "__main__"]
        places = _places_of([*loaded, *chosen.names])
        wanted = {n: place for n, place in places.items() if chosen.takes(place)}
        components = _closure(wanted, chosen, loaded)
        self.digests = {name: one.digest for name, one in components.items()}
        self.stream = stream.whole(Prelude.of(None, components).opcodes)

    def chosen(self) -> Selection:
        """What ``ship=`` is with it: always the same, which knows what it has found."""
        if self._chosen is None:
            own = self.selection
            self._chosen = Selection((self,), (own.takes,), own.names, (self,))
        return self._chosen

    def __repr__(self) -> str:
        return f"<shipment of {', '.join(self.digests) or 'nothing'}>"

    def __reduce__(self) -> tuple[Callable[..., "Shipment"], tuple[Any, ...]]:
        return _named_shipment, (self.selection, self.digests)


def _named_shipment(chosen: Selection, digests: dict[str, bytes]) -> Shipment:
    """A shipment where it has been sent to: what names it there is the same."""
    made = Shipment.__new__(Shipment)
    made.selection, made.digests = chosen, digests
    made.stream = stream.whole(
        stream.prelude([(name, digest, None) for name, digest in digests.items()], None)
    )
    return made


def shipment(items: Any) -> Shipment:
    """See `cppickle.shipment`."""
    return Shipment(selection(items))


# --- Warnings -------------------------------------------------------------------------

_warned: set[str] = set()


def _warn_of_local(places: dict[str, Place], components: dict[str, Component]) -> None:
    for name, place in sorted(places.items()):
        if name in components or name in _warned or not is_local(place):
            continue
        _warned.add(name)
        warnings.warn(
            f"a stream names {name}, which no installed distribution has: other "
            'machines will not find it. dumps(..., ship="local") sends it along, '
            "register_pickle_by_value() sends what is used of it by value",
            stacklevel=2,
        )
