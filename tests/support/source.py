"""Python source made into live objects, as if typed into the sender's ``__main__``."""

import sys
import textwrap


class Namespace:
    """Attribute access to the globals that a source was executed in."""

    def __init__(self, names):
        self.globals = names

    def __getattr__(self, name):
        try:
            return self.globals[name]
        except KeyError:
            raise AttributeError(name) from None


def define(source, module="__main__", **names):
    """Execute `source` in a fresh namespace whose ``__name__`` is `module`.

    What it defines belongs to ``__main__`` but cannot be imported from there, so it
    travels by value. `names` are extra globals.
    """
    scope = {"__name__": module, **names}
    exec(compile(textwrap.dedent(source), "<sender>", "exec"), scope)
    return Namespace(scope)


def since(major, minor):
    """The arguments of a ``skipif`` mark: this test needs Python `major`.`minor`."""
    return {
        "condition": sys.version_info < (major, minor),
        "reason": f"needs Python {major}.{minor}",
    }
