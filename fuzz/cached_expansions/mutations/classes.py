"""The attributes, names and bases of classes."""

from fuzz.cached_expansions.mutations.table import mutation


@mutation("a class attribute is set")
def set_class_attribute(pick):
    return f"{pick.cls()}.{pick.attribute()} = {pick.value()}"


@mutation("a class attribute is deleted")
def delete_class_attribute(pick):
    return f"del {pick.cls()}.{pick.attribute()}"


@mutation("a class attribute moves to the end")
def move_class_attribute(pick):
    c, name = pick.cls(), pick.attribute()
    return f"moved = vars({c})[{name!r}]\ndel {c}.{name}\n{c}.{name} = moved"


@mutation("a class attribute is an equal copy")
def copy_class_attribute(pick):
    c, name = pick.cls(), pick.one(["y", "z", "w", "seen", "__doc__"])
    return f"{c}.{name} = copy.deepcopy({c}.{name})"


@mutation("a class attribute is shared with another class")
def share_class_attribute(pick):
    name = pick.attribute()
    return f"{pick.cls()}.{name} = vars({pick.cls()})[{name!r}]"


@mutation("a list or dict in a class changes in place")
def change_in_class(pick):
    c = pick.cls()
    return pick.one(
        [
            f"{c}.z.append({pick.value()})",
            f"{c}.z[0] = {pick.value()}",
            f"{c}.y['a'] = {pick.value()}",
            f"{c}.seen.clear()",
        ]
    )


@mutation("a class attribute goes there and back")
def there_and_back(pick):
    c = pick.cls()
    return f"kept = {c}.y\n{c}.y = 5\n{c}.y = kept"


@mutation("the docstring of a class changes")
def change_class_doc(pick):
    return f"{pick.cls()}.__doc__ = {pick.value()}"


@mutation("the name of a class changes")
def change_class_name(pick):
    return f"{pick.cls()}.__name__ = {pick.one(['Other', 'C0', 'Class'])!r}"


@mutation("the qualified name of a class changes")
def change_class_qualname(pick):
    name = pick.one(["Other", "C0", "C0.Nested", "f.<locals>.C", "Class"])
    return f"{pick.cls()}.__qualname__ = {name!r}"


@mutation("the module of a class changes")
def change_class_module(pick):
    value = pick.one(["'other'", "'fuzz_plain'", "'__main__'", "None", "5"])
    return pick.one(
        [f"{pick.cls()}.__module__ = {value}", f"del {pick.cls()}.__module__"]
    )


@mutation("the bases of a class change")
def change_bases(pick):
    bases = pick.one(["{},", "{}, {}"]).format(pick.cls(), pick.cls())
    return f"{pick.cls()}.__bases__ = ({bases})"


@mutation("the bases of a class are an equal tuple")
def copy_bases(pick):
    c = pick.cls()
    return f"{c}.__bases__ = tuple(list({c}.__bases__))"


@mutation("an attribute of a base changes")
def change_base(pick):
    return f"{pick.cls()}.__base__.{pick.attribute()} = {pick.value()}"


@mutation("an attribute of a metaclass changes")
def change_metaclass(pick):
    return f"type({pick.cls()}).{pick.attribute()} = {pick.value()}"


@mutation("a class has another metaclass")
def replace_metaclass(pick):
    return f"{pick.cls()}.__class__ = {pick.metaclass()}"


@mutation("a metaclass gets __reduce__ or __reduce_ex__")
def metaclass_reduces(pick):
    name = pick.one(["__reduce__", "__reduce_ex__"])
    return f"{pick.metaclass()}.{name} = lambda cls, *rest: 'fuzz_plain.Class'"


@mutation("a method is replaced")
def replace_method(pick):
    return f"{pick.cls()}.method = {pick.function()}"


@mutation("a method becomes static, a class method or a property")
def wrap_method(pick):
    kind = pick.one(["staticmethod", "classmethod", "property", "abc.abstractmethod"])
    name = pick.one(["method", "static", "build"])
    return f"{pick.cls()}.{name} = {kind}({pick.function()})"


@mutation("an attribute of a static or class method's wrapper changes")
def change_wrapper(pick):
    name = pick.one(["static", "build"])
    attribute = pick.one(["__doc__", "__name__", "__module__", "a", "__wrapped__"])
    return f"vars({pick.cls()})[{name!r}].{attribute} = {pick.value()}"


