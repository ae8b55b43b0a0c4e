"""What the engines' modules share: clear errors, and attributes that are set back."""

import functools
import importlib
import importlib.metadata
import importlib.util
import re
import sys
import types
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import cppickle

from .._options import NAMES, checked
from . import EngineError

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .._core import Options


def found(name: str) -> bool:
    """Whether a top-level package can be imported; it is not imported."""
    # Some packages replace themselves in sys.modules, and have no spec there.
    return sys.modules.get(name) is not None or bool(importlib.util.find_spec(name))


def engine(name: str, distribution: str, minimum: str) -> Any:
    """Import a module of an engine.

    Args:
        name: the module, with dots.
        distribution: what is installed to have it.
        minimum: the oldest release that is supported, as "major.minor".

    Raises:
        EngineError: it is not installed, or an older release is.
    """
    try:
        module = importlib.import_module(name)
        version = importlib.metadata.version(distribution)
    except (ModuleNotFoundError, importlib.metadata.PackageNotFoundError) as error:
        top = name.partition(".")[0]
        if error.name is not None and error.name not in (name, top, distribution):
            raise  # a dependency of the engine is what is missing
        raise EngineError(
            f"{distribution} is not installed here (pip install {distribution})"
        ) from error
    if _numbers(version) < _numbers(minimum):
        raise EngineError(
            f"{distribution} {version} is too old: {minimum} or later is needed"
        )
    return module


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])


REGISTRY: dict[str, Any] = {
    name: getattr(cppickle, name)
    for name in (
        "register_pickle_by_value",
        "unregister_pickle_by_value",
        "list_registry_pickle_by_value",
    )
}


def adopt_registry(module: Any) -> None:
    """Register with cppickle what is registered with another cloudpickle."""
    for name in module.list_registry_pickle_by_value():
        if name in sys.modules:
            cppickle.register_pickle_by_value(sys.modules[name])


# --- Options --------------------------------------------------------------------------


def taken_options(keywords: dict[str, Any]) -> "Options":
    """The options of cppickle, taken out of keyword arguments of somebody else's."""
    given = {name: keywords.pop(name) for name in NAMES & keywords.keys()}
    return checked("install", given)


def pickler_with(
    base: type[cppickle.Pickler], options: "Options"
) -> type[cppickle.Pickler]:
    """A subclass whose picklers have options, where their makers pass none."""
    if not options:
        return base

    class Pickler(base):  # type: ignore[misc, valid-type]
        def __init__(self, *args: Any, **keywords: Any) -> None:
            super().__init__(*args, **{**options, **keywords})

    return Pickler


def cppickle_with(**options: "Unpack[Options]") -> Any:
    """cppickle, or a module like it whose dumps have options unless they get others.

    They are arguments of these dumps, so they come before those of a block.

    Raises:
        TypeError: there is no such option.
        ValueError: it cannot have this value.
    """
    chosen = checked("install", options)
    return _bound(chosen) if chosen else cppickle


def _bound(options: Mapping[str, Any]) -> types.ModuleType:
    module = types.ModuleType(cppickle.__name__, cppickle.__doc__)
    for name in cppickle.__all__:
        setattr(module, name, getattr(cppickle, name))
    pickler = pickler_with(cppickle.Pickler, {**options})  # type: ignore[typeddict-item]
    vars(module).update(
        dump=functools.partial(cppickle.dump, **options),
        dumps=functools.partial(cppickle.dumps, **options),
        Pickler=pickler,
        CloudPickler=pickler,
    )
    return module


class Switch:
    """Attributes that are set to ours, and set back to what they were.

    A switch is on or off. Turning it on sets all attributes or, when one fails, none.
    """

    def __init__(self) -> None:
        self._before: list[tuple[Any, str, Any]] = []

    @property
    def on(self) -> bool:
        return bool(self._before)

    def turn_on(self, wanted: list[tuple[Any, str, Any]]) -> None:
        """Set attributes: (owner, name, value) each. Does nothing if it is on."""
        if self.on:
            return
        try:
            for owner, name, value in wanted:
                before = getattr(owner, name)
                setattr(owner, name, value)
                self._before.append((owner, name, before))
        except BaseException:
            self.turn_off()
            raise

    def turn_off(self) -> None:
        """Set the attributes back. Does nothing if it is off."""
        while self._before:
            owner, name, value = self._before.pop()
            setattr(owner, name, value)
