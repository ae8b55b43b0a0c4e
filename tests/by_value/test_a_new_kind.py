"""A kind of object that is added in a few lines, and every use that follows from it.

What an object consists of is said once, by its reducer. Here that is a registered one,
of a type whose content no attribute shows: writing, the ids and tokens of classes,
repeated dumps, equal bytes in every process and the update of a worker come of it.
"""

import copyreg
import textwrap

import pytest
from support.processes import dumped_in_main
from support.senders import runs, session

import cppickle

KIND = """
    import copyreg

    class Sealed:
        "Nothing of its content is an attribute: it stands in a table of the module."
        __slots__ = ("__weakref__",)
        def content(self): return CONTENTS[id(self)]

    CONTENTS = {}
    def sealed(*items):
        made = Sealed()
        CONTENTS[id(made)] = list(items)
        return made
    copyreg.pickle(Sealed, lambda made: (opened, tuple(made.content())))
    def opened(*items): return list(items)
    """
JOB = """
    box = sealed(1, {item})
    class Job:
        count = 0
        def run(self): return box
    """


def job(item):
    return textwrap.dedent(KIND) + textwrap.dedent(JOB.format(item=item))


def test_it_is_written(on_one_worker):
    assert on_one_worker(runs(job("'a'"))) == [[1, "a"]]


def test_another_content_is_another_class(on_one_worker):
    assert on_one_worker(runs(job("'a'"), job("'b'"))) == [[1, "a"], [1, "b"]]


@pytest.mark.parametrize("repeats", [1, 3])
def test_a_change_in_place_arrives(on_one_worker, repeats):
    story = session(job("'a'"), "box.content().append(2)", repeats=repeats)
    assert on_one_worker(story)[-1] == [1, "a", 2]


def test_equal_content_leaves_the_class_alone(on_one_worker):
    question = "type(obj).count += 1; obj.count"
    story = runs(job("'a'"), job("'a'"), ask=question)
    assert on_one_worker(story) == [1, 2]


def test_equal_bytes_in_every_process():
    source = job("frozenset(['x', 'y', 'z'])")
    streams = {dumped_in_main(source, "Job", hash_seed=seed) for seed in range(3)}
    assert len(streams) == 1


def test_its_reducer_runs_once_a_dump():
    class Counted:
        pass

    asked = []
    counted = Counted()

    class Job:
        def run(self):
            return counted

    copyreg.pickle(Counted, lambda made: asked.append(made) or (int, (3,)))
    try:
        for dumps in range(1, 5):
            cppickle.dumps([Job])
            assert len(asked) == dumps
    finally:
        del copyreg.dispatch_table[Counted]
