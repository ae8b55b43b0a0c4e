"""The main job on the engine whose environment this is: ``make demo ENGINE=...``."""

import os
import pathlib
import subprocess
import sys

QUICKSTART = pathlib.Path(__file__).parents[2] / "examples" / "quickstart.py"
ENGINE = os.environ["CPPICKLE_ENGINE"]


def test_all_answers_are_right(tmp_path):
    done = subprocess.run(
        [sys.executable, QUICKSTART, "--engine", ENGINE],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 of 5 answers are right" in done.stdout
    assert "with " in done.stdout
