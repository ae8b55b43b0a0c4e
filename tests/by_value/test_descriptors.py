"""Descriptors of builtin types and of the ``types`` module's members, by reference."""

import types

import pytest

BUILTIN = {
    "method_descriptor": str.join,
    "wrapper_descriptor": str.__add__,
    "getset_descriptor": types.FunctionType.__code__,
    "member_descriptor": types.FunctionType.__globals__,
    "builtin_function_or_method": object.__new__,
}


@pytest.mark.parametrize("kind", BUILTIN)
def test_a_descriptor(in_fresh_process, kind):
    descriptor = BUILTIN[kind]
    owner = getattr(descriptor, "__objclass__", object)
    question = f"""
        import builtins, types
        owner = getattr(builtins, {owner.__name__!r}, types.FunctionType)
        vars(owner).get(obj.__name__) is obj or getattr(owner, obj.__name__) == obj
        """
    assert type(descriptor).__name__ == kind
    assert (
        in_fresh_process(
            [descriptor, type(descriptor).__name__],
            ("obj, name = obj\ntype(obj).__name__ == name"),
        )
        is True
    )
    assert in_fresh_process(descriptor, question) is True


@pytest.mark.parametrize("kind", BUILTIN)
def test_a_descriptor_stays_itself(roundtrip, kind):
    assert roundtrip(BUILTIN[kind]) == BUILTIN[kind]


def test_a_method_wrapper(in_fresh_process):
    assert in_fresh_process([1].__len__, "obj(), type(obj).__name__") == (
        1,
        "method-wrapper",
    )


MEMBERS = sorted(name for name, x in vars(types).items() if isinstance(x, type))


@pytest.mark.parametrize("name", MEMBERS)
def test_a_member_of_types(roundtrip, name):
    assert roundtrip(getattr(types, name)) is getattr(types, name)


def test_members_of_types_on_the_far_side(in_fresh_process):
    members = [getattr(types, name) for name in MEMBERS]
    question = f"import types\n[getattr(types, n) for n in {MEMBERS}] == obj"
    assert in_fresh_process(members, question) is True


SINGLETONS = [None, NotImplemented, ...]


@pytest.mark.parametrize("singleton", SINGLETONS, ids=repr)
def test_a_singleton_and_its_type(in_fresh_process, singleton):
    question = f"one, kind = obj\none is {singleton!r}, type(one) is kind"
    assert in_fresh_process([singleton, type(singleton)], question) == (True, True)


ALIASES = ["list[int]", "dict[str, list[int]]", "int | None", "tuple[()]", "type[int]"]


@pytest.mark.parametrize("alias", ALIASES)
def test_an_alias_of_builtin_types(in_fresh_process, alias):
    question = f"obj == {alias}, type(obj) is type({alias})"
    assert in_fresh_process(eval(alias), question) == (True, True)


def test_a_simple_namespace(in_fresh_process):
    space = types.SimpleNamespace(a=1)
    space.me = space
    assert in_fresh_process(space, "obj.a, obj.me is obj") == (1, True)


def test_a_dynamic_class_attribute(in_fresh_process):
    from support.source import define

    source = """
        import types
        class C:
            @types.DynamicClassAttribute
            def name(self): return "c"
        """
    assert in_fresh_process(define(source).C, "obj().name") == "c"
