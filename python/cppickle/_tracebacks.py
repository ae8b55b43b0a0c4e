"""Exceptions with their tracebacks, for processes that have neither cppickle nor files.

A traceback is sent as rows, one for each entry, and made anew by a helper that travels
as text: it runs a code object of the entry's names to get a frame, and gives linecache
the source lines of files that are not there.
"""

import builtins
import itertools
import linecache
import sys
import types
from collections.abc import Iterator
from typing import Any

from . import _core

# More lines than that of one statement are not sent.
_MOST_LINES = 20

# What a row has: file, name, qualified name, module, first line of the code, then the
# position (line, last line, column, last column; None where it is not known) and the
# source from that line on.
_Row = tuple[str, str, str, str | None, int, tuple[int | None, ...], tuple[str, ...]]

# h(error, parts) sets the tracebacks and attributes of `parts`, which are an exception,
# rows and a dict each, and answers `error`.
#
# source_file() makes sure that linecache has the lines of a row under the name that it
# answers. A file that is there may be another than the sender's: its lines would be
# wrong, so then the name is another. Names and lines that were set before are kept in
# sys, for the next traceback may be of the same file. The list of them is the one that
# linecache has: what several threads add is all in it.
#
# location_table() maps all instructions of a code object to one position, in the form
# of CPython 3.11 and later (Objects/locations.md): entries of up to eight instructions,
# of the long form (14), or without columns (13). line_table() does so for the line, in
# the form of 3.10 (Objects/lnotab_notes.txt): pairs of bytes of code and lines.
_HELPER = """\
import linecache, os, sys, types


def source_file(name, line, source):
    known = sys.__dict__.setdefault("_cppickle_sources", {})
    wanted = [*enumerate(source, line)]
    while True:
        sent = known.get(name)
        if sent is None:
            # getlines() would take what another thread sets just now out of the cache.
            exists = name in linecache.cache or os.path.exists(name)
            there = linecache.getlines(name) if exists else []
            if there[line - 1:line - 1 + len(source)] == [*source]:
                return name
            if not exists:
                sent = known.setdefault(name, ({}, []))
        if sent is not None:
            lines, text = sent
            if all([lines.setdefault(n, t) == t for n, t in wanted]):
                text += ["\\n"] * (line - 1 + len(source) - len(text))
                text[line - 1:line - 1 + len(source)] = source
                linecache.cache[name] = sum(map(len, text)), None, text, name
                return name
        name += " (as sent)"


def varint(n):
    while n > 63:
        yield 64 | n & 63
        n >>= 6
    yield n


def line_table(code, first, line):
    delta = line - first
    table = b""
    while not -128 < delta < 128:
        step = 127 if delta > 0 else -127
        table += bytes([0, step & 255])
        delta -= step
    return table + bytes([len(code.co_code), delta & 255])


def location_table(code, first, line, last, begin, end):
    delta = line - first
    delta = -delta << 1 | 1 if delta < 0 else delta << 1
    form, place = 13, []
    if None not in (last, begin, end) and last >= line:
        form, place = 14, [*varint(last - line), *varint(begin + 1), *varint(end + 1)]
    left = len(code.co_code) // 2
    table = b""
    while left:
        count = min(left, 8)
        table += bytes([128 | form << 3 | count - 1, *varint(delta), *place])
        left -= count
        delta = 0
    return table


def frame_of(file, name, qualname, module, first, position, source):
    code = compile("f = get()", file, "exec")
    changes = {"co_name": name, "co_firstlineno": first}
    if hasattr(code, "co_positions"):
        changes["co_qualname"] = qualname
        changes["co_linetable"] = location_table(code, first, *position)
    else:
        changes["co_linetable"] = line_table(code, first, position[0])
    names = {}
    scope = {"__name__": module, "__file__": file, "get": sys._getframe}
    exec(code.replace(**changes), scope, names)
    del scope["get"]
    return names.pop("f")


def h(error, parts):
    frames = {}
    for exception, rows, attributes in parts:
        traceback = None
        for row in reversed(rows):
            frame = frames.get(id(row))
            line = row[5][0]
            if frame is None:
                file = source_file(row[0], line, row[6]) if row[6] else row[0]
                frame = frames[id(row)] = frame_of(file, *row[1:])
            traceback = types.TracebackType(traceback, frame, 0, line)
        BaseException.with_traceback(exception, traceback)
        for name, value in attributes.items():
            BaseException.__setattr__(exception, name, value)
    return error
"""


