"""A worker that lives on gets what the sender has now, also after an edit.

All stories go to one bare worker each, by plain ``pickle.loads``; the senders' scripts
stand at one path. See support.senders.
"""

import importlib.util
import sys

import pytest
from support import values
from support.changes import IN_PLACE, parts
from support.senders import living_worker, runs, session, started

EDITS = {
    "a base class": """
        class Base:
            def f(self): return VALUE
        class Job(Base):
            def run(self): return self.f()
        """,
    "an attribute of a base": """
        class Base: v = VALUE
        class Job(Base):
            def run(self): return self.v
        """,
    "a base of an empty class": """
        class Base:
            def run(self): return VALUE
        class Job(Base): pass
        """,
    "a base of a base": """
        class Root:
            def run(self): return VALUE
        class Base(Root): pass
        class Job(Base): pass
        """,
    "a helper class": """
        class Helper:
            def f(self): return VALUE
        class Job:
            def run(self): return Helper().f()
        """,
    "a class that a helper function names": """
        class Helper:
            def f(self): return VALUE
        def help(): return Helper().f()
        class Job:
            def run(self): return help()
        """,
    "the default of a dataclass": """
        import dataclasses
        @dataclasses.dataclass
        class Config:
            rate: int = VALUE
        class Job:
            def run(self): return Config().rate
        """,
    "an enum": """
        import enum
        class E(enum.Enum):
            A = VALUE
        class Job:
            def run(self): return E.A.value
        """,
    "a nested class": """
        class Job:
            class Meta:
                v = VALUE
            def run(self): return self.Meta.v
        """,
    "a metaclass": """
        class Meta(type):
            @property
            def v(cls): return VALUE
        class Job(metaclass=Meta):
            def run(self): return type(self).v
        """,
    "a descriptor's class": """
        class Descriptor:
            def __get__(self, obj, owner): return VALUE
        class Job:
            v = Descriptor()
            def run(self): return self.v
        """,
    "a class in a cycle with its helper": """
        class Helper:
            def f(self): return VALUE, Job
        class Job:
            def run(self): return Helper().f()[0]
        """,
    "a class at the end of a chain": """
        class A: v = VALUE
        class B:
            def f(self): return A.v
        class C:
            def f(self): return B().f()
        class Job:
            def run(self): return C().f()
        """,
    "a class in a list": """
        class Helper: v = VALUE
        steps = [Helper]
        class Job:
            def run(self): return steps[0].v
        """,
    "the class of an instance": """
        class Helper: v = VALUE
        helper = Helper()
        class Job:
            def run(self): return helper.v
        """,
    "the bound of a type variable": """
        import typing
        class Bound: v = VALUE
        T = typing.TypeVar("T", bound=Bound)
        class Job(typing.Generic[T]):
            def run(self): return self.__parameters__[0].__bound__.v
        """,
    "a class that is an annotation": """
        class Helper: v = VALUE
        class Job:
            def run(self, other: Helper = None):
                return Job.run.__annotations__["other"].v
        """,
    "a decorator": """
        import functools
        def scaled(f):
            @functools.wraps(f)
            def call(*args): return f(*args) * VALUE
            return call
        class Job:
            @scaled
            def run(self): return 1
        """,
}


def versions(source):
    return [source.replace("VALUE", value) for value in "12"]


@pytest.fixture(params=EDITS)
def edited(request):
    return versions(EDITS[request.param])


def test_an_edited_script_that_runs_anew(edited, on_one_worker):
    assert on_one_worker(runs(*edited, again=(0, 1))) == [1, 2, 1, 2]


def test_an_old_object_keeps_its_code(edited, on_one_worker):
    ask = "[job.run() for job in loaded]"
    assert on_one_worker(runs(*edited, ask=ask)) == [[1], [1, 2]]


@pytest.mark.parametrize("names", ["ipykernel", "console", "script"])
def test_cells_that_are_run_again(edited, on_one_worker, names):
    story = session(*edited, names=names)
    assert on_one_worker(story) == [1, 2]


@pytest.mark.parametrize("kind", ["a base class", "a helper class", "an enum"])
def test_scripts_in_processes_of_their_own(tmp_path, kind):
    with living_worker() as worker:
        for value, stream in zip((1, 2), started(tmp_path, *versions(EDITS[kind]))):
            worker.load(stream)
            assert worker.ask("obj.run()") == value


@pytest.mark.parametrize("names", ["ipykernel", "console"])
def test_one_of_two_cells_is_run_again(on_one_worker, names):
    model = """
        class Model:
            def predict(self): return {}
        """
    task = """
        # %%
        class Task:
            def run(self): return Model().predict()
        """
    cells = model.format(1) + task, model.format(100)
    assert on_one_worker(session(*cells, send="Task()", names=names)) == [1, 100]


