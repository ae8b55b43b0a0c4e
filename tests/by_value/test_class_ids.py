"""class_ids: one class for equal content, or one for each process that sends it."""

import gc
import os
import pickle
import sys
import textwrap
import types

import pytest
from support.processes import Worker, passed_on
from support.senders import runs, session
from support.source import define

import cppickle

SOURCE = """
    import enum, typing
    class Meta(type): pass
    class Base(metaclass=Meta): pass
    class Color(enum.Enum): RED = 1
    class Job(Base):
        count = 0
        def run(self): return Helper().n, Color.RED.value
    class Helper: n = 1
    """
BY_PROCESS = """
    import cppickle
    cppickle.set_default(class_ids="process")
    """


def dumps(obj):
    return cppickle.dumps(obj, class_ids="process")


def own_stream(source, expression="Job", *, by_process=True, repeats=1):
    """The stream of a process of its own."""
    with Worker(bare=False) as sender:
        sender.run_main(BY_PROCESS if by_process else "")
        sender.run_main(source)
        for _ in range(repeats):
            stream = sender.dumps(expression)
        return stream


# --- On a worker ----------------------------------------------------------------------


def test_two_senders_are_one_class_by_default(bare_worker):
    streams = [own_stream(SOURCE, by_process=False) for _ in range(2)]
    assert streams[0] == streams[1]
    bare_worker.load(streams[0], "one")
    bare_worker.ask("one.mine = 7")
    bare_worker.load(streams[1], "two")
    assert bare_worker.ask("one is two, two.mine") == (True, 7)


@pytest.mark.parametrize("repeats", [1, 3])
def test_two_senders_are_two_classes_by_process(bare_worker, repeats):
    for name in ("one", "two"):
        bare_worker.load(own_stream(SOURCE, repeats=repeats), name)
        bare_worker.ask(f"{name}.mine = {name!r}")
    assert bare_worker.ask("one is two, one.mine, two.mine") == (False, "one", "two")
    assert bare_worker.ask("one().run(), two().run()") == ((1, 1), (1, 1))
    reached = "[vars(c.run.__globals__['{}']) for c in (one, two)]"
    for name in ("Helper", "Color"):
        assert bare_worker.ask(reached.format(name) + "\n1") == 1
        parts = f"[c.run.__globals__[{name!r}] for c in (one, two)]"
        assert bare_worker.ask(f"a, b = {parts}\na is b") is False
    assert bare_worker.ask("one.__base__ is two.__base__") is False
    assert bare_worker.ask("type(one) is type(two)") is False


def test_what_worker_code_sets_stays_for_its_sender(on_one_worker):
    ask = "was = getattr(type(obj), 'mine', 0)\ntype(obj).mine = was + 1\nwas"
    by_content = runs(SOURCE, SOURCE, repeats=2, ask=ask, again=[0])
    by_process = runs(*[BY_PROCESS + SOURCE] * 2, repeats=2, ask=ask, again=[0, 1, 0])
    assert on_one_worker(by_content, by_process) == [[0, 1, 2], [0, 0, 1, 1, 2]]


def test_equal_definitions_of_one_process_are_one_class(on_one_worker):
    source = "import gc\nJob = None\ngc.collect()\nclass Job: n = 1"
    begin = textwrap.dedent(BY_PROCESS) + source
    story = session(begin, begin, ask="type(obj) is type(loaded[0])")
    assert on_one_worker(story) == [True, True]


EDITS = {
    "an attribute": ("Job.count = 5", "type(obj).count", [0, 5]),
    "a method": ("Job.run = lambda self: 2", "obj.run()", [(1, 1), 2]),
    "code": ("Job.run.__code__ = (lambda self: 3).__code__", "obj.run()", [(1, 1), 3]),
    "a helper": ("Helper.n = 9", "obj.run()", [(1, 1), (9, 1)]),
    "a base": ("Base.extra = 4", "getattr(obj, 'extra', None)", [None, 4]),
    "deleted": ("del Job.count", "hasattr(obj, 'count')", [True, False]),
}


