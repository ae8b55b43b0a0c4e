"""Lists, dicts, sets and scalars: other content, other objects, another order."""

from fuzz.cached_expansions.mutations.table import mutation


@mutation("a list grows or shrinks")
def change_list(pick):
    name = pick.list()
    return pick.one(
        [f"{name}.append({pick.value()})", f"{name}.pop()", f"{name}.reverse()"]
        + [f"{name}[0] = {pick.value()}", f"{name}.clear()"]
    )


@mutation("a list is replaced by an equal one")
def copy_list(pick):
    return f"{pick.list()} = list({pick.list()})"


@mutation("items of a list are shared, or equal copies")
def share_items(pick):
    name = pick.list()
    item = pick.one(
        ["'x' * 300", "'ab'", "[1]", "(1, [2])", "b'y' * 300", "frozenset()"]
    )
    again = pick.one(["item", "copy.deepcopy(item)", "item[:1] + item[1:]"])
    return f"item = {item}\n{name}[:] = [item, {again}]"


@mutation("a list contains itself, or another container")
def nest_list(pick):
    name = pick.list()
    inner = pick.one([name, pick.dict(), pick.list(), pick.set()])
    return f"{name}.append({inner})"


@mutation("a dict gets another value")
def set_item(pick):
    key = pick.one(
        ["'a'", "1", "True", "1.0", "'new'", "(1, 2)", "None", "''.join('a')"]
    )
    return f"{pick.dict()}[{key}] = {pick.value()}"


@mutation("a dict loses a key")
def delete_item(pick):
    return f"del {pick.dict()}[{pick.one(['1', repr('a'), repr('new')])}]"


@mutation("a dict has another order")
def reorder_dict(pick):
    name = pick.dict()
    return pick.one(
        [f"{name}['a'] = {name}.pop('a')"]
        + [f"items = list({name}.items())\n{name}.clear()\n{name}.update(items[::-1])"]
    )


@mutation("a key is replaced by an equal one of another type")
def replace_key(pick):
    name = pick.dict()
    key = pick.one(["True", "1.0", "1", "numbers.Number", "complex(1)", "C0"])
    return f"value = {name}.pop(1)\n{name}[{key}] = value"


@mutation("a dict is replaced by an equal one")
def copy_dict(pick):
    name = pick.dict()
    kind = pick.one(["dict", "collections.OrderedDict", "types.MappingProxyType"])
    return f"{name} = {kind}({pick.dict()})"


@mutation("a set grows or shrinks")
def change_set(pick):
    name, value = pick.set(), pick.scalar()
    return pick.one(
        [f"{name}.add({value})", f"{name}.discard({value})", f"{name}.pop()"]
        + [f"{name}.clear()", f"{name}.add(V0)", f"{name}.add(f0)", f"{name}.add(C0)"]
    )


@mutation("a set is built in another order")
def rebuild_set(pick):
    name = pick.set()
    return pick.one(
        [f"{name} = {{8, 0, 16}}", f"{name} = {{0, 8, 16}}", f"{name} = set({name})"]
        + [f"items = list({name})\n{name}.clear()\n{name}.update(items[::-1])"]
        + [f"{name} = frozenset({name})", f"{name} = frozenset([16, 8, 0])"]
    )


@mutation("a bytearray is held and changes")
def change_bytearray(pick):
    return pick.one(
        ["V2 = bytearray(b'ab')", "V2.append(1)", "V2[0] = 7", "V2.clear()"]
    )


@mutation("a scalar is replaced by an equal one")
def twin_scalar(pick):
    name = pick.scalar_name()
    kind = pick.one(
        ["''.join(list({0}))", "int(str({0}))", "float(repr({0}))", "complex({0})"]
        + ["b''.join([{0}, b''])", "tuple(list({0}))", "sys.intern({0})", "bool({0})"]
    )
    return f"{name} = {kind.format(name)}"


@mutation("a number changes its type or its sign")
def odd_number(pick):
    numbers = [
        "True",
        "1",
        "1.0",
        "0",
        "False",
        "0.0",
        "-0.0",
        "-1",
        "2**31",
        "-(2**31)",
    ]
    numbers += ["float('nan')", "-float('nan')", "float('inf')", "255", "256", "257"]
    numbers += ["65535", "65536", "2**63", "-(2**63)", "2**64", "2**2040", "complex(1)"]
    return f"{pick.scalar_name()} = {pick.one(numbers)}"


@mutation("two globals hold one object, or equal ones")
def share_globals(pick):
    value = pick.one(
        ["'x' * 300", "[1]", "('a', [1])", "10**30", "object()", "b'z' * 99"]
    )
    again = pick.one(["V0", "copy.deepcopy(V0)", "V0[:1] + V0[1:]"])
    return f"V0 = {value}\nV1 = {again}"


@mutation("a global names a function, class or instance of the case")
def name_another(pick):
    return f"{pick.scalar_name()} = {pick.owner()}"


@mutation("a deep value is held")
def hold_deep_value(pick):
    return (
        f"L1 = []\nfor number in range({pick.one([20, 38, 39, 40, 41, 60])}):\n"
        "    L1 = [L1]\nV0 = L1"
    )


@mutation("a wide value is held")
def hold_wide_value(pick):
    return f"V1 = list(range({pick.one([300, 600, 1000, 1020, 1030])}))"


@mutation("the last item of a wide value changes")
def change_wide_value(pick):
    return f"V1[{pick.one([-1, 0, 500])}] = {pick.value()}"
