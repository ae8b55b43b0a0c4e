"""Which components are shipped: what ``ship=`` may be."""

import os
import types
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from .places import Place, is_local

if TYPE_CHECKING:
    from .shipments import Prelude, Shipment

_Rule = Callable[[Place], bool]


class Selection:
    """A value of ``ship=``, checked."""

    def __init__(
        self,
        given: tuple[Any, ...],
        rules: "tuple[_Rule, ...]",
        names: tuple[str, ...],
        shipments: "tuple[Shipment, ...]",
    ) -> None:
        self._given = given
        self._rules = rules
        self._known: dict[Place, bool] = {}
        self.names = names
        self.shipments = shipments
        # By the modules that a stream names: see shipments.prelude().
        self.preludes: dict[frozenset[str], Prelude] = {}

    def __repr__(self) -> str:
        return f"ship={[*self._given]!r}"

    def __reduce__(self) -> tuple[Callable[..., "Selection"], tuple[Any, ...]]:
        return selection, (self._given,)

    def takes(self, place: Place) -> bool:
        """Whether a component is shipped."""
        found = self._known.get(place)
        if found is None:
            found = self._known[place] = any(rule(place) for rule in self._rules)
        return found


def selection(value: Any) -> Selection:
    """The selection that a value stands for.

    Raises:
        TypeError: it cannot stand for any.
        ValueError: it names a folder that does not exist.
    """
    from .shipments import Shipment

    if isinstance(value, Selection):
        return value
    if isinstance(value, Shipment):
        return value.chosen()
    is_list = isinstance(value, Iterable) and not isinstance(value, (str, bytes))
    items = tuple(value) if is_list else (value,)
    key = items if all(isinstance(item, str) for item in items) else None
    if key is not None and key in _selections:
        return _selections[key]
    shipments = tuple(item for item in items if isinstance(item, Shipment))
    rules: list[_Rule] = []
    names: list[str] = []
    for item in items:
        if isinstance(item, Shipment):
            item = item.selection
        if isinstance(item, Selection):
            rules.append(item.takes)
            names += item.names
            shipments += item.shipments
            continue
        rules.append(_rule(item))
        if isinstance(item, (str, types.ModuleType)):
            names += _named(item)
    made = Selection(items, tuple(rules), tuple(names), shipments)
    if key is not None:
        _selections[key] = made
    return made


# Of texts alone, so that what was found for them once is found again.
_selections: dict[tuple[str, ...], Selection] = {}


def _rule(item: Any) -> _Rule:
    if item == "local":
        return is_local
    if isinstance(item, types.ModuleType) or (
        isinstance(item, str) and _is_module_name(item)
    ):
        [name] = _named(item)
        return lambda place: _is_related(place.name, name)
    if isinstance(item, (str, os.PathLike)):
        return _in_folder(os.path.abspath(os.fspath(item)))
    if callable(item):
        return lambda place: bool(item(place.name))
    raise TypeError(
        "ship must be 'local', a shipment, or a list of names of modules, folders and "
        f"predicates, not {item!r}"
    )


def _named(item: "str | types.ModuleType") -> list[str]:
    if isinstance(item, types.ModuleType):
        return [item.__name__]
    return [item] if item != "local" and _is_module_name(item) else []


def _is_module_name(text: str) -> bool:
    return all(part.isidentifier() for part in text.split("."))


def _is_related(component: str, name: str) -> bool:
    """Whether the name is the component's, or one above or below it."""
    return (component + ".").startswith(name + ".") or name.startswith(component + ".")


def _in_folder(folder: Any) -> _Rule:
    if not isinstance(folder, str) or not os.path.isdir(folder):
        raise ValueError(f"ship names a folder that is not there: {folder!r}")
    real = os.path.join(os.path.realpath(folder), "")
    return lambda place: os.path.realpath(place.file).startswith(real)
