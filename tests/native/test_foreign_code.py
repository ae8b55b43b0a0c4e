"""Foreign code in the middle of a dump: it mutates, drops, raises and re-enters."""

import contextlib
import gc
import io
import pickle
import sys
import types

import pytest
from support.processes import run_child
from support.source import define

import cppickle


class Meddler:
    """Calls `act` when it is reduced, and loads as the string "meddler"."""

    def __init__(self, act):
        self.act = act

    def __reduce__(self):
        self.act()
        return str, ("meddler",)


def test_a_list_that_shrinks():
    items = [1, Meddler(lambda: items.clear()), 2, 3, [4]]
    assert pickle.loads(cppickle.dumps(items)) == [1, "meddler"]


def test_a_list_that_shrinks_across_a_batch():
    items = [
        *range(999),
        Meddler(lambda: items.__delitem__(slice(5, None))),
        *range(5000),
    ]
    again = pickle.loads(cppickle.dumps(items))
    assert again[:5] == [0, 1, 2, 3, 4]
    assert len(again) <= 1001


def test_a_list_that_grows():
    items = [Meddler(lambda: items.extend(range(2000)))]
    again = pickle.loads(cppickle.dumps(items))
    assert again in (["meddler"], ["meddler", *range(2000)])


def test_a_list_whose_items_are_replaced():
    items = [
        Meddler(lambda: items.__setitem__(slice(1, None), ["new"] * 3)),
        {},
        [],
        (),
    ]
    assert pickle.loads(cppickle.dumps(items)) == ["meddler", "new", "new", "new"]


@pytest.mark.parametrize("change", ["grows", "shrinks", "is cleared"])
def test_a_dict_that_changes_its_size(change):
    acts = {
        "grows": lambda: table.update({n: n for n in range(5000)}),
        "shrinks": lambda: table.pop(1),
        "is cleared": lambda: table.clear(),
    }
    table = {0: Meddler(acts[change]), 1: [1], 2: [2]}
    with pytest.raises(RuntimeError, match="changed size during iteration"):
        cppickle.dumps(table)


def test_a_dict_whose_value_is_replaced():
    table = {0: Meddler(lambda: table.update({1: "new", 2: "new"})), 1: [1], 2: [2]}
    again = pickle.loads(cppickle.dumps(table))
    assert again == {0: "meddler", 1: "new", 2: "new"}


def test_a_dict_whose_current_entry_is_dropped():
    table = {0: [Meddler(lambda: table.update({0: "gone"}))], 1: 1}
    again = pickle.loads(cppickle.dumps(table))
    assert again == {0: ["meddler"], 1: 1}


class Key(Meddler):
    """A meddler that can be in sets and be a key."""

    def __hash__(self):
        return 1


def test_a_key_that_meddles():
    table = {}
    key = Key(lambda: table.clear())
    table.update({key: [1], "other": 2})
    with pytest.raises(RuntimeError, match="changed size during iteration"):
        cppickle.dumps(table)


@pytest.mark.parametrize("act", ["clear", "grow"])
def test_a_set_that_changes_its_size(act):
    items = set()
    key = Key(items.clear if act == "clear" else lambda: items.update(range(5000)))
    items.update([key, "a", "b"])
    with pytest.raises(RuntimeError, match="changed size during iteration"):
        cppickle.dumps(items)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("kind", [set, frozenset])
def test_a_set_whose_items_take_it_out_of_its_container(kind, protocol):
    """In streams with code they are asked for their content, to be put in order."""
    code = define("def f(): pass").f
    items = []
    meddlers = [Meddler(items.clear), Meddler(lambda: None)]
    items.append(kind(meddlers))
    del meddlers
    _, [again] = pickle.loads(cppickle.dumps([code, items], protocol))
    assert again == {"meddler"}


def test_an_instance_whose_dict_changes():
    made = define("class Holder: pass").Holder()
    made.a, made.b = Meddler(lambda: vars(made).pop("b")), [1]
    with contextlib.suppress(RuntimeError):
        assert pickle.loads(cppickle.dumps(made)).a == "meddler"