@pytest.mark.parametrize("repeats", [1, 3])
@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_in_place_arrives(on_one_worker, edit, repeats):
    change, ask, expected = EDITS[edit]
    versions = (BY_PROCESS + SOURCE, change)
    ask = f"type(obj).mine = 1\n{ask}"
    assert on_one_worker(session(*versions, ask=ask, repeats=repeats)) == expected
    one_class = session(*versions, ask="loaded[0].__class__ is type(obj)")
    assert on_one_worker(one_class) == [True, True]


def test_an_edit_that_is_undone_arrives(on_one_worker):
    story = session(
        BY_PROCESS + SOURCE,
        "Job.count = 5",
        "Job.count = 0",
        repeats=3,
        ask="type(obj).count",
        again=[1, 2],
    )
    assert on_one_worker(story) == [0, 5, 0, 5, 0]


def test_equal_content_leaves_the_class_alone(bare_worker):
    made = define(SOURCE)
    bare_worker.load(dumps(made.Job))
    bare_worker.ask("obj.count = 7")
    bare_worker.load(dumps([made.Job(), made.Job]), "again")
    assert bare_worker.ask("again[1] is obj, again[0].count") == (True, 7)


# --- At home --------------------------------------------------------------------------

KINDS = {
    "a class": SOURCE,
    "an enum": "import enum\nclass Job(enum.Enum): ONE = 1",
    "a type variable": "import typing\nJob = typing.TypeVar('Job')",
    "slots": "class Job: __slots__ = 'a', 'b'",
    "content that is not determined": "class Job:\n  x = bytes(3_000_000)",
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("first", ["content", "process"])
def test_it_comes_home_in_both_ways(kind, first):
    job = define(KINDS[kind]).Job
    streams = [cppickle.dumps(job, class_ids=first), dumps(job)]
    streams += [cppickle.dumps(job), dumps(job)]
    for stream in (*streams, *map(passed_on, streams)):
        assert pickle.loads(stream) is job
    assert dumps(job) == dumps(job) or "not determined" in kind


def test_instances_come_home(peer):
    made = define(SOURCE)
    for class_ids in ("process", "content", "process"):
        peer.load(cppickle.dumps(made.Job(), class_ids=class_ids))
        for way in ("content", "process"):
            peer.ask(f"import cppickle; cppickle.set_default(class_ids={way!r})")
            returned = pickle.loads(peer.dumps("[obj, type(obj)]"))
            assert isinstance(returned[0], made.Job)
            assert returned[1] is made.Job


def test_an_own_class_is_not_reset():
    made = define(SOURCE)
    streams = [dumps(made.Job), cppickle.dumps(made.Job)]
    made.Job.count = 8
    for stream in streams:
        assert pickle.loads(stream).count == 8


def test_what_a_stream_brought_keeps_its_id(peer, bare_worker):
    made = define(SOURCE)
    for stream in (cppickle.dumps(made.Job), dumps(made.Helper)):
        peer.load(stream)
        peer.ask("import cppickle; cppickle.set_default(class_ids='process')")
        bare_worker.load(stream, "direct")
        bare_worker.load(peer.dumps("obj"), "detour")
        assert bare_worker.ask("direct is detour") is True


def test_both_ways_are_two_classes_elsewhere(bare_worker):
    job = define(SOURCE).Job
    bare_worker.load(dumps(job), "own")
    bare_worker.load(cppickle.dumps(job), "shared")
    assert bare_worker.ask("own is shared") is False


def test_classes_made_alike_stay_apart(bare_worker):
    make = define("def make():\n  class C: pass\n  return C").make
    both = make(), make()
    bare_worker.load(dumps(both[0]), "one")
    bare_worker.load(dumps(both), "both")
    assert bare_worker.ask("both[0] is one, both[1] is one") == (True, False)
    assert pickle.loads(dumps(both)) == both


def test_another_tracker_gives_other_entries(monkeypatch):
    job = define(SOURCE).Job
    for _ in range(3):
        stream = dumps(job)
    for name in [n for n in vars(sys) if n.startswith("_cppickle_")]:
        monkeypatch.delattr(sys, name)  # the helper, too, which keeps its tracker
    for _ in range(3):
        assert pickle.loads(dumps(job)) is job
    assert stream


# --- Recordings -----------------------------------------------------------------------


@pytest.mark.parametrize("obj", ["Job", "[Job]", "Job()", "lambda: Job"])
@pytest.mark.parametrize("period", [1, 2, 3, 5])
def test_recorded_dumps_of_alternating_ways(obj, period):
    made = define(SOURCE + f"obj = {obj}")
    first = {way: cppickle.dumps(made.obj, class_ids=way) for way in WAYS}
    assert first["content"] != first["process"]
    for n in range(60):
        way = WAYS[n // period % 2]
        assert cppickle.dumps(made.obj, class_ids=way) == first[way]


WAYS = ["content", "process"]


def test_recorded_dumps_and_an_edit():
    made = define(SOURCE)
    seen = {way: [] for way in WAYS}
    for count in (0, 1, 0):
        made.Job.count = count
        for way in WAYS * 4:
            seen[way].append(cppickle.dumps(made.Job, class_ids=way))
    for streams in seen.values():
        assert [len(set(streams[n : n + 4])) for n in (0, 4, 8)] == [1, 1, 1]
        assert streams[0] == streams[8] != streams[4]
    assert not set(seen["content"]) & set(seen["process"])


# --- Fork -----------------------------------------------------------------------------


def in_fork(function):
    """What the function gives in a fork of this process."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, pickle.dumps(function()))
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        found = pipe.read()
    os.waitpid(child, 0)
    return pickle.loads(found)


@pytest.mark.parametrize("before", [0, 1, 4])
def test_a_fork_has_ids_of_its_own(bare_worker, before):
    gc.collect()  # an equal class that dies between two dumps makes ids of them differ
    job = define("class Job:\n  n = 1").Job
    for _ in range(before):
        dumps(job)
    streams = [in_fork(lambda: [dumps(job) for _ in range(4)]) for _ in range(2)]
    streams.append([dumps(job) for _ in range(4)])
    for n, same in enumerate(streams):
        assert len(set(same)) == 1
        bare_worker.load(same[0], f"job{n}")
    assert bare_worker.ask("len({job0, job1, job2})") == 3
    assert len({in_fork(lambda: cppickle.dumps(job)), cppickle.dumps(job)}) == 1


def test_a_fork_knows_its_parent_s_classes():
    job = define(SOURCE).Job
    stream = dumps(job)
    found = in_fork(
        lambda: (pickle.loads(dumps(job)) is job, pickle.loads(stream) is job)
    )
    assert found == (True, True)


# --- With cloudpickle -----------------------------------------------------------------


def test_cloudpickle_brings_it_home(peer):
    cloudpickle = pytest.importorskip("cloudpickle")
    made = define("class Job:\n  n = 1")
    for first, second in (WAYS, WAYS[::-1]):
        made = define(f"class Job:\n  n = {first!r}")
        cppickle.dumps(made.Job, class_ids=first)
        stream = cppickle.dumps(made.Job, class_ids=second)
        peer.ask("import cloudpickle")
        peer.load(stream)
        back = peer.ask("cloudpickle.dumps(obj)")
        assert pickle.loads(back) is made.Job
        assert pickle.loads(cloudpickle.dumps(made.Job)) is made.Job


def test_a_class_in_a_namespace_that_foreign_code_dumps():
    """A dump in a dump with the other ids."""
    made = define("class Job:\n  n = 1")
    inner = types.SimpleNamespace()

    class Outer:
        def __reduce__(self):
            inner.stream = cppickle.dumps(made.Job, class_ids="content")
            return list, ((made.Job,),)

    stream = dumps([made.Job, Outer(), made.Job])
    assert inner.stream == cppickle.dumps(made.Job)
    assert stream == dumps([made.Job, Outer(), made.Job])
    assert pickle.loads(stream) == [made.Job, [made.Job], made.Job]
