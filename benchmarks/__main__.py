"""The command line: ``python -m benchmarks [rows|growth|list] [options]``."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benchmarks import growth, report, rivals, runner, timing, workloads


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument(
        "command",
        nargs="?",
        default="rows",
        choices=("rows", "growth", "list"),
        help="rows: every workload, the default. growth: 1k to 1M of the same thing."
        " list: the names of both.",
    )
    parser.add_argument(
        "--rounds", type=int, metavar="N", help="turns a contender gets"
    )
    parser.add_argument("--only", metavar="PATTERN", help="rows whose names match")
    parser.add_argument("--quick", action="store_true", help="a rough look, few rounds")
    parser.add_argument("--json", type=Path, metavar="FILE", help="all the figures")
    parser.add_argument("--markdown", action="store_true", help="tables for a README")
    parser.add_argument(
        "--rival",
        choices=rivals.NAMES,
        default=rivals.SUBJECT,
        help="whose growth to measure",
    )
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    if options.command == "list":
        print(*(workload.name for workload in workloads.ALL), *growth.SERIES, sep="\n")
        return 0
    answers, skipped = _measure(options)
    if options.command == "growth":
        sheets = growth.sheets(answers, options.rival)
    else:
        sheets = report.sheets(answers)
    _show(sheets, [*skipped, *report.remarks(answers)], options.markdown)
    if options.json:
        facts = {"machine": report.machine(), "results": answers}
        options.json.write_text(json.dumps(facts, indent=1) + "\n")
    failures = list(report.errors(answers)) if answers else ["nothing was measured"]
    for failure in failures:
        print(f"error: {failure}", file=sys.stderr)
    return 1 if failures else 0


def _measure(options: argparse.Namespace) -> tuple[list[dict[str, object]], list[str]]:
    """Answers, and a line for each rival or row that is missing."""
    missing = [f"skipped: {name} ({why})" for name, why in rivals.find()[1].items()]
    effort = timing.QUICK if options.quick else timing.FULL
    if options.rounds:
        effort = dataclasses.replace(effort, rounds=options.rounds)
    with Console(stderr=True).status("starting") as status:
        if options.command == "growth":
            return growth.run(options.only, options.rival, status.update), missing
        rows, skipped = runner.run_rows(options.only, effort, status.update)
    return rows, missing + skipped


def _show(sheets, remarks: Sequence[str], as_markdown: bool) -> None:
    if as_markdown:
        print(report.heading(), end="\n\n")
        for sheet in sheets:
            print(report.markdown(sheet))
        print(*(f"* {remark}" for remark in remarks), sep="\n")
        return
    console = report.console()
    console.print(report.heading(), highlight=False)
    for sheet in sheets:
        report.draw(sheet, console)
    for remark in remarks:
        console.print(remark, highlight=False, markup=False)


if __name__ == "__main__":
    sys.exit(main())
