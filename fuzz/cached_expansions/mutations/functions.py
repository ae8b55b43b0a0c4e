"""What functions are made of, and the globals that they name."""

import textwrap

from fuzz.cached_expansions.mutations.table import mutation


@mutation("a global is bound to another value")
def rebind_global(pick):
    return f"{pick.scalar_name()} = {pick.value()}"


@mutation("a global is deleted")
def delete_global(pick):
    return f"del {pick.scalar_name()}"


@mutation("a missing global appears")
def define_missing(pick):
    return f"missing = {pick.value()}"


@mutation("a builtin is shadowed by a global")
def shadow_builtin(pick):
    return f"ValueError = {pick.value()}"


@mutation("a module among the globals is another object")
def replace_module_global(pick):
    return pick.one(["math = types.ModuleType('math')", "math = os", "os = math"])


@mutation("the name, package, file or path of the namespace changes")
def change_namespace(pick):
    name = pick.one(["__file__", "__package__", "__path__", "__spec__", "__doc__"])
    value = pick.one(["'elsewhere'", "None", "''", "['a']"])
    return pick.one([f"{name} = {value}", f"del {name}"])


@mutation("defaults are replaced")
def replace_defaults(pick):
    return f"{pick.function()}.__defaults__ = ({pick.value()},)"


@mutation("defaults are replaced by an equal tuple")
def copy_defaults(pick):
    f = pick.function()
    return f"{f}.__defaults__ = tuple(list({f}.__defaults__))"


@mutation("defaults become equal copies of what they were")
def deep_copy_defaults(pick):
    f = pick.function()
    return f"{f}.__defaults__ = copy.deepcopy({f}.__defaults__)"


@mutation("defaults are removed")
def remove_defaults(pick):
    return f"{pick.function()}.__defaults__ = None"


@mutation("two functions share their defaults")
def share_defaults(pick):
    return f"{pick.function()}.__defaults__ = {pick.function()}.__defaults__"


@mutation("a keyword default is edited")
def edit_keyword_default(pick):
    return f"{pick.function()}.__kwdefaults__['k'] = {pick.value()}"


@mutation("keyword defaults are replaced")
def replace_keyword_defaults(pick):
    f = pick.function()
    value = pick.one(["None", f"dict({f}.__kwdefaults__)", f"{{'k': {pick.value()}}}"])
    return f"{f}.__kwdefaults__ = {value}"


@mutation("keyword defaults have another order")
def reorder_keyword_defaults(pick):
    f = pick.function()
    return (
        f"{f}.__kwdefaults__['more'] = 1\n"
        f"{f}.__kwdefaults__ = dict(reversed({f}.__kwdefaults__.items()))"
    )


@mutation("a cell has another content")
def set_cell(pick):
    return f"{pick.cell()}.cell_contents = {pick.value()}"


@mutation("a cell is emptied")
def empty_cell(pick):
    return f"del {pick.cell()}.cell_contents"


@mutation("a cell holds the namespace of a class")
def cell_holds_namespace(pick):
    value = pick.one([f"vars({pick.cls()})", "globals()", f"dict(vars({pick.cls()}))"])
    return f"{pick.cell()}.cell_contents = {value}"


@mutation("a function is made anew with other cells")
def other_cells(pick):
    f = pick.one([name for name in pick.functions if "." not in name])
    return textwrap.dedent(f"""\
        cells = tuple(types.CellType({pick.value()}) for cell in {f}.__closure__)
        {f} = types.FunctionType({f}.__code__, globals(), "{f}", None, cells)""")


@mutation("two cells become one, or one two")
def shared_cells(pick):
    f = pick.one([name for name in pick.functions if "." not in name])
    cells = pick.one(["cells[:1] * len(cells)", "tuple(map(copied, cells))"])
    return textwrap.dedent(f"""\
        cells = {f}.__closure__
        copied = lambda cell: types.CellType(cell.cell_contents)
        cells = {cells}
        {f} = types.FunctionType({f}.__code__, globals(), "{f}", None, cells)""")


