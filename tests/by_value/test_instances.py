"""Instances of classes of ``__main__``: state of every form, builtin bases."""

import sys

import pytest
from support.source import define


def test_an_instance(in_fresh_process):
    made = define(
        "class C:\n  def __init__(self, x): self.x = x\n  def get(self): return self.x"
    )
    question = "obj.get(), vars(obj), type(obj).__name__"
    assert in_fresh_process(made.C(5), question) == (5, {"x": 5}, "C")


def test_init_is_not_run(in_fresh_process):
    source = """
        class C:
            def __init__(self, x): self.x, self.log = x, ["init"]
        c = C(1)
        c.log.append("changed")
        """
    assert in_fresh_process(define(source).c, "obj.log") == ["init", "changed"]


def test_instances_share_their_class_and_each_other(in_fresh_process):
    made = define("class C: pass")
    a, b = made.C(), made.C()
    a.other, b.other, a.both = b, a, [a, b]
    question = (
        "obj.other.other is obj, obj.both[1] is obj.other, type(obj) is type(obj.other)"
    )
    assert in_fresh_process(a, question) == (True, True, True)


def test_slots_and_dict(in_fresh_process):
    source = """
        class Base: __slots__ = "a", "__b"
        class C(Base):
            def fill(self):
                self.a, self._Base__b, self.c = 1, 2, 3
                return self
        """
    question = "obj.a, obj._Base__b, vars(obj)"
    assert in_fresh_process(define(source).C().fill(), question) == (1, 2, {"c": 3})


def test_getstate_and_setstate(in_fresh_process):
    source = """
        class C:
            def __init__(self): self.x, self.open = 1, (n for n in ())
            def __getstate__(self): return {"x": self.x}
            def __setstate__(self, state): self.x, self.restored = state["x"], True
        """
    question = "obj.x, obj.restored, hasattr(obj, 'open')"
    assert in_fresh_process(define(source).C(), question) == (1, True, False)


STATES = ["5", "'text'", "[1]", "(1, 2)", "({'a': 1}, {'b': 2})", "None", "False", "{}"]


@pytest.mark.parametrize("state", STATES)
def test_a_state_of_any_kind(in_fresh_process, state):
    source = f"""
        class C:
            state = "not set"
            def __getstate__(self): return {state}
            def __setstate__(self, state): self.state = state
        """
    made = define(source)
    expected = "not set" if state == "None" else eval(state)
    assert in_fresh_process(made.C(), "obj.state") == expected


def test_getstate_without_setstate(in_fresh_process):
    source = """
        class C:
            __slots__ = "a", "__dict__"
            def __getstate__(self): return {"x": 1}, {"a": 2}
        """
    assert in_fresh_process(define(source).C(), "obj.x, obj.a") == (1, 2)


def test_reduce(in_fresh_process):
    source = """
        class C:
            def __init__(self, x, y=0): self.x, self.y = x, y
            def __reduce__(self): return C, (self.x,), {"y": "state"}
        """
    assert in_fresh_process(define(source).C(1), "obj.x, obj.y") == (1, "state")


def test_reduce_to_a_function_of_main(in_fresh_process):
    source = """
        def rebuild(cls, x):
            obj = cls.__new__(cls)
            obj.x = [x, "rebuilt"]
            return obj
        class C:
            def __reduce__(self): return rebuild, (type(self), 1)
        """
    question = "obj.x, type(obj).__name__"
    expected = ([1, "rebuilt"], "C")
    assert in_fresh_process(define(source).C(), question) == expected


def test_reduce_with_items_and_a_state_setter(in_fresh_process):
    source = """
        def put(obj, state): obj.log.append(("state", state))
        class Table(dict):
            def __init__(self): self.log = []
            def append(self, item): self.log.append(item)
            def extend(self, items): self.log.extend(items)
            def __reduce__(self):
                return Table, (), "s", iter([1, 2]), iter({"k": "v"}.items()), put
        """
    question = "dict(obj), obj.log"
    expected = ({"k": "v"}, [1, 2, ("state", "s")])
    assert in_fresh_process(define(source).Table(), question) == expected


def test_reduce_ex(in_fresh_process):
    source = """
        class C:
            def __init__(self, protocol=None): self.protocol = protocol
            def __reduce_ex__(self, protocol): return C, (protocol,)
        """
    assert in_fresh_process(define(source).C(), "obj.protocol", protocol=4) == 4


