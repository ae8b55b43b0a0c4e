"""``__slots__``: kept, mangled, inherited, with and without a dict."""

import pytest
from support.source import define

POINT = """
    class Point:
        __slots__ = ("x", "y", "__secret")
        def __init__(self):
            self.x, self.__secret = 1, 3
        def secret(self): return self.__secret
    """


def test_slots_are_kept(in_fresh_process):
    question = """
        p = obj()
        try:
            p.z = 1
        except AttributeError:
            refused = True
        p.x, p.secret(), hasattr(p, "y"), hasattr(p, "__dict__"), refused
        """
    expected = (1, 3, False, False, True)
    assert in_fresh_process(define(POINT).Point, question) == expected


def test_what_the_class_says_of_its_slots(in_fresh_process):
    question = "obj.__slots__, sorted(n for n in vars(obj) if n[:2] != '__')"
    expected = (("x", "y", "__secret"), ["_Point__secret", "secret", "x", "y"])
    assert in_fresh_process(define(POINT).Point, question) == expected


def test_state_in_slots(in_fresh_process):
    point = define(POINT).Point()
    point.y = [point]
    question = "obj.x, obj.y[0] is obj, obj.secret(), hasattr(obj, '__dict__')"
    assert in_fresh_process(point, question) == (1, True, 3, False)


@pytest.mark.parametrize(
    "slots",
    [
        "'a'",
        "'a',",
        "['a']",
        "{'a'}",
        "iter(['a'])",
        "{'a': 'documented'}",
        "('a', 'a2')",
    ],
)
def test_every_way_to_write_them(in_fresh_process, slots):
    made = define(f"class C:\n  __slots__ = {slots}")
    question = "c = obj()\nc.a = 5\nc.a, hasattr(c, '__dict__')"
    assert in_fresh_process(made.C, question) == (5, False)


def test_documented_slots(in_fresh_process):
    made = define("class C:\n  __slots__ = {'a': 'what a is'}")
    question = "import inspect\nobj.__slots__, inspect.getdoc(obj.a)"
    assert in_fresh_process(made.C, question) == ({"a": "what a is"}, "what a is")


def test_no_slots_at_all(in_fresh_process):
    made = define("class C:\n  __slots__ = ()")
    question = "hasattr(obj(), '__dict__'), obj.__slots__"
    assert in_fresh_process(made.C, question) == (False, ())


def test_slots_with_a_dict_and_weak_references(in_fresh_process):
    made = define("class C:\n  __slots__ = 'a', '__dict__', '__weakref__'")
    c = made.C()
    c.a, c.b = 1, 2
    question = "import weakref\nobj.a, vars(obj), weakref.ref(obj)() is obj"
    assert in_fresh_process(c, question) == (1, {"b": 2}, True)


def test_no_weak_references_without_the_slot(in_fresh_process):
    made = define("class C:\n  __slots__ = 'a'\nclass D(C): pass")
    question = """
        import weakref
        try:
            weakref.ref(obj[0]())
        except TypeError:
            refused = True
        refused, weakref.ref(obj[1]())()
        """
    assert in_fresh_process([made.C, made.D], question) == (True, None)


def test_slots_in_inheritance(in_fresh_process):
    source = """
        class A:
            __slots__ = "a", "__own"
            def __init__(self): self.a, self.__own = 1, "A"
            def owns(self): return [self.__own]
        class B(A):
            __slots__ = "b", "__own"
            def __init__(self):
                super().__init__()
                self.b, self.__own = 2, "B"
            def owns(self): return [self.__own, *super().owns()]
        class C(B):
            def __init__(self):
                super().__init__()
                self.c = 3
        """
    question = "obj.a, obj.b, obj.c, obj.owns(), vars(obj)"
    expected = (1, 2, 3, ["B", "A"], {"c": 3})
    assert in_fresh_process(define(source).C(), question) == expected


def test_a_slot_that_hides_the_base_s(in_fresh_process):
    source = """
        class A: __slots__ = "x"
        class B(A): __slots__ = "x"
        b = B()
        b.x = "B"
        A.x.__set__(b, "A")
        """
    question = "cls, b = obj\nb.x, cls.__base__.x.__set__(b, 'new'), b.x"
    made = define(source)
    assert in_fresh_process([made.B, made.b], question) == ("B", None, "B")


def test_slots_of_a_builtin_subclass(in_fresh_process):
    source = """
        class Items(list):
            __slots__ = "note"
        items = Items([1, 2])
        items.note = "kept"
        """
    question = "list(obj), obj.note, hasattr(obj, '__dict__')"
    assert in_fresh_process(define(source).items, question) == ([1, 2], "kept", False)


def test_a_slot_that_a_class_attribute_replaced(in_fresh_process):
    made = define("class C:\n  __slots__ = 'a', 'b'\nC.a = 'replaced'")
    question = "c = obj()\nc.b = 1\nc.a, c.b, hasattr(c, '__dict__')"
    assert in_fresh_process(made.C, question) == ("replaced", 1, False)


def test_a_class_attribute_called_like_a_private_slot(in_fresh_process):
    made = define("class C:\n  __slots__ = '__x__', '_C__y', '__z'")
    question = "sorted(n for n in vars(obj) if n in ('__x__', '_C__y', '_C__z'))"
    assert in_fresh_process(made.C, question) == ["_C__y", "_C__z", "__x__"]


def test_a_member_descriptor_and_its_class(in_fresh_process):
    point = define(POINT).Point
    question = "x, cls = obj\ncls.x is x, x.__name__, x.__objclass__ is cls"
    assert in_fresh_process([point.x, point], question) == (True, "x", True)


def test_a_member_descriptor_alone(in_fresh_process):
    question = "c = obj.__objclass__()\nobj.__get__(c), type(obj).__name__"
    assert in_fresh_process(define(POINT).Point.x, question) == (1, "member_descriptor")


def test_ten_slotted_nodes_in_a_ring(in_fresh_process):
    made = define("class Node:\n  __slots__ = 'next', 'n'")
    nodes = [made.Node() for _ in range(10)]
    for n, node in enumerate(nodes):
        node.n, node.next = n, nodes[(n + 1) % 10]
    question = (
        "x = obj\nseen = []\nfor _ in range(11): seen.append(x.n); x = x.next\nseen"
    )
    assert in_fresh_process(nodes[0], question) == [*range(10), 0]
