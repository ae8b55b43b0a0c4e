"""One class, one object: in a worker that gets it twice, and in its sender."""

import gc
import pickle
import weakref

import pytest
from support.processes import Worker, passed_on
from support.source import define

import cppickle

COUNTER = """
    class Counter:
        count = 1
        def up(self):
            type(self).count += 1
            return self.count
    """

KINDS = {
    "a class": COUNTER,
    "an enum": "import enum\nclass Counter(enum.Enum): ONE = 1",
    "a dataclass": "import dataclasses\n@dataclasses.dataclass\n"
    "class Counter: n: int = 0",
    "a named tuple": "import collections\n"
    "Counter = collections.namedtuple('Counter', 'a b')",
    "a metaclass": "class Meta(type): pass\nclass Counter(metaclass=Meta): pass",
    "a type variable": "import typing\nCounter = typing.TypeVar('Counter')",
    "slots": "class Counter: __slots__ = 'a', 'b'",
}


def pytest_generate_tests(metafunc):
    if "kind" in metafunc.fixturenames:
        metafunc.parametrize("kind", KINDS)


def test_two_loads_give_one_class(bare_worker, kind):
    counter = define(KINDS[kind]).Counter
    bare_worker.load(cppickle.dumps(counter), "a")
    bare_worker.load(cppickle.dumps([counter, counter]), "b")
    assert bare_worker.ask("a is b[0] is b[1]") is True


@pytest.mark.parametrize("worker", ["bare_worker", "peer"])
def test_a_class_that_died_is_built_again_whole(request, worker):
    worker = request.getfixturevalue(worker)
    stream = cppickle.dumps(define(COUNTER).Counter)
    worker.load(stream)
    worker.ask("import gc; del obj; gc.collect()")
    worker.load(stream)
    assert worker.ask("obj().up()") == 2


def test_the_sender_s_own_class_is_built_again_whole():
    stream = cppickle.dumps(define(COUNTER).Counter)
    gc.collect()
    assert pickle.loads(stream)().up() == 2


def test_the_sender_gets_its_own_class_back(roundtrip, kind):
    counter = define(KINDS[kind]).Counter
    assert roundtrip(counter) is counter


def test_a_detour_gives_the_same_class(bare_worker, kind):
    stream = cppickle.dumps(define(KINDS[kind]).Counter)
    bare_worker.load(stream, "a")
    bare_worker.load(passed_on(stream), "b")
    assert bare_worker.ask("a is b") is True


def test_back_home_after_a_detour(peer):
    counter = define(COUNTER).Counter
    peer.load(cppickle.dumps(counter()))
    returned = pickle.loads(peer.dumps("obj"))
    assert type(returned) is counter


def test_instances_of_two_loads_have_one_class(bare_worker):
    counter = define(COUNTER).Counter
    bare_worker.load(cppickle.dumps(counter), "cls")
    bare_worker.load(cppickle.dumps(counter()), "one")
    bare_worker.load(cppickle.dumps([counter()]), "more")
    assert bare_worker.ask("isinstance(one, cls), type(more[0]) is cls") == (True, True)


def test_a_subclass_meets_the_base_that_is_there(bare_worker):
    made = define("class Base: pass\nclass Derived(Base): pass")
    bare_worker.load(cppickle.dumps(made.Base), "base")
    bare_worker.load(cppickle.dumps(made.Derived), "derived")
    assert bare_worker.ask("derived.__base__ is base") is True


def test_classes_made_alike_stay_apart(bare_worker):
    make = define("def make():\n  class C: pass\n  return C").make
    one, two = make(), make()
    bare_worker.load(cppickle.dumps(one), "one")
    bare_worker.load(cppickle.dumps(two), "two")
    bare_worker.load(cppickle.dumps([one, two]), "both")
    assert bare_worker.ask("one is two, [one, two] == both") == (False, True)


def test_a_second_load_does_not_reset_the_receiver_s_state(bare_worker):
    counter = define(COUNTER).Counter
    stream = cppickle.dumps(counter)
    bare_worker.load(stream)
    assert bare_worker.ask("obj().up(), obj().up()") == (2, 3)
    bare_worker.load(stream, "again")
    bare_worker.load(cppickle.dumps(counter()), "instance")
    assert bare_worker.ask("again.count, instance.up()") == (3, 4)


