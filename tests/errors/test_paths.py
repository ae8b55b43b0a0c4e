"""An error names the object by its path from the root, in the words of Python code."""

import collections
import io
import pickle
import select
import sys
import threading
import types

import pytest
from support.source import define

import cppickle

LOCK = threading.Lock()


class Holder:
    def __init__(self, **attributes):
        vars(self).update(attributes)


class Slotted:
    __slots__ = ("name", "held")

    def __init__(self, held):
        self.name, self.held = "n", held


class SlottedWithDict(Slotted):
    pass


class Refused(Exception):
    """What the unpicklable thing of the user raises."""


class Refuses:
    def __reduce__(self):
        raise Refused("not me", 5)


def failure(obj, **options):
    """The exception that dumping `obj` raises."""
    with pytest.raises(Exception) as caught:
        cppickle.dumps(obj, **options)
    return caught.value


def path(obj):
    return failure(obj).cppickle_path


def with_setattr(obj, **attributes):
    for name, value in attributes.items():
        setattr(obj, name, value)
    return obj


DATA = {
    "obj": LOCK,
    "obj[0]": [LOCK],
    "obj[2]": [1, 2, LOCK],
    "obj[1500]": [*range(1500), LOCK],
    "obj[1]": (1, LOCK),
    "obj[0][1]": ((1, LOCK, 2, 3, 4),),
    "obj['k']": {"a": 1, "k": LOCK},
    "obj[3]['k']": [0, 1, 2, {"k": LOCK}],
    "obj[3]['k'].attr": [0, 1, 2, {"k": Holder(attr=LOCK)}],
    "obj[5]": {5: LOCK},
    "obj[(1, 'a')]": {(1, "a"): LOCK},
    "obj[None]": {**{n: n for n in range(1500)}, None: LOCK},
    "obj.attr": Holder(a=1, attr=LOCK),
    "obj.a.b.c": Holder(a=Holder(b=Holder(c=LOCK))),
    "obj.name.held": with_setattr(Slotted(1), name=Slotted(LOCK)),
    "obj.held": Slotted(LOCK),
    "obj.extra": with_setattr(SlottedWithDict(1), extra=LOCK),
    "obj.x": types.SimpleNamespace(y=1, x=LOCK),
    "obj['o']": collections.OrderedDict(a=1, o=LOCK),
    "obj['d']": collections.defaultdict(list, d=LOCK),
}


@pytest.mark.parametrize("expected", DATA)
def test_data(expected):
    assert path(DATA[expected]) == expected
    assert eval(expected, {"obj": DATA[expected]}) is LOCK


FUNCTIONS = {
    "job.__closure__['x']": "def make(x):\n  def job(): return x\n  return job\n"
    "obj = make(lock)\nobj.__qualname__ = 'job'",
    "make.<locals>.job.__closure__['cfg']['db']._lock": """
        class DB: pass
        def make(cfg):
            def job(): return cfg
            return job
        obj = make({"db": DB()})
        obj.__closure__[0].cell_contents["db"]._lock = lock
        """,
    "train.__globals__['client'].session._lock": """
        class Client: pass
        client = Client()
        client.session = Client()
        client.session._lock = lock
        def train(): return client
        obj = train
        """,
    "outer.__globals__['inner'].__globals__['lock']": """
        def inner(): return lock
        def outer(): return inner
        obj = outer
        """,
    "f.__defaults__[0]": "def f(x=lock): pass\nobj = f",
    "f.__defaults__[1]['k']": "def f(x=1, y={'k': lock}): pass\nobj = f",
    "f.__kwdefaults__['x']": "def f(*, a=1, x=lock): pass\nobj = f",
    "f.attr": "def f(): pass\nf.attr = lock\nobj = f",
    "<lambda>.__globals__['lock']": "obj = lambda: lock",
    "Cls.method.__globals__['lock']": "class Cls:\n  def method(self): return lock\n"
    "obj = Cls.method",
}


@pytest.mark.parametrize("expected", FUNCTIONS)
def test_functions(expected):
    assert path(define(FUNCTIONS[expected], lock=LOCK).obj) == expected


def test_annotations():
    job = define("def f(): pass").f
    job.__annotations__ = {"x": LOCK}
    assert path(job) == "f.__annotations__['x']"


CLASSES = {
    "Cls.attr": "class Cls:\n  attr = lock\nobj = Cls",
    "Cls.table['k']": "class Cls:\n  table = {'k': lock}\nobj = Cls",
    "Cls.method.__globals__['lock']": "class Cls:\n  def method(self): return lock\n"
    "obj = Cls",
    "Outer.Inner.attr": "class Outer:\n  class Inner:\n    attr = lock\n"
    "obj = Outer.Inner",
    "Cls.method.__defaults__[0]": "class Cls:\n  def method(self, x=lock): pass\n"
    "obj = Cls",
}


