"""One class has one identity, whoever sends it: cppickle or a copy of cloudpickle."""

import pickle
import pickletools
import sys
import types
import zlib

import pytest
from support.processes import Worker, run_child
from support.source import define

import cppickle

cloudpickle = pytest.importorskip("cloudpickle")

KINDS = {
    "class": ("class Made:\n    x = 1\n    def f(self): return 2\n", "Made"),
    "enum": ("import enum\nclass Made(enum.Enum):\n    A = 1\n    B = 2\n", "Made"),
    "dataclass": (
        "import dataclasses\n@dataclasses.dataclass\nclass Made:\n    x: int = 1\n",
        "Made",
    ),
    "type variable": ("import typing\nMade = typing.TypeVar('Made')\n", "Made"),
}


@pytest.fixture(params=KINDS)
def made(request):
    source, name = KINDS[request.param]
    return getattr(define(source), name)


def vendored(name):
    """A second copy of cloudpickle, as libraries carry it, under `name`."""
    package = types.ModuleType(name)
    package.__path__ = []
    source = cloudpickle.cloudpickle.__spec__.loader.get_source(
        "cloudpickle.cloudpickle"
    )
    copy = types.ModuleType(f"{name}.cloudpickle")
    sys.modules[name], sys.modules[f"{name}.cloudpickle"] = package, copy
    exec(compile(source, copy.__name__, "exec"), copy.__dict__)
    return copy


@pytest.fixture(params=["ray", "pyspark", "joblib.externals"])
def copy(request, monkeypatch):
    name = f"{request.param}.cloudpickle"
    for part in [
        "ray",
        "pyspark",
        "joblib",
        "joblib.externals",
        name,
        f"{name}.cloudpickle",
    ]:
        monkeypatch.setitem(sys.modules, part, types.ModuleType(part))
    return vendored(name)


def test_a_class_of_cppickle_comes_back_from_cloudpickle(made):
    cppickle.dumps(made)
    assert pickle.loads(cloudpickle.dumps(made)) is made


def test_a_class_of_cloudpickle_comes_back_from_cppickle(made):
    cloudpickle.dumps(made)
    assert pickle.loads(cppickle.dumps(made)) is made


def test_ids_are_the_same(made):
    cloudpickle.dumps(made)
    ours = cppickle.dumps(made)
    theirs = cloudpickle.cloudpickle._get_or_create_tracker_id(made)
    assert theirs.encode() in ours


def test_a_copy_that_others_carry(made, copy):
    cppickle.dumps(made)
    assert copy._DYNAMIC_CLASS_TRACKER_BY_CLASS[made]
    assert pickle.loads(copy.dumps(made)) is made


def test_an_id_from_a_copy(made, copy):
    copy.dumps(made)
    assert copy._DYNAMIC_CLASS_TRACKER_BY_CLASS[made].encode() in cppickle.dumps(made)


def test_a_copy_that_is_imported_later(made, monkeypatch):
    for _ in range(4):
        cppickle.dumps(made)
    name = "ray.cloudpickle"
    for part in ["ray", name, f"{name}.cloudpickle"]:
        monkeypatch.setitem(sys.modules, part, types.ModuleType(part))
    copy = vendored(name)
    for _ in range(2):
        cppickle.dumps(made)
    assert made in copy._DYNAMIC_CLASS_TRACKER_BY_CLASS


@pytest.fixture
def far():
    """A process with cloudpickle and pickle, and without cppickle."""
    with Worker(bare=False) as worker:
        worker.ask("import sys\nsys.modules['cppickle'] = None")
        yield worker


def returned(far, made, library):
    far.load(cppickle.dumps((made, 0)), library="pickle")
    return far.ask(f"import {library}\n{library}.dumps(obj[0])")


def test_a_detour_where_only_cloudpickle_is(far, made):
    far.ask("import cloudpickle")
    assert pickle.loads(returned(far, made, "cloudpickle")) is made


def test_there_and_back_by_cloudpickle_twice(far, made):
    far.ask("import cloudpickle")
    first = pickle.loads(returned(far, made, "cloudpickle"))
    second = pickle.loads(returned(far, made, "cloudpickle"))
    assert first is second is made


