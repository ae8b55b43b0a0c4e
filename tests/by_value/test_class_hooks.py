"""Hooks that ran when a class was made do not run again when it arrives."""

import pytest
from support.source import define

METACLASS = """
    log = []
    class Meta(type):
        kind = "meta"
        def __new__(meta, name, bases, namespace, **options):
            log.append(("new", name, options))
            return super().__new__(meta, name, bases, {**namespace, "added": 1})
        def __init__(cls, name, bases, namespace, **options):
            log.append(("init", name, options))
            super().__init__(name, bases, namespace)
            cls.registered = True
        @classmethod
        def __prepare__(meta, name, bases, **options):
            log.append(("prepare", name, options))
            return {}
        def __call__(cls, *args):
            return "called", super().__call__(*args)
        def __len__(cls): return 42
        def which(cls): return cls.__name__
        def logged(cls): return log
    class C(metaclass=Meta, flavour="sweet"):
        pass
    class D(C, flavour="sour"):
        pass
    """


def test_a_metaclass_travels(in_fresh_process):
    question = (
        "obj()[0], len(obj), obj.which(), obj.added, obj.registered, type(obj).kind"
    )
    expected = ("called", 42, "D", 1, True, "meta")
    assert in_fresh_process(define(METACLASS).D, question) == expected


def test_a_metaclass_is_not_run_again(in_fresh_process):
    made = define(METACLASS)
    expected = list(made.log)
    assert len(expected) == 6
    assert in_fresh_process(made.D, "obj.logged()") == expected


def test_a_metaclass_that_wants_keywords_is_not_asked(in_fresh_process):
    source = """
        class Meta(type):
            def __new__(meta, name, bases, namespace, *, key):
                return super().__new__(meta, name, bases, namespace)
            def __init__(cls, name, bases, namespace, *, key):
                cls.key = key
        class C(metaclass=Meta, key="k"): pass
        """
    question = "obj.key, type(obj).__name__"
    assert in_fresh_process(define(source).C, question) == ("k", "Meta")


def test_a_metaclass_that_makes_each_class_once(in_fresh_process):
    source = """
        class Once(type):
            seen = set()
            def __init__(cls, name, bases, namespace):
                if name in Once.seen:
                    raise RuntimeError(name + " is there already")
                Once.seen.add(name)
        class C(metaclass=Once): pass
        """
    assert in_fresh_process(define(source).C, "type(obj).seen") == {"C"}


@pytest.mark.parametrize(
    "spoilt", ["__hash__ = None", "def __eq__(a, b): return False"]
)
def test_an_unhashable_metaclass(in_fresh_process, spoilt):
    source = f"""
        class Meta(type):
            {spoilt}
        class C(metaclass=Meta):
            def f(self): return __class__ is C
        """
    question = "obj[0] is obj[1], obj[0]().f(), type(obj[2]) is obj[0]"
    made = define(source)
    expected = (True, True, True)
    assert in_fresh_process([made.C, made.C, made.C()], question) == expected


def test_a_metaclass_conflict_is_not_made_up(in_fresh_process):
    source = """
        class MetaA(type): pass
        class MetaB(MetaA): pass
        class A(metaclass=MetaA): pass
        class B(metaclass=MetaB): pass
        class C(A, B): pass
        """
    question = "type(obj).__name__, [type(b).__name__ for b in obj.__bases__]"
    assert in_fresh_process(define(source).C, question) == ("MetaB", ["MetaA", "MetaB"])


def test_a_metaclass_of_a_metaclass(in_fresh_process):
    source = """
        class MetaMeta(type):
            def describe(meta): return "described " + meta.__name__
        class Meta(type, metaclass=MetaMeta): pass
        class C(metaclass=Meta): pass
        """
    assert (
        in_fresh_process(define(source).C, "type(obj).describe()") == "described Meta"
    )


INIT_SUBCLASS = """
    class Base:
        kinds = []
        def __init_subclass__(cls, /, kind, **more):
            super().__init_subclass__(**more)
            cls.kind = kind
            Base.kinds.append(kind)
    class One(Base, kind="one"): pass
    class Two(One, kind="two"): pass
    """


def test_init_subclass_is_not_run_again(in_fresh_process):
    made = define(INIT_SUBCLASS)
    question = "base, two = obj\nbase.kinds, two.kind, two.__base__.kind"
    expected = (["one", "two"], "two", "one")
    assert in_fresh_process([made.Base, made.Two], question) == expected


def test_init_subclass_runs_for_new_subclasses(in_fresh_process):
    question = "class Three(obj, kind='three'): pass\nobj.kinds, Three.kind"
    expected = (["one", "two", "three"], "three")
    assert in_fresh_process(define(INIT_SUBCLASS).Base, question) == expected


def test_init_subclass_that_forbids_subclassing(in_fresh_process):
    source = """
        allowed = True
        class Base:
            def __init_subclass__(cls):
                if not allowed:
                    raise TypeError("final")
        class Last(Base): pass
        allowed = False
        """
    question = (
        "try: type('More', (obj,), {})\nexcept TypeError as e: text = str(e)\ntext"
    )
    assert in_fresh_process(define(source).Last, question) == "final"


SET_NAME = """
    class Field:
        def __init__(self): self.named = []
        def __set_name__(self, owner, name): self.named.append((owner.__name__, name))
        def __get__(self, instance, owner):
            return self if instance is None else vars(instance)[self.named[0][1]]
        def __set__(self, instance, value):
            vars(instance)[self.named[0][1]] = value * 2
    class Row:
        id, size = Field(), Field()
        def __init__(self): self.id, self.size = 1, 2
    """


def test_set_name_is_not_run_again(in_fresh_process):
    question = "row = obj()\nobj.id.named, obj.size.named, row.id, row.size"
    expected = ([("Row", "id")], [("Row", "size")], 2, 4)
    assert in_fresh_process(define(SET_NAME).Row, question) == expected


def test_descriptors_shared_by_two_classes(in_fresh_process):
    source = SET_NAME + "\n    class Other:\n        same = Row.id\n"
    made = define(source)
    question = "row, other = obj\nrow.id is other.same, other.same.named"
    expected = (True, [("Row", "id"), ("Other", "same")])
    assert in_fresh_process([made.Row, made.Other], question) == expected


def test_a_metaclass_with_state_setters(in_fresh_process):
    """Attributes arrive past a metaclass's own __setattr__."""
    source = """
        class Frozen(type):
            def __setattr__(cls, name, value): raise AttributeError("frozen")
            def __delattr__(cls, name): raise AttributeError("frozen")
        class C(metaclass=Frozen):
            n = 1
            def f(self): return __class__, self.n
        """
    question = """
        try:
            obj.n = 2
        except AttributeError as error:
            text = str(error)
        text, obj.n, obj().f()[0] is obj
        """
    assert in_fresh_process(define(source).C, question) == ("frozen", 1, True)


def test_mro_entries_and_mro_methods(in_fresh_process):
    source = """
        class Stand:
            def __mro_entries__(self, bases): return (Real,)
        class Real: n = 1
        class C(Stand()): pass
        class Backwards(type):
            def mro(cls): return [cls, B, A, object]
        class A: n = "A"
        class B: n = "B"
        class D(A, B, metaclass=Backwards): pass
        """
    made = define(source)
    question = "c, d = obj\nc.n, c.__base__.__name__, d.n"
    assert in_fresh_process([made.C, made.D], question) == (1, "Real", "B")
