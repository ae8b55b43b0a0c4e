"""What worker code did to a class stays; what the sender changed or deleted arrives."""

import pickle

import pytest
from support.processes import Worker, passed_on
from support.senders import Story, runs, session
from support.source import define

import cppickle

JOB = """
    class Base:
        shared = 1
    class Job(Base):
        count = 0
        old = 1
        def run(self): return 1
    """
EDIT = """
    Job.count = 10
    Job.new = 3
    Job.run = lambda self: 2
    del Job.old
    """


def of_class(*versions, **options):
    return session(*versions, send="Job", **options)


def test_attributes_come_and_go_and_the_worker_s_own_stay(on_one_worker):
    answers = on_one_worker(
        of_class(
            JOB,
            EDIT,
            "Job.count = 20\ndel Job.new",
            ask=[
                "obj.mine = 7\nvars(obj).get('old')",
                "obj.count, obj.new, obj().run(), hasattr(obj, 'old'), obj.mine",
                "obj.count, hasattr(obj, 'new'), obj().run(), obj.mine",
            ],
        )
    )
    assert answers == [1, (10, 3, 2, False, 7), (20, False, 2, 7)]


def test_an_attribute_that_comes_back(on_one_worker):
    story = of_class(
        JOB, "del Job.old", "Job.old = 5", ask="getattr(obj, 'old', None)", again=(1, 0)
    )
    assert on_one_worker(story) == [1, None, 5, None, 1]


def test_the_worker_s_own_stay_on_a_base_too(on_one_worker):
    ask = ["obj.__base__.mine = 7", "obj.__base__.mine, obj.shared, obj.more"]
    story = of_class(JOB, "Base.shared = 2\nBase.more = 3", ask=ask)
    assert on_one_worker(story) == [None, (7, 2, 3)]


def test_a_method_that_the_worker_added(on_one_worker):
    ask = ["obj.there = lambda self: 7", "obj().there(), obj().run()"]
    assert on_one_worker(of_class(JOB, EDIT, ask=ask)) == [None, (7, 2)]


# What happens at the sender without a change of what it sends.
NO_CHANGE = {
    "nothing": (JOB, ""),
    "a dump": (JOB, "Job()"),
    "a log call": (
        """
        import logging
        log = logging.getLogger("app.job")
        class Job:
            count = 0
            def run(self): log.debug("x")
        """,
        "log.debug('hello')",
    ),
    "another logger": (
        """
        import logging
        log = logging.getLogger("app.job")
        class Job:
            count = 0
            def run(self): log.debug("x")
        """,
        "logging.getLogger('app.job.part'), logging.getLogger('app')",
    ),
    "a method was called": (JOB, "for _ in range(10_000): Job().run()"),
    "a subclass was made": (JOB, "class More(Job): pass"),
    "an instance was made": (JOB, "job = Job()\njob.n = 1"),
    "a check with an ABC": (
        """
        import abc
        class Shape(abc.ABC): pass
        class Job(Shape): count = 0
        """,
        "isinstance(1, Shape), issubclass(int, Job)",
    ),
    "annotations of a method were read": (
        JOB,
        "Job.run.__annotations__, Job.run.__dict__, Job.run.__kwdefaults__",
    ),
    "the dict of an exception was made": (
        "error = ValueError(1)\n"
        "class Job:\n    count = 0\n    def run(self): return error",
        "error.__dict__",
    ),
    "a pattern was used": (
        "import re\nr = re.compile('a')\n"
        "class Job:\n    count = 0\n    def run(self): return r",
        "r.match('a')",
    ),
    "the same value again": (JOB, "Job.count = 0"),
    "an equal value": (JOB + "    name = 'a-b'", "Job.name = '-'.join('ab')"),
    "a collection of garbage": (JOB, "import gc\ngc.collect()"),
    "a global that no method names": (JOB, "elsewhere = 2"),
    "a slot of an instance elsewhere": (JOB, "Base().x = 1"),
    "a weak reference": (JOB, "import weakref\nkept = weakref.ref(Job)"),
    "a helper ran": (
        """
        class Helper:
            def f(self): return Job
        class Job:
            count = 0
            def run(self): return Helper().f()
        """,
        "Job().run()",
    ),
    "an enum was used": (
        """
        import enum
        class E(enum.Flag): A, B = 1, 2
        class Job:
            count = 0
            def run(self): return E.A
        """,
        "E.A | E.B, E(3), repr(E.A), E['A'], ~E.A",
    ),
}


@pytest.fixture(params=NO_CHANGE)
def unchanged(request):
    return NO_CHANGE[request.param]


@pytest.mark.parametrize("repeats", [1, 3])
def test_equal_content_leaves_the_class_alone(unchanged, on_one_worker, repeats):
    ask = ["obj.count = 5\nobj.count", "obj.count"]
    assert on_one_worker(of_class(*unchanged, ask=ask, repeats=repeats)) == [5, 5]


