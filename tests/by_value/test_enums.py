"""Enums: members, aliases, flags, mixins, constructors; members stay singletons."""

import enum

import pytest
from support.source import define, since

COLOUR = """
    from enum import Enum
    class Colour(Enum):
        '''Of things.'''
        RED = 1
        GREEN = "g"
        CRIMSON = 1
        def shout(self): return self.name + "!"
        @classmethod
        def default(cls): return cls.GREEN
        @property
        def is_red(self): return self is Colour.RED
        @staticmethod
        def helper(): return "helped"
    """


def test_an_enum(in_fresh_process):
    questions = [
        "[(m.name, m.value) for m in obj], len(obj), obj.__doc__, obj.__qualname__",
        "obj(1) is obj['RED'] is obj.RED, obj('g') is obj.GREEN, obj.RED in obj",
        "obj.RED.shout(), obj.default() is obj.GREEN, obj.RED.is_red, obj.helper()",
        "repr(obj.RED), str(obj.RED), obj.RED == obj(1), {obj.RED: 1}[obj(1)]",
        "isinstance(obj.RED, obj), type(obj).__name__, obj.RED.__class__ is obj",
    ]
    assert in_fresh_process(define(COLOUR).Colour, *questions) == [
        ([("RED", 1), ("GREEN", "g")], 2, "Of things.", "Colour"),
        (True, True, True),
        ("RED!", True, True, "helped"),
        ("<Colour.RED: 1>", "Colour.RED", True, 1),
        (True, type(define(COLOUR).Colour).__name__, True),
    ]


def test_aliases(in_fresh_process):
    question = "obj.CRIMSON is obj.RED, list(obj.__members__), obj['CRIMSON'].name"
    expected = (True, ["RED", "GREEN", "CRIMSON"], "RED")
    assert in_fresh_process(define(COLOUR).Colour, question) == expected


def test_members(in_fresh_process):
    colour = define(COLOUR).Colour
    question = """
        red, crimson, cls, table = obj
        red is crimson is cls.RED, table[red], table[cls.GREEN] is red, red.shout()
        """
    sent = [
        colour.RED,
        colour.CRIMSON,
        colour,
        {colour.RED: 1, colour.GREEN: colour.RED},
    ]
    assert in_fresh_process(sent, question) == (True, 1, True, "RED!")


def test_a_member_alone(in_fresh_process):
    question = "obj.name, obj.value, type(obj).GREEN.value, type(obj).RED is obj"
    assert in_fresh_process(define(COLOUR).Colour.RED, question) == (
        "RED",
        1,
        "g",
        True,
    )


def test_a_function_that_uses_members(in_fresh_process):
    source = COLOUR + "\n    def is_red(c=Colour.RED): return c is Colour.RED\n"
    made = define(source)
    question = "f, red = obj\nf(), f(red), f(type(red).GREEN)"
    assert in_fresh_process([made.is_red, made.Colour.RED], question) == (
        True,
        True,
        False,
    )


def test_members_stay_what_they_are_at_home(roundtrip):
    colour = define(COLOUR).Colour
    assert roundtrip(colour.RED) is colour.RED
    assert roundtrip([colour, colour.GREEN]) == [colour, colour.GREEN]


def test_members_cannot_be_changed(in_fresh_process):
    question = """
        import types
        refused = []
        for act in (lambda: setattr(obj, "RED", 5), lambda: obj(77),
                    lambda: types.new_class("More", (obj,)), lambda: obj["NONE"]):
            try:
                act()
            except Exception as error:
                refused.append(type(error).__name__)
        refused
        """
    expected = ["AttributeError", "ValueError", "TypeError", "KeyError"]
    assert in_fresh_process(define(COLOUR).Colour, question) == expected


def test_int_enum(in_fresh_process):
    made = define("import enum\nclass Size(enum.IntEnum):\n  S = 1\n  L = 3")
    question = "obj.S + obj.L, obj(3) is obj.L, obj.L > 2, [0, 1][obj.S], obj.S == 1"
    assert in_fresh_process(made.Size, question) == (4, True, True, 1, True)


@pytest.mark.skipif(**since(3, 11))
def test_str_enum(in_fresh_process):
    source = """
        from enum import StrEnum, auto
        class Name(StrEnum):
            ALPHA = auto()
            BETA = "b"
        """
    question = (
        "obj.ALPHA == 'alpha', obj('b') is obj.BETA, obj.BETA + '!', str(obj.ALPHA)"
    )
    assert in_fresh_process(define(source).Name, question) == (
        True,
        True,
        "b!",
        "alpha",
    )