def test_loading_does_not_reset_the_sender_s_state(roundtrip):
    counter = define(COUNTER).Counter
    stream = cppickle.dumps([counter, counter()])
    counter().up()
    counter.added = "later"
    again, instance = pickle.loads(stream)
    assert again is type(instance) is counter
    assert (counter.count, counter.added) == (2, "later")


def test_loading_does_not_replace_the_sender_s_methods():
    counter = define(COUNTER).Counter
    up = counter.up
    assert pickle.loads(cppickle.dumps(counter)).up is up


def test_changed_state_is_applied(bare_worker):
    counter = define(COUNTER).Counter
    bare_worker.load(cppickle.dumps(counter), "a")
    counter.count = 50
    counter.added = "new"
    bare_worker.load(cppickle.dumps(counter), "b")
    assert bare_worker.ask("a is b, a.count, a.added") == (True, 50, "new")


def test_a_changed_method_is_applied(bare_worker):
    made = define(COUNTER)
    bare_worker.load(cppickle.dumps(made.Counter()), "a")
    made.Counter.up = define("def up(self): return 'changed'").up
    bare_worker.load(cppickle.dumps(made.Counter), "b")
    assert bare_worker.ask("a.up()") == "changed"


def test_state_changed_there_and_back_is_applied(bare_worker):
    counter = define(COUNTER).Counter
    for count in (1, 2, 1):
        counter.count = count
        bare_worker.load(cppickle.dumps(counter))
        assert bare_worker.ask("obj.count") == count


def test_enum_members_of_two_loads_are_the_same(bare_worker):
    made = define("import enum\nclass Colour(enum.Enum):\n  RED = 1\n  BLUE = 2")
    bare_worker.load(cppickle.dumps(made.Colour.RED), "red")
    bare_worker.load(cppickle.dumps(made.Colour), "colour")
    bare_worker.load(cppickle.dumps({made.Colour.RED: made.Colour.BLUE}), "table")
    assert bare_worker.ask("red is colour.RED, table[red] is colour.BLUE") == (
        True,
        True,
    )


def test_a_type_variable_is_shared_by_function_and_class(bare_worker):
    source = """
        from typing import Generic, TypeVar
        T = TypeVar("T")
        class Box(Generic[T]): pass
        """
    made = define(source)
    bare_worker.load(cppickle.dumps(made.Box), "box")
    bare_worker.load(cppickle.dumps(made.T), "t")
    assert bare_worker.ask("box.__parameters__ == (t,)") is True


def test_the_tracker_keeps_no_class_alive(roundtrip):
    counter = define(COUNTER).Counter
    gone = weakref.ref(counter)
    roundtrip([counter, counter()])
    del counter
    gc.collect()
    assert gone() is None


def test_the_receiver_s_tracker_keeps_no_class_alive(bare_worker):
    bare_worker.load(cppickle.dumps(define(COUNTER).Counter))
    question = """
        import gc, weakref
        gone = weakref.ref(obj)
        obj = None
        gc.collect()
        gone() is None
        """
    assert bare_worker.ask(question) is True


def test_a_class_that_was_collected_is_built_again(bare_worker):
    stream = cppickle.dumps(define(COUNTER).Counter)
    bare_worker.load(stream)
    bare_worker.ask("import gc\nobj.count = 9\nobj = None\ngc.collect()")
    bare_worker.load(stream)
    assert bare_worker.ask("obj.count, obj().up()") == (1, 2)


def test_a_class_that_its_sender_dropped_is_built_again():
    stream = cppickle.dumps(define(COUNTER).Counter)
    gc.collect()
    counter = pickle.loads(stream)
    assert counter().up() == 2


@pytest.mark.parametrize("value", ["Decimal('2')", "2", "helper"])
def test_a_changed_global_of_a_method_arrives(value):
    source = """
        from decimal import Decimal
        def helper(): return 1
        RATE = 1
        class Job:
            def run(self): return RATE() if callable(RATE) else RATE
        """
    with Worker() as worker, Worker(bare=False) as sender:
        sender.run_main(source)
        worker.load(sender.dumps("Job"))
        assert worker.ask("obj().run()") == 1
        change = f"def helper(): return 2\n__main__.RATE = {value}"
        sender.run_main(f"import __main__\nfrom decimal import Decimal\n{change}")
        worker.load(sender.dumps("Job"))
        assert worker.ask("int(obj().run())") == 2
