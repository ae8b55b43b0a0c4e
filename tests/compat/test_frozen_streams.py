"""Streams that releases of cloudpickle wrote load where only cppickle is installed."""

import pathlib
import sys
import zipfile

import pytest
from support.processes import Worker, run_child

FOLDER = pathlib.Path(__file__).parent.parent / "frozen"
PYTHON = "{}.{}".format(*sys.version_info)
ARCHIVES = {
    path.name.split("-")[1]: path for path in FOLDER.glob(f"*-python-{PYTHON}.zip")
}

NO_CLOUDPICKLE = """
    import sys
    class Blocker:
        @staticmethod
        def find_spec(name, path, target=None):
            if name.split(".")[0] == "cloudpickle":
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    sys.meta_path.insert(0, Blocker)
    """

# What is asked about each stream, and the answer.  Faults of cloudpickle are in the
# streams: functions share no cells, and before 3.1 dataclasses lose their fields.
QUESTIONS = {
    "functions": [
        (
            "up, value, even, odd, scaled = obj\nup(2), up(twice=True), value()",
            (7, 9, 5),
        ),
        (
            "up.__doc__, up.__annotations__",
            ("Count up.", {"twice": bool, "return": int}),
        ),
        ("even(10), odd(10), even.__globals__ is odd.__globals__", (True, False, True)),
        ("scaled(2), scaled.note, scaled.__module__", (7, "an attribute", "__main__")),
    ],
    "submodule": [("obj('<a/>')", "a")],
    "empty_cell": [("try: obj()\nexcept NameError: empty = 1\nempty", 1)],
    "partial": [("obj(2)", 8)],
    "code": [("eval(obj)", 42)],
    "classes": [
        ("base, derived, instance = obj\ninstance.who()", "derived base"),
        ("type(instance) is derived, issubclass(derived, base)", (True, True)),
        ("instance.double, derived.made().n, derived.fee(20)", (8, 7, 2)),
        ("derived.__doc__, derived.unit", ("A class of the sender.", "m")),
    ],
    "method": [("obj(), obj.__self__.n", ("derived base", 4))],
    "abstract": [
        ("import inspect\ninspect.isabstract(obj)", True),
        ("issubclass(tuple, obj), issubclass(list, obj)", (True, False)),
    ],
    "enums": [
        ("colour, red, high = obj\nred is colour.RED is colour(1)", True),
        ("red.label(), list(colour.__members__)", ("red", ["RED", "BLUE"])),
        ("high == 2, type(high).__name__", (True, "Level")),
    ],
    "dataclass": [
        ("order, made = obj\nmade.number, made.parts, made.kind", (6, [], "order")),
        ("order(1, 5).number, order(4) == order(4)", (5, True)),
    ],
    "generic": [
        ("T, Box, alias, box = obj\nalias.__origin__ is Box, box.content", (True, 1)),
        ("T.__name__, T.__bound__, Box.__parameters__ == (T,)", ("T", int, True)),
    ],
    "module": [("obj.ask(), obj.__name__", (42, "made_here"))],
    "imported_modules": [
        ("import functools, xml.dom.minidom\nobj == [functools, xml.dom.minidom]", True)
    ],
    "views": [
        ("[type(v).__name__ for v in obj]", ["dict_keys", "dict_values", "dict_items"]),
        ("[list(v) for v in obj]", [["a"], [1], [("a", 1)]]),
    ],
    "ordered_views": [
        ("[type(v).__name__[:5] for v in obj]", ["odict"] * 3),
        ("[list(v) for v in obj]", [["a", "b"], [1, 2], [("a", 1), ("b", 2)]]),
    ],
    "types": [
        ("obj[:3] == [type(None), type(...), type(NotImplemented)]", True),
        ("obj[3] is type(lambda: 0)", True),
    ],
    "buffers": [("bytes(obj[0]), dict(obj[1])", (b"ab", {"a": 1}))],
    "weak_set": [("list(obj[1]) == [obj[0]]", True)],
    "loggers": [
        ("import logging", None),
        ("obj == [logging.getLogger('a.b'), logging.getLogger()]", True),
    ],
    "file": [("obj.read(), obj.seek(0), obj.read()", ("text", 0, "some text"))],
}


@pytest.fixture(scope="module", params=["cppickle.loads", "pickle.loads"])
def loader(request):
    """A process without cloudpickle, and the library to load with there."""
    library = request.param.split(".")[0]
    with Worker(bare=False) as worker:
        worker.run_main(NO_CLOUDPICKLE)
        if library == "pickle":
            worker.run_main("import cppickle\ncppickle.install()")
        yield worker, library


def stream_of(version, name):
    with zipfile.ZipFile(ARCHIVES[version]) as archive:
        return archive.read(name)


@pytest.mark.skipif(not ARCHIVES, reason=f"no streams of Python {PYTHON}")
def test_the_streams_are_those_that_are_asked_about():
    for path in ARCHIVES.values():
        assert set(zipfile.ZipFile(path).namelist()) == set(QUESTIONS)


@pytest.mark.parametrize("version", sorted(ARCHIVES))
@pytest.mark.parametrize("name", QUESTIONS)
def test_a_stream(loader, version, name):
    worker, library = loader
    worker.load(stream_of(version, name), library=library)
    for question, answer in QUESTIONS[name]:
        assert worker.ask(question) == answer


@pytest.mark.parametrize("version", [v for v in ARCHIVES if v >= "3.1"])
def test_the_fields_of_a_dataclass(loader, version):
    worker, library = loader
    worker.load(stream_of(version, "dataclass"), library=library)
    worker.ask("import dataclasses as d")
    question = "[f.name for f in d.fields(obj[0])], d.asdict(obj[1])"
    expected = (["number", "parts"], {"number": 6, "parts": []})
    assert worker.ask(question) == expected


@pytest.mark.parametrize("version", sorted(ARCHIVES))
@pytest.mark.parametrize("name", ["classes", "enums", "generic"])
def test_a_class_is_built_once(loader, version, name):
    worker, library = loader
    stream = stream_of(version, name)
    worker.load(stream, "first", library=library)
    worker.load(stream, "second", library=library)
    assert worker.ask("first[0] is second[0] and first[1] is second[1] or first[1:]")


@pytest.mark.parametrize("version", sorted(ARCHIVES)[-1:])
def test_load_and_other_options(version):
    stream = stream_of(version, "partial")
    run_child(
        f"""{NO_CLOUDPICKLE}
    import io, pickle, cppickle
    stream = {stream!r}
    for data in stream, bytearray(stream), memoryview(stream):
        assert cppickle.loads(data)(2) == 8
        assert cppickle.loads(data, encoding="bytes", buffers=[])(2) == 8
    assert cppickle.load(io.BytesIO(stream))(2) == 8
    assert cppickle.load(io.BytesIO(stream), encoding="bytes")(2) == 8
    assert "cloudpickle" not in sys.modules
    for consumed in [], [1]:
        try:
            cppickle.loads(stream, buffers=iter(consumed))
        except ModuleNotFoundError as error:
            assert error.name == "cloudpickle"
        else:
            raise AssertionError("an iterator was read twice")
    for data, kind in [(b"ccloudpickle.more\\nx\\n.", ModuleNotFoundError),
                       (b"ccloudpickle\\nmissing\\n.", AttributeError),
                       (b"cmissing.module\\nx\\n.", ModuleNotFoundError)]:
        for load in cppickle.loads, lambda data: cppickle.load(io.BytesIO(data)):
            try:
                load(data)
            except kind as error:
                pass
            else:
                raise AssertionError(data)
    """
    )