@pytest.mark.parametrize("expected", CLASSES)
def test_classes(expected):
    assert path(define(CLASSES[expected], lock=LOCK).obj) == expected


def test_what_an_instance_s_class_holds():
    made = define("class Cls:\n  attr = lock", lock=LOCK)
    assert path(made.Cls()).endswith(".attr")
    assert path([made.Cls()]).startswith("obj[0]")


def test_a_base_class():
    made = define("class Base:\n  attr = lock\nclass Cls(Base): pass", lock=LOCK)
    assert path(made.Cls).startswith("Cls.")
    assert path(made.Cls).endswith(".attr")


def test_a_bound_method():
    made = define("class Cls:\n  def job(self): pass\nc = Cls()")
    made.c.lock = LOCK
    assert path(made.c.job).endswith(".__self__.lock")


def test_a_dynamic_module():
    module = types.ModuleType("made_here")
    module.lock = LOCK
    assert path(module) == "made_here.lock"
    assert path([module]) == "obj[0].lock"


class ReducesTo:
    def __init__(self, *arguments, state=None):
        self.value = (Holder, arguments, state)

    def __reduce__(self):
        return self.value


def test_arguments_of_a_reduce_value():
    assert path(ReducesTo(LOCK)) == "obj.__reduce__()[1][0]"
    assert path(ReducesTo(1, {"k": LOCK})) == "obj.__reduce__()[1][1]['k']"
    assert path([ReducesTo(1, LOCK)]) == "obj[0].__reduce__()[1][1]"


def test_state_of_a_reduce_value():
    assert path(ReducesTo(state={"attr": LOCK})) == "obj.attr"
    assert path(ReducesTo(state=(None, {"slot": LOCK}))) == "obj.slot"


class WithState:
    def __init__(self, state):
        self.state = state

    def __getstate__(self):
        return self.state


def test_state_of_getstate():
    assert path(WithState({"attr": LOCK})) == "obj.attr"
    assert path(WithState([LOCK])).startswith("obj")


def test_keys_and_elements_have_a_path_too():
    assert path({1: 1, LOCK: 1}) == "list(obj)[1]"
    assert path([{LOCK: 1}]) == "list(obj[0])[0]"
    assert path([{LOCK}]) == "list(obj[0])[0]"
    assert path({"k": frozenset([LOCK])}) == "list(obj['k'])[0]"


def test_a_shared_object_is_named_where_it_was_met_first():
    shared = [LOCK]
    assert path({"first": shared, "second": shared}) == "obj['first'][0]"


def test_a_path_through_a_cycle_is_finite():
    loop = []
    loop.append([loop, {"k": loop}, Holder(up=loop, lock=LOCK)])
    assert path(loop) == "obj[0][2].lock"


def test_a_very_long_path_is_told_all_the_same():
    deep = LOCK
    for _ in range(100_000):
        deep = [deep]
    found = path(deep)
    assert found.startswith("obj[0][0]")
    assert found.endswith("[0]")


def test_a_key_whose_repr_is_long_or_fails():
    class Rude:
        def __repr__(self):
            raise ZeroDivisionError

    assert "x" * 20 in path({"x" * 5000: LOCK})
    assert type(failure({Rude(): LOCK})) is TypeError
    assert path({Rude(): LOCK}).startswith("obj[")


