"""Local modules sent as source: what works on a worker that has only Python."""

import io
import pickle
import sys

import pytest
from support.processes import FarError, Worker
from support.source import define

import cppickle


def module_of(project, name="pk.a"):
    return project.load(name)


# --- Ways of saying so ----------------------------------------------------------------


def by_argument(obj):
    return cppickle.dumps(obj, ship="local")


def by_block(obj):
    with cppickle.shipping("local"):
        return cppickle.dumps(obj)


def by_default(obj):
    cppickle.set_default(ship="local")
    try:
        return cppickle.dumps(obj)
    finally:
        cppickle.set_default(ship=None)


def by_dump(obj):
    file = io.BytesIO()
    cppickle.dump(obj, file, ship="local")
    return file.getvalue()


def by_pickler(obj):
    file = io.BytesIO()
    cppickle.Pickler(file, ship="local").dump(obj)
    return file.getvalue()


def by_list(obj):
    return cppickle.dumps(obj, ship=["pk", "helper"])


def by_modules(obj):
    return cppickle.dumps(obj, ship=[sys.modules["pk"], sys.modules["pk.a"], "helper"])


def by_predicate(obj):
    return cppickle.dumps(obj, ship=lambda name: name in ("pk", "helper"))


WAYS = [by_argument, by_block, by_default, by_dump, by_pickler, by_list, by_modules]


@pytest.mark.parametrize("way", [*WAYS, by_predicate])
def test_a_way_to_say_it(way, pk, bare_worker):
    a = module_of(pk)
    stream = way(a.f)
    assert stream == by_argument(a.f)
    bare_worker.load(stream)
    assert bare_worker.ask("obj(2)") == 20
    assert pickle.loads(stream) is a.f


def test_a_folder(pk, bare_worker):
    a = module_of(pk)
    bare_worker.load(cppickle.dumps(a.f, ship=pk.folder))
    assert bare_worker.ask("obj(3)") == 30
    assert cppickle.dumps(a.f, ship=[str(pk.folder)]) == by_argument(a.f)
    assert b"_cppickle_ship" not in cppickle.dumps(a.f, ship=pk.folder / "pk" / "sub")


def test_nothing_is_shipped_unless_asked_for(pk):
    a = module_of(pk)
    plain = pickle.dumps(a.f, 5)
    assert cppickle.dumps(a.f) == plain == cppickle.dumps(a.f, ship=[])
    with cppickle.shipping("local"):
        assert cppickle.dumps(a.f, ship=()) == plain


@pytest.mark.parametrize("protocol", range(6))
def test_a_protocol(protocol, pk, bare_worker):
    value = [module_of(pk).C(4), {"a": 1}]
    bare_worker.load(cppickle.dumps(value, protocol, ship="local"))
    assert bare_worker.ask("obj[0].m(), obj[1]") == (40, {"a": 1})


def test_a_pickler_that_dumps_twice(pk, bare_worker):
    a = module_of(pk)
    file, one = io.BytesIO(), a.C(1)
    pickler = cppickle.Pickler(file, ship="local")
    pickler.dump(one)
    first = file.tell()
    pickler.dump([one, a.C(2)])
    unpickler = pickle.Unpickler(io.BytesIO(file.getvalue()))
    again, (same, other) = unpickler.load(), unpickler.load()
    assert again is same
    assert other.x == 2
    bare_worker.load(file.getvalue()[:first])
    assert bare_worker.ask("obj.m()") == 10


def test_buffers_are_handed_out_once(pk, bare_worker):
    value = [module_of(pk).C(1), pickle.PickleBuffer(b"data")]
    buffers = []
    stream = cppickle.dumps(value, buffer_callback=buffers.append, ship="local")
    assert len(buffers) == 1
    bare_worker.load(stream, buffers=[bytes(b) for b in buffers])
    assert bare_worker.ask("obj[0].m(), bytes(obj[1])") == (10, b"data")


@pytest.mark.parametrize(
    ("value", "error"),
    [(5, TypeError), ([None], TypeError), ("/no/such folder", ValueError)],
)
def test_what_cannot_be_shipped(value, error):
    for call in (cppickle.set_default, cppickle.options):
        with pytest.raises(error, match="ship"):
            call(ship=value)
    with pytest.raises(error, match="ship"):
        cppickle.dumps(1, ship=value)
    with pytest.raises(error, match="ship"):
        cppickle.Pickler(io.BytesIO(), ship=value)


# --- What works there -----------------------------------------------------------------


def test_a_function_whose_body_imports(pk, bare_worker):
    bare_worker.load(by_argument(module_of(pk).f))
    assert bare_worker.ask("obj(1)") == 10


