"""Where shipments arrive: once, in folders that go away, and beside other modules."""

import pickle
import sys
import threading

import pytest
from support.processes import FarError, Worker

import cppickle

PLACE = "import os, sys\nos.path.dirname(os.path.dirname(sys.modules['pk'].__file__))"


def local(obj, **options):
    return cppickle.dumps(obj, ship="local", **options)


def sent_anew(project, name):
    """A module as a sender that begins anew imports and packs it."""
    from cppickle._shipping import selecting, shipments

    project.forget()
    shipments._components.clear()
    selecting._selections.clear()
    return project.load(name)


# --- Once -----------------------------------------------------------------------------


def test_it_is_put_in_place_once(pk, bare_worker):
    a = pk.load("pk.a")
    bare_worker.load(local(a.f), "first")
    assert bare_worker.ask("first(1)") == 10
    before = bare_worker.ask("import sys\nlen(sys.path)")
    bare_worker.load(local(a.f), "again")
    bare_worker.load(local([a.C(1)]), "other")
    assert bare_worker.ask("first is again, other[0].m()") == (True, 10)
    assert bare_worker.ask("len(sys.path)") == before
    assert bare_worker.ask("sorted(sys._cppickle_shipped)") == ["helper", "pk"]


def test_it_comes_last_on_the_path(pk, bare_worker):
    before = bare_worker.ask("import sys\nsys.path")
    bare_worker.load(local(pk.load("pk.a").f))
    assert bare_worker.ask("sys.path")[: len(before)] == before


def test_the_folder_goes_with_the_process(pk, tmp_path):
    with Worker() as worker:
        worker.ask(f"import os\nos.environ['TMPDIR'] = {str(tmp_path)!r}\nNone")
        worker.load(local(pk.load("pk.a").f))
        assert worker.ask("obj(1)") == 10
        folder = worker.ask(PLACE)
        assert len(list(tmp_path.glob("cppickle-*"))) == 1
    assert not list(tmp_path.glob("cppickle-*")), folder


def test_forked_children_leave_it(pk, bare_worker):
    bare_worker.load(local(pk.load("pk.a").f))
    ended = bare_worker.ask(
        """
        import os, sys
        child = os.fork()
        if child == 0:
            sys.modules["atexit"]._run_exitfuncs()
            os._exit(0)
        os.waitpid(child, 0)[1]
        """
    )
    assert ended == 0
    assert bare_worker.ask("obj(1)") == 10


def test_a_forked_child_gets_more(pk, project, bare_worker):
    bare_worker.load(local(pk.load("pk.b").g))
    project.write(later="def f(): return 'later'\n")
    streams = local(project.load("later").f), local(pk.load("pk.a").f)
    question = "import pk.b, os\nobj.__name__, os.path.exists(pk.b.__file__)"
    [(_, answers)] = bare_worker.live([[(stream, question) for stream in streams]])
    found = [pickle.loads(value) for _, value in answers]
    assert found == [("f", True), ("f", True)]
    assert bare_worker.ask("import sys, pk.b\nsorted(sys._cppickle_shipped)") == [
        "helper",
        "pk",
    ]


@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
def test_children_of_a_worker(method, pk, bare_worker):
    bare_worker.load(local([pk.load("pk.a").f, pk.load("pk.a").C(3)]))
    assert bare_worker.ask(
        f"""
        import multiprocessing
        function, thing = obj
        with multiprocessing.get_context({method!r}).Pool(1) as pool:
            found = pool.map(function, [1, 2]), pool.apply(type(thing).m, (thing,))
        found
        """
    ) == ([10, 20], 30)


def test_threads_that_load_at_once(pk, bare_worker):
    a = pk.load("pk.a")
    bare_worker.load(pickle.dumps([local(a.f), local(a.C(2))]))
    assert bare_worker.ask(
        """
        import pickle, sys, threading
        sys.setswitchinterval(1e-6)
        start, found = threading.Barrier(8), []
        def load(stream):
            start.wait()
            found.append(pickle.loads(stream))
        threads = [threading.Thread(target=load, args=(obj[i % 2],)) for i in range(8)]
        [t.start() for t in threads]
        [t.join() for t in threads]
        functions = {f for f in found if callable(f)}
        classes = {type(c) for c in found if not callable(c)}
        folders = sum("cppickle-" in path for path in sys.path)
        len(found), len(functions), len(classes), folders
        """
    ) == (8, 1, 1, 2)