def test_new_with_arguments(in_fresh_process):
    source = """
        class Pair(tuple):
            def __new__(cls, left, right): return super().__new__(cls, (left, right))
            def __getnewargs__(self): return tuple(self)
        class Base16(int):
            def __new__(cls, text, *, base): return super().__new__(cls, text, base)
            def __getnewargs_ex__(self): return (format(self, "x"),), {"base": 16}
        """
    made = define(source)
    pair = made.Pair(1, [])
    pair.note, pair[1][:] = "kept", [pair]
    question = "p, n = obj\np[0], p[1][0][0], p.note, int(n), type(n).__name__"
    expected = (1, 1, "kept", 255, "Base16")
    assert in_fresh_process([pair, made.Base16("ff", base=16)], question) == expected


BUILTIN = {
    "list": ("[1, 2]", "list(obj)", [1, 2]),
    "dict": ("{'a': 1}", "dict(obj)", {"a": 1}),
    "set": ("{1, 2}", "set(obj)", {1, 2}),
    "frozenset": ("[1]", "set(obj)", {1}),
    "str": ("'text'", "obj + ''", "text"),
    "bytes": ("b'data'", "obj + b''", b"data"),
    "bytearray": ("b'data'", "bytes(obj)", b"data"),
    "int": ("7", "obj + 0", 7),
    "float": ("1.5", "obj + 0", 1.5),
    "complex": ("1j", "obj + 0", 1j),
    "tuple": ("(1, 2)", "tuple(obj)", (1, 2)),
    "collections.deque": ("[1, 2], 5", "list(obj), obj.maxlen", ([1, 2], 5)),
    "collections.OrderedDict": ("a=1", "dict(obj)", {"a": 1}),
    "collections.defaultdict": ("list", "obj[1], dict(obj)", ([], {1: []})),
    "collections.Counter": ("'aab'", "dict(obj)", {"a": 2, "b": 1}),
    "collections.UserDict": ("a=1", "dict(obj)", {"a": 1}),
    "datetime.date": ("2024, 2, 29", "obj.isoformat()", "2024-02-29"),
    "datetime.datetime": ("2024, 2, 29", "obj.year", 2024),
    "datetime.timedelta": ("1", "obj.days", 1),
    "decimal.Decimal": ("'1.10'", "str(obj)", "1.10"),
    "fractions.Fraction": ("1, 3", "str(obj)", "1/3"),
    "random.Random": ("1", "obj.random()", 0.13436424411240122),
    "array.array": ("'i', [1, 2]", "list(obj)", [1, 2]),
    "types.SimpleNamespace": ("a=1", "obj.a", 1),
    "io.StringIO": ("'text'", "obj.read()", "text"),
    "io.BytesIO": ("b'data'", "obj.read()", b"data"),
    "functools.partial": ("max, 1", "obj(5)", 5),
    "uuid.UUID": ("int=5", "obj.int", 5),
}


@pytest.mark.parametrize("base", BUILTIN)
def test_a_subclass_of(in_fresh_process, base):
    arguments, question, answer = BUILTIN[base]
    module = f"import {base.rpartition('.')[0]}\n" if "." in base else ""
    made = define(f"{module}class C({base}): own = 'own'\nc = C({arguments})")
    questions = [question, "type(obj).__name__, type(obj).__base__.__name__, obj.own"]
    expected = [answer, ("C", base.rpartition(".")[2], "own")]
    assert in_fresh_process(made.c, *questions) == expected


@pytest.mark.parametrize("base", ["list", "dict", "set", "str", "int", "tuple"])
def test_a_subclass_with_state(in_fresh_process, base):
    made = define(f"class C({base}): pass\nc = C()")
    made.c.me, made.c.note = [made.c], "kept"
    assert in_fresh_process(made.c, "obj.me[0] is obj, obj.note") == (True, "kept")


def test_a_dict_subclass_with_its_own_setitem(in_fresh_process):
    source = """
        class Upper(dict):
            def __setitem__(self, key, value): super().__setitem__(key.upper(), value)
        table = Upper()
        table["a"] = 1
        """
    question = "obj['b'] = 2\ndict(obj)"
    assert in_fresh_process(define(source).table, question) == {"A": 1, "B": 2}


def test_an_object_with_getattr(in_fresh_process):
    """Attributes that are looked up before there is any state must do no harm."""
    source = """
        class Proxy:
            def __init__(self, target): self.target = target
            def __getattr__(self, name): return getattr(self.target, name)
            def __getstate__(self): return vars(self)
            def __setstate__(self, state): vars(self).update(state)
        """
    question = "obj.upper(), obj.target"
    assert in_fresh_process(define(source).Proxy("x"), question) == ("X", "x")