def test_a_body_that_imports_by_the_full_name(pk, bare_worker):
    bare_worker.load(by_argument(module_of(pk).h))
    assert bare_worker.ask("obj(1)") == ("k", 1)


def test_a_method_that_calls_such_a_function(pk, bare_worker):
    bare_worker.load(by_argument(module_of(pk).C(5)))
    assert bare_worker.ask("obj.m()") == 50


def test_a_function_of_main_that_uses_it(pk, bare_worker):
    use = define("def use(x): return pk.a.f(x), pk.a.LOCK.locked()", pk=pk.load("pk"))
    bare_worker.load(by_argument(use.use))
    assert bare_worker.ask("obj(1)") == (10, False)


def test_an_import_in_the_body_of_a_function_of_main(pk, bare_worker):
    use = define(
        "def use(x):\n  from pk.sub import c\n  import pk.a\n  return pk.a.h(x)"
    )
    bare_worker.load(by_argument(use.use))
    assert bare_worker.ask("obj(1)") == ("k", 1)


def test_the_package_itself(pk, bare_worker):
    bare_worker.load(by_argument(pk.load("pk")))
    assert bare_worker.ask("obj.config.LOCK.locked(), obj.__name__") == (False, "pk")


def test_a_module_that_another_module_imports(pk, bare_worker):
    pk.write(user="def use(x):\n  import pk.a\n  return pk.a.f(x)\n")
    bare_worker.load(by_argument(pk.load("user").use))
    assert bare_worker.ask("obj(7)") == 70


def test_an_object_that_reduces_to_a_name(project, bare_worker):
    project.write(
        marks="class Mark:\n  def __reduce__(self): return 'NOTHING'\n"
        "NOTHING = Mark()\n"
    )
    bare_worker.load(by_argument([project.load("marks").NOTHING]))
    assert bare_worker.ask("import marks\nobj[0] is marks.NOTHING")


def test_results_come_home(pk, bare_worker):
    a = module_of(pk)
    bare_worker.load(by_argument(a.C))
    back = bare_worker.ask("import pickle\npickle.dumps(obj(3))")
    assert type(pickle.loads(back)) is a.C


@pytest.mark.filterwarnings("ignore:pk.config is shipped as its file is")
def test_what_was_changed_at_run_time_stays_here(pk, bare_worker):
    pk.load("pk.config").DEBUG = True
    bare_worker.load(by_argument(module_of(pk).debug))
    assert bare_worker.ask("obj()") is False


def test_files_and_tools_of_the_standard_library(pk, bare_worker):
    bare_worker.load(by_argument(module_of(pk).f))
    assert bare_worker.ask(
        """
        import importlib, importlib.resources, inspect, os, pkgutil, pk
        [
            open(os.path.dirname(pk.__file__) + "/data/table.txt").read(),
            importlib.resources.files("pk").joinpath("data/table.txt").read_text(),
            pkgutil.get_data("pk", "data/table.txt"),
            sorted(m.name for m in pkgutil.iter_modules(pk.__path__)),
            inspect.getsource(obj).splitlines()[1],
            importlib.import_module("pk.plugins.one").name,
        ]
        """
    ) == [
        "1 2 3\n",
        "1 2 3\n",
        b"1 2 3\n",
        ["a", "b", "config", "sub"],
        "    from .b import g",
        "one",
    ]


def test_a_traceback_has_lines(project, bare_worker):
    project.write(fails="def fail():\n    raise ValueError('here')\n")
    bare_worker.load(by_argument(project.load("fails").fail))
    with pytest.raises(FarError) as caught:
        bare_worker.ask("obj()")
    assert "raise ValueError('here')" in str(caught.value)


def test_circular_imports_lazy_attributes_and_stars(project, bare_worker):
    project.write(
        circle__first="from . import second\ndef f(): return second.g()\n",
        circle__second="from . import first\ndef g(): return first.__name__\n",
        circle__lazy="X = 'lazy'\n",
        circle____init__="def __getattr__(name):\n"
        "    import importlib\n"
        "    if name == 'lazy': return importlib.import_module('circle.lazy')\n"
        "    raise AttributeError(name)\n",
        starred="from circle.first import *\nfrom circle import lazy\n"
        "def all(): return f(), lazy.X\n",
    )
    bare_worker.load(by_argument(project.load("starred").all))
    assert bare_worker.ask("obj()") == ("circle.first", "lazy")


def test_imports_for_type_checkers_alone(project, bare_worker):
    project.write(
        typed="from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    import not_there\n    import alsolocal\n"
        "def f(x: 'not_there.X'): return x\n",
        alsolocal="",
    )
    bare_worker.load(by_argument(project.load("typed").f))
    assert bare_worker.ask("obj(1)") == 1


