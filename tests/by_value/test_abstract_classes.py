"""Abstract base classes: abstract methods, the registry, no caches."""

import abc

from support.source import define

import cppickle

SHAPES = """
    from abc import ABC, ABCMeta, abstractmethod
    class Shape(ABC):
        @abstractmethod
        def area(self): ...
    class Square(Shape):
        def area(self): return 4
    class Virtual: pass
    class Stranger: pass
    Shape.register(Virtual)
    """


def test_abstract_and_concrete(in_fresh_process):
    made = define(SHAPES)
    question = """
        shape, square = obj
        try:
            shape()
        except TypeError as error:
            refused = "abstract" in str(error)
        refused, square().area(), isinstance(square(), shape), type(shape).__name__
        """
    expected = (True, 4, True, "ABCMeta")
    assert in_fresh_process([made.Shape, made.Square], question) == expected


def test_the_registry_travels(in_fresh_process):
    made = define(SHAPES)
    question = "shape, v, s = obj\nisinstance(v(), shape), issubclass(s, shape)"
    classes = [made.Shape, made.Virtual, made.Stranger]
    assert in_fresh_process(classes, question) == (True, False)


def test_importable_classes_in_the_registry(in_fresh_process):
    made = define(SHAPES)
    made.Shape.register(int)
    question = "isinstance(3, obj), isinstance('', obj)"
    assert in_fresh_process(made.Shape, question) == (True, False)


def test_the_caches_do_not_travel():
    made = define(SHAPES)
    made.Stranger.big = made.Square.big = "x" * 100_000
    assert not isinstance(made.Stranger(), made.Shape)
    assert isinstance(made.Square(), made.Shape)
    assert len(cppickle.dumps(made.Shape)) < 10_000


def test_registering_on_the_far_side(in_fresh_process):
    made = define(SHAPES)
    question = """
        class New: pass
        before = issubclass(New, obj)
        obj.register(New)
        before, issubclass(New, obj)
        """
    assert in_fresh_process(made.Shape, question) == (False, True)


def test_a_subclass_hook(in_fresh_process):
    source = """
        from abc import ABC
        class Quacks(ABC):
            @classmethod
            def __subclasshook__(cls, other):
                return hasattr(other, "quack") or NotImplemented
        class Duck: quack = True
        """
    made = define(source)
    question = "issubclass(obj[1], obj[0]), issubclass(int, obj[0])"
    assert in_fresh_process([made.Quacks, made.Duck], question) == (True, False)


def test_an_abc_of_the_library_as_base(in_fresh_process):
    source = """
        from collections.abc import MutableMapping, Sized
        class Table(MutableMapping):
            def __init__(self): self.d = {}
            def __getitem__(self, k): return self.d[k]
            def __setitem__(self, k, v): self.d[k] = v
            def __delitem__(self, k): del self.d[k]
            def __iter__(self): return iter(self.d)
            def __len__(self): return len(self.d)
        """
    table = define(source).Table()
    table["a"] = 1
    question = """
        from collections.abc import Mapping
        obj.update(b=2)
        dict(obj), isinstance(obj, Mapping), obj.pop("a"), len(obj)
        """
    expected = ({"a": 1, "b": 2}, True, 1, 1)
    assert in_fresh_process(table, question) == expected


def test_a_metaclass_derived_from_abcmeta(in_fresh_process):
    source = """
        from abc import ABCMeta, abstractmethod
        class Meta(ABCMeta):
            def which(cls): return cls.__name__
        class Base(metaclass=Meta):
            @abstractmethod
            def f(self): ...
        class Virtual: pass
        Base.register(Virtual)
        """
    made = define(source)
    question = (
        "b, v = obj\nb.which(), isinstance(v(), b), sorted(b.__abstractmethods__)"
    )
    assert in_fresh_process([made.Base, made.Virtual], question) == (
        "Base",
        True,
        ["f"],
    )


def test_a_registry_in_a_circle(in_fresh_process):
    source = """
        from abc import ABC
        class Base(ABC): pass
        class Virtual:
            def base(self): return Base
        Base.register(Virtual)
        """
    question = "base = obj().base()\nissubclass(obj, base)"
    assert in_fresh_process(define(source).Virtual, question) is True


def test_the_registry_of_the_sender_is_left_alone():
    made = define(SHAPES)
    assert not issubclass(made.Stranger, made.Shape)
    before = [len(part) for part in abc._get_dump(made.Shape)[:3]]
    cppickle.dumps(made.Shape)
    assert [len(part) for part in abc._get_dump(made.Shape)[:3]] == before
