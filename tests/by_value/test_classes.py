"""Classes: inheritance, state, names, references in circles, Python's own additions."""

import pytest
from support.source import define


def test_a_class(in_fresh_process):
    source = """
        class Point:
            '''A place.'''
            dimensions = 2
            def __init__(self, x, y): self.x, self.y = x, y
            def __add__(self, other): return Point(self.x + other.x, self.y + other.y)
            def __repr__(self): return f"Point({self.x}, {self.y})"
        """
    questions = [
        "repr(obj(1, 2) + obj(3, 4))",
        "obj.__name__, obj.__qualname__, obj.__module__, obj.__doc__, obj.dimensions",
    ]
    answers = in_fresh_process(define(source).Point, *questions)
    assert answers == ["Point(4, 6)", ("Point", "Point", "__main__", "A place.", 2)]


def test_inheritance(in_fresh_process):
    source = """
        class A:
            def who(self): return ["A"]
        class B(A):
            def who(self): return ["B", *super().who()]
        class C(A):
            def who(self): return ["C", *super().who()]
        class D(B, C):
            def who(self): return ["D", *super().who()]
        """
    made = define(source)
    questions = [
        "a, d = obj\nd().who(), [c.__name__ for c in d.__mro__]",
        "issubclass(d, a), d.__bases__[0].__base__ is a",
    ]
    answers = in_fresh_process([made.A, made.D], *questions)
    mro = ["D", "B", "C", "A", "object"]
    assert answers == [(["D", "B", "C", "A"], mro), (True, True)]


def test_an_attribute_equal_to_its_base_s_is_kept(in_fresh_process):
    source = """
        class A: colour = "red"
        class B(A): colour = "blue"
        class C(A): colour = "red"
        class D(C, B): pass
        """
    question = "obj.colour, 'colour' in vars(obj.__mro__[1])"
    assert in_fresh_process(define(source).D, question) == ("red", True)


def test_a_method_that_is_its_base_s_is_kept(in_fresh_process):
    source = """
        class A:
            def f(self): return "A"
        class B(A):
            def f(self): return "B"
        class C(A): f = A.f
        class D(C, B): pass
        """
    assert in_fresh_process(define(source).D, "obj().f()") == "A"


@pytest.mark.parametrize("base", ["int", "str", "list", "dict", "tuple", "Exception"])
def test_a_builtin_base(in_fresh_process, base):
    made = define(f"class C({base}):\n  def kind(self): return type(self).__mro__[1]")
    question = "obj().kind().__name__, isinstance(obj(), obj.__base__)"
    assert in_fresh_process(made.C, question) == (base, True)


def test_an_importable_base(in_fresh_process):
    source = """
        import collections, threading
        class Table(collections.OrderedDict): pass
        class Job(threading.Thread):
            def run(self): self.done = True
        """
    made = define(source)
    question = """
        import collections, threading
        table, job = obj
        j = job()
        j.start(); j.join()
        issubclass(table, collections.OrderedDict), j.done
        """
    assert in_fresh_process([made.Table, made.Job], question) == (True, True)


def test_names_of_nested_classes(in_fresh_process):
    source = """
        class Outer:
            class Inner:
                class Innermost: pass
        def make():
            class Local:
                class Within: pass
            return Local
        """
    made = define(source)
    question = "[c.__qualname__ for c in obj]"
    classes = [made.Outer.Inner.Innermost, made.Outer.Inner, made.make().Within]
    expected = ["Outer.Inner.Innermost", "Outer.Inner", "make.<locals>.Local.Within"]
    assert in_fresh_process(classes, question) == expected


def test_a_nested_class_is_shared_with_its_outer_class(in_fresh_process):
    made = define("class Outer:\n  class Inner: pass")
    question = "obj[0].Inner is obj[1]"
    assert in_fresh_process([made.Outer, made.Outer.Inner], question) is True


def test_class_and_instance_state(in_fresh_process):
    source = """
        class Counter:
            made, registry = 0, []
            def __init__(self):
                type(self).made += 1
                self.registry.append(self.made)
        """
    made = define(source)
    counters = [made.Counter(), made.Counter(), made.Counter]
    question = "cls = obj[2]\ncls.made, cls.registry, obj[0].registry is cls.registry"
    assert in_fresh_process(counters, question) == (2, [1, 2], True)