def test_an_object_that_is_its_own_key(in_fresh_process):
    source = """
        class Key:
            def __hash__(self): return 7
        key = Key()
        key.table = {key: "found"}
        """
    assert in_fresh_process(define(source).key, "obj.table[obj]") == "found"


def test_a_singleton_made_by_new(in_fresh_process):
    source = """
        class Single:
            instance = None
            def __new__(cls):
                if cls.instance is None:
                    cls.instance = super().__new__(cls)
                return cls.instance
        """
    question = "obj[0] is obj[1] is type(obj[0]).instance is type(obj[0])()"
    single = define(source).Single
    assert in_fresh_process([single(), single()], question) is True


def test_a_sentinel_of_main(in_fresh_process):
    made = define("missing = object()\ndef f(x=missing): return x is missing")
    question = "f, missing = obj\nf(), f(missing), f(1)"
    assert in_fresh_process([made.f, made.missing], question) == (True, True, False)


def test_a_thousand_instances(in_fresh_process):
    made = define("class C:\n  def __init__(self, n): self.n, self.t = n, (n, 'x')")
    question = "sum(c.n for c in obj), len({type(c) for c in obj}), obj[7].t"
    sent = [made.C(n) for n in range(1000)]
    assert in_fresh_process(sent, question) == (499500, 1, (7, "x"))


def test_instances_with_other_attributes_each(in_fresh_process):
    made = define("class C: pass")
    several = [made.C() for _ in range(3)]
    several[0].a = several[1].b = several[2].a = 1
    several[2].b, several[1].c = 2, several
    vars(several[2])[5] = "a key that is no name"
    question = "[{k: v for k, v in vars(c).items() if k != 'c'} for c in obj]"
    expected = [{"a": 1}, {"b": 1}, {"a": 1, "b": 2, 5: "a key that is no name"}]
    assert in_fresh_process(several, question) == expected


def test_a_dict_shared_by_two_instances(in_fresh_process):
    made = define(
        "class Borg:\n  shared = {}\n  def __init__(self): self.__dict__ = self.shared"
    )
    one, two = made.Borg(), made.Borg()
    one.x = 1
    question = "a, b = obj\na.y = 2\nb.x, hasattr(a, 'x')"
    assert in_fresh_process([one, two], question) == (1, True)


HELD_BY_ITS_CLASS = {
    "an instance": """
        class C:
            def __setstate__(self, state): self.count = vars(self).get("count", 0) + 1
        C.held = C()
        C.held.x = 1
        """,
    "one with a reduce value": """
        class C:
            def __reduce__(self): return C, (), 1, iter([2, 3]), iter([(4, 5)])
            def add(self, amount): self.count = vars(self).get("count", 0) + amount
            def __setitem__(self, key, value): self.add(key * value)
            __setstate__ = append = add
        C.held = C()
        """,
    "an exception": """
        class C(Exception):
            def __init__(self, *, key=None): pass
            def __setstate__(self, state): self.count = vars(self).get("count", 0) + 1
        C.held = C()
        C.held.x = 1
        """,
    "a property": """
        class C(property):
            def __setstate__(self, state): self.count = vars(self).get("count", 0) + 1
        C.held = C()
        C.held.x = 1
        """,
}


@pytest.mark.parametrize("kind", HELD_BY_ITS_CLASS)
def test_one_that_its_class_brings_along_is_filled_once(in_fresh_process, kind):
    made = define(HELD_BY_ITS_CLASS[kind])
    held = vars(made.C)["held"]
    expected = 26 if kind == "one with a reduce value" else 1
    question = "obj.count, vars(type(obj))['held'] is obj"
    assert in_fresh_process(held, question) == (expected, True)


