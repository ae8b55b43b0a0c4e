"""Random graphs of code and data: what is repeated equals what is written out.

Functions, closures, classes, dataclasses, enumerations and instances, mixed with plain
data that shares parts with them, are dumped again and again and changed in between.
"""

import pickle
import random

import pytest
from support.source import define
from support.streams import written_out

import cppickle

SOURCE = """
import dataclasses
import enum

G = {value}
L = {value}

def function(x={value}, *, k={value}):
    return (G, L, x, k, helper) if x else function

def helper():
    return Derived, G

def closures(a, b):
    c = a
    def inner():
        nonlocal c
        c = b
        return c, a, L
    def other():
        return c
    return inner, other

class Base:
    y = {value}
    z = [G, {value}]
    def method(self): return function
    @staticmethod
    def static(a=G): return a
    @property
    def prop(self): return L

class Derived(Base):
    {body}
    def method(self): return super().method(), {value}

@dataclasses.dataclass
class Record:
    a: int = {number}
    b: list = dataclasses.field(default_factory=list)

class Color(enum.Enum):
    A = {number}
    B = {number} + 1
"""

VALUES = [
    *("1", "'s'", "'__main__'", "None", "True", "1.5", "(1, 2)", "'x' * 300", "b'b'"),
    *("10 ** 20", "[1]", "{'a': 1}", "frozenset([1])", "'owner 1'"),
]
BODIES = ["pass", "__slots__ = ('q',)", "w = 1"]

CHANGES = [
    "global G; G = {value}",
    "global L; L = {value}",
    "Base.y = {value}",
    "Base.z.append({value})",
    "Derived.new = {value}",
    "function.__defaults__ = ({value},)",
    "function.attribute = {value}",
    "field = Record.__dataclass_fields__['a']; field.repr = not field.repr",
]


class Graphs:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.made = define(self.filled(SOURCE))
        self.objects = self.parts()

    def filled(self, text):
        while "{value}" in text:
            text = text.replace("{value}", self.random.choice(VALUES), 1)
        text = text.replace("{body}", self.random.choice(BODIES))
        return text.replace("{number}", str(self.random.randrange(5)))

    def parts(self):
        made = self.made
        derived = made.Derived()
        if not hasattr(made.Derived, "w"):
            derived.q = [1]
        return [
            *(made.function, made.helper, *made.closures([1], "b")),
            *(made.Base, made.Derived, made.Record, made.Color, made.Color.A),
            *(made.Base(), derived, made.Record(3, ["q"])),
        ]

    def data(self, depth=0):
        kind = self.random.randrange(12 if depth < 5 else 3)
        if kind < 3:
            leaves = [1, "s", f"owner {self.random.randrange(5)}", None, 2.5, b"z"]
            return self.random.choice(leaves)
        count = range(self.random.randrange(5))
        if kind < 5:
            return [self.data(depth + 1) for _ in count]
        if kind < 7:
            return {f"k{i}": self.data(depth + 1) for i in count}
        if kind == 7:
            return tuple(self.data(depth + 1) for _ in count)
        return self.random.choice(self.objects)

    def roots(self):
        first = self.random.choice(self.objects)
        return [first, self.data(), [first, self.data()], (first, self.data())]

    def change(self):
        exec(self.filled(self.random.choice(CHANGES)), self.made.globals)


@pytest.mark.parametrize("seed", range(60))
def test_repeated_streams_are_right(seed):
    graphs = Graphs(seed)
    roots = graphs.roots()
    for _ in range(3):
        for root in roots:
            expected = written_out(root)
            assert {cppickle.dumps(root) for _ in range(4)} == {expected}
            pickle.loads(expected)
        graphs.change()