def test_state_added_to_a_class_later(in_fresh_process):
    made = define("class C: pass")
    made.C.added, made.C.method = [1], lambda self: self.added
    made.C.__doc__, made.C.__module__ = "documented", "elsewhere"
    question = "obj().method(), obj.__doc__, obj.__module__"
    expected = ([1], "documented", "elsewhere")
    assert in_fresh_process(made.C, question) == expected


def test_a_class_and_a_function_that_know_each_other(in_fresh_process):
    source = """
        class Node:
            def grow(self): return grow(self)
        def grow(node): return Node, type(node)
        """
    made = define(source)
    question = """
        cls, f = obj
        a, b = cls().grow()
        a is b is cls, cls.grow.__globals__['grow'] is f
        """
    assert in_fresh_process([made.Node, made.grow], question) == (True, True)
    assert in_fresh_process([made.grow, made.Node][::-1], question) == (True, True)


def test_classes_that_know_each_other(in_fresh_process):
    source = """
        class Left:
            def other(self): return Right
        class Right:
            friend = Left
            def other(self): return Left
        Left.friend = Right
        """
    made = define(source)
    question = (
        "l, r = obj\nl.friend is r, r.friend is l, l().other() is r, r().other() is l"
    )
    assert in_fresh_process([made.Left, made.Right], question) == (True,) * 4


def test_a_class_that_holds_itself_and_its_instances(in_fresh_process):
    source = """
        class Singleton:
            def __init__(self, n): self.n = n
        Singleton.instance = Singleton(1)
        Singleton.instance.me = Singleton.instance
        Singleton.cls = Singleton
        Singleton.by_name = {"one": Singleton.instance, "class": Singleton}
        """
    question = """
        one = obj.instance
        (type(one) is obj, one.me is one, obj.cls is obj,
         obj.by_name == {"one": one, "class": obj}, one.n)
        """
    expected = (True, True, True, True, 1)
    assert in_fresh_process(define(source).Singleton, question) == expected


def test_a_base_that_holds_its_subclasses(in_fresh_process):
    source = """
        class Base:
            kinds = {}
        class One(Base): pass
        class Two(One): pass
        Base.kinds.update(one=One, two=Two)
        """
    made = define(source)
    question = (
        "[k.__name__ for k in obj.kinds.values()], obj.kinds['two'].__mro__[2] is obj"
    )
    assert in_fresh_process(made.Base, question) == (["One", "Two"], True)


def test_properties(in_fresh_process):
    source = """
        class Circle:
            def __init__(self, r): self.r = r
            @property
            def area(self):
                '''The area.'''
                return 3 * self.r ** 2
            @area.setter
            def area(self, value): self.r = (value / 3) ** 0.5
            @area.deleter
            def area(self): self.r = 0
        """
    question = """
        circle = obj(1)
        before, circle.area = circle.area, 12
        after = circle.r
        del circle.area
        before, after, circle.r, obj.area.__doc__
        """
    assert in_fresh_process(define(source).Circle, question) == (3, 2.0, 0, "The area.")


def test_a_property_alone(in_fresh_process):
    made = define("p = property(lambda self: self + 1, None, None, 'doc')")
    question = "obj.fget(1), obj.fset, obj.__doc__, type(obj) is property"
    assert in_fresh_process(made.p, question) == (2, None, "doc", True)


def test_a_property_subclass(in_fresh_process):
    source = """
        class Loud(property):
            def __get__(self, instance, owner=None):
                value = super().__get__(instance, owner)
                return value if instance is None else value + "!"
        class C:
            @Loud
            def name(self): return "c"
            name.note = "kept"
        """
    question = "obj().name, type(vars(obj)['name']).__name__, vars(obj)['name'].note"
    assert in_fresh_process(define(source).C, question) == ("c!", "Loud", "kept")


def test_cached_property(in_fresh_process):
    source = """
        from functools import cached_property
        class C:
            calls = 0
            @cached_property
            def value(self):
                '''Computed once.'''
                type(self).calls += 1
                return self.calls
        """
    made = define(source)
    question = """
        fresh, used = obj
        cls = type(fresh)
        fresh.value, fresh.value, used.value, cls.calls, cls.value.__doc__
        """
    used = made.C()
    assert used.value == 1
    expected = (2, 2, 1, 2, "Computed once.")
    assert in_fresh_process([made.C(), used], question) == expected


