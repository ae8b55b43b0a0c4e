"""The streams of tests/frozen, and what is asked about them."""

import pathlib
import sys
import zipfile

FOLDER = pathlib.Path(__file__).parent.parent / "frozen"
PYTHON = "{}.{}".format(*sys.version_info)


def archives(library):
    """The archives of `library`'s streams of this Python, by version."""
    paths = FOLDER.glob(f"{library}-*-python-{PYTHON}.zip")
    return {path.name.split("-")[1]: path for path in paths}


def streams(path):
    """The streams of an archive, by name."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


# What is asked about each stream, and the answer.  Faults of cloudpickle are in the
# streams: functions share no cells, and before 3.1 dataclasses lose their fields.
QUESTIONS = {
    "functions": [
        (
            "up, value, even, odd, scaled = obj\nup(2), up(twice=True), value()",
            (7, 9, 5),
        ),
        (
            "up.__doc__, up.__annotations__",
            ("Count up.", {"twice": bool, "return": int}),
        ),
        ("even(10), odd(10), even.__globals__ is odd.__globals__", (True, False, True)),
        ("scaled(2), scaled.note, scaled.__module__", (7, "an attribute", "__main__")),
    ],
    "submodule": [("obj('<a/>')", "a")],
    "empty_cell": [("try: obj()\nexcept NameError: empty = 1\nempty", 1)],
    "partial": [("obj(2)", 8)],
    "code": [("eval(obj)", 42)],
    "classes": [
        ("base, derived, instance = obj\ninstance.who()", "derived base"),
        ("type(instance) is derived, issubclass(derived, base)", (True, True)),
        ("instance.double, derived.made().n, derived.fee(20)", (8, 7, 2)),
        ("derived.__doc__, derived.unit", ("A class of the sender.", "m")),
    ],
    "method": [("obj(), obj.__self__.n", ("derived base", 4))],
    "abstract": [
        ("import inspect\ninspect.isabstract(obj)", True),
        ("issubclass(tuple, obj), issubclass(list, obj)", (True, False)),
    ],
    "enums": [
        ("colour, red, high = obj\nred is colour.RED is colour(1)", True),
        ("red.label(), list(colour.__members__)", ("red", ["RED", "BLUE"])),
        ("high == 2, type(high).__name__", (True, "Level")),
    ],
    "dataclass": [
        ("order, made = obj\nmade.number, made.parts, made.kind", (6, [], "order")),
        ("order(1, 5).number, order(4) == order(4)", (5, True)),
    ],
    "generic": [
        ("T, Box, alias, box = obj\nalias.__origin__ is Box, box.content", (True, 1)),
        ("T.__name__, T.__bound__, Box.__parameters__ == (T,)", ("T", int, True)),
    ],
    "module": [("obj.ask(), obj.__name__", (42, "made_here"))],
    "imported_modules": [
        ("import functools, xml.dom.minidom\nobj == [functools, xml.dom.minidom]", True)
    ],
    "views": [
        ("[type(v).__name__ for v in obj]", ["dict_keys", "dict_values", "dict_items"]),
        ("[list(v) for v in obj]", [["a"], [1], [("a", 1)]]),
    ],
    "ordered_views": [
        ("[type(v).__name__[:5] for v in obj]", ["odict"] * 3),
        ("[list(v) for v in obj]", [["a", "b"], [1, 2], [("a", 1), ("b", 2)]]),
    ],
    "types": [
        ("obj[:3] == [type(None), type(...), type(NotImplemented)]", True),
        ("obj[3] is type(lambda: 0)", True),
    ],
    "buffers": [("bytes(obj[0]), dict(obj[1])", (b"ab", {"a": 1}))],
    "weak_set": [("list(obj[1]) == [obj[0]]", True)],
    "loggers": [
        ("import logging", None),
        ("obj == [logging.getLogger('a.b'), logging.getLogger()]", True),
    ],
    "file": [("obj.read(), obj.seek(0), obj.read()", ("text", 0, "some text"))],
}

# Of the streams that releases of cppickle wrote; these share cells.
OF_CPPICKLE = {
    **QUESTIONS,
    "functions": [
        (
            "up, value, even, odd, scaled = obj\nup(2), up(twice=True), value()",
            (7, 9, 9),
        ),
        *QUESTIONS["functions"][1:],
    ],
    "metaclass": [
        ("obj[0].tag, type(obj[1]) is obj[0], obj[1].inner()", ("tagged", True, 2)),
        ("obj[0].Inner.__qualname__", "Tagged.Inner"),
    ],
    "slots": [
        ("obj[1].left, obj[1].right, obj[0].__slots__", (1, 2, ("left", "right")))
    ],
    "descriptor": [
        ("oven = obj[1]\noven.heat = 20\noven.heat, vars(oven)", (20, {"_heat": 293}))
    ],
    "init_subclass": [
        ("obj[0].known", ["Filter"]),
        ("class More(obj[0]): pass\nobj[1].known", ["Filter", "More"]),
    ],
    "cycle": [
        (
            "type(obj[1].parent()) is obj[0], type(obj[0]().child()) is type(obj[1])",
            (True, True),
        )
    ],
    "exception": [
        ("obj[1].code, obj[1].args, isinstance(obj[1], obj[0])", (3, ("code 3",), True))
    ],
    "flag": [
        ("obj[1] == obj[0](3), obj[1] & obj[0].READ is obj[0].READ", (True, True))
    ],
    "subclass_of_dict": [("obj[1].longest(), type(obj[1]) is obj[0]", ("bcd", True))],
    "frozen_dataclass": [
        ("obj[1] < obj[0](4), hash(obj[1]) == hash(obj[0](3, 10))", (True, True)),
        ("repr(obj[1])", "Version(major=3, minor=10)"),
    ],
    "typed_dict": [
        ("obj(title='x'), obj.__total__", ({"title": "x"}, False)),
        ("sorted(obj.__optional_keys__)", ["title", "year"]),
    ],
    "protocol": [
        (
            "class R:\n  def run(self): pass\nisinstance(R(), obj), isinstance(1, obj)",
            (True, False),
        )
    ],
    "named_tuples": [
        ("obj[1] == (1, 0) == obj[3].at, obj[3].name", (True, "here")),
        ("tuple(obj[1]._replace(y=2)), obj[0]._fields", ((1, 2), ("x", "y"))),
    ],
    "typing": [
        ("obj[0].__name__, obj[1](3)", ("P", 3)),
        ("obj[2].__args__[0] is obj[4].__args__[1]", True),
        ("obj[3].__args__[0].__name__", "Derived"),
    ],
    "lru_cache": [
        (
            "obj(2), obj(2), obj.cache_info().hits, obj.cache_info().maxsize",
            (4, 4, 1, 3),
        )
    ],
    "sets_in_code": [("obj('a'), obj(('c', 1)), obj(1)", (True, True, False))],
}
if sys.version_info >= (3, 12):
    OF_CPPICKLE["type_parameters"] = [
        ("obj[0]().push(1), obj[0].__type_params__[0].__name__", (1, "T")),
        ("str(obj[1].__value__), obj[1][int].__args__", ("tuple[A, A]", (int,))),
    ]