def test_a_stream_of_cppickle_where_cloudpickle_sent_the_class(far, made):
    """It has been there and here by cloudpickle; cppickle's stream finds it there."""
    far.run_main("class Sent:\n    x = 1\n    def f(self): return 2\n")
    stream = far.ask(
        "import cloudpickle, __main__\n__main__.Sent.late = 5\n"
        "cloudpickle.dumps(__main__.Sent)"
    )
    with Worker(bare=False) as peer:
        peer.load(stream)
        answer = peer.dumps("obj")
    far.load(answer)
    assert far.ask("import __main__\nobj is __main__.Sent, obj.late, obj().f()") == (
        True,
        5,
        2,
    )


def test_a_stream_does_not_reset_the_class_that_cloudpickle_sent(far):
    far.run_main("class Sent:\n    x = 1\n")
    stream = far.ask("import cloudpickle, __main__\ncloudpickle.dumps(__main__.Sent)")
    with Worker(bare=False) as peer:
        peer.load(stream)
        answer = peer.dumps("obj")
    far.ask("import __main__\n__main__.Sent.x = 2")
    far.load(answer)
    assert far.ask("obj.x") == 2


def test_a_blocked_cloudpickle_does_no_harm():
    source = """
        import sys, pickle
        sys.modules["cloudpickle"] = sys.modules["cloudpickle.cloudpickle"] = None
        import cppickle
        class Made: pass
        print(pickle.loads(cppickle.dumps(Made)) is Made)
    """
    assert run_child(source).split() == ["True"]


def test_a_class_that_cannot_be_hashed_is_in_no_table_of_theirs(bare_worker):
    source = (
        "class Meta(type):\n"
        "    __hash__ = None\n"
        "    def __eq__(cls, other): return True\n"
        "class Made(metaclass=Meta):\n    x = 1\n"
    )
    bare_worker.load(cppickle.dumps(define(source).Made))
    assert bare_worker.ask("obj.x") == 1


def test_the_helper_is_small():
    """Packed, it is in streams with a class, once, and in no others."""
    two = define("class C: pass\nclass D: y = 1\n")
    packed = packed_helpers(cppickle.dumps([two.C, two.D]))
    assert len(packed) == 1
    assert len(packed[0]) <= 670
    assert not packed_helpers(cppickle.dumps(define("f = lambda: 0\n").f))


def packed_helpers(stream):
    return [
        argument
        for _, argument, _ in pickletools.genops(stream)
        if b"_lookup_class_or_track" in unpacked(argument)
    ]


def unpacked(argument):
    try:
        return zlib.decompress(argument)
    except (TypeError, zlib.error):
        return b""


def test_where_bytes_may_not_be_compared_with_anything_else():
    source = """
        import cppickle
        class Made:
            def f(self): return 1
        class Derived(Made):
            x = 2
        stream = cppickle.dumps([Made, Derived, Derived()])
        print(stream.hex())
    """
    loading = """
        import pickle
        stream = bytes.fromhex({!r})
        print([pickle.loads(stream)[2].f() for _ in range(3)])
    """
    flags = ["-bb", "-W", "error"]
    loading = loading.format(run_child(source, flags=flags).strip())
    assert run_child(loading, flags=[*flags, "-I", "-S"]) == "[1, 1, 1]\n"


def test_a_process_compiles_the_helper_once(tmp_path):
    made = define("class C: pass\nclass D: y = 1\n")
    path = tmp_path / "streams"
    path.write_bytes(pickle.dumps([*map(cppickle.dumps, [made.C, made.D, made.C])]))
    source = f"""
        import pickle, sys
        compiled = []
        def notice(event, arguments):
            if event == "compile":
                compiled.append(arguments)
        with open({str(path)!r}, "rb") as file:
            streams = pickle.load(file)
        sys.addaudithook(notice)
        for stream in streams:
            pickle.loads(stream)
            print(len(compiled))
    """
    first, second, third = map(int, run_child(source).split())
    assert first > 0
    assert first == second == third