# --- What goes ------------------------------------------------------------------------


def shipped(stream):
    """The files in a stream, by their paths; the names of the components."""
    from cppickle._shipping import components

    found = {}

    class Unpickler(pickle.Unpickler):
        def find_class(self, module, name):
            return {
                "getattr": lambda *a: lambda *b: lambda x, y: found.update(y),
                "__dict__": None,
                "eval": None,
            }.get(name, str)

    Unpickler(io.BytesIO(stream)).load()
    files = {}
    for _, _, blob in found.get("c", ()):
        files.update(components.unpacked(blob))
    return files, [name for name, _, _ in found.get("c", ())]


def test_what_goes(pk):
    files, names = shipped(by_argument(module_of(pk).f))
    assert names == ["helper", "pk"]
    assert sorted(files) == [
        "helper.py",
        "pk/__init__.py",
        "pk/a.py",
        "pk/b.py",
        "pk/config.py",
        "pk/data/table.txt",
        "pk/plugins/one.py",
        "pk/sub/__init__.py",
        "pk/sub/c.py",
    ]


def test_nothing_is_imported_for_it(pk):
    before = set(sys.modules)
    by_argument(module_of(pk).f)
    assert {"pk.b", "pk.sub", "helper", "unused"}.isdisjoint(sys.modules)
    assert not {n for n in set(sys.modules) - before if n.startswith("pk")}


@pytest.mark.parametrize("name", ["pk.tests", "pk.tests.test_a"])
def test_tests_go_when_they_are_named(name, pk):
    files, _ = shipped(by_argument(module_of(pk).f))
    assert "pk/tests/test_a.py" not in files
    files, _ = shipped(cppickle.dumps(module_of(pk).f, ship=["pk", name]))
    assert {"pk/tests/__init__.py", "pk/tests/test_a.py"} <= files.keys()


def test_tests_go_when_code_needs_them(pk):
    pk.write(pk__d="from .tests import tools\n", pk__tests__tools="x = 1\n")
    files, _ = shipped(by_argument(module_of(pk).f))
    assert "pk/tests/tools.py" in files


def test_what_nobody_wants_stays(pk):
    pk.write_all(
        {
            "pk/.git/config": "",
            "pk/env/pyvenv.cfg": "",
            "pk/env/lib/x.py": "",
            "pk/old.py~": "",
        }
    )
    files, _ = shipped(by_argument(module_of(pk).f))
    assert not [p for p in files if "git" in p or "env" in p or "~" in p]


def test_installed_distributions_stay(project, monkeypatch):
    """They have a RECORD beside them, wherever they are; editable ones have none."""
    project.write_all(
        {
            "installed_one/__init__.py": "def f(): pass\n",
            "installed_one-1.0.dist-info/RECORD": "installed_one/__init__.py,,\n",
            "beside.py": "def g(): pass\n",
        }
    )
    stream = by_argument(project.load("installed_one").f)
    assert stream == pickle.dumps(sys.modules["installed_one"].f, 5)
    assert shipped(by_argument(project.load("beside").g))[1] == ["beside"]
    named = cppickle.dumps(project.load("installed_one").f, ship=["installed_one"])
    assert shipped(named)[1] == ["installed_one"]
    assert cppickle.dumps(pytest.fixture, ship="local") == pickle.dumps(
        pytest.fixture, 5
    )


def test_metadata_goes_along(project, bare_worker):
    project.write_all(
        {
            "meta/__init__.py": "import importlib.metadata\n"
            "def version(): return importlib.metadata.version('meta-project')\n",
            "meta_project-2.5.dist-info/METADATA": "Metadata-Version: 2.1\n"
            "Name: meta-project\nVersion: 2.5\n\nA long description.\n",
            "meta_project-2.5.dist-info/RECORD": "meta/__init__.py,,\n",
            "meta_project-2.5.dist-info/licenses/LICENSE": "Do as you like.\n",
            "meta_project-2.5.dist-info/entry_points.txt": "[pk.plugins]\nx = meta:x\n",
        }
    )
    stream = cppickle.dumps(project.load("meta").version, ship=["meta"])
    bare_worker.load(stream)
    assert bare_worker.ask("obj()") == "2.5"
    assert bare_worker.ask(
        "import importlib.metadata as m\n"
        "[e.value for e in m.entry_points(group='pk.plugins')]"
    ) == ["meta:x"]
    files, _ = shipped(stream)
    assert "meta_project-2.5.dist-info/licenses/LICENSE" in files
    assert "meta_project-2.5.dist-info/RECORD" not in files


