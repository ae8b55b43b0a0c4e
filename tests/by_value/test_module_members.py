"""What a module holds and does not know its name: methods of the module's instances,
and what cannot be pickled. Both go by reference, and so are the reader's own.
"""

import calendar
import concurrent.futures
import contextvars
import functools
import importlib
import pickle
import random
import secrets
import sys
import threading

import pytest
from support import libraries
from support.processes import Worker, run_child
from support.source import define

import cppickle

LIBRARY = {
    "held_lib/__init__.py": "from held_lib.impl import REQUEST, LOCK, draw\n",
    "held_lib/impl.py": """
import contextvars, threading
class Counter:
    def __init__(self): self.count = 0
    def draw(self):
        self.count += 1
        return self.count
REQUEST = contextvars.ContextVar("REQUEST", default=5)
LOCK = threading.Lock()
LOCAL = threading.local()
_counter = Counter()
draw = _counter.draw
aliased = _counter.draw
""",
    "held_app.py": "from held_lib import LOCK, REQUEST\n",
}


@pytest.fixture
def library(tmp_path, monkeypatch):
    with libraries.installed(tmp_path, monkeypatch, LIBRARY, "held_lib") as library:
        yield library


far = functools.partial(libraries.far, "held_lib")


# --- Methods ----------------------------------------------------------------

DRAWS = "def f(): return [randint(0, 2 ** 60), uniform(), chosen(range(10 ** 9))]"


def test_workers_draw_numbers_of_their_own(bare_worker):
    made = define(
        DRAWS, randint=random.randint, uniform=random.random, chosen=random.choice
    )
    stream = cppickle.dumps(made.f)
    assert len(stream) < 1000
    bare_worker.load(stream)
    with Worker() as other:
        other.load(stream)
        assert other.ask("obj()") != bare_worker.ask("obj()")
    question = "import random\nrandom.seed(1)\nfirst = obj()\nrandom.seed(1)\n"
    assert bare_worker.ask(question + "first == obj()")


@pytest.mark.parametrize(
    "method", [random.randint, random.random, secrets.choice, calendar.month]
)
@pytest.mark.parametrize("protocol", range(6))
def test_a_method_of_a_modules_instance(in_fresh_process, method, protocol):
    home = {"choice": "secrets.choice", "formatmonth": "calendar.month"}
    name = home.get(method.__name__, f"random.{method.__name__}")
    question = f"import calendar, random, secrets\nobj is {name}"
    assert in_fresh_process(method, question, protocol=protocol) is True


def test_the_root_of_a_task(in_fresh_process):
    """As executors send it: the method and its arguments, without any code."""
    task = (random.randint, (1, 6))
    assert in_fresh_process(task, "1 <= obj[0](*obj[1]) <= 6") is True


def test_numpys_legacy_functions():
    numpy = pytest.importorskip("numpy")
    made = define("def f(): return rand(3).tolist()", rand=numpy.random.rand)
    stream = cppickle.dumps(made.f)
    assert len(stream) < 1000
    answers = []
    for _ in range(2):
        with Worker(bare=False) as worker:
            worker.load(stream)
            answers.append(worker.ask("obj()"))
    assert answers[0] != answers[1]


def test_a_method_of_a_librarys_instance(library):
    made = define("def f(): return draw()", draw=library.draw)
    assert far(made.f, "obj(), held_lib.impl._counter.count") == (1, 1)


def test_a_method_under_another_name(library):
    assert far(library.impl.aliased, "obj is held_lib.impl.aliased") is True


def test_a_method_that_is_made_anew_is_not_the_modules(library):
    """``lib._counter.draw`` is another object: it names the instance, a value."""
    library.impl._counter.count = 7
    assert far(library.impl._counter.draw, "obj()") == 8


def test_a_module_that_is_loaded_again(library):
    cppickle.dumps(library.draw)
    importlib.reload(library.impl)
    for method in [library.impl.draw, library.impl.aliased]:
        assert pickle.loads(cppickle.dumps(method)) is method


HOOKS = """
import builtins, pickle, sys, threading
import cppickle
class Reporter:
    def __init__(self): self.seen = []
    def excepthook(self, *args): self.seen.append(args)
    __call__ = excepthook
sys.excepthook = threading.excepthook = builtins._ = Reporter().excepthook
loaded = pickle.loads(cppickle.dumps(sys.excepthook))
assert loaded is not sys.excepthook, "the hook of the process"
assert loaded(1) is None and loaded.__self__.seen == [(1,)]
"""