def test_operators_and_protocols(in_fresh_process):
    source = """
        class Everything:
            def __len__(self): return 3
            def __getitem__(self, i): return i * 2
            def __iter__(self): return iter([1])
            def __contains__(self, x): return x == 7
            def __call__(self, *a): return a
            def __enter__(self): return "in"
            def __exit__(self, *e): return True
            def __eq__(self, other): return other == 5
            def __hash__(self): return 11
            def __getattr__(self, name): return name.upper()
            def __class_getitem__(cls, item): return cls.__name__, item
            def __bool__(self): return False
            def __index__(self): return 4
        """
    question = """
        e = obj()
        with e as inside:
            raise ValueError
        (len(e), e[2], list(e), 7 in e, e(1), inside, e == 5, hash(e), e.name, obj[3],
         bool(e), [0, 1, 2, 3, "four"][e])
        """
    expected = (3, 4, [1], True, (1,), "in", True, 11, "NAME", ("Everything", 3))
    answer = in_fresh_process(define(source).Everything, question)
    assert answer == (*expected, False, "four")


def test_eq_without_hash(in_fresh_process):
    made = define("class C:\n  def __eq__(self, other): return True")
    question = "obj.__hash__, '__hash__' in vars(obj)"
    assert in_fresh_process(made.C, question) == (None, True)


def test_annotations_of_a_class(in_fresh_process):
    made = define("class C:\n  a: int\n  b: 'C' = None\n  c: list[int] = []")
    question = "list(obj.__annotations__), obj.__annotations__['b'], 'a' in vars(obj)"
    assert in_fresh_process(made.C, question) == (["a", "b", "c"], "C", False)


def test_a_class_made_by_type(in_fresh_process):
    base = define("class Base:\n  n = 1").Base
    cls = type("Made", (base,), {"__module__": "__main__", "f": lambda self: self.n})
    assert in_fresh_process(cls, "obj().f(), obj.__name__") == (1, "Made")


def test_a_class_made_by_new_class(in_fresh_process):
    import types

    def fill(namespace):
        namespace.update(__module__="__main__", n=3)

    cls = types.new_class("Made", (list[int],), {}, fill)
    question = "obj.n, obj.__base__ is list, obj.__orig_bases__ == (list[int],)"
    assert in_fresh_process(cls, question) == (3, True, True)


def test_del_is_run_only_for_what_was_there(in_fresh_process):
    source = """
        gone = []
        class C:
            def __del__(self): gone.append(1)
        """
    question = """
        c = obj()
        del c
        import gc
        gc.collect()
        len(obj.__del__.__globals__['gone'])
        """
    assert in_fresh_process(define(source).C, question) == 1


def test_a_class_without_a_module(in_fresh_process):
    made = define("class C:\n  n = 1")
    made.C.__module__ = None
    assert in_fresh_process(made.C, "obj.n, obj.__module__") == (1, None)


def test_a_class_with_equal_names_twice(in_fresh_process):
    one, two = define("class C: n = 1").C, define("class C: n = 2").C
    assert in_fresh_process([one, two], "[c.n for c in obj], obj[0] is obj[1]") == (
        [1, 2],
        False,
    )


def test_a_chain_of_five_hundred_classes(in_fresh_process):
    lines = ["class C0: pass", *(f"class C{n}(C{n - 1}): pass" for n in range(1, 500))]
    made = define("\n".join(lines))
    assert in_fresh_process(made.C499, "len(obj.__mro__)") == 501


def test_a_string_subclass_as_name(in_fresh_process):
    source = """
        class Name(str): pass
        class C: pass
        setattr(C, "key", Name("value"))
        """
    assert in_fresh_process(
        define(source).C, "str(obj.key), type(obj.key).__name__"
    ) == (
        "value",
        "Name",
    )


def test_a_class_of_many_frames(in_fresh_process):
    methods = [f"    def f{n}(self, a=None, b={n}): return b" for n in range(700)]
    made = define("\n".join(["class C:", *methods]))
    assert in_fresh_process(made.C, "[obj().f0(), obj().f350(), obj().f699()]") == [
        0,
        350,
        699,
    ]


# What type.__setattr__ refuses, or takes for something else.
SET_ELSEWHERE = [
    "__dict__",
    "__class__",
    "__name__",
    "__bases__",
    "__base__",
    "__mro__",
    "__flags__",
    "__basicsize__",
    "__text_signature__",
]


