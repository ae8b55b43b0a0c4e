"""Plain data behind code: the memo borrows keys again, what dies leaves no trace.

Objects that only a step or an iterator holds are gone once they are written, and others
take their places in memory. All that arrives must be what was sent.
"""

import gc
import io
import pickle

import pytest
from support.source import define

import cppickle

CODE = define("def code(): return 1\nclass Code:\n    x = [1, 2]\n")
MANY = 300


class Items(list):
    """Reduced to an iterator whose items exist only while they are asked for."""

    def __init__(self, count=0):
        self.count = count

    def __reduce__(self):
        return Items, (), None, ([[i], {"k": [i, str(i)]}] for i in range(self.count))


class Pairs(dict):
    def __init__(self, count=0):
        self.count = count

    def __reduce__(self):
        pairs = ((str(i), [i, (i, [str(i)])]) for i in range(self.count))
        return Pairs, (), None, None, pairs


class State:
    """Reduced to a state that is made for the occasion."""

    def __init__(self, number):
        self.number = number

    def __reduce__(self):
        return State, (0,), {"number": self.number, "made": [[self.number], [str(-1)]]}


class Arguments:
    def __init__(self, *arguments):
        self.arguments = arguments

    def __reduce__(self):
        number = len(self.arguments)
        return Arguments, ([number], [str(number)], {number: [number]})


class Plain:
    def __init__(self, number):
        self.number = number
        self.own = [number, [str(number)]]


class Collecting:
    """Runs the collector, which runs finalizers, in the middle of a dump."""

    def __reduce__(self):
        trash = [[i, str(i)] for i in range(50)]
        trash.append(trash)
        del trash
        gc.collect()
        return Collecting, ()


@pytest.fixture(autouse=True)
def _few_objects_to_collect():
    """What others keep alive would make each collection take long."""
    gc.freeze()
    yield
    gc.unfreeze()


MAKERS = {
    "items": lambda: [Items(3) for _ in range(MANY)],
    "pairs": lambda: [Pairs(3) for _ in range(MANY)],
    "states": lambda: [State(i) for i in range(MANY)],
    "arguments": lambda: [Arguments(*range(i % 5)) for i in range(MANY)],
    "plain": lambda: [Plain(i) for i in range(MANY)],
    "mixed": lambda: [
        each
        for i in range(MANY)
        for each in ([i, [str(i)]], State(i), Items(2), Plain(i), {"a": [i]})
    ],
    "collecting": lambda: [
        each for i in range(40) for each in ([[i]], Collecting(), Plain(i))
    ],
    "nested": lambda: [[State(i), [Items(2), [State(i), [[i]]]]] for i in range(MANY)],
}


def told(obj):
    """An object's content, with what is shared: two that are alike tell the same."""
    seen = {}

    def tell(obj):
        if isinstance(obj, (int, str, type(None))):
            return obj
        if id(obj) in seen:
            return ("again", seen[id(obj)])
        seen[id(obj)] = len(seen)
        if isinstance(obj, (list, tuple)):
            return (type(obj).__name__, [tell(each) for each in obj])
        if isinstance(obj, dict):
            return (type(obj).__name__, [(k, tell(v)) for k, v in obj.items()])
        names = {k: v for k, v in vars(obj).items() if k != "arguments"}
        parts = [tell(list(getattr(obj, "arguments", [])))]
        return (type(obj).__name__, parts, [(k, tell(v)) for k, v in names.items()])

    return tell(obj)


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("code", [CODE.code, CODE.Code, CODE.Code()])
def test_what_arrives_is_what_was_sent(name, code):
    expected = told(pickle.loads(pickle.dumps(MAKERS[name]())))
    for _ in range(4):
        first, data = pickle.loads(cppickle.dumps([code, MAKERS[name]()]))
        assert told(data) == expected
        assert type(first) is type(code)


@pytest.mark.parametrize("name", MAKERS)
def test_code_between_the_data(name):
    expected = told(pickle.loads(pickle.dumps(MAKERS[name]()))[1:])
    data = MAKERS[name]()
    between = [each for item in data for each in (item, lambda item=item: item)]
    assert told(pickle.loads(cppickle.dumps(between))[2::2]) == expected


def test_shared_objects_stay_shared():
    shared = ["x"]
    data = [CODE.code, [shared, shared], CODE.Code, {"k": shared}, [State(1), shared]]
    _, pair, _, table, last = pickle.loads(cppickle.dumps(data))
    assert pair[0] is pair[1] is table["k"] is last[1]


def test_several_dumps_share_what_was_quiet():
    file = io.BytesIO()
    pickler = cppickle.Pickler(file)
    shared = [[i] for i in range(100)]
    for obj in [shared, CODE.code, [shared, [1]], CODE.Code, shared]:
        pickler.dump(obj)
    file.seek(0)
    unpickler = pickle.Unpickler(file)
    first, _, (second, _), _, third = (unpickler.load() for _ in range(5))
    assert first is second is third
    assert first == shared


def test_an_error_in_the_middle_leaves_nothing_behind():
    class Failing:
        def __reduce__(self):
            raise ValueError("mine")

    data = [CODE.code, [[[i] for i in range(100)], {"k": [Failing()]}]]
    for _ in range(3):
        with pytest.raises(ValueError, match="mine"):
            cppickle.dumps(data)
    assert pickle.loads(cppickle.dumps([CODE.code, [[1]]]))[1] == [[1]]


class Clearing:
    """Takes everything out of a container while it is being written."""

    def __init__(self, target=None):
        self.target = target

    def __reduce__(self):
        if self.target is not None:
            self.target.clear()
        return Clearing, ()


class Key(Clearing):
    def __hash__(self):
        return 1


def cleared(kind, at, inner):
    """A container that is emptied at one of its items, among nested data."""
    outer = kind()
    for i in range(6):
        item = Key(outer) if i == at else [[str(i)], {"k": [i, [str(i)]]}]
        if kind is list:
            outer.append([item, [[str(i)]]] if inner else item)
        else:
            key = Key(outer) if i == at and inner else f"key {i}"
            outer[key] = item
    return outer


@pytest.mark.parametrize("at", range(6))
@pytest.mark.parametrize("inner", [True, False])
@pytest.mark.parametrize("kind", [list, dict])
def test_containers_that_are_emptied_meanwhile(kind, at, inner):
    """As with the standard pickler: an error, or what had been written."""
    for code in [None, CODE.code, CODE.Code]:
        for _ in range(5):
            data = [code, cleared(kind, at, inner), [[str(i)] for i in range(20)]]
            try:
                stream = cppickle.dumps([data, data[1], [[1]]])
            except RuntimeError:  # a dict has changed its size
                continue
            loaded = pickle.loads(stream)
            assert loaded[0][2] == [[str(i)] for i in range(20)]
            assert loaded[0][1] is loaded[1]
            assert loaded[2] == [[1]]
