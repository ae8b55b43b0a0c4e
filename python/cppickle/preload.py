"""Switches a process to cppickle from outside; importing it is install().

    python -m cppickle.preload script.py [argument ...]
    python -m cppickle.preload -m module [argument ...]
    python -m cppickle.preload -c command [argument ...]
    python -m cppickle.preload --path

The first three run a program in which ``import cloudpickle`` is cppickle, and so in the
processes that it starts. The last prints the folder which does the same as an entry of
PYTHONPATH.
"""

import os
import runpy
import sys
from types import CodeType

import cppickle
from cppickle.compat.installing import SHIM

cppickle.install()


def _run_in_main(code: CodeType, file: str | None = None) -> None:
    """Run a program as the interpreter does, in the one module __main__."""
    namespace = vars(sys.modules["__main__"])
    namespace.clear()
    names = {"__doc__": None, "__package__": None, "__spec__": None, "__loader__": None}
    namespace.update(names, __name__="__main__", __builtins__=__builtins__)
    if file is not None:
        namespace.update(__file__=file, __cached__=None)
    exec(code, namespace)


def _run_script(path: str) -> None:
    sys.path[0] = os.path.dirname(os.path.realpath(path))
    with open(path, "rb") as file:
        source = file.read()
    _run_in_main(compile(source, path, "exec"), path)


def main(arguments: list[str]) -> None:
    if arguments == ["--path"]:
        print(SHIM)
        return
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__)
        return
    option, *rest = arguments
    if option in ("-m", "-c") and not rest:
        sys.exit(f"cppickle.preload: {option} needs an argument")
    cppickle.install(children=True)
    if option == "-m":
        sys.argv[:] = rest
        runpy._run_module_as_main(rest[0])  # type: ignore[attr-defined]
    elif option == "-c":
        sys.argv[:] = ["-c", *rest[1:]]
        sys.path[0] = ""
        _run_in_main(compile(rest[0], "<string>", "exec"))
    else:
        sys.argv[:] = arguments
        _run_script(option)


if __name__ == "__main__":
    # The program takes over __main__, so this module has to be another one.
    from cppickle.preload import main as imported_main

    imported_main(sys.argv[1:])