# Look-ups that go wrong, or somewhere else, on an instance that has no state yet.
FORWARDING = {
    "to an attribute": """
        class C:
            def __init__(self, inner): self.inner = inner
            def __getattr__(self, name): return getattr(self.inner, name)
        """,
    "to a dict": """
        class C:
            def __init__(self, inner): self.inner, self.data = inner, {}
            def __getattr__(self, name): return self.data[name]
        """,
    "to anything": """
        class C:
            def __init__(self, inner): self.inner = inner
            def __getattr__(self, name): return lambda *args: None
        """,
    "with slots": """
        class C:
            __slots__ = "inner", "__private"
            def __init__(self, inner): self.inner, self.__private = inner, 1
            def __getattr__(self, name): return getattr(self.inner, name)
        """,
    "with slots and a dict": """
        class Base: __slots__ = "inner"
        class C(Base):
            def __init__(self, inner): self.inner, self.more = inner, [1]
            def __getattr__(self, name): return getattr(self.inner, name)
        """,
    "in a base": """
        class Base:
            def __getattr__(self, name): return getattr(self.inner, name)
        class C(Base):
            def __init__(self, inner): self.inner = inner
        """,
    "for every attribute": """
        class C:
            def __init__(self, inner): self.inner = inner
            def __getattribute__(self, name):
                own = object.__getattribute__
                special = name[:2] == "__" and name != "__dict__"
                return own(self, name) if special \\
                    else getattr(own(self, "__dict__")["inner"], name) \\
                    if name != "inner" else own(self, "__dict__")["inner"]
        """,
    "of a frozen object": """
        class C:
            def __init__(self, inner): vars(self)["inner"] = inner
            def __getattr__(self, name): return getattr(self.inner, name)
            def __setattr__(self, name, value): raise AttributeError(name)
        """,
    "of a frozen object with slots": """
        class C:
            __slots__ = "inner"
            def __init__(self, inner): object.__setattr__(self, "inner", inner)
            def __getattr__(self, name): return getattr(self.inner, name)
            def __setattr__(self, name, value): raise AttributeError(name)
        """,
    "of a list": """
        class C(list):
            def __init__(self, inner): self.inner = inner
            def __getattr__(self, name): return getattr(self.inner, name)
        """,
    "with a state of its own": """
        class C:
            def __init__(self, inner): self.inner = inner
            def __getattr__(self, name): return getattr(self.inner, name)
            def __getstate__(self): return dict(vars(self), extra=1)
        """,
    "with a reduce value of its own": """
        class C:
            def __init__(self, inner): self.inner = inner
            def __getattr__(self, name): return getattr(self.inner, name)
            def __reduce__(self): return object.__new__, (C,), vars(self)
        """,
    "of a property": """
        class C(property):
            def __init__(self, inner): super().__init__(); self.inner = inner
            def __getattr__(self, name): return getattr(self.inner, name)
        """,
    "with a __setstate__": """
        class C:
            def __init__(self, inner): self.inner = inner
            def __getattr__(self, name): return getattr(self.inner, name)
            def __setstate__(self, state): vars(self).update(state, restored=True)
        """,
}


# Python 3.10 looks for __getstate__ on the instance that it dumps, and these answer.
WRONG_BEFORE_3_11 = "to a dict", "to anything"
since_3_11 = pytest.mark.skipif(sys.version_info < (3, 11), reason="__getstate__")


@pytest.mark.parametrize("protocol", [None, 2])
@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(kind, marks=[since_3_11] if kind in WRONG_BEFORE_3_11 else [])
        for kind in FORWARDING
    ],
)
def test_a_class_that_forwards_attributes(in_fresh_process, kind, protocol):
    made = define(FORWARDING[kind])
    one = made.C([5])
    attributes = [n for n in ("more", "extra") if n in getattr(one, "__dict__", ())]
    question = (
        "one, twin, cls = obj\n"
        "get = object.__getattribute__\n"
        f"[get(one, n) for n in ['inner', *{attributes!r}]],"
        "one is twin, type(one) is cls, cls([6]).inner"
    )
    answer = in_fresh_process([one, one, made.C], question, protocol=protocol)
    expected = [[5], *(getattr(one, n) for n in attributes)]
    assert answer == (expected, True, True, [6])


@pytest.mark.parametrize("protocol", [0, 1])
def test_a_class_that_forwards_attributes_at_old_protocols(in_fresh_process, protocol):
    made = define(FORWARDING["to an attribute"])
    assert in_fresh_process(made.C([5]), "obj.inner", protocol=protocol) == [5]


@since_3_11
def test_a_cycle_of_objects_that_forward_attributes(in_fresh_process):
    made = define(FORWARDING["to an attribute"])
    a, b = made.C(None), made.C(None)
    a.inner, b.inner = b, a
    assert in_fresh_process(a, "obj.inner.inner is obj") is True


def test_an_enumeration_that_forwards_attributes(in_fresh_process):
    source = """
        import enum
        class E(enum.Enum):
            A, B = "a", [1]
            def __new__(cls, value):
                member = object.__new__(cls)
                member._value_ = member.inner = value
                return member
            def __getattr__(self, name): return getattr(self.inner, name)
        """
    question = "obj.A.upper(), obj.A.value, obj.B.value, obj('a') is obj.A"
    answer = in_fresh_process(define(source).E, question)
    assert answer == ("A", "a", [1], True)


def test_what_an_importable_class_forwards_is_left_to_build(same_bytes):
    same_bytes(Forwarding())


class Forwarding:
    def __init__(self):
        self.x = 1

    def __getattr__(self, name):
        raise AttributeError(name)
