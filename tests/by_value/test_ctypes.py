"""Structures, unions, arrays and pointer types of ctypes; metaclasses made in C."""

import ctypes
import pickle
import warnings

import pytest
from support.source import define

import cppickle

STRUCTURES = """
    from ctypes import *
    class Point(Structure):
        _pack_ = 1
        _layout_ = "ms"
        _fields_ = [("x", c_int), ("tag", c_char * 4)]
        unit = "m"
        def doubled(self): return self.x * 2
    class Line(Point):
        _fields_ = [("end", Point), ("weights", c_double * 3)]
    class Either(Union):
        _fields_ = [("number", c_int), ("fraction", c_float)]
    class Outer(Structure):
        _anonymous_ = ["inner"]
        _fields_ = [("inner", Either), ("bits", c_uint, 3)]
    class Swapped(BigEndianStructure):
        _fields_ = [("x", c_int), ("y", c_short)]
    class Number(c_int):
        name = "number"
    class Node(Structure):
        def last(self): return self.next.contents.last() if self.next else self.value
    Node._fields_ = [("value", c_int), ("next", POINTER(Node))]
    class Left(Structure): pass
    class Right(Structure):
        _fields_ = [("left", POINTER(Left))]
    Left._fields_ = [("right", POINTER(Right))]
    class Five(Array):
        _type_ = c_short
        _length_ = 5
    """


@pytest.fixture(scope="module")
def made():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return define(STRUCTURES)


def test_a_structure(made, in_fresh_process):
    question = """
        import ctypes
        one = obj(4, b"ab")
        ctypes.sizeof(obj), one.doubled(), one.tag, obj.unit, obj._pack_, obj.x.offset
        """
    expected = (8, 8, b"ab", "m", 1, made.Point.x.offset)
    assert in_fresh_process(made.Point, question) == expected


def test_an_instance(made, in_fresh_process):
    question = "obj.x, obj.tag, obj.doubled(), bytes(obj)"
    point = made.Point(3, b"ab")
    assert in_fresh_process(point, question) == (3, b"ab", 6, bytes(point))


def test_a_structure_of_structures(made, in_fresh_process):
    line = made.Line(1, b"z")
    line.end = made.Point(7)
    line.weights[1] = 2.5
    question = """
        (obj.x, obj.end.x, list(obj.weights), type(obj).__mro__[1] is type(obj.end),
         obj.doubled())
        """
    assert in_fresh_process(line, question) == (1, 7, [0.0, 2.5, 0.0], True, 2)


def test_a_union(made, in_fresh_process):
    question = "obj.number, obj.fraction"
    either = made.Either(number=5)
    assert in_fresh_process(either, question) == (5, either.fraction)


def test_anonymous_and_bit_fields(made, in_fresh_process):
    outer = made.Outer()
    outer.number, outer.bits = 9, 5
    question = "obj.number, obj.inner.number, obj.bits, type(obj)._fields_[1][2]"
    assert in_fresh_process(outer, question) == (9, 9, 5, 3)


def test_the_other_byte_order(made, in_fresh_process):
    question = "obj.x, bytes(obj), type(obj).__mro__[1].__name__"
    expected = (7, b"\0\0\0\x07\0\0\0\0", "BigEndianStructure")
    assert in_fresh_process(made.Swapped(7), question) == expected


def test_a_derived_simple_type(made, in_fresh_process):
    question = "obj.value, obj.name, type(obj).__ctype_be__(1).value"
    assert in_fresh_process(made.Number(8), question) == (8, "number", 1)


def test_arrays(made, in_fresh_process):
    array = (made.Point * 2)(made.Point(1), made.Point(2))
    question = "import ctypes\n[p.x for p in obj], type(obj) is type(obj[0]) * 2"
    assert in_fresh_process(array, question) == ([1, 2], True)
    question = "import ctypes\nobj is ctypes.c_int * 3 * 2"
    assert in_fresh_process(ctypes.c_int * 3 * 2, question) is True


def test_an_array_class_of_ones_own(made, in_fresh_process):
    question = "list(obj(1, 2)), obj.__name__"
    assert in_fresh_process(made.Five, question) == ([1, 2, 0, 0, 0], "Five")


def test_a_structure_that_points_to_itself(made, in_fresh_process):
    question = """
        import ctypes
        two = obj(2)
        one = obj(1, ctypes.pointer(two))
        one.last(), obj._fields_[1][1] is ctypes.POINTER(obj)
        """
    assert in_fresh_process(made.Node, question) == (2, True)


def test_structures_that_point_to_each_other(made, in_fresh_process):
    question = """
        import ctypes
        left, right = obj
        (left._fields_[0][1] is ctypes.POINTER(right),
         right._fields_[0][1] is ctypes.POINTER(left))
        """
    assert in_fresh_process([made.Left, made.Right], question) == (True, True)


def test_a_pointer_type(made, in_fresh_process):
    question = "import ctypes\nobj is ctypes.POINTER(obj._type_), obj._type_.__name__"
    pointer = ctypes.POINTER(made.Node)
    assert in_fresh_process(pointer, question) == (True, "Node")


def test_a_function_with_a_structure(made, in_fresh_process):
    define_function = define("def f(x): return Point(x).doubled()", Point=made.Point)
    assert in_fresh_process(define_function.f, "obj(21)") == 42


def test_a_class_is_built_once(made, bare_worker):
    for name in ("first", "second"):
        bare_worker.load(cppickle.dumps(made.Line), name)
    assert bare_worker.ask("first is second") is True


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_protocols(made, in_fresh_process, protocol):
    question = "obj.x, obj.doubled()"
    point = made.Point(3)
    assert in_fresh_process(point, question, protocol=protocol) == (3, 6)


def test_pointers_hold_addresses_and_are_refused(made):
    with pytest.raises(ValueError, match="pointers"):
        cppickle.dumps(ctypes.pointer(made.Point(1)))
