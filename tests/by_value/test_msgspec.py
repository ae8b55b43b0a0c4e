"""Structs of msgspec: a metaclass made in C keeps their fields and makes them again."""

import sys
import textwrap

import pytest
from support.processes import Worker
from support.source import define

import cppickle

pytest.importorskip("msgspec")

SOURCE = """
    import abc, msgspec
    from typing import Annotated, ClassVar, Generic, Optional, TypeVar
    T = TypeVar("T")
    LIMIT = 10
    class Base(msgspec.Struct, tag=True, frozen=True):
        kind: ClassVar[str] = "base"
        def norm(self): return LIMIT
    class Point(Base, kw_only=True):
        x: int
        y: float = 1.5
        z: list[int] = msgspec.field(default_factory=list, name="zz")
        made: Optional[Base] = msgspec.field(default_factory=lambda: None)
        def norm(self): return self.x + self.y + super().norm()
    class Box(msgspec.Struct, Generic[T], weakref=True, dict=True):
        item: T
    class Mixed(Point, array_like=True, tag="mixed", tag_field="what"):
        first: int = 0
        y: float = 2.5
    class Camel(msgspec.Struct, rename="camel", omit_defaults=True):
        long_name: int = 0
        plain: Annotated[int, msgspec.Meta(gt=0)] = 1
    class Checked(msgspec.Struct):
        x: int
        def __post_init__(self):
            if self.x < 0: raise ValueError(Checked.__name__)
    class Node(msgspec.Struct):
        children: "list[Node]" = msgspec.field(default_factory=lambda: [Leaf()])
    class Leaf(Node):
        children: list = []
    class Plain(msgspec.Struct):
        pass
    class Meta(type(msgspec.Struct)):
        def __new__(cls, name, bases, body, **options):
            made.append(name)
            options.setdefault("kw_only", True)
            return super().__new__(cls, name, bases, body, **options)
    made = []
    class Own(msgspec.Struct, metaclass=Meta):
        a: int = 3
        b: str
    """


@pytest.fixture
def made():
    return define(SOURCE)


def far(obj, question):
    """The answer of a process that has msgspec, and cppickle for another hop."""
    stream = cppickle.dumps(obj)
    for _ in range(3):
        assert cppickle.dumps(obj) == stream
    with Worker(bare=False) as first, Worker(bare=False) as second:
        first.load(stream)
        second.load(first.dumps("obj"))
        question = "import msgspec\n" + textwrap.dedent(question)
        answers = [worker.ask(question) for worker in (first, second)]
    assert answers[0] == answers[1]
    return answers[0]


@pytest.mark.xfail(
    sys.version_info >= (3, 14), reason="fields that are ClassVar count as fields there"
)
def test_a_struct(made):
    question = """
        p, cls = obj
        other = cls(x=2)
        (p.norm(), p.z, other.y, other.z, other.made, type(p) is cls, cls.kind,
         cls.__struct_fields__, cls.__struct_config__.frozen,
         hash(cls(x=1, z=None)) != 0,
         msgspec.json.decode(msgspec.json.encode(p), type=cls) == p,
         msgspec.json.encode(other), msgspec.structs.replace(p, x=5).x)
        """
    pair = [made.Point(x=1, z=[4]), made.Point]
    expected = (12.5, [4], 1.5, [], None, True, "base")
    expected += (("x", "y", "z", "made"), True, True, True)
    expected += (b'{"type":"Point","x":2,"y":1.5,"zz":[],"made":null}', 5)
    assert far(pair, question) == expected


CONFIG = """
    [(cls.__name__, cls.__struct_fields__, cls.__struct_encode_fields__,
      cls.__match_args__, str(cls.__struct_defaults__),
      {n: getattr(cls.__struct_config__, n) for n in dir(cls.__struct_config__)
       if n[0] != "_"}, sorted(n for n in vars(cls) if n != "__annotations_cache__"),
      cls.__doc__) for cls in obj]
    """
NAMES = ["Base", "Point", "Box", "Mixed", "Camel", "Checked", "Node", "Leaf"]
NAMES += ["Plain", "Own"]


@pytest.mark.xfail(
    sys.version_info >= (3, 14), reason="fields that are ClassVar count as fields there"
)
def test_what_the_metaclass_keeps(made):
    classes = [getattr(made, name) for name in NAMES]
    assert far(classes, CONFIG) == eval(CONFIG.strip(), {"obj": classes})


def test_a_generic_struct(made):
    question = "obj[0].item, obj[1].__args__, obj[1](4).item, obj[0].__dict__"
    assert far([made.Box(3), made.Box[int]], question) == (3, (int,), 4, {})


def test_the_hook_after_init(made):
    question = """
        try:
            obj(-1)
        except ValueError as error:
            answer = str(error)
        answer, obj(1).x
        """
    assert far(made.Checked, question) == ("Checked", 1)


def test_a_default_factory_that_leads_back_to_the_class(made):
    question = "type(obj().children[0]).__name__, obj().children[0].children"
    assert far(made.Node, question) == ("Leaf", [])


def test_a_function_that_makes_structs(made):
    f = define("def f(x): return Camel(x)", Camel=made.Camel).f
    assert far(f, "msgspec.json.encode(obj(3))") == b'{"longName":3}'
    question = """
        try:
            msgspec.json.decode(b'{"plain":0}', type=obj)
        except msgspec.ValidationError as error:
            answer = str(error)
        answer
        """
    assert far(made.Camel, question) == "Expected `int` >= 1 - at `$.plain`"


def test_a_metaclass_of_ones_own_does_not_run_again(made):
    question = "obj[0](b='q').a, obj[1].__globals__['made']"
    classes = [made.Own, made.Meta.__new__]
    answer = far(classes, question)
    assert answer == (3, made.made)


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="annotations are made lazily")
def test_annotations(made):
    question = "list(obj.__annotations__), obj.__annotations__['y'] is float"
    assert far(made.Point, question) == (["x", "y", "z", "made"], True)


def test_a_new_definition_is_another_class(made):
    with Worker(bare=False) as worker:
        for default in [1, 2]:
            cls = define(
                f"import msgspec\nclass C(msgspec.Struct): x: int = {default}"
            ).C
            worker.load(cppickle.dumps(cls), name=f"c{default}")
        assert worker.ask("c1().x, c2().x, c1 is c2") == (1, 2, False)


def test_a_default_that_is_changed_is_sent():
    made = define("""
        import msgspec
        class Box:
            def __init__(self): self.value = 1
        BOX = Box()
        class C(msgspec.Struct): x: Box = BOX
        """)
    streams = [cppickle.dumps(made.C) for _ in range(3)]
    made.BOX.value = 2
    assert cppickle.dumps(made.C) not in streams
    with Worker(bare=False) as worker:
        worker.load(cppickle.dumps(made.C))
        assert worker.ask("obj().x.value") == 2