def test_an_instance_whose_dict_is_replaced():
    made = define("class Holder: pass").Holder()
    made.a, made.b = Meddler(lambda: setattr(made, "__dict__", {"c": 1})), [1]
    again = pickle.loads(cppickle.dumps(made))
    assert vars(again) == {"a": "meddler", "b": [1]}


def test_an_instance_that_loses_its_slots():
    made = define("class Holder: __slots__ = 'a', 'b', 'c'").Holder()

    def drop():
        del made.b
        made.c = "new"

    made.a, made.b, made.c = Meddler(drop), [1], [2]
    again = pickle.loads(cppickle.dumps(made))
    assert again.a == "meddler"
    assert again.b == [1]
    assert again.c in ([2], "new")


def test_a_function_whose_parts_change():
    made = define("def f(x=1): return g, x\ndef g(): return h")
    f, g = made.f, made.g

    def meddle():
        f.__defaults__ = f.__kwdefaults__ = None
        f.__code__ = g.__code__
        f.__globals__.clear()

    made.globals["h"] = Meddler(meddle)
    f.__kwdefaults__ = {"k": [made.h]}
    assert len(pickle.loads(cppickle.dumps([f, g]))) == 2


def test_a_cell_that_is_emptied():
    made = define("def make(x):\n  def f(): return x\n  return f\nf = make(1)")
    (cell,) = made.f.__closure__

    def empty():
        del cell.cell_contents

    cell.cell_contents = [Meddler(empty), "kept"]
    assert pickle.loads(cppickle.dumps(made.f))() == ["meddler", "kept"]


def test_a_class_that_changes():
    made = define("class C:\n  a = 1\n  b = [2]\n  c = 3")

    def meddle():
        del made.C.b
        made.C.d = 4

    made.C.a = Meddler(meddle)
    with contextlib.suppress(RuntimeError):
        assert pickle.loads(cppickle.dumps(made.C)) is made.C


def test_a_container_that_lives_only_in_its_holder():
    """The last reference to what is being walked is dropped on the way."""
    holder = [[1, Meddler(lambda: holder.clear()), [2, 3], "x" * 50]]
    assert pickle.loads(cppickle.dumps(holder)) == [[1, "meddler", [2, 3], "x" * 50]]


@pytest.mark.parametrize("wrap", [list, tuple, lambda items: dict(enumerate(items))])
def test_nested_containers_that_live_only_in_their_holder(wrap):
    def drop():
        holder.clear()
        gc.collect()

    holder = [wrap([wrap([Meddler(drop), "a" * 20]), "b" * 20])]
    again = pickle.loads(cppickle.dumps(holder))
    assert again == [wrap([wrap(["meddler", "a" * 20]), "b" * 20])]


def test_arguments_that_live_only_in_the_reduce_value():
    class Fresh:
        def __reduce__(self):
            return dict, ([["key", [1, Meddler(gc.collect), "x" * 20]]],)

    again = pickle.loads(cppickle.dumps([Fresh() for _ in range(50)]))
    assert again == [{"key": [1, "meddler", "x" * 20]}] * 50


def test_temporaries_do_not_lend_their_addresses():
    """An object that dies during the dump may come back at the same address."""

    class Fresh:
        def __init__(self, n):
            self.n = n

        def __reduce__(self):
            return list, ([(self.n, [self.n], str(self.n) * 3)],)

    again = pickle.loads(cppickle.dumps([Fresh(n) for n in range(2000)]))
    assert again == [[(n, [n], str(n) * 3)] for n in range(2000)]


def test_temporaries_of_iterators_do_not_lend_their_addresses():
    class Items(list):
        def __reduce__(self):
            items = ([n, [n]] for n in range(2500))
            pairs = ((f"k{n}", {n: [n]}) for n in range(2500))
            return dict, (), None, None, pairs if self else ((k, v) for k, v in items)

    again = pickle.loads(cppickle.dumps([Items("x"), Items()]))
    assert again[0] == {f"k{n}": {n: [n]} for n in range(2500)}
    assert again[1] == {n: [n] for n in range(2500)}


