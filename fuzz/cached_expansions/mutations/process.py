"""What the process knows: modules, registries, reducers, the tracker, the collector."""

import textwrap

from fuzz.cached_expansions.mutations.table import mutation


@mutation("a module is registered to go by value")
def register_module(pick):
    return f"cppickle.register_pickle_by_value({pick.module()})"


@mutation("a package is registered to go by value")
def register_package(pick):
    return "cppickle.register_pickle_by_value(fuzz_package)"


@mutation("a module is no longer registered")
def unregister_module(pick):
    return f"cppickle.unregister_pickle_by_value({pick.module()})"


@mutation("an attribute of a module is bound to another value")
def rebind_module_attribute(pick):
    name = pick.one(["function", "Class", "Color", "LIST", "VALUE", "other"])
    return f"{pick.module()}.{name} = {pick.value()}"


@mutation("an attribute of a module is deleted")
def delete_module_attribute(pick):
    name = pick.one(["function", "Class", "Color", "LIST", "VALUE", "other"])
    return f"del {pick.module()}.{name}"


@mutation("something of a module changes in place")
def change_in_module(pick):
    m = pick.module()
    return pick.one(
        [f"{m}.LIST.append(2)", f"{m}.Class.y = {pick.value()}"]
        + [f"{m}.function.__defaults__ = ({pick.value()},)", f"{m}.VALUE = 7"]
        + [f"{m}.function.__code__ = {m}.other.__code__", f"{m}.Class.__name__ = 'O'"]
        + [f"{m}.Color.A.note = 1", f"{m}.Class.method = {pick.function()}"]
    )


@mutation("something of a module is held")
def hold_of_module(pick):
    name = pick.one(
        ["function", "Class", "Color", "Color.A", "LIST", "Class()", "other"]
    )
    target = pick.one([pick.scalar_name(), pick.list() + "[0]", pick.dict() + "['a']"])
    return f"{target} = {pick.module()}.{name}"


@mutation("a module is held")
def hold_module(pick):
    value = pick.one(["fuzz_plain", "fuzz_package", "fuzz_package.inner", "math", "os"])
    return f"{pick.scalar_name()} = {value}"


@mutation("a module leaves sys.modules")
def remove_module(pick):
    return f"del sys.modules[{pick.module()!r}]"


@mutation("a module comes back to sys.modules")
def restore_module(pick):
    m = pick.module()
    return f"sys.modules[{m!r}] = {m}"


@mutation("a module is replaced in sys.modules")
def replace_module(pick):
    m = pick.module()
    return textwrap.dedent(f"""\
        other_module = types.ModuleType({m!r})
        vars(other_module).update(vars({m}))
        {pick.one(["", "other_module.function = len", "del other_module.Class"])}
        sys.modules[{m!r}] = other_module""")


@mutation("a module is imported anew")
def import_again(pick):
    return "del sys.modules['fuzz_plain']\nimport fuzz_plain"


@mutation("the name of a module changes")
def rename_module(pick):
    m = pick.module()
    return f"{m}.__name__ = {pick.one([m, 'other', 'fuzz_package'])!r}"


@mutation("an object can be found in __main__")
def put_into_main(pick):
    name = pick.one([n for n in pick.functions + pick.classes if "." not in n])
    return f"sys.modules['__main__'].{name} = {name}"


@mutation("an object can no longer be found in __main__")
def take_from_main(pick):
    name = pick.one([n for n in pick.functions + pick.classes if "." not in n])
    return f"del sys.modules['__main__'].{name}"


@mutation("an object becomes importable")
def make_importable(pick):
    name = pick.one([n for n in pick.functions + pick.classes if "." not in n])
    return (
        f"{name}.__module__ = 'fuzz_plain'\n{name}.__qualname__ = {name!r}\n"
        f"fuzz_plain.{name} = {name}"
    )


@mutation("an object is importable no more")
def make_unimportable(pick):
    name = pick.one([n for n in pick.functions + pick.classes if "." not in n])
    return f"del fuzz_plain.{name}"


@mutation("a bare object gets a name in a module, or loses it")
def name_sentinel(pick):
    return pick.one(
        ["fuzz_plain.SENTINEL = V0", "del fuzz_plain.SENTINEL", "V0 = object()"]
        + ["V0 = fuzz_plain.SENTINEL = object()", "fuzz_plain.SENTINEL = object()"]
    )


@mutation("a reducer is registered with copyreg")
def register_reducer(pick):
    kind = pick.one([pick.cls(), f"type({pick.cls()})", "types.FunctionType", "object"])
    return f"copyreg.pickle({kind}, lambda obj: (str, ('reduced',)))"


@mutation("a reducer is removed from copyreg")
def unregister_reducer(pick):
    kind = pick.one([pick.cls(), "types.FunctionType", "object", "complex"])
    return f"copyreg.dispatch_table.pop({kind})"


@mutation("a reducer is registered with the class Pickler, or removed")
def register_with_pickler(pick):
    c = pick.cls()
    return pick.one(
        [f"cppickle.Pickler.dispatch[{c}] = lambda obj: (str, ('dispatched',))"]
        + [f"cppickle.Pickler.dispatch.pop({c})"]
    )


@mutation("an extension code is added or removed")
def change_extensions(pick):
    verb = pick.one(["add", "remove"])
    return f"copyreg.{verb}_extension('fuzz_plain', 'function', 0xF7)"


@mutation("the tracker is replaced")
def replace_tracker(pick):
    return "del sys._cppickle_tracker"


@mutation("a stream of the case comes back")
def load_here(pick):
    return f"loaded = pickle.loads(cppickle.dumps({pick.owner()}))"


@mutation("a loaded twin takes a place")
def use_loaded(pick):
    name = pick.one([n for n in pick.functions + pick.instances if "." not in n])
    return f"{name} = pickle.loads(cppickle.dumps({name}))"


@mutation("a dump fails after a recorded part")
def fail_to_dump(pick):
    return f"cppickle.dumps(({pick.owner()}, sys._getframe()))"


@mutation("a dump begins inside of a dump")
def dump_within(pick):
    return textwrap.dedent(f"""\
        class Within:
            def __reduce__(self): return len, (cppickle.dumps({pick.owner()}),)
        cppickle.dumps(({pick.owner()}, Within(), {pick.owner()}))""")


@mutation("an object changes in the middle of a dump")
def change_within(pick):
    c, value = pick.cls(), pick.value()
    change = pick.one([f"{c}.y = {value}", f"V0 = {value}", f"L0.append({value})"])
    return textwrap.dedent(f"""\
        def change():
            global V0
            {change}
        class Within:
            def __reduce__(self): return change() or (str, ())
        held, V1 = V1, Within()
        try:
            cppickle.dumps({pick.owner()})
            cppickle.dumps({pick.owner()})
        finally:
            V1 = held
            change = lambda: None""")


@mutation("something is dumped at another protocol")
def other_protocol(pick):
    return f"cppickle.dumps({pick.owner()}, {pick.one([0, 2, 3, 4])})"


@mutation("the collector runs")
def collect(pick):
    return f"gc.collect({pick.one([0, 0, 1])})"


@mutation("everything dead goes, with what loading left")
def collect_all(pick):
    return "loaded = twin = moved = held = None\ngc.collect(1)"


@mutation("cached expansions of many other classes and functions are made")
def record_others(pick):
    return textwrap.dedent(f"""\
        for number in range(20):
            other_class = type("Other", (), {{"y": number, "f": {pick.function()}}})
            for repeat in range(3):
                cppickle.dumps(other_class)""")
