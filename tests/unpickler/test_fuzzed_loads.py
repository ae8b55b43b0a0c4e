"""A short run of the fuzzer of loads, and what it says of planted faults."""

import pytest
from support.fuzzers import beside_the_tests, fuzzed

pytestmark = beside_the_tests


@pytest.mark.parametrize("seed", range(4))
def test_streams_load_as_with_both_unpicklers_of_cpython(seed, tmp_path):
    limits = ["--streams", "2500", "--seed", str(seed)]
    done = fuzzed("-m", "fuzz.loads", *limits, cwd=tmp_path, seconds=600)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert "2,500 streams, 0 findings" in done.stdout


PLANTED = """
import sys

import cppickle
from fuzz.loads import __main__ as program
from fuzz.loads import campaign

whole = cppickle.loads

def loads(stream, **options):
    if b"kept" in stream:
        {fault}
    return whole(stream, **options)

cppickle.loads = loads
if "--child" in sys.argv:
    program.main()
else:
    sys.exit(campaign.run_campaign(1500, 1, child=[__file__]))
"""


@pytest.mark.parametrize(
    ("fault", "sign"),
    [
        ("return 'another value'", "another value"),
        ("raise LookupError('another error')", "another error"),
        ("import faulthandler; faulthandler._sigsegv()", "Segmentation fault"),
        ("import os; os._exit(0)", "exit status"),
    ],
)
def test_a_planted_fault_is_found(fault, sign, tmp_path):
    script = tmp_path / "planted.py"
    script.write_text(PLANTED.format(fault=fault))
    done = fuzzed(str(script), cwd=tmp_path, seconds=600)
    assert done.returncode == 1, done.stdout[-5000:] + done.stderr[-5000:]
    assert sign in done.stdout


COVERED = """
import collections
from fuzz.loads.campaign import cases
from fuzz.loads.outcome import READERS, WAYS, watch_names

watch_names()
kinds = collections.Counter()
for seed in range(300):
    for case in cases(seed):
        outcome = READERS[1].outcome(case)
        kinds[outcome.kind] += 1
        kinds[case.way] += outcome.kind == "value"
assert kinds["value"] > 600 and kinds["UnpicklingError"] > 300, kinds
assert len(kinds) > 9 and all(kinds[way] > 150 for way in WAYS), kinds
"""


def test_streams_are_of_many_kinds(tmp_path):
    done = fuzzed("-c", COVERED, cwd=tmp_path, seconds=600)
    assert done.returncode == 0, done.stderr
