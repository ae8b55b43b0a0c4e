"""Dataclasses in every option, made and used on the far side."""

import dataclasses

import pytest
from support.source import define, since

IMPORTS = "from dataclasses import *\nfrom typing import ClassVar\n"


def dataclass(body, options=""):
    """A namespace with a dataclass ``C`` of that body."""
    lines = "\n".join("    " + line for line in body.split("; "))
    return define(f"{IMPORTS}@dataclass({options})\nclass C:\n{lines}\n")


def test_a_dataclass(in_fresh_process):
    made = dataclass("x: int; y: int = 2")
    questions = [
        "repr(obj(1)), obj(1) == obj(1, 2), obj(1) == obj(2)",
        "import dataclasses\ndataclasses.is_dataclass(obj), dataclasses.asdict(obj(1))",
        "[f.name for f in dataclasses.fields(obj) if f.type is int]",
        "dataclasses.replace(obj(1), y=5).y, obj.__match_args__, obj.__doc__",
    ]
    answers = in_fresh_process(made.C, *questions)
    assert answers == [
        ("C(x=1, y=2)", True, False),
        (True, {"x": 1, "y": 2}),
        ["x", "y"],
        (5, ("x", "y"), made.C.__doc__),
    ]


def test_an_instance(in_fresh_process):
    made = dataclass("x: int; y: list = field(default_factory=list)")
    question = "obj.y.append(1)\nobj.x, obj.y, type(obj)(0).y, obj == type(obj)(3, [1])"
    assert in_fresh_process(made.C(3), question) == (3, [1], [], True)


def test_missing_keeps_its_identity(in_fresh_process):
    made = dataclass("x: int; y: int = 1; z: list = field(default_factory=list)")
    question = """
        from dataclasses import MISSING, fields
        x, y, z = fields(obj)
        (x.default is MISSING, x.default_factory is MISSING, y.default == 1,
         z.default is MISSING, z.default_factory is list)
        """
    assert in_fresh_process(made.C, question) == (True,) * 5


def test_fields_are_still_fields(in_fresh_process):
    """The field kinds are sentinels, too."""
    made = dataclass("a: ClassVar[int] = 1; b: InitVar[int] = 2; c: int = 3")
    question = """
        import dataclasses
        kinds = {n: f._field_type for n, f in obj.__dataclass_fields__.items()}
        (kinds["a"] is dataclasses._FIELD_CLASSVAR,
         kinds["b"] is dataclasses._FIELD_INITVAR,
         kinds["c"] is dataclasses._FIELD,
         [f.name for f in dataclasses.fields(obj)])
        """
    assert in_fresh_process(made.C, question) == (True, True, True, ["c"])


def test_a_dataclass_of_the_receiver_extends_it(in_fresh_process):
    made = dataclass("x: int; y: int = 2; z: list = field(default_factory=list)")
    question = """
        from dataclasses import dataclass
        @dataclass
        class More(obj):
            extra: str = "e"
        vars(More(1))
        """
    expected = {"x": 1, "y": 2, "z": [], "extra": "e"}
    assert in_fresh_process(made.C, question) == expected


def test_init_var_and_post_init(in_fresh_process):
    source = f"""
{IMPORTS}
@dataclass
class C:
    x: int
    scale: InitVar[int] = 10
    total: int = field(init=False)
    def __post_init__(self, scale): self.total = self.x * scale
"""
    made = define(source)
    question = "obj.total, type(obj)(3).total, type(obj)(3, 2).total"
    assert in_fresh_process(made.C(5), question) == (50, 30, 6)


def test_class_variables(in_fresh_process):
    made = dataclass("count: ClassVar[int] = 7; x: int = 1")
    assert in_fresh_process(made.C, "obj.count, vars(obj())") == (7, {"x": 1})


REFUSED = """
try:
    {}
except Exception as error:
    kind = type(error).__name__
kind
"""


