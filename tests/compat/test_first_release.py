"""Streams that releases of cppickle wrote load for ever, with what is written today."""

import pytest
from support.frozen import OF_CPPICKLE, PYTHON, archives, streams
from support.processes import Worker, passed_on
from support.source import define

import cppickle

ARCHIVES = archives("cppickle")
CLASSES = ["classes", "enums", "dataclass", "metaclass", "slots", "flag", "exception"]

pytestmark = pytest.mark.skipif(not ARCHIVES, reason=f"no streams of Python {PYTHON}")


@pytest.fixture(scope="module", params=sorted(ARCHIVES))
def release(request):
    """The streams of one release, by name."""
    return streams(ARCHIVES[request.param])


@pytest.fixture(scope="module", params=["bare", "with cppickle"])
def one_worker(request):
    """A process that loads the streams of all tests."""
    with Worker(bare=request.param == "bare") as worker:
        if request.param != "bare":
            worker.ask("import cppickle")
        yield worker


def check(worker, name):
    for question, answer in OF_CPPICKLE[name]:
        assert worker.ask(question) == answer


def test_the_streams_are_those_that_are_asked_about(release):
    assert set(release) == set(OF_CPPICKLE)


@pytest.mark.parametrize("name", OF_CPPICKLE)
def test_a_stream(release, one_worker, name):
    one_worker.load(release[name])
    check(one_worker, name)


@pytest.mark.parametrize("name", OF_CPPICKLE)
def test_a_stream_that_is_passed_on(release, bare_worker, name):
    bare_worker.load(passed_on(release[name]))
    check(bare_worker, name)


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_is_built_once(release, one_worker, name):
    one_worker.load(release[name], "first")
    one_worker.load(release[name], "second")
    assert one_worker.ask("first[0] is second[0]") is True


def test_all_of_them_among_streams_of_today(release, bare_worker):
    """What a release has left in the tracker of a worker does no harm, either way."""
    made = define("class Base:\n  def who(self): return 'today'\nclass C(Base): pass")
    today = cppickle.dumps(made.C())
    for name, stream in release.items():
        bare_worker.load(stream, "old")
        bare_worker.load(today, "new")
        assert bare_worker.ask("new.who()") == "today"
        bare_worker.load(stream)
        check(bare_worker, name)


@pytest.mark.parametrize("first", ["release", "today"])
def test_a_class_of_then_and_of_today_with_one_name(release, bare_worker, first):
    source = """
        class Base:
            def who(self): return "base of today"
        class Derived(Base):
            def who(self): return "today " + super().who()
        """
    today = cppickle.dumps(define(source).Derived())
    order = [("old", release["classes"]), ("new", today)]
    for name, stream in order if first == "release" else reversed(order):
        bare_worker.load(stream, name)
    answers = bare_worker.ask("old[2].who(), new.who()")
    assert answers == ("derived base", "today base of today")


def test_a_worker_s_state_stays(release, one_worker):
    one_worker.load(release["classes"], "first")
    one_worker.ask("first[1].unit = 'km'\nfirst[1].seen = 1")
    one_worker.load(release["classes"], "second")
    assert one_worker.ask("second[1].unit, second[1].seen") == ("km", 1)
    one_worker.ask("first[1].unit = 'm'\ndel first[1].seen")


def test_in_this_process(release):
    """Loaded by cppickle.loads, dumped by today's code, loaded again: one class."""
    old = cppickle.loads(release["classes"])
    assert cppickle.loads(cppickle.dumps(old[2])).who() == "derived base"
    assert type(cppickle.loads(cppickle.dumps(old[2]))) is old[1]
