"""Submodules that the code reaches are imported on load, wherever it reaches them."""

import pytest
from support.source import define

import cppickle

PARSE = "xml.dom.minidom.parseString('<a/>').documentElement.tagName"
IMPORT = "import xml\nimport xml.dom.minidom\n"

WAYS = {
    "a function": f"{IMPORT}def job(): return {PARSE}",
    "a lambda": f"{IMPORT}job = lambda: {PARSE}",
    "a nested function": f"""
{IMPORT}
def job():
    def inner(): return {PARSE}
    return inner()
""",
    "a lambda in a comprehension": f"{IMPORT}def job(): return [(lambda: {PARSE})() "
    "for _ in range(1)][0]",
    "a class body in a function": f"""
{IMPORT}
def job():
    class Local:
        def get(self): return {PARSE}
    return Local().get()
""",
    "another global function": f"""
{IMPORT}
def helper(): return {PARSE}
def job(): return helper()
""",
    "a default": f"{IMPORT}def job(f=lambda: {PARSE}): return f()",
    "a closure": f"{IMPORT}def make(f): return lambda: f()\n"
    f"job = make(lambda: {PARSE})",
    "a subpackage by another name": "import xml.dom.minidom\nfrom xml import dom\n"
    "def job(): return dom.minidom.parseString('<a/>').documentElement.tagName",
    "the package by another name": "import xml as x, xml.dom.minidom\n"
    "def job(): return x.dom.minidom.parseString('<a/>').documentElement.tagName",
    "a module in a closure": """
import xml, xml.dom.minidom
def make(x): return lambda: x.dom.minidom.parseString('<a/>').documentElement.tagName
job = make(xml)
""",
    "a local name": f"{IMPORT}def job():\n  x = xml\n  x.dom\n  return {PARSE}",
}


@pytest.mark.parametrize("way", WAYS)
def test_a_submodule_reached_by(in_fresh_process, way):
    assert in_fresh_process(define(WAYS[way]).job, "obj()") == "a"


def test_a_submodule_reached_by_a_method(in_fresh_process):
    made = define(f"{IMPORT}class C:\n  def job(self): return {PARSE}")
    assert in_fresh_process(made.C(), "obj.job()") == "a"
    assert in_fresh_process(made.C().job, "obj()") == "a"


def test_a_submodule_that_nobody_reaches_is_not_imported(bare_worker):
    made = define("import xml, xml.dom.minidom, xml.sax\ndef job(): return xml.dom")
    bare_worker.load(cppickle.dumps(made.job))
    question = "import sys\nobj().__name__, 'xml.sax' in sys.modules"
    assert bare_worker.ask(question) == ("xml.dom", False)


def test_a_package_without_its_submodules(in_fresh_process):
    made = define("import collections\ndef job(): return collections.Counter('aab')")
    assert in_fresh_process(made.job, "dict(obj())") == {"a": 2, "b": 1}


def test_an_import_inside_the_function(in_fresh_process):
    source = """
        def job():
            import xml.dom.minidom
            from json import loads as parse
            return xml.dom.minidom.__name__, parse("[1]")
        """
    assert in_fresh_process(define(source).job, "obj()") == ("xml.dom.minidom", [1])


def test_a_submodule_as_a_global_of_its_own(in_fresh_process):
    made = define(
        "import os.path as p\nfrom concurrent import futures\n"
        + ("def job(): return p.join('a', 'b'), futures.Future.__name__")
    )
    assert in_fresh_process(made.job, "obj()") == ("a/b", "Future")