def test_a_mixin_of_str(in_fresh_process):
    made = define("import enum\nclass Name(str, enum.Enum):\n  A = 'a'\n  B = 'b'")
    question = "obj.A == 'a', obj('b') is obj.B, obj.A.upper(), repr(obj.A.value)"
    assert in_fresh_process(made.Name, question) == (True, True, "A", "'a'")


def test_auto(in_fresh_process):
    source = """
        from enum import Enum, auto
        class Plain(Enum):
            A = auto()
            B = auto()
        class Named(Enum):
            def _generate_next_value_(name, start, count, last): return name.lower()
            A = auto()
            B = auto()
        """
    made = define(source)
    question = "[[m.value for m in e] for e in obj]"
    assert in_fresh_process([made.Plain, made.Named], question) == [[1, 2], ["a", "b"]]


FLAG = """
    from enum import Flag, IntFlag, auto
    class Perm(Flag):
        R = auto()
        W = auto()
        X = auto()
        RW = R | W
    class Bits(IntFlag):
        A = 1
        B = 2
        HIGH = 64
    """


def test_flags(in_fresh_process):
    question = """
        perm = obj
        ((perm.R | perm.W) is perm.RW, perm.R in perm.RW, bool(perm.R & perm.X),
         (~perm.R).value, perm(7).value, (perm.R ^ perm.RW) is perm.W)
        """
    expected = (True, True, False, 6, 7, True)
    assert in_fresh_process(define(FLAG).Perm, question) == expected


def test_composite_flags(in_fresh_process):
    perm = define(FLAG).Perm
    question = """
        composite, zero, named, r = obj
        cls = type(r)
        (composite is cls.R | cls.X, composite == cls(5), zero is cls(0),
         named is cls.RW, r is cls.R, r in composite, repr(composite))
        """
    sent = [perm.R | perm.X, perm(0), perm.R | perm.W, perm.R]
    expected = (True, True, True, True, True, True, repr(perm.R | perm.X))
    assert in_fresh_process(sent, question) == expected


def test_int_flags(in_fresh_process):
    bits = define(FLAG).Bits
    question = """
        composite, unknown, a = obj
        cls = type(a)
        composite == 3, composite == cls.A | cls.B, unknown == 128 + 1, a in unknown
        """
    sent = [bits.A | bits.B, bits.A | 128, bits.A]
    assert in_fresh_process(sent, question) == (True, True, True, True)


@pytest.mark.skipif(**since(3, 11))
@pytest.mark.parametrize("boundary", ["STRICT", "CONFORM", "EJECT", "KEEP"])
def test_boundaries(in_fresh_process, boundary):
    source = f"""
        from enum import Flag, {boundary}
        class F(Flag, boundary={boundary}):
            A, B = 1, 2
        """
    made = define(source)
    question = f"""
        import enum
        try:
            answer = int(getattr(obj(9), "value", obj(9)))
        except ValueError:
            answer = "refused"
        answer, obj._boundary_ is enum.{boundary}
        """
    expected = {"STRICT": "refused", "CONFORM": 1, "EJECT": 9, "KEEP": 9}[boundary]
    assert in_fresh_process(made.F, question) == (expected, True)


def test_an_init(in_fresh_process):
    source = """
        from enum import Enum
        class Planet(Enum):
            EARTH = (5.97e24, 6.37e6)
            MARS = (6.4e23, 3.4e6)
            def __init__(self, mass, radius):
                self.mass, self.radius = mass, radius
                type(self).made = getattr(type(self), "made", 0) + 1
        """
    question = (
        "obj.EARTH.mass, obj.MARS.radius, obj((6.4e23, 3.4e6)) is obj.MARS, obj.made"
    )
    expected = (5.97e24, 3.4e6, True, 2)
    assert in_fresh_process(define(source).Planet, question) == expected


def test_a_new(in_fresh_process):
    source = """
        from enum import Enum
        class Coordinate(bytes, Enum):
            def __new__(cls, value, label):
                obj = bytes.__new__(cls, [value])
                obj._value_ = value
                obj.label = label
                return obj
            PX = (0, "P.X")
            PY = (1, "P.Y")
        """
    question = "obj.PY.label, obj.PY.value, obj(1) is obj.PY, obj.PY[0], len(obj.PX)"
    expected = ("P.Y", 1, True, 1, 1)
    assert in_fresh_process(define(source).Coordinate, question) == expected


def test_state_of_members(in_fresh_process):
    colour = define(COLOUR).Colour
    colour.RED.note = ["kept"]
    assert in_fresh_process(colour.RED, "obj.note, type(obj)(1).note") == (
        ["kept"],
        ["kept"],
    )


