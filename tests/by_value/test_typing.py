"""Typing objects: generics, type variables, protocols, new types, typed dicts."""

import pytest
from support.source import define, since

GENERIC = """
    from typing import Generic, TypeVar
    T = TypeVar("T")
    K = TypeVar("K", bound="Box", covariant=True)
    class Box(Generic[T]):
        def __init__(self, item: T): self.item = item
        def get(self) -> T: return self.item
    class IntBox(Box[int]): pass
    class Pair(Box[T], Generic[T, K]): pass
    alias = Box[int]
    """


def test_a_generic_class(in_fresh_process):
    made = define(GENERIC)
    questions = [
        "box, t = obj\nbox.__parameters__ == (t,), box(3).get(), box[int](4).item",
        "box[str].__args__ == (str,), box[str].__origin__ is box",
        "base, = box.__orig_bases__\n"
        "box.get.__annotations__['return'] is t, base.__args__[0] is t",
    ]
    answers = in_fresh_process([made.Box, made.T], *questions)
    assert answers == [(True, 3, 4), (True, True), (True, True)]


def test_subclasses_of_a_generic_class(in_fresh_process):
    made = define(GENERIC)
    question = """
        int_box, pair, box = obj
        (int_box.__orig_bases__ == (box[int],), int_box.__mro__[1] is box,
         len(pair.__parameters__), pair[int, str].__args__ == (int, str))
        """
    classes = [made.IntBox, made.Pair, made.Box]
    assert in_fresh_process(classes, question) == (True, True, 2, True)


def test_an_alias(in_fresh_process):
    made = define(GENERIC)
    question = (
        "alias, box = obj\nalias == box[int], alias.__origin__ is box, alias(5).item"
    )
    assert in_fresh_process([made.alias, made.Box], question) == (True, True, 5)


def test_an_instance_made_by_an_alias(in_fresh_process):
    made = define(GENERIC)
    question = "obj.item, obj.__orig_class__.__args__ == (int,)"
    assert in_fresh_process(made.alias(7), question) == (7, True)


def test_a_type_variable(in_fresh_process):
    source = """
        from typing import TypeVar
        class Bound: pass
        T = TypeVar("T", int, str)
        U = TypeVar("U", bound=Bound, contravariant=True)
        """
    made = define(source)
    question = """
        t, u, bound = obj
        (t.__name__, t.__constraints__ == (int, str), u.__bound__ is bound,
         u.__contravariant__, t.__covariant__, t.__module__)
        """
    expected = ("T", True, True, True, False, "__main__")
    assert in_fresh_process([made.T, made.U, made.Bound], question) == expected


def test_an_importable_type_variable_goes_by_reference(roundtrip):
    import typing

    assert roundtrip(typing.AnyStr) is typing.AnyStr


def test_a_parameter_specification(in_fresh_process):
    source = """
        from typing import Callable, Concatenate, Generic, ParamSpec, TypeVar
        P, R = ParamSpec("P"), TypeVar("R")
        class Task(Generic[P, R]):
            def __init__(self, f: Callable[P, R]): self.f = f
            def run(self, *args: P.args, **kwargs: P.kwargs) -> R:
                return self.f(*args, **kwargs)
        hint = Callable[Concatenate[int, P], R]
        """
    made = define(source)
    question = """
        task, p, hint = obj
        (task(len).run("abc"), task.__parameters__[0] is p, p.__name__,
         hint.__parameters__[0] is p, task.run.__annotations__["args"] == p.args)
        """
    expected = (3, True, "P", True, True)
    assert in_fresh_process([made.Task, made.P, made.hint], question) == expected


@pytest.mark.skipif(**since(3, 11))
def test_a_type_variable_tuple(in_fresh_process):
    source = """
        from typing import Generic, TypeVarTuple, Unpack
        Ts = TypeVarTuple("Ts")
        class Array(Generic[Unpack[Ts]]):
            def shape(self, *sizes: *Ts): return sizes
        """
    made = define(source)
    question = """
        array, ts = obj
        (array.__parameters__ == (ts,), ts.__name__, array().shape(1, 2),
         array[int, str].__args__ == (int, str))
        """
    expected = (True, "Ts", (1, 2), True)
    assert in_fresh_process([made.Array, made.Ts], question) == expected


