"""Starts a process for each row, and gathers the answers."""

from __future__ import annotations

import dataclasses
import fnmatch
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import rivals, startup, workloads
from benchmarks.timing import Effort
from benchmarks.workloads import Workload
from benchmarks.workloads.base import DEFAULT_MEMORY, QUIET_MEMORY

ROOT = Path(__file__).resolve().parent.parent
SECONDS_FOR_A_ROW = 180
ENVIRONMENT = {
    DEFAULT_MEMORY: {},
    QUIET_MEMORY: {
        "MALLOC_MMAP_MAX_": "0",
        "MALLOC_TRIM_THRESHOLD_": str(1 << 33),
        "MALLOC_TOP_PAD_": str(1 << 28),
    },
}


def matches(name: str, pattern: str | None) -> bool:
    """Whether a name contains the pattern, or matches it where it has wildcards."""
    if pattern is None:
        return True
    return pattern in name or fnmatch.fnmatch(name, pattern)


def run_module(
    module: str, options: dict[str, object], memory: str
) -> dict[str, object]:
    """The JSON answer of ``python -m MODULE OPTIONS``; a failure is in `errors`."""
    command = [sys.executable, "-m", module, json.dumps(options)]
    environment = {**os.environ, **ENVIRONMENT[memory]}
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=SECONDS_FOR_A_ROW,
        )
    except subprocess.TimeoutExpired:
        return {"errors": [f"no answer within {SECONDS_FOR_A_ROW} s"]}
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return {"errors": [f"the process ended with {done.returncode}: {last}"]}
    return json.loads(done.stdout)


def run_rows(
    pattern: str | None, effort: Effort, progress: Callable[[str], None]
) -> tuple[list[dict[str, object]], list[str]]:
    """The rows whose names match, and a line for each that had to be skipped."""
    rows, skipped = [], []
    for workload in workloads.ALL:
        if not matches(workload.name, pattern):
            continue
        if missing := workload.missing_module():
            skipped.append(f"skipped: {workload.name} (no module {missing})")
            continue
        for memory in workload.memory:
            progress(workload.name)
            rows.append(_row(workload, memory, effort))
    if matches(startup.NAME, pattern):
        progress(startup.NAME)
        times = startup.measure(list(rivals.find()[0]), max(effort.rounds, 5))
        rows.append(
            {"workload": startup.NAME, "memory": DEFAULT_MEMORY, "import": times}
        )
    return rows, skipped


def _row(workload: Workload, memory: str, effort: Effort) -> dict[str, object]:
    options = {"workload": workload.name, "effort": dataclasses.asdict(effort)}
    start = time.monotonic()
    answer = run_module("benchmarks.row", options, memory)
    took = round(time.monotonic() - start, 1)
    return {"workload": workload.name, "memory": memory, "took": took, **answer}
