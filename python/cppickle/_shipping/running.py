"""Whether the source of a module is what runs: files are edited after their import.

A file that has not been touched since the process began is. Otherwise its source is
compiled, and the functions in memory are looked for in the result.
"""

import functools
import importlib.machinery
import importlib.util
import os
import time
import types
import warnings
from collections.abc import Iterator


def is_changed(module: types.ModuleType, source: bytes) -> bool:
    """Whether `source` is another than the module was made of, as far as can be told.

    Of other values than functions nothing is known for certain, so a warning has to do.
    """
    file = getattr(module, "__file__", None)
    loader = getattr(module, "__loader__", None)
    # Others, such as pytest's, run other code than the file has.
    if type(loader) is not importlib.machinery.SourceFileLoader or not file:
        return False
    try:
        touched = os.stat(file).st_ctime
    except OSError:
        return True
    if touched < process_start():
        return False
    try:
        code = compile(source, file, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return True
    known = set(_code_in(code))
    if any(running not in known for running in _running_code(module, file)):
        return True
    if not _is_dated(file, touched):
        _warn_of_values(module, code)
    return False


@functools.cache
def process_start() -> float:
    """When this process began; 0 where that is not known."""
    try:
        with open("/proc/self/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        with open("/proc/uptime", "rb") as file:
            uptime = float(file.read().split()[0])
        ticks = os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, AttributeError):
        return 0.0
    tolerance = 0.1
    return time.time() - uptime + int(fields[19]) / ticks - tolerance


def _code_in(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _code_in(constant)


def _running_code(module: types.ModuleType, file: str) -> Iterator[types.CodeType]:
    """That of the module's functions and of its classes' methods."""
    waiting = list(vars(module).values())
    seen: set[int] = set()
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, types.FunctionType):
            # Methods of dataclasses have no file.
            if value.__code__.co_filename == file:
                yield value.__code__
        elif isinstance(value, (staticmethod, classmethod)):
            waiting.append(value.__func__)
        elif isinstance(value, property):
            waiting += [value.fget, value.fset, value.fdel]
        elif isinstance(value, type):
            names = type.__getattribute__(value, "__dict__")
            if names.get("__module__") == module.__name__:
                waiting += names.values()


def _is_dated(file: str, touched: float) -> bool:
    """Whether Python has cached the file as it is, after it was touched last."""
    try:
        cached = importlib.util.cache_from_source(file)
        with open(cached, "rb") as opened:
            header = opened.read(16)
        made = os.stat(cached).st_mtime
        source = os.stat(file)
    except (OSError, NotImplementedError):  # this Python may keep no caches
        return False
    stamp = (int(source.st_mtime) & 0xFFFFFFFF).to_bytes(4, "little")
    size = (source.st_size & 0xFFFFFFFF).to_bytes(4, "little")
    return header[8:] == stamp + size and touched <= made


def _warn_of_values(module: types.ModuleType, code: types.CodeType) -> None:
    names = [
        name
        for name, value in _literals(code).items()
        if name in vars(module) and not _same(vars(module)[name], value)
    ]
    if names:
        warnings.warn(
            f"{module.__name__} is shipped as its file is, where {', '.join(names)} "
            "has another value than here",
            stacklevel=2,
        )


def _same(one: object, other: object) -> bool:
    return type(one) is type(other) and (one == other or one != one)


# From 3.15 on True is among the constants that all code shares, as None is.
_LOADS_OF_CONSTANTS = "LOAD_CONST", "LOAD_SMALL_INT", "LOAD_COMMON_CONSTANT"


def _literals(code: types.CodeType) -> dict[str, object]:
    """The globals that the source sets once, to a constant."""
    import dis

    last: object = None
    is_constant = False
    found: dict[str, list[object]] = {}
    for step in dis.get_instructions(code):
        if step.opname == "STORE_NAME" and isinstance(step.argval, str):
            value = [last] if is_constant and _is_plain(last) else [None, None]
            found.setdefault(step.argval, []).extend(value)
        is_constant = step.opname in _LOADS_OF_CONSTANTS
        last = step.argval
    written = {name for inner in _code_in(code) for name in _globals_set_in(inner)}
    return {
        name: values[0]
        for name, values in found.items()
        if len(values) == 1 and name not in written
    }


def _globals_set_in(code: types.CodeType) -> Iterator[str]:
    import dis

    for step in dis.get_instructions(code):
        if step.opname == "STORE_GLOBAL":
            yield step.argval


def _is_plain(value: object) -> bool:
    return isinstance(value, (bool, int, float, str, bytes))
