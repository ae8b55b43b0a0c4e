"""What instances hold, in their dict, in slots and as what they are derived from."""

from fuzz.cached_expansions.mutations.table import mutation


@mutation("an instance attribute is set")
def set_attribute(pick):
    return f"{pick.instance()}.{pick.one('ayzq')} = {pick.value()}"


@mutation("an instance attribute is deleted")
def delete_attribute(pick):
    return f"del {pick.instance()}.{pick.one('ayzq')}"


@mutation("instance attributes have another order")
def reorder_attributes(pick):
    i = pick.instance()
    return f"moved = {i}.a\ndel {i}.a\n{i}.a = moved"


@mutation("an instance has another class")
def replace_class(pick):
    return f"{pick.instance()}.__class__ = {pick.cls()}"


@mutation("the dict of an instance is another one")
def replace_dict(pick):
    i = pick.instance()
    value = pick.one([f"dict(vars({i}))", f"{{'a': {pick.value()}}}", pick.dict()])
    return f"{i}.__dict__ = {value}"


@mutation("two instances share their dict")
def share_dict(pick):
    return f"{pick.instance()}.__dict__ = {pick.instance()}.__dict__"


@mutation("the dict of an instance has a key that is no string")
def odd_key(pick):
    key = pick.one(["1", "None", "('a',)", "''.join(['a', ''])", "V0"])
    return f"vars({pick.instance()})[{key}] = {pick.value()}"


@mutation("an instance gets __reduce__ or another hook of its own")
def instance_reduces(pick):
    hook = pick.one(
        ["__reduce__ = lambda *a: (list, ([1],))", "__getstate__ = lambda: {'b': 2}"]
        + ["__reduce_ex__ = lambda *a: (dict, ())", "__setstate__ = lambda state: None"]
        + ["__getnewargs__ = lambda: (1,)", "__class__ = int", "__slots__ = ['a']"]
    )
    return f"vars({pick.instance()}).update({hook.replace(' = ', '=', 1)})"


@mutation("an instance loses a hook of its own")
def instance_reduces_no_more(pick):
    name = pick.one(["__reduce__", "__reduce_ex__", "__getstate__", "__class__"])
    return f"vars({pick.instance()}).pop({name!r})"


@mutation("an instance is replaced by a copy")
def copy_instance(pick):
    i = pick.one([name for name in pick.instances if "." not in name] or ["V1"])
    return f"{i} = copy.{pick.one(['copy', 'deepcopy'])}({i})"


@mutation("an instance is made anew")
def new_instance(pick):
    i = pick.one([name for name in pick.instances if "." not in name] or ["V1"])
    return f"{i} = {pick.cls()}({pick.one(['', pick.value()])})"


@mutation("two instances share an attribute, or have equal ones")
def share_attribute(pick):
    i = pick.instance()
    value = f"{pick.instance()}.a"
    return f"{i}.y = {pick.one([value, f'copy.deepcopy({value})'])}"


@mutation("an attribute of an instance changes in place")
def change_attribute(pick):
    i = pick.instance()
    return pick.one([f"{i}.a.append({pick.value()})", f"{i}.a['a'] = {pick.value()}"])


@mutation("the content of an instance of a derived builtin changes")
def change_content(pick):
    i = pick.instance()
    return pick.one(
        [f"{i}.append({pick.value()})", f"{i}['k'] = {pick.value()}"]
        + [f"{i}.args = ({pick.value()},)", f"{i}.add({pick.scalar()})"]
        + [f"{i}.with_traceback(None)", f"{i}.__cause__ = ValueError(1)"]
    )


@mutation("the name of an attribute is not interned")
def uninterned_attribute(pick):
    i = pick.instance()
    return f"{i}.__dict__ = {{''.join(['a', 'b']): {pick.value()}}}"


@mutation("an instance is the attribute of another")
def nest_instance(pick):
    return f"{pick.instance()}.a = {pick.instance()}"


@mutation("an instance is looked at")
def look_at_instance(pick):
    i = pick.instance()
    return pick.one([f"vars({i})", f"{i}.cached", f"{i}.method()", f"hash({i})"])


@mutation("a bound method is held")
def hold_bound_method(pick):
    value = pick.one([f"{pick.instance()}.method", f"{pick.cls()}.build"])
    return f"{pick.one([pick.scalar_name(), pick.list() + '[0]'])} = {value}"


@mutation("a partial, a cache or a weak reference is held and changes")
def hold_wrapper(pick):
    f = pick.function()
    return pick.one(
        [f"V0 = functools.partial({f}, {pick.value()})", f"V0.a = {pick.value()}"]
        + [f"V0.__setstate__((len, ({pick.value()},), {{}}, None))"]
        + [f"V0 = functools.lru_cache({f})", "V0.cache_clear()", "V0(1)", "V0(x=2)"]
        + [f"V0 = functools.lru_cache(3)({f})", f"V0.__wrapped__ = {pick.function()}"]
        + [f"V0 = weakref.ref({pick.owner()})", f"V0 = weakref.proxy({pick.owner()})"]
    )


@mutation("an object that the standard library makes is held and changes")
def hold_library_object(pick):
    value = pick.value()
    return pick.one(
        [f"V1 = types.SimpleNamespace(a={value})", f"V1.a = {value}"]
        + [f"V1 = collections.deque([{value}])", "V1.rotate(1)", f"V1.append({value})"]
        + [f"V1 = collections.OrderedDict(a={value}, b=1)", "V1.move_to_end('a')"]
        + [f"V1 = collections.defaultdict(list, a={value})"]
        + [f"V1.default_factory = {pick.cls()}", f"V1 = ValueError({value})"]
        + ["V1 = random.Random(3)", "V1.random()", "V1 = itertools.count()", "next(V1)"]
        + [f"V1.args = ({value},)", f"V1.__notes__ = [{value}]", "V1 = object()"]
    )