def test_a_new_type(in_fresh_process):
    made = define("from typing import NewType\nUserId = NewType('UserId', int)")
    question = "obj(5), obj.__name__, obj.__supertype__ is int, obj.__module__"
    expected = (5, "UserId", True, "__main__")
    assert in_fresh_process(made.UserId, question) == expected


def test_a_new_type_of_a_class_of_ours(in_fresh_process):
    source = """
        from typing import NewType
        class User: pass
        Admin = NewType("Admin", User)
        Root = NewType("Root", Admin)
        """
    made = define(source)
    question = "root, user = obj\nroot.__supertype__.__supertype__ is user"
    assert in_fresh_process([made.Root, made.User], question) is True


PROTOCOL = """
    from typing import Protocol, runtime_checkable
    @runtime_checkable
    class Named(Protocol):
        name: str
        def rename(self, name: str) -> None: ...
    class Unchecked(Protocol):
        def run(self): ...
    class Good:
        name = "good"
        def rename(self, name): pass
    class Explicit(Named):
        name = "explicit"
    """


def test_a_protocol(in_fresh_process):
    made = define(PROTOCOL)
    question = """
        named, good, explicit = obj
        (isinstance(good(), named), isinstance(3, named), isinstance(explicit(), named),
         named._is_protocol, explicit._is_protocol)
        """
    expected = (True, False, True, True, False)
    classes = [made.Named, made.Good, made.Explicit]
    assert in_fresh_process(classes, question) == expected


def test_a_protocol_that_was_asked_before_it_travels(in_fresh_process):
    made = define(PROTOCOL)
    assert isinstance(made.Good(), made.Named)
    assert not isinstance(3, made.Named)
    question = "isinstance(obj[1](), obj[0]), isinstance(3, obj[0])"
    assert in_fresh_process([made.Named, made.Good], question) == (True, False)


def test_a_protocol_that_cannot_be_checked(in_fresh_process):
    question = """
        refused = []
        for test in lambda: isinstance(3, obj), lambda: obj():
            try:
                test()
            except TypeError:
                refused.append(True)
        refused
        """
    assert in_fresh_process(define(PROTOCOL).Unchecked, question) == [True, True]


def test_a_generic_protocol(in_fresh_process):
    source = """
        from typing import Protocol, TypeVar
        T = TypeVar("T")
        class Source(Protocol[T]):
            def read(self) -> T: ...
        class Numbers(Source[int]):
            def read(self): return 1
        """
    made = define(source)
    question = "s, n, t = obj\nn().read(), s.__parameters__ == (t,), n.__mro__[1] is s"
    assert in_fresh_process([made.Source, made.Numbers, made.T], question) == (
        1,
        True,
        True,
    )


def test_a_typed_dict(in_fresh_process):
    source = """
        from typing import TypedDict
        class Base(TypedDict):
            id: int
        class Movie(Base, total=False):
            name: str
        Other = TypedDict("Other", {"a-b": int})
        """
    made = define(source)
    question = """
        base, movie, other = obj
        (movie(id=1, name="x"), movie.__total__, base.__total__,
         sorted(movie.__required_keys__), sorted(movie.__optional_keys__),
         sorted(movie.__annotations__), other(**{"a-b": 1}), type(movie).__name__)
        """
    expected = ({"id": 1, "name": "x"}, False, True, ["id"], ["name"], ["id", "name"])
    answer = in_fresh_process([made.Base, made.Movie, made.Other], question)
    assert answer == (*expected, {"a-b": 1}, "_TypedDictMeta")