@mutation("a property is replaced")
def replace_property(pick):
    c, f = pick.cls(), pick.function()
    return pick.one(
        [
            f"{c}.prop = property({f})",
            f"{c}.prop = {c}.prop.setter({f})",
            f"{c}.prop = {c}.prop.deleter({f})",
            f"{c}.prop = {c}.prop.getter({f})",
            f"{c}.prop = property({f}, doc={pick.scalar()})",
            f"{c}.prop = property(None)",
        ]
    )


@mutation("the docstring of a property or of its getter changes")
def change_property_doc(pick):
    c, value = pick.cls(), pick.value()
    return pick.one([f"{c}.prop.fget.__doc__ = {value}", f"{c}.prop.__doc__ = {value}"])


@mutation("annotations of a class change")
def change_class_annotations(pick):
    c = pick.cls()
    return pick.one(
        [
            f"{c}.__annotations__['a'] = {pick.value()}",
            f"{c}.__annotations__ = {{'a': {pick.value()}}}",
            f"del {c}.__annotations__",
            f"{c}.__annotations__ = dict({c}.__annotations__)",
        ]
    )


@mutation("a slot of a class is deleted or replaced")
def change_slots(pick):
    c = pick.cls()
    return pick.one(
        [f"{c}.__slots__ = ('q', 'r')", f"del {c}.q", f"{c}.q = {pick.value()}"]
        + [f"{c}.r = {c}.q", f"del {c}.__slots__"]
    )


@mutation("a class gets __reduce__ or another hook of copyreg")
def class_reduces(pick):
    hook = pick.one(
        ["__reduce__ = lambda self: (list, ([1],))"]
        + ["__reduce__ = lambda self: 'fuzz_plain.LIST'"]
        + ["__reduce_ex__ = lambda self, protocol: (dict, ())"]
        + ["__getstate__ = lambda self: {'b': 2}", "__getnewargs__ = lambda self: (1,)"]
        + ["__getnewargs_ex__ = lambda self: ((), {})"]
        + ["__setstate__ = lambda self, state: None", "__new__ = lambda cls, *a: None"]
        + ["__getattribute__ = lambda self, name: object.__getattribute__(self, name)"]
        + [
            "__getattr__ = lambda self, name: {}[name]",
            "__reduce__ = object.__reduce__",
        ]
    )
    return f"{pick.cls()}.{hook}"


@mutation("a class loses a hook of copyreg")
def class_reduces_no_more(pick):
    name = pick.one(["__reduce__", "__reduce_ex__", "__getstate__", "__setstate__"])
    return f"del {pick.cls()}.{name}"


@mutation("the abstract methods of a class change")
def change_abstract_methods(pick):
    value = pick.one(["frozenset()", "frozenset(['method'])", "frozenset(['a', 'b'])"])
    return f"{pick.cls()}.__abstractmethods__ = {value}"


@mutation("a class is registered with an abstract one")
def register_with_abc(pick):
    return f"{pick.cls()}.register({pick.one([pick.cls(), 'int'])})"


@mutation("the caches of an abstract class are filled")
def fill_abc_caches(pick):
    return f"isinstance({pick.instance()}, {pick.cls()})"


@mutation("a class gets or loses hooks for subclasses and names")
def change_class_hooks(pick):
    hook = pick.one(
        ["__init_subclass__ = classmethod(lambda cls, **kwargs: None)"]
        + ["__set_name__ = lambda self, owner, name: None"]
        + ["__subclasshook__ = classmethod(lambda cls, other: NotImplemented)"]
        + ["__class_getitem__ = classmethod(lambda cls, item: item)"]
    )
    name = hook.split(" ")[0]
    return f"{pick.one([f'{pick.cls()}.{hook}', f'del {pick.cls()}.{name}'])}"


@mutation("a class gets or loses equality and hash")
def change_equality(pick):
    hook = pick.one(
        ["__eq__ = lambda self, other: True", "__hash__ = None"]
        + ["__hash__ = lambda self: 1", "__bool__ = lambda self: False"]
        + ["__len__ = lambda self: 0", "__iter__ = lambda self: iter(())"]
    )
    return f"{pick.cls()}.{hook}"


@mutation("an attribute of a nested class changes")
def change_nested_class(pick):
    return f"{pick.cls()}.Nested.y = {pick.value()}"


@mutation("a nested class is replaced")
def replace_nested_class(pick):
    return f"{pick.cls()}.Nested = {pick.cls()}"
