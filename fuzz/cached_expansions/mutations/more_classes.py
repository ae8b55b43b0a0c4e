"""Kinds of classes: generated ones, twins, those that come and go."""

import textwrap

from fuzz.cached_expansions.mutations.table import mutation


@mutation("a class is swapped for an equal twin")
def twin_class(pick):
    c = pick.one([name for name in pick.classes if "." not in name])
    return textwrap.dedent(f"""\
        names = dict(vars({c}))
        for name in ("__dict__", "__weakref__", "q"):
            names.pop(name, None)
        {c} = type({c})({c}.__name__, {c}.__bases__, names)""")


@mutation("a class is defined anew, with other content")
def redefine_class(pick):
    c = pick.one([name for name in pick.classes if "." not in name])
    return textwrap.dedent(f"""\
        class {c}:
            y = {pick.value()}
            z = [{pick.value()}]
            def method(self): return {pick.one(["V0", "L0", c])}""")


@mutation("a dead class leaves its place to another")
def reuse_address_of_class(pick):
    c = pick.one([name for name in pick.classes if "." not in name])
    return textwrap.dedent(f"""\
        {c} = twin = moved = names = cells = None
        gc.collect(1)
        class {c}:
            y = {pick.value()}
            def method(self): return V1""")


@mutation("dead objects leave their places to others")
def reuse_address_of_object(pick):
    name = pick.one(["V0", "V1", "L0", "D0", "i0"])
    return f"{name} = None\n{name} = {pick.value()}"


@mutation("a dead function leaves its place to another")
def reuse_address_of_function(pick):
    f = pick.one([name for name in pick.functions if "." not in name])
    return f"{f} = twin = None\ndef {f}(x={pick.value()}): return V0, L0"


@mutation("many classes are made and looked at")
def many_classes(pick):
    return (
        "for number in range(300):\n    made = type('Many', (), {'y': number})\n"
        "    made.y"
    )


@mutation("a class changes so often that it runs out of versions")
def many_versions(pick):
    c = pick.cls()
    return (
        f"kept = {c}.y\nfor number in range(1100):\n    {c}.y = number\n    {c}.y\n"
        f"{c}.y = {pick.one(['kept', pick.value()])}"
    )


@mutation("the type cache is cleared")
def clear_type_cache(pick):
    return "sys._clear_type_cache()"


@mutation("the type cache is cleared, and a class changes then")
def clear_type_cache_and_change(pick):
    """Where versions begin anew, the class has the same one again."""
    c, other = pick.cls(), pick.cls()
    change = f"sys._clear_type_cache()\n{c}.y = {{}}\n{c}.y\n{other}.y\n"
    dumps = f"for repeat in range({pick.one([2, 4])}):\n    cppickle.dumps({c})\n"
    return change.format(pick.scalar()) + dumps + change.format(pick.value())


@mutation("a field of a dataclass changes")
def change_field(pick):
    change = pick.one(
        ["repr = not field.repr", "default = 77", "compare = False", "type = str"]
        + ["metadata = types.MappingProxyType({'b': 1})", "name = 'other'"]
    )
    return f"field = {pick.cls()}.__dataclass_fields__['a']\nfield.{change}"


@mutation("the fields or parameters of a dataclass are replaced")
def change_dataclass(pick):
    c = pick.cls()
    return pick.one(
        [
            f"{c}.__dataclass_params__.order = False",
            f"{c}.__dataclass_fields__.pop('y')",
            f"{c}.__dataclass_fields__ = dict({c}.__dataclass_fields__)",
            f"{c}.__dataclass_params__ = copy.copy({c}.__dataclass_params__)",
        ]
    )


@mutation("a member of an enumeration gets an alias")
def add_alias(pick):
    c = pick.enumeration()
    return f"{c}._member_map_['ANOTHER'] = {c}.A"


@mutation("an enumeration makes a pseudo member")
def pseudo_member(pick):
    c = pick.enumeration()
    return f"{c}({pick.one(['3', '0', '~1'])})"