class TestHowItIsTold:
    def test_the_type_and_arguments_of_a_user_s_error_stay(self):
        error = failure({"k": Refuses()})
        assert type(error) is Refused
        assert error.args == ("not me", 5)
        assert error.cppickle_path == "obj['k']"

    def test_the_error_of_a_lock_stays(self):
        error = failure([LOCK])
        with pytest.raises(TypeError) as expected:
            pickle.dumps([LOCK])
        assert type(error) is TypeError
        assert error.args == expected.value.args

    @pytest.mark.skipif(sys.version_info < (3, 11), reason="needs Python 3.11")
    def test_a_note_tells_the_path(self):
        (note,) = failure({"k": Refuses()}).__notes__
        assert "obj['k']" in note

    @pytest.mark.skipif(sys.version_info < (3, 11), reason="needs Python 3.11")
    def test_a_traceback_shows_it(self):
        import traceback

        lines = traceback.format_exception(failure({"k": [LOCK]}))
        assert "obj['k'][0]" in lines[-1]

    def test_an_error_of_our_own_has_it_in_the_message(self):
        error = failure({"k": [type(select.poll())]})
        assert isinstance(error, pickle.PicklingError)
        assert error.cppickle_path == "obj['k'][0]"
        assert "obj['k'][0]" in str(error).splitlines()[-1]
        assert len(str(error).splitlines()) > 1

    def test_a_malformed_reduce_value_is_an_error_of_our_own(self):
        class Malformed:
            def __reduce__(self):
                return (1, 2, 3, 4, 5, 6, 7)

        error = failure([Malformed()])
        assert isinstance(error, pickle.PicklingError)
        assert "obj[0]" in str(error)
        assert error.cppickle_path == "obj[0]"

    def test_an_exception_without_room_for_attributes(self):
        class Bare(Exception):
            __slots__ = ()

            def __setattr__(self, name, value):
                raise AttributeError(name)

        class Fails:
            def __reduce__(self):
                raise Bare("bare")

        error = failure([Fails()])
        assert type(error) is Bare
        assert error.args == ("bare",)

    def test_an_error_raised_twice_tells_the_last_path(self):
        always = Refused("the same")

        class Fails:
            def __reduce__(self):
                raise always

        assert path([Fails()]) == "obj[0]"
        assert path({"k": Fails()}) == "obj['k']"

    def test_an_inner_dump_tells_its_own_path(self):
        class Nested:
            def __reduce__(self):
                return str, (cppickle.dumps({"inner": LOCK}),)

        error = failure(["outer", Nested()])
        assert type(error) is TypeError
        assert "obj[1]" in error.cppickle_path or "inner" in error.cppickle_path

    @pytest.mark.parametrize("kind", [KeyboardInterrupt, MemoryError, SystemExit])
    def test_serious_exceptions_pass(self, kind):
        class Fails:
            def __reduce__(self):
                raise kind("serious")

        with pytest.raises(kind) as caught:
            cppickle.dumps([Fails()])
        assert caught.value.args == ("serious",)


class TestHooksThatRaise:
    """User code that is called during a dump: its errors pass unchanged."""

    def raised_by(self, kind, obj):
        with pytest.raises(Refused) as caught:
            kind(io.BytesIO()).dump(obj)
        assert caught.value.args == ("hook", 1)
        return caught.value.cppickle_path

    def test_persistent_id(self):
        class Pickler(cppickle.Pickler):
            def persistent_id(self, obj):
                if obj == "bad":
                    raise Refused("hook", 1)

        assert self.raised_by(Pickler, ["a", {"k": "bad"}]).startswith("obj[1]")

    def test_reducer_override(self):
        class Pickler(cppickle.Pickler):
            def reducer_override(self, obj):
                if isinstance(obj, Holder):
                    raise Refused("hook", 1)
                return NotImplemented

        assert self.raised_by(Pickler, ["a", Holder()]) == "obj[1]"

    def test_a_reducer_of_the_dispatch_table(self):
        def reduce(obj):
            raise Refused("hook", 1)

        class Pickler(cppickle.Pickler):
            dispatch_table = {Holder: reduce}

        assert self.raised_by(Pickler, {"k": Holder()}) == "obj['k']"

    def test_getstate(self):
        class Stateful:
            def __getstate__(self):
                raise Refused("hook", 1)

        assert self.raised_by(cppickle.Pickler, [Stateful()]) == "obj[0]"

    def test_an_iterator_of_items(self):
        class Filled(list):
            def __reduce__(self):
                def items():
                    yield 1
                    raise Refused("hook", 1)

                return Filled, (), None, items()

        assert self.raised_by(cppickle.Pickler, [Filled()]).startswith("obj[0]")

    def test_write(self):
        class Full:
            def write(self, data):
                raise Refused("hook", 1)

        with pytest.raises(Refused) as caught:
            cppickle.Pickler(Full()).dump(["x"])
        assert caught.value.args == ("hook", 1)


class TestAfterAnError:
    def test_the_pickler_can_be_used_again(self):
        file = io.BytesIO()
        pickler = cppickle.Pickler(file)
        good = ["good"]
        with pytest.raises(TypeError):
            pickler.dump([good, LOCK])
        file.seek(0)
        file.truncate()
        pickler.clear_memo()
        pickler.dump([good, good])
        assert pickle.loads(file.getvalue()) == [["good"], ["good"]]

    def test_dumps_can_be_used_again(self):
        made = define("def f(): return lock", lock=LOCK)
        assert path(made.f) == "f.__globals__['lock']"
        made.f.__globals__["lock"] = 5
        assert pickle.loads(cppickle.dumps(made.f))() == 5

    def test_the_class_that_failed_can_be_sent_when_it_is_mended(self):
        made = define("class C:\n  attr = lock", lock=LOCK)
        assert path(made.C) == "C.attr"
        made.C.attr = 5
        assert pickle.loads(cppickle.dumps(made.C)).attr == 5
