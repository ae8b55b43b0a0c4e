"""A short run of the fuzzer of the cache, and what it says of a planted fault."""

from support.fuzzers import beside_the_tests, fuzzed

pytestmark = beside_the_tests


def test_recorded_dumps_are_those_that_are_written_out(tmp_path):
    limits = ["--dumps", "30000", "--seconds", "10"]
    done = fuzzed("-m", "fuzz.cached_expansions", *limits, cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert "0 differences" in done.stdout


PLANTED = """
import cppickle
from fuzz.cached_expansions.campaign import run_campaign

kept = {}

def dumps(obj):
    root = obj[0] if type(obj) is tuple and obj else obj
    key = id(root), type(root), type(obj)
    if key not in kept or kept[key][0] is not root:
        kept[key] = root, cppickle.dumps(obj)
    return kept[key][1] if root is obj else cppickle.dumps(obj)

report = run_campaign(3000, seed=1, dumps=dumps)
print(report.text())
first = report.differences[0]
assert len(first.small) < len(first.steps) / 2, (first.small, first.steps)
"""


def test_a_planted_fault_is_found_and_made_small(tmp_path):
    done = fuzzed("-c", PLANTED, cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
    assert "DIFFERENCE" in done.stdout
    script = next(tmp_path.glob("expansion_differs_*.py"))
    # The fault was in the dumps under test, so the script finds cppickle without it.
    replayed = fuzzed(script.name, cwd=tmp_path)
    assert replayed.stdout == "no difference\n", replayed.stderr


def test_there_are_many_kinds_of_mutation(tmp_path):
    count = "from fuzz.cached_expansions.mutations import TABLE; print(len(TABLE))"
    assert int(fuzzed("-c", count, cwd=tmp_path).stdout) >= 60
