"""Tables of the results: for a terminal with rich, for a README in Markdown."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from benchmarks import rivals
from benchmarks.rivals import SUBJECT

WIDTH_WITHOUT_TERMINAL = 130
OTHERS = tuple(name for name in rivals.NAMES if name != SUBJECT)
# Where plain pickle can, it makes the subject's bytes: nothing to compare.
LOADERS = tuple(name for name in OTHERS if name != "pickle")
OWN = f"{SUBJECT} own"
NOTHING = "-"
SAME = "same"  # the stream equals the subject's, and so does the call that loads it
# Ratios below it are named under the tables; closer to 1 is noise.
SLOWER = 0.95

Row = Mapping[str, object]


@dataclass(frozen=True)
class Sheet:
    """A table before it is drawn. The first column is text, the others numbers."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def machine() -> dict[str, object]:
    """What the figures depend on."""
    return {
        "python": platform.python_version(),
        "compiler": platform.python_compiler(),
        "system": f"{platform.system()} {platform.machine()}",
        "rivals": {name: rival.version for name, rival in rivals.find()[0].items()},
    }


def heading() -> str:
    facts = machine()
    names = ", ".join(f"{name} {version}" for name, version in facts["rivals"].items())
    return f"CPython {facts['python']} ({facts['system']}): {names}"


def duration(seconds: float) -> str:
    for unit, scale in (("s", 1), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= scale:
            return f"{_three_digits(seconds / scale)} {unit}"
    return f"{seconds * 1e9:.0f} ns"


def amount(count: int) -> str:
    for unit, scale in (("MB", 1_000_000), ("kB", 10_000)):
        if count >= scale:
            divisor = 1_000_000 if unit == "MB" else 1000
            return f"{_three_digits(count / divisor)} {unit}"
    return f"{count} B"


def _three_digits(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.{1 if value >= 10 else 2}f}"


def times(ratio: float) -> str:
    return f"{ratio:.0f}x" if ratio >= 20 else f"{ratio:.{1 if ratio >= 2 else 2}f}x"


def sheets(rows: Sequence[Row]) -> Iterator[Sheet]:
    """The tables: dumps, loads, and import time where it was measured."""
    measured = [row for row in rows if "dumps" in row]
    if measured:
        yield _dumps_sheet(measured)
        yield _loads_sheet(measured)
    for row in rows:
        if "import" in row:
            yield _import_sheet(row["import"])


def _dumps_sheet(rows: Sequence[Row]) -> Sheet:
    return Sheet(
        "dumps: time of cppickle, and how many times longer the others take",
        ("workload", "time", *OTHERS, "stream", "size vs cloudpickle", "peak memory"),
        [
            (
                _label(row),
                _time(row["dumps"], SUBJECT) if not row["errors"] else "error",
                *(_ratio(row, "dumps", name) for name in OTHERS),
                amount(row["bytes"][SUBJECT]) if SUBJECT in row["bytes"] else NOTHING,
                _relative_size(row["bytes"]),
                _peaks(row["peak"]),
            )
            for row in rows
        ],
    )


def _loads_sheet(rows: Sequence[Row]) -> Sheet:
    with_own = any(OWN in row["loads"] for row in rows)
    own_columns = ("own loads", "own vs cloudpickle") if with_own else ()
    return Sheet(
        "loads: pickle.loads of cppickle's stream, and how many times longer"
        " the others take",
        ("workload", "time", *LOADERS, *own_columns),
        [
            (
                _label(row),
                _time(row["loads"], SUBJECT),
                *(_ratio(row, "loads", name) for name in LOADERS),
                *((_time(row["loads"], OWN), _own_ratio(row)) if with_own else ()),
            )
            for row in rows
        ],
    )


def _import_sheet(results: Mapping[str, Row]) -> Sheet:
    return Sheet(
        "import time",
        ("module", "time", f"vs {SUBJECT}"),
        [
            (
                name,
                duration(result["seconds"]),
                times(result["ratio"]) if result["ratio"] else NOTHING,
            )
            for name, result in results.items()
        ],
    )


def _label(row: Row) -> str:
    memory = "" if row["memory"] == "default" else f" ({row['memory']})"
    return f"{row['workload']}{memory}"


def _time(results: Mapping[str, Row], name: str) -> str:
    return duration(results[name]["seconds"]) if name in results else NOTHING


def _ratio(row: Row, operation: str, name: str) -> str:
    if name in row["notes"]:
        return "fails"
    if operation == "loads" and name in row["same_stream"]:
        return SAME
    result = row[operation].get(name)
    return times(result["ratio"]) if result and result["ratio"] else NOTHING


def _own_ratio(row: Row) -> str:
    same = "cloudpickle" in row["same_stream"]
    theirs = row["loads"].get(SUBJECT if same else "cloudpickle")
    own = row["loads"].get(OWN)
    if not theirs or not own or not theirs["ratio"]:
        return NOTHING
    return times(theirs["ratio"] / own["ratio"])


def _relative_size(sizes: Mapping[str, int]) -> str:
    if SUBJECT not in sizes or "cloudpickle" not in sizes:
        return NOTHING
    return f"{sizes[SUBJECT] / sizes['cloudpickle']:.2f}"


def _peaks(peaks: Mapping[str, int]) -> str:
    """The subject's peak beside cloudpickle's."""
    both = [
        peaks[name] for name in (SUBJECT, "cloudpickle") if peaks.get(name, -1) >= 0
    ]
    return " / ".join(f"{peak / 1e6:.0f} MB" for peak in both) or NOTHING


def remarks(rows: Iterable[Row]) -> Iterator[str]:
    """What failed at the others, and where the subject is the slower one."""
    for row in rows:
        for name, note in row.get("notes", {}).items():
            yield f"{_label(row)}: {name} {note}"
    for row in rows:
        for operation in ("dumps", "loads"):
            for name, result in row.get(operation, {}).items():
                ratio = result["ratio"]
                if not name.startswith(SUBJECT) and ratio and ratio < SLOWER:
                    yield f"slower: {operation} of {_label(row)}: {name} {times(ratio)}"


def errors(rows: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        for error in row.get("errors", ()):
            yield f"{_label(row)}: {error}"


def console() -> Console:
    plain = Console()
    return plain if plain.is_terminal else Console(width=WIDTH_WITHOUT_TERMINAL)


def draw(sheet: Sheet, to: Console) -> None:
    table = Table(title=sheet.title, title_justify="left")
    for number, column in enumerate(sheet.columns):
        table.add_column(column, justify="right" if number else "left")
    for row in sheet.rows:
        table.add_row(*row)
    to.print(table)


def markdown(sheet: Sheet) -> str:
    """The sheet as a table of a README."""
    header = [f"**{sheet.title}**", "", _line(sheet.columns)]
    rule = _line(["---", *["---:"] * (len(sheet.columns) - 1)])
    return "\n".join([*header, rule, *map(_line, sheet.rows), ""])


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