def test_frozen(in_fresh_process):
    made = dataclass("x: int; y: tuple = ()", "frozen=True")
    questions = [
        REFUSED.format("obj.x = 5"),
        REFUSED.format("del obj.x"),
        "hash(obj) == hash(type(obj)(1)), {obj: 1}[type(obj)(1)]",
    ]
    expected = ["FrozenInstanceError", "FrozenInstanceError", (True, 1)]
    assert in_fresh_process(made.C(1), *questions) == expected


def test_slots(in_fresh_process):
    made = dataclass("x: int; y: int = 2", "slots=True")
    questions = [
        "obj.x, obj.y, hasattr(obj, '__dict__'), type(obj).__slots__",
        REFUSED.format("obj.z = 1"),
        "repr(type(obj)(5)), obj == type(obj)(1)",
    ]
    answers = in_fresh_process(made.C(1), *questions)
    assert answers == [
        (1, 2, False, ("x", "y")),
        "AttributeError",
        ("C(x=5, y=2)", True),
    ]


def test_frozen_slots(in_fresh_process):
    made = dataclass("x: int; y: list", "frozen=True, slots=True")
    shared = []
    question = "a, b = obj\na.x, b.x, a.y is b.y, hasattr(a, '__dict__')"
    sent = [made.C(1, shared), made.C(2, shared)]
    assert in_fresh_process(sent, question) == (1, 2, True, False)


def test_slots_with_inheritance_and_super(in_fresh_process):
    source = f"""
{IMPORTS}
@dataclass(slots=True)
class A:
    x: int
    def who(self): return "A"
@dataclass(slots=True)
class B(A):
    y: int = 2
    def who(self): return A.who(self) + "B"
"""
    made = define(source)
    question = "obj.x, obj.y, obj.who(), type(obj).__slots__, hasattr(obj, '__dict__')"
    expected = (1, 2, "AB", made.B.__slots__, False)
    assert in_fresh_process(made.B(1), question) == expected


@pytest.mark.skipif(**since(3, 11))
def test_a_weakref_slot(in_fresh_process):
    made = dataclass("x: int", "slots=True, weakref_slot=True")
    question = "import weakref\nweakref.ref(obj)() is obj, type(obj).__slots__"
    expected = (True, ("x", "__weakref__"))
    assert in_fresh_process(made.C(1), question) == expected


def test_keyword_only(in_fresh_process):
    made = dataclass("x: int; y: int = 2", "kw_only=True")
    questions = ["repr(obj(x=1))", REFUSED.format("obj(1)"), "obj.__match_args__"]
    assert in_fresh_process(made.C, *questions) == ["C(x=1, y=2)", "TypeError", ()]


def test_keyword_only_from_a_mark_on(in_fresh_process):
    made = dataclass("x: int; _: KW_ONLY; y: int = 2; z: int = field(default=3)")
    questions = [
        "repr(obj(1, y=5))",
        REFUSED.format("obj(1, 2)"),
        "import dataclasses\n[f.kw_only for f in dataclasses.fields(obj)]",
    ]
    answers = in_fresh_process(made.C, *questions)
    assert answers == ["C(x=1, y=5, z=3)", "TypeError", [False, True, True]]


def test_order(in_fresh_process):
    made = dataclass("x: int; y: int = field(default=0, compare=False)", "order=True")
    question = "obj(1) < obj(2), sorted([obj(2), obj(1)])[0].x, obj(1, 5) == obj(1, 6)"
    assert in_fresh_process(made.C, question) == (True, 1, True)


@pytest.mark.parametrize(
    "options", ["eq=False", "repr=False", "init=False", "match_args=False"]
)
def test_what_is_not_made(in_fresh_process, options):
    made = dataclass("x: int = 1", options)
    names = ["__eq__", "__repr__", "__init__", "__match_args__"]
    expected = [name in vars(made.C) for name in names]
    question = f"[name in vars(obj) for name in {names}]"
    assert in_fresh_process(made.C, question) == expected


def test_unsafe_hash(in_fresh_process):
    made = dataclass(
        "x: int; y: int = field(default=0, hash=False)", "unsafe_hash=True"
    )
    question = "hash(obj(1, 2)) == hash(obj(1, 3)), obj(1, 2) == obj(1, 3)"
    assert in_fresh_process(made.C, question) == (True, False)