class WithTraceback:
    """Arrives as the exception, with its traceback; see with_traceback()."""

    def __init__(self, error: BaseException) -> None:
        if not isinstance(error, BaseException):
            raise TypeError(f"an exception is needed, not {type(error).__name__}")
        self.error = error

    def __reduce__(self) -> tuple[Any, ...]:
        rows: dict[_Row, _Row] = {}
        parts = [
            (error, _rows_of(error.__traceback__, rows), _attributes_of(error))
            for error in _chained(self.error)
        ]
        return _Helper(), (self.error, parts)


class _Helper:
    """Arrives as the function h of the text."""

    def __call__(self) -> None:
        """Reduce values want something that can be called; nobody does."""

    def __reduce__(self) -> tuple[Any, ...]:
        return eval, ("exec(s) or h", {"s": _HELPER})


def _chained(root: BaseException) -> Iterator[BaseException]:
    """`root` and all exceptions that can be reached from it, each once."""
    found = {id(root): root}
    waiting = [root]
    while waiting:
        error = waiting.pop()
        yield error
        group = getattr(error, "exceptions", ())
        for other in (
            error.__cause__,
            error.__context__,
            *(group if isinstance(group, tuple) else ()),
        ):
            if isinstance(other, BaseException) and id(other) not in found:
                found[id(other)] = other
                waiting.append(other)


def _attributes_of(error: BaseException) -> dict[str, Any]:
    """What the reduce values of exceptions leave out, each of them something else.

    The chain, and the members of builtin exceptions: those that are arguments arrive
    twice, as one object. ``__suppress_context__`` comes after the cause, which sets it.
    """
    found: dict[str, Any] = {}
    for owner in type(error).__mro__:
        builtin = owner.__module__ == "builtins" and owner not in _READ_ONLY
        for name, member in vars(owner).items() if builtin else ():
            if isinstance(member, types.MemberDescriptorType) and name[:2] != "__":
                value = member.__get__(error)
                if value is not None and _may_be_sent(error, value):
                    found[name] = value
    found["__context__"] = error.__context__
    found["__cause__"] = error.__cause__
    found["__suppress_context__"] = error.__suppress_context__
    return found


# Their members are arguments, and cannot be set.
_READ_ONLY = [getattr(builtins, "BaseExceptionGroup", None)]

_ATOMS = (str, bytes, int, float, bool)


def _may_be_sent(error: BaseException, value: object) -> bool:
    """Whether it does no harm to send it."""
    if type(value) in _ATOMS or any(value is argument for argument in error.args):
        return True
    try:
        _core.dump(value, _Bounded())
    except Exception:
        return False
    return True


class _Bounded:
    """A file that has room for a small object."""

    def __init__(self) -> None:
        self.room = 64 * 1024

    def write(self, data: Any) -> None:
        self.room -= len(data)
        if self.room < 0:
            raise OverflowError("too much")


def _rows_of(
    traceback: types.TracebackType | None, rows: dict[_Row, _Row]
) -> list[_Row]:
    """The entries of a traceback. Equal rows are one object, which is sent once."""
    found = []
    while traceback is not None:
        row = _row_of(traceback)
        found.append(rows.setdefault(row, row))
        traceback = traceback.tb_next
    return found


def _row_of(traceback: types.TracebackType) -> _Row:
    frame = traceback.tb_frame
    code = frame.f_code
    line = traceback.tb_lineno or code.co_firstlineno
    last = begin = end = None
    if sys.version_info >= (3, 11):
        places = itertools.islice(code.co_positions(), traceback.tb_lasti // 2, None)
        place = next(places, (None,) * 4)
        if place[0] == line:
            _, last, begin, end = place
    module = frame.f_globals.get("__name__")
    return (
        code.co_filename,
        code.co_name,
        getattr(code, "co_qualname", code.co_name),
        module if isinstance(module, str) else None,
        code.co_firstlineno,
        (line, last, begin, end),
        tuple(_source(frame, line, last or line)),
    )


def _source(frame: types.FrameType, line: int, last: int) -> Iterator[str]:
    file = frame.f_code.co_filename
    linecache.checkcache(file)
    lines = linecache.getlines(file, frame.f_globals)
    for text in lines[line - 1 : min(last, line + _MOST_LINES - 1)]:
        yield text if text.endswith("\n") else text + "\n"