@pytest.mark.parametrize("name", SET_ELSEWHERE)
def test_a_property_of_a_name_that_classes_have(in_fresh_process, name):
    source = f"""
        class C:
            n = 1
            @property
            def {name}(self): return C, __class__, self.n
        """
    questions = [
        f"obj().{name}[2], [c is obj for c in obj().{name}[:2]]",
        "obj.__name__, obj.__bases__, type(obj), obj.__mro__[1:]",
    ]
    answers = in_fresh_process(define(source).C, *questions)
    assert answers == [
        (1, [True, True]),
        ("C", (object,), type, (object,)),
    ]


@pytest.mark.parametrize("value", ["'other'", "None", "[1]", "lambda self: C", "C2"])
@pytest.mark.parametrize("name", SET_ELSEWHERE)
def test_a_value_under_a_name_that_classes_have(in_fresh_process, name, value):
    made = define(f"class C2: pass\nclass C: {name} = {value}")
    question = (
        f"v = vars(obj)[{name!r}]\n"
        "getattr(v, '__name__', v), type.__getattribute__(obj, '__name__')"
    )
    expected = getattr(vars(made.C)[name], "__name__", vars(made.C)[name])
    assert in_fresh_process(made.C, question) == (expected, "C")


def test_two_that_such_properties_refer_to(in_fresh_process):
    source = """
        class A:
            @property
            def __class__(self): return B
        class B:
            @property
            def __class__(self): return A
        """
    made = define(source)
    question = "a, b = obj\na().__class__ is b, b().__class__ is a"
    assert in_fresh_process([made.A, made.B], question) == (True, True)
    assert in_fresh_process([made.B, made.A], "[c.__name__ for c in obj]") == ["B", "A"]


def test_an_attribute_that_the_metaclass_has_a_property_for(in_fresh_process):
    source = """
        class Meta(type):
            @property
            def size(cls): return "the property's"
            @property
            def __doc__(cls): return "of the metaclass"
            log = property(lambda cls: 1, lambda cls, value: set_in_vain)
        class C(metaclass=Meta):
            size, log = 5, [1]
            def method(self): return C
        """
    question = (
        "obj.size, obj().size, obj.log, obj().log, obj().method() is obj,"
        "obj.__doc__, obj.__qualname__"
    )
    assert in_fresh_process(define(source).C, question) == (
        *("the property's", 5, 1, [1], True),
        *("of the metaclass", "C"),
    )


HASHES = {
    "__eq__ came later": """
        class C: pass
        C.__eq__ = lambda self, other: type(self) is type(other)
        """,
    "__hash__ went": """
        class C:
            def __eq__(self, other): return type(self) is type(other)
            def __hash__(self): return 5
        del C.__hash__
        """,
    "the hash of a base": """
        class B:
            def __hash__(self): return 5
        class C(B): pass
        C.__eq__ = lambda self, other: type(self) is type(other)
        """,
    "a base with both": """
        class B:
            def __eq__(self, other): return type(self) is type(other)
            def __hash__(self): return 5
        class C(B): pass
        """,
    "__eq__ alone": """
        class C:
            def __eq__(self, other): return type(self) is type(other)
        """,
    "__hash__ set to None went": """
        class C:
            def __eq__(self, other): return type(self) is type(other)
        del C.__hash__
        """,
    "both came later": """
        class C: pass
        C.__eq__ = lambda self, other: type(self) is type(other)
        C.__hash__ = lambda self: 5
        """,
    "__eq__ went": """
        class C:
            def __eq__(self, other): return False
        del C.__eq__
        """,
    "slots": """
        class C: __slots__ = "x"
        C.__eq__ = lambda self, other: type(self) is type(other)
        """,
}


@pytest.mark.parametrize("kind", HASHES)
def test_what_a_class_says_of_hashes(in_fresh_process, kind):
    cls = define(HASHES[kind]).C
    a, b = cls(), cls()
    expected = [
        (cls.__hash__ is None, "__hash__" in vars(cls), a == b, a in [b]),
        "unhashable" if cls.__hash__ is None else (hash(a) == 5, {a: 1} == {a: 1}),
    ]
    questions = [
        "a, b = obj(), obj()\n"
        "obj.__hash__ is None, '__hash__' in vars(obj), a == b, a in [b]",
        "a = obj()\n"
        "'unhashable' if obj.__hash__ is None else (hash(a) == 5, {a: 1} == {a: 1})",
    ]
    assert in_fresh_process(cls, *questions) == expected