@mutation("annotations are replaced")
def replace_annotations(pick):
    value = pick.one(["{}", f"{{'x': {pick.value()}}}", "{'return': int, 'x': str}"])
    return f"{pick.function()}.__annotations__ = {value}"


@mutation("an annotation is edited")
def edit_annotation(pick):
    return f"{pick.function()}.__annotations__['x'] = {pick.value()}"


@mutation("the docstring of a function changes")
def change_function_doc(pick):
    return f"{pick.function()}.__doc__ = {pick.value()}"


@mutation("the name of a function changes")
def change_function_name(pick):
    return f"{pick.function()}.__name__ = {pick.one(['other', 'f0', 'method'])!r}"


@mutation("the qualified name of a function changes")
def change_function_qualname(pick):
    name = pick.one(["other", "f0", "C0.method", "f.<locals>.g", "function"])
    return f"{pick.function()}.__qualname__ = {name!r}"


@mutation("a name is an equal string that is not interned")
def uninterned_name(pick):
    attribute = pick.one(["__name__", "__qualname__", "__module__", "__doc__"])
    owner = pick.one([pick.function, pick.cls])()
    return f"{owner}.{attribute} = ''.join(list({owner}.{attribute}))"


@mutation("the module of a function changes")
def change_function_module(pick):
    name = pick.one(["'other'", "None", "'fuzz_plain'", "'__main__'", "5"])
    return f"{pick.function()}.__module__ = {name}"


@mutation("a function gets the code of another")
def swap_code(pick):
    return f"{pick.function()}.__code__ = {pick.function()}.__code__"


@mutation("code is replaced by a variant")
def replace_code(pick):
    f = pick.function()
    change = pick.one(
        ["co_name='other'", "co_firstlineno=77", "co_filename='elsewhere'"]
        + [f"co_consts=(*{f}.__code__.co_consts, 5)", ""]
        + [f"co_names=tuple(reversed({f}.__code__.co_names))"]
        + [
            "co_stacksize=50",
            f"co_varnames=('w', *{f}.__code__.co_varnames[1:])",
        ]
    )
    return f"{f}.__code__ = {f}.__code__.replace({change})"


@mutation("a function gets an attribute")
def set_function_attribute(pick):
    return f"{pick.function()}.{pick.attribute()} = {pick.value()}"


@mutation("a function loses an attribute")
def delete_function_attribute(pick):
    return f"del {pick.function()}.{pick.one(['a', 'y', 'mark', '__wrapped__'])}"


@mutation("the attributes of a function are another dict")
def replace_function_dict(pick):
    f = pick.function()
    value = pick.one([f"dict(vars({f}))", "{}", f"dict(reversed(vars({f}).items()))"])
    return f"{f}.__dict__ = {value}"


@mutation("two functions share their attributes")
def share_function_dict(pick):
    return f"{pick.function()}.__dict__ = {pick.function()}.__dict__"


@mutation("the type parameters of a function change")
def change_type_params(pick):
    return f"{pick.function()}.__type_params__ = (typing.TypeVar('T'),)"


@mutation("a function wraps another")
def wrap_function(pick):
    return f"functools.update_wrapper({pick.function()}, {pick.function()})"


@mutation("a function runs")
def run_function(pick):
    return f"{pick.function()}({pick.one(['', '1', '0'])})"


@mutation("a function is swapped for an equal twin")
def twin_function(pick):
    f = pick.one([name for name in pick.functions if "." not in name])
    return textwrap.dedent(f"""\
        twin = types.FunctionType({f}.__code__, globals(), {f}.__name__,
                                  {f}.__defaults__, {f}.__closure__)
        functools.update_wrapper(twin, {f})
        del twin.__wrapped__
        twin.__kwdefaults__ = {f}.__kwdefaults__
        {f} = twin""")


@mutation("a function has another namespace")
def other_globals(pick):
    f = pick.one([name for name in pick.functions if "." not in name])
    space = pick.one(["dict(globals())", "{'__name__': 'other'}", "vars(fuzz_plain)"])
    return (
        f"{f} = types.FunctionType({f}.__code__, {space}, {f}.__name__, "
        f"{f}.__defaults__, {f}.__closure__)"
    )