def test_a_hook_is_not_the_modules_own():
    """A method of the user's that a module of the library holds for a while."""
    run_child(HOOKS)


def test_methods_of_ones_own_are_values(in_fresh_process):
    made = define("""
        class Dice:
            def __init__(self): self.rolled = 2
            def roll(self): return self.rolled
        roll = Dice().roll
        def f(): return roll()
        """)
    assert in_fresh_process(made.f, "obj()") == 2


# --- What cannot be pickled -------------------------------------------------


def test_a_context_variable(library):
    made = define("def f(): return REQUEST.get()", REQUEST=library.REQUEST)
    question = "held_lib.REQUEST.set(9)\nobj(), obj.__globals__['REQUEST'].name"
    assert far(made.f, question) == (9, "REQUEST")


def test_a_lock_and_a_local(library):
    source = """
        def f():
            LOCAL.x = 1
            return LOCK.acquire(False)
        class C: lock = LOCK
        """
    made = define(source, LOCK=library.LOCK, LOCAL=library.impl.LOCAL)
    question = "obj[0](), held_lib.LOCK.locked(), held_lib.impl.LOCAL.x"
    question += ", obj[1].lock is held_lib.LOCK"
    assert far([made.f, made.C], question) == (True, True, 1, True)


@pytest.mark.parametrize("protocol", range(6))
def test_by_itself(library, protocol):
    stream = cppickle.dumps({"request": library.REQUEST}, protocol)
    assert pickle.loads(stream) == {"request": library.REQUEST}


def test_one_that_two_packages_hold(library):
    """Found anywhere is better than an error: all of them can be imported."""
    importlib.import_module("held_app")
    made = define("def f(): return LOCK.locked()", LOCK=library.LOCK)
    assert far(made.f, "held_lib.LOCK.acquire()\nobj()") is True


@pytest.mark.parametrize("name", ["version_info", "flags", "float_info", "int_info"])
def test_structures_of_sys(in_fresh_process, name):
    made = define("def f(x=X): return x", X=getattr(sys, name))
    question = f"import sys\nobj[0]() is obj[1] is sys.{name}"
    assert in_fresh_process([made.f, getattr(sys, name)], question) is True


def test_ones_own_are_refused():
    own = [contextvars.ContextVar("own"), threading.Lock(), threading.local()]
    for one in own:
        made = define("def f(): return ONE", ONE=one)
        with pytest.raises(TypeError, match="cannot pickle") as caught:
            cppickle.dumps(made.f)
        assert caught.value.cppickle_path == "f.__globals__['ONE']"


def test_one_of_a_module_that_travels_by_value(library):
    made = define("def f(): return REQUEST", REQUEST=library.REQUEST)
    cppickle.register_pickle_by_value(library)
    try:
        with pytest.raises(TypeError, match="cannot pickle"):
            cppickle.dumps(made.f)
    finally:
        cppickle.unregister_pickle_by_value(library)


def test_one_that_is_bound_anew(library):
    made = define("def f(): return REQUEST", REQUEST=library.REQUEST)
    by_name = cppickle.dumps(made.f)
    assert cppickle.dumps(made.f) == cppickle.dumps(made.f) == by_name
    library.REQUEST = library.impl.REQUEST = None
    with pytest.raises(TypeError, match="cannot pickle"):
        cppickle.dumps(made.f)


def test_it_is_repeated_in_one_piece(library):
    f = define("def f(): return REQUEST, LOCK, draw", LOCK=library.LOCK).f
    f.__globals__.update(REQUEST=library.REQUEST, draw=library.draw)
    for _ in range(3):
        stream = cppickle.dumps(f)
    seen = []
    sys.setprofile(lambda frame, event, arg: seen.append(getattr(arg, "__name__", "")))
    try:
        again = cppickle.dumps(f)
    finally:
        sys.setprofile(None)
    assert again == stream
    assert set(seen) <= {"dumps", "setprofile", ""}


def test_a_refusal_of_foreign_code_keeps_its_error(library):
    class Refusing:
        def __reduce__(self):
            raise ValueError("not today")

    library.refusing = Refusing()
    with pytest.raises(ValueError, match="not today"):
        cppickle.dumps(library.refusing)


def test_in_threads(library):
    made = define("def f(): return REQUEST.get(), draw", REQUEST=library.REQUEST)
    made.f.__globals__["draw"] = library.draw
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        streams = set(pool.map(lambda _: cppickle.dumps(made.f), range(64)))
    assert len(streams) == 1
