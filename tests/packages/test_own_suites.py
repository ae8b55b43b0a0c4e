"""Real packages shipped to a bare worker: their own tests end there as they do here.

Needs the packages, and the sources of those that do not install their tests, below the
folder PACKAGE_SOURCES: ``make test-shipping`` provides both.
"""

import dataclasses
import glob
import importlib
import os
import sys

import pytest
from support import own_suite
from support.processes import SECONDS, Worker

import cppickle

SOURCES = os.environ.get("PACKAGE_SOURCES", "")
# What test modules import, beside the package.
RUNNER = [
    "support",
    "pytest",
    "_pytest",
    "pluggy",
    "iniconfig",
    "packaging",
    "pygments",
]
RUNNER += ["exceptiongroup", "tomli", "py"]


@dataclasses.dataclass
class Suite:
    """A package, its test modules, and how many tests have to pass at least."""

    package: str
    modules: list
    least: int
    source: str = ""  # the folder's name below PACKAGE_SOURCES
    folder: str = ""  # in it: where the test modules are
    also: tuple = ()


NETWORKX = [
    "networkx.classes.tests.test_graph",
    "networkx.classes.tests.test_digraph",
    "networkx.classes.tests.test_multigraph",
    "networkx.classes.tests.test_multidigraph",
    "networkx.classes.tests.test_function",
    "networkx.algorithms.tests.test_dag",
    "networkx.algorithms.tests.test_cycles",
    "networkx.generators.tests.test_classic",
]
SUITES = [
    Suite(
        "toolz",
        [
            f"toolz.tests.test_{name}"
            for name in ("curried", "dicttoolz", "functoolz", "itertoolz", "recipes")
        ],
        100,
        also=("tlz", "toolz.tests"),
    ),
    Suite("networkx", NETWORKX, 200, also=("networkx.classes.tests",)),
    Suite(
        "more_itertools",
        ["test_more", "test_recipes"],
        600,
        "more_itertools-*",
        "tests",
    ),
    Suite(
        "pluggy",
        ["test_details", "test_helpers", "test_tracer"],
        10,
        "pluggy-*",
        "testing",
    ),
    Suite(
        "marshmallow",
        [
            f"tests.test_{name}"
            for name in (
                "context",
                "decorators",
                "error_store",
                "exceptions",
                "options",
                "registry",
                "utils",
            )
        ],
        80,
        "marshmallow-*",
        also=("tests", "simplejson"),
    ),
]


def suite_of(suite, monkeypatch):
    """The test modules can be imported, and what has to be shipped for them."""
    importlib.import_module(suite.package)
    ship = [suite.package, *suite.also, *suite.modules, *RUNNER]
    if suite.source:
        found = glob.glob(os.path.join(SOURCES, suite.source, suite.folder, ""))
        if not SOURCES or not found:
            pytest.skip(f"PACKAGE_SOURCES has no {suite.source}")
        monkeypatch.syspath_prepend(found[0])
        ship.append(found[0])
    return ship


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.package)
def test_a_package_s_own_tests(suite, monkeypatch):
    pytest.importorskip(suite.package)
    ship = suite_of(suite, monkeypatch)
    path = [folder for folder in sys.path if folder]
    run = job(suite.modules)
    shipment = cppickle.shipment(ship)
    with Worker(bare=False, seconds=5 * SECONDS) as installed:
        installed.ask(f"import sys\nsys.path[:0] = {path!r}")
        installed.ask("import pytest\nfrom support import own_suite\nNone")
        expected = installed.ask(f"own_suite.counts({suite.modules!r})")
    with Worker(seconds=5 * SECONDS) as worker:
        worker.load(shipment.stream)
        worker.load(cppickle.dumps(run, ship=shipment))
        found = worker.ask("obj()")
    print(suite.package, len(shipment.stream), found, "installed:", expected)
    assert found == expected
    assert found["passed"] >= suite.least


def job(modules):
    """Code by value that imports modules by names which no statement has."""
    import functools

    def run(names):
        import pytest  # noqa: F401
        from support import own_suite

        return own_suite.counts(names)

    assert callable(own_suite.counts)
    for name in modules:
        importlib.import_module(name)
    return functools.partial(run, modules)