def test_equal_content_of_another_process(unchanged, on_one_worker):
    first, _ = unchanged
    ask = ["obj.count = 5\nobj.count", "obj.count, loaded[0] is obj"]
    assert on_one_worker(runs(first, first, send="Job", ask=ask)) == [5, (5, True)]


def test_edited_in_place_it_is_one_class(on_one_worker):
    ask = "type(loaded[0]) is type(obj), loaded[0].run(), obj.run()"
    assert on_one_worker(session(JOB, EDIT, ask=ask))[1] == (True, 2, 2)


def test_a_helper_edited_in_place_leaves_one_class(on_one_worker):
    ask = "type(loaded[0]) is type(obj), loaded[0].shared, obj.shared"
    story = session(JOB, "Base.shared = 2", ask=ask)
    assert on_one_worker(story)[1] == (True, 2, 2)


@pytest.mark.parametrize("tell", [runs, session], ids=["run anew", "cell run again"])
@pytest.mark.parametrize(
    "edit",
    [
        ("return 1", "return 2"),
        ("count = 0", "count = 1"),
        ("shared = 1", "shared = 2"),
    ],
    ids=["a method", "an attribute", "its base"],
)
def test_executed_anew_with_other_content_it_is_another(on_one_worker, tell, edit):
    ask = "type(loaded[0]) is type(obj), isinstance(obj, type(loaded[0]))"
    story = tell(JOB, JOB.replace(*edit), ask=ask)
    assert on_one_worker(story)[1] == (False, False)


def test_executed_anew_with_the_first_content_it_is_the_first(on_one_worker):
    ask = "[type(job) is type(obj) for job in loaded]"
    story = runs(JOB, JOB.replace("count = 0", "count = 1"), JOB, ask=ask)
    assert on_one_worker(story)[2] == [True, False, True]


def test_one_of_two_processes_edits_in_place(on_one_worker):
    """Both began with one content; whatever is loaded last runs its own code."""
    story = Story([[JOB, EDIT], [JOB, ""]], again=(1, 0, 2))
    assert on_one_worker(story) == [1, 2, 1, 1, 2, 1, 1]


def test_edits_by_way_of_another_process(peer, bare_worker):
    made = define(JOB)
    for count in 1, 2, 3, 2:
        made.Job.count = count
        made.Job.run.__code__ = (lambda self: self.count * 10).__code__
        peer.load(cppickle.dumps(made.Job()))
        assert peer.ask("obj.count, obj.run()") == (count, 10 * count)
        bare_worker.load(peer.dumps("obj"))
        assert bare_worker.ask("obj.count, obj.run()") == (count, 10 * count)


@pytest.fixture
def job():
    return define(JOB).Job


def changed(job):
    job.count = 10
    job.new = 3
    job.run.__code__ = (lambda self: 2).__code__
    del job.old


def test_the_sender_s_class_is_not_reset_by_its_own_stream(job):
    stream = cppickle.dumps(job())
    changed(job)
    back = pickle.loads(stream)
    assert type(back) is job
    assert (job.count, job.new, back.run(), hasattr(job, "old")) == (10, 3, 2, False)


def test_nor_by_one_that_comes_back_from_elsewhere(job, peer):
    peer.load(cppickle.dumps(job()))
    changed(job)
    back = pickle.loads(peer.dumps("obj"))
    assert type(back) is job
    assert (job.count, job.new, back.run(), hasattr(job, "old")) == (10, 3, 2, False)


def test_nor_when_it_was_changed_there(job, peer):
    peer.load(cppickle.dumps(job()))
    peer.ask("type(obj).count = 50\ntype(obj).there = 1")
    pickle.loads(peer.dumps("obj"))
    assert (job.count, hasattr(job, "there")) == (0, False)


def test_nor_when_a_base_was_changed_here(peer):
    made = define(JOB)
    peer.load(cppickle.dumps(made.Job()))
    made.Base.shared = 2
    back = pickle.loads(peer.dumps("obj"))
    assert (type(back) is made.Job, back.shared) == (True, 2)


def test_a_class_that_went_out_twice_and_came_back_once(job):
    streams = [passed_on(cppickle.dumps(job()))]
    changed(job)
    streams.append(passed_on(cppickle.dumps(job())))
    for stream in *streams, *reversed(streams):
        assert type(pickle.loads(stream)) is job
        assert (job.count, hasattr(job, "old")) == (10, False)


def test_each_process_s_edit_wins_at_home_only(job):
    """Sent there, edited here and there, and sent here and there again."""
    with Worker(bare=False) as other:
        other.run_main(JOB.replace("count = 0", "count = 1"))
        theirs = pickle.loads(other.dumps("Job()"))
        other.load(cppickle.dumps([job(), theirs]))
        job.count = 2
        other.ask("import __main__\n__main__.Job.count = 3")
        back = pickle.loads(other.dumps("obj"))
        assert type(back[0]) is job
        assert (back[0].count, back[1].count) == (2, 3)
