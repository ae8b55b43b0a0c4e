"""How cppickle is switched on in the engines that run code elsewhere.

One module an engine, imported by its name (``import cppickle.integrations.dask``); no
engine is imported before one of its module's functions is called. Each module has
``available()``, ``install()``, ``uninstall()`` and ``installed()``, as far as they make
sense for the engine, and says in its docstring which lines a user writes.
"""

__all__ = ["EngineError"]


class EngineError(RuntimeError):
    """An engine cannot be switched: not installed, too old, or already at work."""