@mutation("an attribute of a member changes")
def change_member(pick):
    c = pick.enumeration()
    return f"{c}.{pick.one('AB')}.{pick.one(['note', 'a'])} = {pick.value()}"


@mutation("the name or value of a member changes")
def change_member_value(pick):
    c = pick.enumeration()
    return pick.one(
        [
            f"{c}.A._value_ = {pick.scalar()}",
            f"{c}.A._name_ = 'OTHER'",
            f"{c}.A._sort_order_ = 7",
            f"{c}._value2member_map_[99] = {c}.A",
        ]
    )


@mutation("the members of an enumeration have another order")
def reorder_members(pick):
    c = pick.enumeration()
    return pick.one(
        [
            f"{c}._member_names_.reverse()",
            f"{c}._member_map_['A'] = {c}._member_map_.pop('A')",
            f"{c}._missing_ = classmethod(lambda cls, value: None)",
        ]
    )


@mutation("an enumeration loses a member")
def lose_member(pick):
    c = pick.enumeration()
    return f"{c}._member_names_.remove('B')\n{c}._member_map_.pop('B')"


@mutation("what namedtuple or TypedDict made changes")
def change_fields_of_tuple(pick):
    c = pick.cls()
    return pick.one(
        [
            f"{c}._field_defaults['a'] = {pick.value()}",
            f"{c}._fields = ('a', 'z')",
            f"{c}.__match_args__ = ('a',)",
            f"{c}.__required_keys__ = frozenset(['a'])",
            f"{c}.__new__.__defaults__ = ({pick.value()},)",
            f"{c}.__optional_keys__ = frozenset()",
        ]
    )


@mutation("a type variable or the parameters of a generic class change")
def change_parameters(pick):
    c = pick.cls()
    return pick.one(
        [
            f"{c}.__parameters__ = ()",
            f"{c}.__orig_bases__ = ()",
            f"{c}.__parameters__[0].__bound__ = int",
            f"{c}.__parameters__[0].__module__ = 'other'",
            f"{c}.__parameters__[0].a = {pick.value()}",
            f"{c}.__type_params__ = (typing.TypeVar('T'),)",
        ]
    )


@mutation("the state of a descriptor changes")
def change_descriptor(pick):
    c = pick.cls()
    return pick.one(
        [f"vars({c})['d'].y = {pick.value()}", f"vars({c})['d'].name = 'e'"]
    )


@mutation("a cached property changes")
def change_cached_property(pick):
    c = pick.cls()
    value = pick.value()
    name = pick.one(["attrname", "func", "__doc__"])
    return f"vars({c})['cached'].{name} = {value}"


@mutation("a class decorator runs again")
def decorate_again(pick):
    decorator = pick.one(["dataclasses.dataclass", "functools.total_ordering"])
    return f"{decorator}({pick.cls()})"


@mutation("a subclass is made, or dies")
def make_subclass(pick):
    c = pick.cls()
    return pick.one([f"class Sub({c}): y = 1", "Sub = None", f"Sub({pick.value()})"])


@mutation("a class attribute is one of an imported module")
def foreign_class_attribute(pick):
    value = pick.one(["Class", "function", "Color.A", "LIST", "VALUE", "other"])
    return f"{pick.cls()}.y = {pick.module()}.{value}"


@mutation("a class attribute is a weak reference")
def weak_class_attribute(pick):
    return f"{pick.cls()}.y = weakref.{pick.one(['ref', 'proxy'])}({pick.cls()})"


@mutation("a class attribute is an instance of its own class")
def instance_of_itself(pick):
    c = pick.cls()
    return f"{c}.w = {c}()\n{c}.w.a = {pick.value()}"


@mutation("an instance that a class holds changes")
def change_held_instance(pick):
    c = pick.cls()
    return pick.one(
        [f"{c}.w.a = {pick.value()}", f"{c}.w.__class__ = {pick.cls()}"]
        + [f"{c}.w.__dict__.clear()", f"{c}.w.__dict__['a'] = {pick.value()}"]
    )