def test_eq_takes_the_hash_away(in_fresh_process):
    assert in_fresh_process(dataclass("x: int").C, "obj.__hash__") is None


def test_options_of_fields(in_fresh_process):
    made = dataclass("x: int = field(default=1, repr=False, metadata={'unit': 'm'})")
    question = """
        import dataclasses
        (x,) = dataclasses.fields(obj)
        repr(obj()), dict(x.metadata), x.repr, x.name, type(x.metadata).__name__
        """
    expected = ("C()", {"unit": "m"}, False, "x", "mappingproxy")
    assert in_fresh_process(made.C, question) == expected


def test_the_parameters_that_made_it(in_fresh_process):
    made = dataclass("x: int", "frozen=True, order=True")
    question = "p = obj.__dataclass_params__\np.frozen, p.order, p.eq, p.repr"
    assert in_fresh_process(made.C, question) == (True, True, True, True)


def test_a_dataclass_made_by_a_function(in_fresh_process):
    cls = dataclasses.make_dataclass(
        "Made", [("x", int), ("y", int, 5)], namespace={"sum": lambda s: s.x + s.y}
    )
    cls.__module__ = "__main__"
    assert in_fresh_process(cls, "obj(1).sum(), repr(obj(2))") == (6, "Made(x=2, y=5)")


def test_a_field_of_a_dataclass_of_ours(in_fresh_process):
    source = f"""
{IMPORTS}
@dataclass
class Leaf:
    n: int = 1
@dataclass
class Tree:
    leaf: Leaf = field(default_factory=Leaf)
    twins: list["Tree"] = field(default_factory=lambda: [Leaf(5)])
"""
    made = define(source)
    question = """
        import dataclasses
        tree, leaf = obj
        dataclasses.asdict(tree()), dataclasses.fields(tree)[0].default_factory is leaf
        """
    expected = ({"leaf": {"n": 1}, "twins": [{"n": 5}]}, True)
    assert in_fresh_process([made.Tree, made.Leaf], question) == expected


def test_annotations_as_strings(in_fresh_process):
    source = f"from __future__ import annotations\n{IMPORTS}" + (
        "@dataclass\nclass C:\n  x: list[C] | None = None\n"
    )
    question = "import dataclasses\n[(f.name, f.type) for f in dataclasses.fields(obj)]"
    expected = [("x", "list[C] | None")]
    assert in_fresh_process(define(source).C, question) == expected


def test_instances_in_a_ring(in_fresh_process):
    made = dataclass("next: object = None; n: int = 0")
    ring = [made.C(n=n) for n in range(3)]
    for a, b in zip(ring, ring[1:] + ring[:1]):
        a.next = b
    question = "obj.next.next.next is obj, obj.next.n, repr(obj.next.next.n)"
    assert in_fresh_process(ring[0], question) == (True, 1, "2")


def test_a_dataclass_with_a_custom_init(in_fresh_process):
    source = f"{IMPORTS}@dataclass(init=False)\nclass C:\n  x: int\n" + (
        "  def __init__(self, text): self.x = int(text)\n"
    )
    question = "obj.x, type(obj)('7').x, repr(obj)"
    assert in_fresh_process(define(source).C("5"), question) == (5, 7, "C(x=5)")


@pytest.mark.skipif(**since(3, 13))
def test_replace_by_the_copy_module(in_fresh_process):
    question = "import copy\ncopy.replace(obj, x=9).x"
    assert in_fresh_process(dataclass("x: int").C(1), question) == 9


def test_missing_in_a_closure_of_a_method(in_fresh_process):
    source = """
        import dataclasses
        def made(sentinel):
            class Holder:
                def missing(self): return sentinel
                def other(self): return 2
            return Holder
        Holder = made(dataclasses.MISSING)
        """
    question = """
        import dataclasses
        obj[1]().missing() is dataclasses.MISSING, obj[1]().other()
        """
    holder = define(source).Holder
    assert in_fresh_process([dataclasses.MISSING, holder], question) == (True, 2)
