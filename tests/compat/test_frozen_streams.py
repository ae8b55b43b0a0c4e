"""Streams that releases of cloudpickle wrote load where only cppickle is installed."""

import zipfile

import pytest
from support.frozen import PYTHON, QUESTIONS, archives
from support.processes import Worker, run_child

ARCHIVES = archives("cloudpickle")

NO_CLOUDPICKLE = """
    import sys
    class Blocker:
        @staticmethod
        def find_spec(name, path, target=None):
            if name.split(".")[0] == "cloudpickle":
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    sys.meta_path.insert(0, Blocker)
    """


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
    assert cppickle.loads(stream, buffers=iter([1]))(2) == 8
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