def test_threads_that_dump_at_once(pk):
    a = pk.load("pk.a")
    expected, found = local(a.f), []
    start = threading.Barrier(8)

    def dump():
        start.wait()
        found.extend(local(a.f) for _ in range(20))

    threads = [threading.Thread(target=dump) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 160
    assert set(found) == {expected}


def test_another_version_of_python(pk):
    """Source is of no version, and neither are streams without bytecode."""
    from support.processes import SECONDS

    for name in ("python3.10", "python3.12", "python3.13"):
        python = interpreter(name)
        if python is None:
            continue
        with Worker(python=python, seconds=SECONDS) as worker:
            worker.load(local([pk.load("pk.a").C(4)]))
            assert worker.ask("obj[0].m()") == 40


def interpreter(name):
    import glob
    import os
    import shutil

    version = name.removeprefix("python")
    root = os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv"))
    found = sorted(glob.glob(f"{root}/versions/{version}.*/bin/python"))
    return found[-1] if found else shutil.which(name)


# --- Beside other modules -------------------------------------------------------------


@pytest.mark.parametrize("is_imported", [False, True])
def test_the_same_module_on_the_worker_is_used(is_imported, pk, tmp_path, bare_worker):
    import shutil

    there = shutil.copytree(pk.folder, tmp_path / "there")
    bare_worker.ask(f"import sys\nsys.path.append({str(there)!r})")
    if is_imported:
        bare_worker.ask("import pk.a\nNone")
    bare_worker.load(local(pk.load("pk.a").f))
    assert bare_worker.ask("obj(1)") == 10
    assert bare_worker.ask(PLACE) == str(there)


@pytest.mark.parametrize("is_imported", [False, True])
def test_another_module_on_the_worker_is_an_error(
    is_imported, pk, tmp_path, bare_worker
):
    there = tmp_path / "there"
    (there / "pk").mkdir(parents=True)
    (there / "pk" / "__init__.py").write_text("version = 'another'\n")
    bare_worker.ask(f"import sys\nsys.path.append({str(there)!r})")
    if is_imported:
        bare_worker.ask("import pk\nNone")
    with pytest.raises(FarError) as caught:
        bare_worker.load(local(pk.load("pk.a").f))
    assert caught.value.kind == "ImportError"
    assert "pk was shipped, but this process has another" in caught.value.message
    assert str(there / "pk" / "__init__.py") in caught.value.message
    assert bare_worker.ask("import pk\npk.version") == "another"


def test_a_name_of_the_standard_library_is_the_worker_s(project, bare_worker):
    """Such a module is never local; on the worker the name leads elsewhere."""
    assert local(__import__("json").dumps) == pickle.dumps(__import__("json").dumps, 5)


def test_a_version_that_nobody_has_imported_is_replaced(project, bare_worker):
    project.write(late="x = 1\n", user="def f():\n  import late\n  return late.x\n")
    bare_worker.load(local(project.load("user").f), "first")
    project.write(late="x = 2\n")
    bare_worker.load(local(sent_anew(project, "user").f))
    count = "import sys\nsum('cppickle-' in path for path in sys.path)"
    assert bare_worker.ask("obj()") == 2
    assert bare_worker.ask(count) == 2


def test_a_version_in_use_is_not_mixed_with_another(pk, bare_worker):
    bare_worker.load(local(pk.load("pk.a").f), "first")
    assert bare_worker.ask("first(1)") == 10
    pk.write(pk__b="def g(x): return -x\n")
    stream = local(sent_anew(pk, "pk.a").f)
    with pytest.raises(FarError, match="another version of it has come") as caught:
        bare_worker.load(stream)
    assert caught.value.kind == "ImportError"
    assert bare_worker.ask("first(1)") == 10


def test_two_senders_of_one_version(pk, bare_worker):
    a = pk.load("pk.a")
    with Worker(bare=False) as sender:
        sender.ask(f"import sys\nsys.path.insert(0, {str(pk.folder)!r})")
        other = sender.ask(
            "import cppickle, pk.a\ncppickle.dumps(pk.a.C(1), ship='local')"
        )
    bare_worker.load(other, "first")
    bare_worker.load(local(a.C(2)), "second")
    assert bare_worker.ask("type(first) is type(second), first.m()") == (True, 10)


def test_a_peer_sends_it_on(pk, bare_worker):
    with Worker(bare=False) as peer:
        peer.load(local(pk.load("pk.a").f))
        there = peer.ask("import cppickle\ncppickle.dumps(obj, ship='local')")
    assert there == local(pk.load("pk.a").f)
    bare_worker.load(there)
    assert bare_worker.ask("obj(1)") == 10


# --- Compiled modules -----------------------------------------------------------------


@pytest.fixture
def compiled(project):
    """A package with a compiled module and a fallback; the module is of json's."""
    import _json

    file = getattr(_json, "__file__", None)
    if file is None:
        import _sqlite3 as _json

        file = _json.__file__
    import pathlib

    data = pathlib.Path(file).read_bytes()
    name = pathlib.Path(file).name
    project.write_all(
        {
            "fast/__init__.py": "try:\n    from ._json import make_encoder as f\n"
            "    kind = 'compiled'\n"
            "except ImportError as error:\n    kind = str(error)\n"
            "def how(): return kind\n",
            f"fast/{name}": data,
        }
    )
    if not name.startswith("_json."):
        pytest.skip("this Python has _json built in")
    return project


def test_a_compiled_module(compiled, bare_worker):
    bare_worker.load(local(compiled.load("fast").how))
    assert bare_worker.ask("obj()") == "compiled"


def test_a_compiled_module_of_another_platform(compiled, monkeypatch, bare_worker):
    from cppickle._shipping import components

    monkeypatch.setattr(components, "platform", lambda: "another machine")
    bare_worker.load(local(compiled.load("fast").how))
    assert bare_worker.ask("'fast/_json' in obj()") is True
    assert bare_worker.ask("'was built for another machine' in obj()") is True


# --- Shipments ------------------------------------------------------------------------


def test_a_shipment_is_sent_once(pk, bare_worker):
    a = pk.load("pk.a")
    shipment = cppickle.shipment("local")
    assert {"pk", "helper"} <= shipment.digests.keys()
    assert all(len(digest) == 32 for digest in shipment.digests.values())
    stream = cppickle.dumps(a.f, ship=shipment)
    assert len(stream) < 600 < len(local(a.f))
    bare_worker.load(cppickle.shipment(["pk", "helper"]).stream, "nothing")
    assert bare_worker.ask("nothing is None") is True
    bare_worker.load(stream)
    assert bare_worker.ask("obj(2)") == 20
    assert repr(cppickle.shipment(["pk"])) == "<shipment of pk>"


def test_a_worker_that_lacks_it(pk, bare_worker):
    shipment = cppickle.shipment(["pk", "helper"])
    stream = cppickle.dumps(pk.load("pk.a").f, ship=shipment)
    for _ in range(2):
        with pytest.raises(FarError, match="shipment") as caught:
            bare_worker.load(stream)
        assert caught.value.kind == "ImportError"
    pk.write(first="def f(): return 1\n")
    bare_worker.load(local(pk.load("first").f))  # now it has the helper
    with pytest.raises(FarError, match="only by its digest") as caught:
        bare_worker.load(stream)
    assert caught.value.kind == "ImportError"
    bare_worker.load(shipment.stream)
    bare_worker.load(stream)
    assert bare_worker.ask("obj(1)") == 10


def test_what_is_not_in_a_shipment_goes_in_full(pk, bare_worker):
    shipment = cppickle.shipment(["local", "pk"])
    pk.write(later="import pk.a\ndef f(): return pk.a.f(1)\n")
    stream = cppickle.dumps(pk.load("later").f, ship=shipment)
    bare_worker.load(cppickle.shipment(["pk", "helper"]).stream)
    bare_worker.load(stream)
    assert bare_worker.ask("obj()") == 10


def test_a_shipment_is_pickled_by_its_digests(pk):
    shipment = cppickle.shipment(["pk", "helper"])
    copy = pickle.loads(cppickle.dumps(shipment))
    assert copy.digests == shipment.digests
    assert len(copy.stream) < 500
    a = pk.load("pk.a")
    assert cppickle.dumps(a.f, ship=copy) == cppickle.dumps(a.f, ship=shipment)


# --- Executors ------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.parametrize("once", [False, True])
def test_an_executor(method, once, pk, monkeypatch):
    import multiprocessing

    a = pk.load("pk.a")
    pk.load("pk.b")
    ship = cppickle.shipment(["pk", "helper"]) if once else "local"
    first = {"initializer": pickle.loads, "initargs": (ship.stream,)} if once else {}
    # What is spawned gets sys.path, which must not lead to the project.
    monkeypatch.setattr(sys, "path", [p for p in sys.path if p != str(pk.folder)])
    context = multiprocessing.get_context(method)
    with cppickle.ProcessPoolExecutor(
        1, mp_context=context, ship=ship, **first
    ) as pool:
        assert pool.submit(a.f, 3).result(60) == 30
        found = pool.submit(lambda: a.C(5)).result(60)
    assert type(found) is a.C
    assert found.x == 5