def test_two_users_with_one_text_over_different_bases(on_one_worker):
    user = """
        class Base:
            def who(self): return "{}"
        class Config(Base): pass
        """
    story = runs(
        user.format("alice"),
        user.format("bob"),
        send="Config()",
        ask="[config.who() for config in loaded]",
        again=(0,),
    )
    assert on_one_worker(story)[-1] == ["alice", "bob", "alice"]


def test_an_old_file_where_the_class_is_a_new_one(peer):
    """A model was saved, its class was edited: the file has the code of then."""
    model = """
        class Base:
            def predict(self): return {}
        class Model(Base): pass
        """
    peer.run_main(model.format(1))
    saved = peer.dumps("Model()")
    peer.run_main(model.format(2))
    now = peer.dumps("Model()")
    peer.load(saved)
    assert peer.ask("obj.predict(), Model().predict()") == (1, 2)
    peer.load(now)
    assert peer.ask("obj.predict(), type(obj) is Model") == (2, True)


PLACES = {
    "class attribute": (
        "class Job: value = {}",
        "Job.value = {}",
        "x = type(obj).__dict__['value']",
    ),
    "global of a method": (
        "value = {}\nclass Job:\n    def run(self): return value",
        "value = {}",
        "x = obj.run()",
    ),
    "default of a method": (
        "class Job:\n    def run(self, value={}): return value",
        "Job.run.__defaults__ = ({},)",
        "x = obj.run()",
    ),
    "in a list of a class": (
        "class Job: value = [{}]",
        "Job.value[0] = {}",
        "x = obj.value[0]",
    ),
}


PLACES_OF_ALL_STORIES = "class attribute", "global of a method"


def stories_of_a_value(kind):
    """Stories by name: where the value stands, and how another one comes there."""
    found = {}
    for place, (define, change, get) in PLACES.items():
        ask = f"{get}\n{kind.ask}"
        before = kind.prelude + define.format(kind.one)
        after = kind.prelude + define.format(kind.other)
        changed = change.format(kind.other)
        told = {"ask": ask, "here": ask}
        found[place, "run anew"] = runs(before, after, **told)
        found[place, "in place, recorded"] = session(before, changed, repeats=3, **told)
        if place in PLACES_OF_ALL_STORIES:
            found[place, "cell run again"] = session(before, after, **told)
            found[place, "in place"] = session(before, changed, **told)
    return found


def wrong_answers(stories, here_and_there, **options):
    """The stories of which the worker tells something else than the senders."""
    wrong = []
    answers = here_and_there(*stories.values(), **options)
    for name, (there, here) in zip(stories, answers):
        if there != here:
            wrong.append(f"{name}: {there} instead of {here}")
        elif len(here) > 1 and here[0] == here[1]:
            wrong.append(f"{name}: the change shows nowhere: {here}")
    return wrong


@pytest.mark.parametrize("kind", values.KINDS)
def test_another_value(kind, here_and_there):
    stories = stories_of_a_value(values.KINDS[kind])
    wrong = wrong_answers(stories, here_and_there)
    assert not wrong, "\n".join(wrong)


@pytest.fixture(scope="module")
def worker_with_numpy():
    if not importlib.util.find_spec("numpy"):
        pytest.skip("numpy is not installed")
    with living_worker(bare=False) as worker:
        worker.ask("import numpy")
        yield worker


@pytest.mark.parametrize("kind", values.WITH_NUMPY)
def test_another_value_of_numpy(kind, here_and_there, worker_with_numpy):
    stories = stories_of_a_value(values.WITH_NUMPY[kind])
    wrong = wrong_answers(stories, here_and_there, worker=worker_with_numpy)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("change", IN_PLACE)
def test_a_change_in_place(change, here_and_there):
    if change.startswith("annotations of") and sys.version_info >= (3, 14):
        pytest.xfail("the function that makes annotations travels, not their dict")
    first, then, ask = parts(IN_PLACE[change])
    of_the_class, in_a_list = "obj = obj()\n" + ask, "obj = obj[1]\n" + ask
    stories = {
        "once": session(first, then, ask=ask, here=ask),
        "recorded": session(first, then, "", ask=ask, here=ask, repeats=4),
        "class alone": session(
            first, then, send="Job", ask=of_the_class, here=of_the_class
        ),
        "in a list": session(
            first, then, send="[Job, Job()]", ask=in_a_list, here=in_a_list, repeats=3
        ),
    }
    wrong = wrong_answers(stories, here_and_there)
    assert not wrong, "\n".join(wrong)
