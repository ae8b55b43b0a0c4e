"""Short runs of the fuzzers, which are beside the tests and import nothing of them."""

import os
import pathlib
import subprocess
import sys

import pytest

TOP = pathlib.Path(__file__).parents[2]

beside_the_tests = pytest.mark.skipif(
    not (TOP / "fuzz").is_dir(), reason="the fuzzer is not beside the tests"
)


def fuzzed(*arguments, cwd, seconds=300):
    """Run Python in `cwd` with the fuzzers in its path, for so long at most."""
    path = os.pathsep.join([str(TOP), os.environ.get("PYTHONPATH", "")])
    own = {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}
    return subprocess.run(
        [sys.executable, "-W", "ignore", *arguments],
        capture_output=True,
        text=True,
        timeout=seconds,
        cwd=cwd,
        env={**os.environ, **own},
    )