def test_a_named_tuple_class(in_fresh_process):
    source = """
        from typing import NamedTuple
        class Point(NamedTuple):
            '''A place.'''
            x: int
            y: int = 0
            def norm(self): return self.x ** 2 + self.y ** 2
        """
    made = define(source)
    questions = [
        "cls, p = obj\ntuple(p), p.x, p.norm(), type(p) is cls, p == cls(3, 4)",
        "cls._fields, cls._field_defaults, cls(1).y, cls.__doc__, cls.x.__doc__",
        "p._replace(x=0)._asdict(), repr(p), list(cls.__annotations__)",
    ]
    answers = in_fresh_process([made.Point, made.Point(3, 4)], *questions)
    assert answers == [
        ((3, 4), 3, 25, True, True),
        (("x", "y"), {"y": 0}, 0, "A place.", "Alias for field number 0"),
        ({"x": 0, "y": 4}, "Point(x=3, y=4)", ["x", "y"]),
    ]


def test_a_collections_namedtuple(in_fresh_process):
    source = """
        from collections import namedtuple
        Point = namedtuple("Point", "x y", defaults=[5])
        class Named(Point):
            __slots__ = ()
            def total(self): return self.x + self.y
        """
    made = define(source)
    question = (
        "p, n = obj\ntuple(p), p._asdict(), n.total(), type(n)._make([1, 2]).y, repr(n)"
    )
    expected = ((1, 5), {"x": 1, "y": 5}, 6, 2, "Named(x=1, y=5)")
    assert in_fresh_process([made.Point(1), made.Named(1)], question) == expected


HINTS = [
    "typing.List[int]",
    "typing.Optional[str]",
    "typing.Union[int, str, None]",
    "typing.Dict[str, typing.List[int]]",
    "typing.Callable[[int], str]",
    "typing.Callable[..., int]",
    "typing.Tuple[int, ...]",
    "typing.Type[int]",
    "typing.Literal['a', 1]",
    "typing.ClassVar[int]",
    "typing.Final",
    "typing.Any",
    "typing.NoReturn",
    "typing.Annotated[int, 'note']",
    "typing.ForwardRef('int')",
    "list[int]",
    "dict[str, list[int]]",
    "tuple[int, ...]",
    "type[int]",
    "int | str",
    "int | None",
    "collections.abc.Callable[[int], str]",
    "collections.abc.Iterable[int]",
    "typing.TypeAlias",
    "typing.Generic",
    "typing.Protocol",
    "typing.NamedTuple",
]


@pytest.mark.parametrize("hint", HINTS)
def test_hints_of_the_library(in_fresh_process, hint):
    made = define(f"import typing, collections.abc\nhint = {hint}")
    question = (
        f"import typing, collections.abc\nobj == {hint}, type(obj) is type({hint})"
    )
    assert in_fresh_process(made.hint, question) == (True, True)


def test_hints_with_classes_of_ours(in_fresh_process):
    source = """
        import typing
        class C: pass
        hints = [list[C], typing.Optional[C], C | None, typing.Annotated[C, C()],
                 typing.Callable[[C], "C"], typing.Type[C], dict[str, C | int]]
        """
    made = define(source)
    question = """
        import typing
        c, hints = obj
        (hints[:3] == [list[c], typing.Optional[c], c | None],
         type(hints[3].__metadata__[0]) is c, hints[4].__args__[0] is c,
         hints[5] == typing.Type[c], hints[6] == dict[str, c | int])
        """
    assert in_fresh_process([made.C, made.hints], question) == (True,) * 5


@pytest.mark.skipif(**since(3, 13))
def test_defaults_of_type_variables(in_fresh_process):
    source = """
        from typing import Generic, ParamSpec, TypeVar, TypeVarTuple
        class C: pass
        T = TypeVar("T", default=C)
        P = ParamSpec("P", default=[int])
        N = TypeVar("N")
        class Box(Generic[T]): pass
        """
    made = define(source)
    question = """
        c, t, p, n, box = obj
        (t.__default__ is c, t.has_default(), p.__default__ == [int], n.has_default(),
         box.__parameters__[0] is t)
        """
    expected = (True, True, True, False, True)
    sent = [made.C, made.T, made.P, made.N, made.Box]
    assert in_fresh_process(sent, question) == expected


@pytest.mark.skipif(**since(3, 12))
def test_inferred_variance(in_fresh_process):
    made = define("from typing import TypeVar\nT = TypeVar('T', infer_variance=True)")
    assert in_fresh_process(made.T, "obj.__infer_variance__") is True
