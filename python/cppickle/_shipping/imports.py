"""Which modules the import statements of a code object name, found in its bytecode."""

import dis
import types
from collections.abc import Iterator

_IMPORT_NAME = dis.opmap["IMPORT_NAME"]
_LOAD_CONST = dis.opmap["LOAD_CONST"]
_LOAD_SMALL_INT = dis.opmap.get("LOAD_SMALL_INT", -1)
_EXTENDED_ARG = dis.opmap["EXTENDED_ARG"]
# From 3.15 on None is among the constants that all code shares.
_LOAD_COMMON_CONSTANT = dis.opmap.get("LOAD_COMMON_CONSTANT", -1)
_COMMON_CONSTANTS: tuple[object, ...] = tuple(getattr(dis, "_common_constants", ()))


def _flag_bits() -> int:
    """How many bits of an IMPORT_NAME's argument are no part of the name's index.

    That differs between versions; here the last one's index is 1.
    """
    raw = compile("import a\nimport b", "", "exec").co_code
    found = [raw[i + 1] for i in range(0, len(raw), 2) if raw[i] == _IMPORT_NAME]
    return found[-1].bit_length() - 1


_FLAG_BITS = _flag_bits()

# (level, module, names): names is empty for `import module`.
Statement = tuple[int, str, tuple[str, ...]]


def statements(code: types.CodeType) -> list[Statement]:
    """The import statements of `code` and of the code in it, each once."""
    found: dict[Statement, None] = {}
    waiting = [code]
    while waiting:
        code = waiting.pop()
        if _IMPORT_NAME in code.co_code[::2]:
            found.update(dict.fromkeys(_statements_of_one(code)))
        waiting += [c for c in code.co_consts if isinstance(c, types.CodeType)]
    return list(found)


def _statements_of_one(code: types.CodeType) -> Iterator[Statement]:
    level: object = None
    names: object = None  # what has been pushed last; the level comes before it
    high = 0
    raw = code.co_code
    for operation, argument in zip(raw[::2], raw[1::2]):
        if operation == _EXTENDED_ARG:
            high = (high | argument) << 8
            continue
        argument |= high
        high = 0
        if operation == _LOAD_CONST and argument < len(code.co_consts):
            level, names = names, code.co_consts[argument]
        elif operation == _LOAD_SMALL_INT:
            level, names = names, argument
        elif operation == _LOAD_COMMON_CONSTANT and argument < len(_COMMON_CONSTANTS):
            level, names = names, _COMMON_CONSTANTS[argument]
        elif operation == _IMPORT_NAME:
            if isinstance(level, int) and isinstance(names, (tuple, type(None))):
                yield level, code.co_names[argument >> _FLAG_BITS], names or ()
        else:
            level = names = None


def modules_named(found: list[Statement], package: str | None) -> Iterator[str]:
    """The full names of the modules that statements name, and of those that may be.

    What `from a import b` takes is an attribute of ``a`` or the module ``a.b``.

    Args:
        package: the package of relative imports; None: there is none.
    """
    for level, module, names in found:
        base = _absolute(level, module, package)
        if base is None:
            continue
        yield base
        for name in names:
            if name != "*":
                yield f"{base}.{name}"


def _absolute(level: int, module: str, package: str | None) -> str | None:
    if level == 0:
        return module
    if not package:
        return None
    parts = package.split(".")
    if level > len(parts):
        return None
    above = ".".join(parts[: len(parts) - level + 1])
    return f"{above}.{module}" if module else above


def package_of(names: dict[str, object]) -> str | None:
    """The package of relative imports in code with these globals."""
    package = names.get("__package__")
    if isinstance(package, str):
        return package
    name = names.get("__name__")
    if not isinstance(name, str):
        return None
    return name if "__path__" in names else name.rpartition(".")[0]
