"""How long importing each rival takes, in new processes that take turns."""

from __future__ import annotations

import statistics
import subprocess
import sys

from benchmarks.rivals import SUBJECT

NAME = "import time"

SCRIPT = """
import time
start = time.perf_counter()
import {module}
print(time.perf_counter() - start)
"""


def _seconds(module: str) -> float:
    command = [sys.executable, "-c", SCRIPT.format(module=module)]
    return float(subprocess.run(command, check=True, capture_output=True).stdout)


def measure(modules: list[str], rounds: int) -> dict[str, dict[str, object]]:
    for module in modules:
        _seconds(module)
    samples = {module: [] for module in modules}
    for _ in range(rounds):
        for module in modules:
            samples[module].append(_seconds(module))
    subject = samples.get(SUBJECT)
    return {
        module: {
            "seconds": min(taken),
            "ratio": subject
            and statistics.median(
                theirs / ours for theirs, ours in zip(taken, subject, strict=True)
            ),
        }
        for module, taken in samples.items()
    }