def test_a_mixin_class_of_ours(in_fresh_process):
    source = """
        from enum import Enum
        class Greets:
            def greet(self): return "I am " + self.name
        class Base(Greets, Enum):
            def low(self): return self.name.lower()
        class Who(Base):
            ANN = 1
        """
    question = "obj.ANN.greet(), obj.ANN.low(), [c.__name__ for c in obj.__mro__[1:3]]"
    expected = ("I am ANN", "ann", ["Base", "Greets"])
    assert in_fresh_process(define(source).Who, question) == expected


def test_a_dataclass_as_mixin(in_fresh_process):
    source = """
        from dataclasses import dataclass
        from enum import Enum
        @dataclass
        class Animal:
            legs: int
            def walk(self): return "tap " * self.legs
        class Pet(Animal, Enum):
            CAT = 4
            BIRD = 2
        """
    question = "obj.BIRD.walk(), obj.CAT.legs, obj.CAT is obj['CAT']"
    assert in_fresh_process(define(source).Pet, question) == ("tap tap ", 4, True)


def test_the_functional_api(in_fresh_process):
    made = enum.Enum("Animal", "CAT DOG", module="__main__", qualname="zoo.Animal")
    question = "[m.name for m in obj], obj(2) is obj.DOG, obj.__qualname__"
    assert in_fresh_process(made, question) == (["CAT", "DOG"], True, "zoo.Animal")


def test_an_enum_inside_a_class(in_fresh_process):
    source = """
        from enum import Enum
        class Job:
            class State(Enum):
                NEW, DONE = range(2)
            def __init__(self): self.state = self.State.NEW
        """
    made = define(source)
    question = """
        job, new = obj
        cls = type(job)
        job.state is new is cls.State.NEW, cls.State.__qualname__, cls.State(1).name
        """
    sent = [made.Job(), made.Job.State.NEW]
    assert in_fresh_process(sent, question) == (True, "Job.State", "DONE")


def test_values_that_cannot_be_hashed(in_fresh_process):
    made = define(
        "import enum\nclass E(enum.Enum):\n  A = [1]\n  B = {'k': 2}\n  C = [1]"
    )
    question = "obj([1]) is obj.A is obj.C, obj({'k': 2}) is obj.B, obj.B.value"
    assert in_fresh_process(made.E, question) == (True, True, {"k": 2})


def test_values_that_are_functions_and_members(in_fresh_process):
    source = """
        from enum import Enum
        from functools import partial
        class E(Enum):
            A = (lambda x: x + 1,)
            B = [A]
            def run(self, x): return self.value[0](x)
        """
    assert in_fresh_process(define(source).E, "obj.A.run(1)") == 2


def test_ignored_names_and_missing(in_fresh_process):
    source = """
        from enum import Enum
        class E(Enum):
            _ignore_ = ["helper"]
            helper = 5
            A = 1
            @classmethod
            def _missing_(cls, value): return cls.A if value == "a" else None
        """
    question = "obj('a') is obj.A, hasattr(obj, 'helper')"
    assert in_fresh_process(define(source).E, question) == (True, False)


@pytest.mark.skipif(**since(3, 11))
def test_members_and_nonmembers(in_fresh_process):
    source = """
        import enum
        class E(enum.Enum):
            A = 1
            f = enum.member(len)
            n = enum.nonmember(5)
        """
    question = "obj.n, obj.f.value('abc'), [m.name for m in obj]"
    assert in_fresh_process(define(source).E, question) == (5, 3, ["A", "f"])


def test_an_enum_with_its_own_metaclass(in_fresh_process):
    source = """
        from enum import Enum, EnumMeta
        class Meta(EnumMeta):
            def names(cls): return [m.name for m in cls]
        class E(Enum, metaclass=Meta):
            A, B = 1, 2
        """
    assert in_fresh_process(define(source).E, "obj.names()") == ["A", "B"]


def test_an_empty_enum_to_derive_from(in_fresh_process):
    made = define(
        "import enum\nclass Base(enum.Enum):\n  def f(self): return self.value"
    )
    question = "E = obj('E', 'A B')\nE.B.f(), E.__base__ is obj"
    assert in_fresh_process(made.Base, question) == (2, True)


def test_importable_members_go_by_reference(in_fresh_process):
    import re
    import socket

    question = "import re, socket\nobj[0] is re.IGNORECASE, obj[1] is socket.AF_INET"
    assert in_fresh_process([re.IGNORECASE, socket.AF_INET], question) == (True, True)


def test_an_enum_of_a_thousand_members(in_fresh_process):
    made = enum.Enum("Many", [f"M{n}" for n in range(1000)], module="__main__")
    question = "len(obj), obj.M999.value, obj(1) is obj.M0"
    assert in_fresh_process(made, question) == (1000, 1000, True)