def test_metadata_of_an_editable_install(project, tmp_path, monkeypatch):
    site = tmp_path / "site-packages"
    info = site / "edited-3.1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Name: edited\nVersion: 3.1\n")
    (info / "RECORD").write_text("edited.pth,,\n")
    (info / "direct_url.json").write_text(
        f'{{"url": "{project.folder.as_uri()}", "dir_info": {{"editable": true}}}}'
    )
    monkeypatch.syspath_prepend(str(site))
    project.write(edited="def f(): pass\n")
    files, names = shipped(by_argument(project.load("edited").f))
    assert names == ["edited"]
    assert "edited-3.1.dist-info/METADATA" in files


def test_what_is_too_large(project, monkeypatch):
    from cppickle._shipping import components

    project.write_all({"big/__init__.py": "def f(): pass\n", "big/data": "x" * 5000})
    monkeypatch.setattr(components, "MOST_BYTES", 4096)
    with pytest.raises(pickle.PicklingError, match=r"big has .* \(big/data is"):
        by_argument(project.load("big").f)


def test_a_namespace_package(project, tmp_path, monkeypatch, bare_worker):
    other = tmp_path / "other"
    (other / "company" / "beta").mkdir(parents=True)
    (other / "company" / "beta" / "__init__.py").write_text("y = 2\n")
    (other / "company" / "unused.py").write_text("")
    monkeypatch.syspath_prepend(str(other))
    project.write(
        company__alpha="def f():\n  from company.beta import y\n"
        "  from company.deep.down import z\n  return y, z\n",
        company__deep__down="z = 3\n",
    )
    stream = by_argument(project.load("company.alpha").f)
    files, names = shipped(stream)
    assert names == ["company.alpha", "company.beta", "company.deep.down"]
    assert sorted(files) == [
        "company/alpha.py",
        "company/beta/__init__.py",
        "company/deep/down.py",
    ]
    assert "company.beta" not in sys.modules
    bare_worker.load(stream)
    assert bare_worker.ask("obj()") == (2, 3)


def test_a_portion_that_the_worker_has(project, tmp_path, bare_worker):
    there = tmp_path / "there"
    (there / "company").mkdir(parents=True)
    (there / "company" / "own.py").write_text("x = 'own'\n")
    bare_worker.ask(
        f"import sys\nsys.path.append({str(there)!r})\nimport company.own\nNone"
    )
    project.write(company__alpha="def f():\n  import company.own as o\n  return o.x\n")
    bare_worker.load(by_argument(project.load("company.alpha").f))
    assert bare_worker.ask("obj()") == "own"


def test_a_zip_file(project, tmp_path, monkeypatch, bare_worker):
    import zipfile

    archive = tmp_path / "lib.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("zipped/__init__.py", "from .part import f\n")
        file.writestr("zipped/part.py", "def f(): return 'zip'\n")
        file.writestr("single.py", "def g(): return 'one'\n")
    monkeypatch.syspath_prepend(str(archive))
    project.names |= {"zipped", "single"}
    stream = by_argument([project.load("zipped").f, project.load("single").g])
    bare_worker.load(stream)
    assert bare_worker.ask("[f() for f in obj]") == ["zip", "one"]


def test_a_module_that_was_loaded_by_its_path(tmp_path, project, bare_worker):
    import importlib.util

    path = tmp_path / "some-script.py"
    path.write_text("def f(): return 'by path'\n")
    spec = importlib.util.spec_from_file_location("loaded_by_path", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["loaded_by_path"] = module
    project.names.add("loaded_by_path")
    spec.loader.exec_module(module)
    bare_worker.load(by_argument(module.f))
    assert bare_worker.ask("obj()") == "by path"


# --- The bytes ------------------------------------------------------------------------


def test_the_same_bytes_again(pk):
    a = module_of(pk)
    value = [a.C(1), a.f, pk.load("pk")]
    assert len({by_argument(value) for _ in range(4)}) == 1


def test_the_same_bytes_in_another_process(pk):
    a = module_of(pk)
    with Worker(bare=False) as sender:
        sender.ask(f"import sys\nsys.path.insert(0, {str(pk.folder)!r})")
        there = sender.ask(
            "import cppickle, pk.a\ncppickle.dumps(pk.a.f, ship='local')"
        )
    assert there == by_argument(a.f)


def test_what_names_no_local_module_is_as_it_was():
    value = {"a": [1, 2], "b": io.BytesIO}
    assert cppickle.dumps(value, ship="local") == cppickle.dumps(value)
    function = define("def f(): return len([])").f
    assert cppickle.dumps(function, ship="local") == cppickle.dumps(function)