def test_temporary_states_do_not_lend_their_addresses():
    made = define(
        "class C:\n  def __getstate__(self): return {'n': [self.key], 'k': {}}"
    )
    objects = []
    for n in range(2000):
        obj = made.C()
        obj.key = n
        objects.append(obj)
    again = pickle.loads(cppickle.dumps(objects))
    assert [obj.n for obj in again] == [[n] for n in range(2000)]
    assert len({id(obj.k) for obj in again}) == 2000


def test_persistent_ids_that_drop_the_object():
    class Pickler(cppickle.Pickler):
        def persistent_id(self, obj):
            if type(obj) is list:
                holder.clear()

    holder = {"k": [[1, 2], "x" * 30], "other": 1}
    with pytest.raises(RuntimeError, match="changed size during iteration"):
        Pickler(io.BytesIO()).dump(holder)


def test_a_reducer_override_that_drops_the_object():
    class Held:
        pass

    class Pickler(cppickle.Pickler):
        def reducer_override(self, obj):
            if isinstance(obj, Held):
                holder.clear()
                return str, ("held",)
            return NotImplemented

    holder, file = [Held(), Held()], io.BytesIO()
    Pickler(file).dump(holder)
    assert pickle.loads(file.getvalue()) == ["held"]


def test_a_write_that_mutates():
    class File(io.BytesIO):
        def write(self, data):
            items.clear()
            return super().write(data)

    items, file = ["x" * 1000 for _ in range(500)], File()
    cppickle.Pickler(file).dump(items)
    assert all(item == "x" * 1000 for item in pickle.loads(file.getvalue()))


def test_a_buffer_callback_that_mutates():
    buffers = [pickle.PickleBuffer(bytearray(b"x" * 50)) for _ in range(5)]
    kept = []

    def take(buffer):
        kept.append(buffer)
        buffers.clear()

    stream = cppickle.dumps(buffers, buffer_callback=take)
    assert len(pickle.loads(stream, buffers=kept)) == 1


def test_garbage_collection_at_any_moment():
    output = run_child(
        """
        import gc, pickle, cppickle
        class C:
            def __init__(self, n): self.n, self.me = n, self
        def make(n): return lambda: (n, make)
        gc.set_threshold(1)
        obj = [[C(n), make(n), {"k": C(n)}] for n in range(200)]
        for _ in range(3):
            pickle.loads(cppickle.dumps(obj))
        print("done")
        """
    )
    assert output.strip() == "done"


def test_attributes_that_raise_when_looked_at():
    class Rude:
        def __getattribute__(self, name):
            raise ZeroDivisionError(name)

    with pytest.raises(ZeroDivisionError):
        cppickle.dumps([Rude()])


def test_a_module_attribute_that_raises():
    """Asking modules for a name must not run into their __getattr__ unprepared."""
    import types

    class Lazy(types.ModuleType):
        def __getattr__(self, name):
            raise RuntimeError("lazy import failed: " + name)

    sys.modules["cppickle_test_lazy"] = Lazy("cppickle_test_lazy")
    try:
        job = define("n = 1\ndef job(): return n").job
        job.__module__ = None
        assert pickle.loads(cppickle.dumps(job))() == 1
    finally:
        del sys.modules["cppickle_test_lazy"]


def test_a_sys_modules_that_changes_while_it_is_searched():
    import types

    class Adds(types.ModuleType):
        def __getattr__(self, name):
            sys.modules[f"cppickle_test_added_{len(sys.modules)}"] = None
            raise AttributeError(name)

    sys.modules["cppickle_test_adds"] = Adds("cppickle_test_adds")
    try:
        job = define("def job(): return 1").job
        job.__module__ = None
        assert pickle.loads(cppickle.dumps(job))() == 1
    finally:
        for name in [n for n in sys.modules if n.startswith("cppickle_test_add")]:
            del sys.modules[name]


def test_a_dynamic_module_loses_its_name():
    """What the function's namespace is made of was read before the hook is asked."""
    module = types.ModuleType("made_here")
    exec("def name(): return __name__", module.__dict__)

    class Forgets(cppickle.Pickler):
        def persistent_id(self, obj):
            if obj is not module.name:
                module.__dict__.pop("__name__", None)

    out = io.BytesIO()
    Forgets(out).dump(module.name)
    assert "__name__" not in module.__dict__
    again = pickle.loads(out.getvalue())
    assert again.__globals__["__spec__"] is None
