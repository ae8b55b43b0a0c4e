"""persistent_id, reducer_override and dispatch_table: as methods, attributes, live."""

import collections
import copyreg
import io
import pickle

import pytest
from support.source import define

import cppickle


class Database:
    pass


class Special(list):
    pass


DB = Database()


def dumped(kind, obj, protocol=5, **options):
    file = io.BytesIO()
    kind(file, protocol, **options).dump(obj)
    return file.getvalue()


class ResolvingUnpickler(pickle.Unpickler):
    def persistent_load(self, persistent_id):
        return ("resolved", persistent_id)


def resolved(stream):
    return ResolvingUnpickler(io.BytesIO(stream)).load()


def with_persistent_ids(module):
    class PersistentPickler(module.Pickler):
        def persistent_id(self, obj):
            if obj is DB:
                return "db 1"
            return (1, "two") if isinstance(obj, Special) else None

    return PersistentPickler


@pytest.mark.parametrize("protocol", range(1, 6))
def test_persistent_id_as_a_method(protocol):
    obj = [DB, 1, {"db": DB}, Special()]
    stream = dumped(with_persistent_ids(cppickle), obj, protocol)
    assert stream == dumped(with_persistent_ids(pickle), obj, protocol)
    assert resolved(stream)[0] == ("resolved", "db 1")


def test_persistent_id_at_protocol_0():
    stream = dumped(with_persistent_ids(cppickle), [DB, DB], 0)
    assert stream == dumped(with_persistent_ids(pickle), [DB, DB], 0)


def test_persistent_id_at_protocol_0_wants_ascii():
    class Pickler(cppickle.Pickler):
        def persistent_id(self, obj):
            return "é" if obj is DB else None

    with pytest.raises(pickle.PicklingError):
        dumped(Pickler, DB, 0)


def test_persistent_id_as_an_attribute():
    file = io.BytesIO()
    pickler = cppickle.Pickler(file, 5)
    pickler.persistent_id = lambda obj: "db 1" if obj is DB else None
    pickler.dump([DB, DB])
    assert resolved(file.getvalue()) == [("resolved", "db 1")] * 2


def test_persistent_id_sees_every_object_in_order():
    def seen_by(module):
        seen = []

        class Pickler(module.Pickler):
            def persistent_id(self, obj):
                seen.append(repr(obj))

        shared = (1, "x")
        dumped(Pickler, [shared, {"k": shared}, None, {2}, b"b", len, 1.5])
        return seen

    assert seen_by(cppickle) == seen_by(pickle)


def test_persistent_id_that_raises():
    class Pickler(cppickle.Pickler):
        def persistent_id(self, obj):
            raise LookupError("no id")

    with pytest.raises(LookupError, match="no id"):
        dumped(Pickler, [1])


def test_persistent_id_reaches_what_functions_refer_to():
    job = define("def job(): return db", db=DB).job
    assert resolved(dumped(with_persistent_ids(cppickle), job))() == (
        "resolved",
        "db 1",
    )


def test_reducer_override():
    class Pickler(cppickle.Pickler):
        def reducer_override(self, obj):
            if isinstance(obj, Special):
                return str, ("special",)
            return NotImplemented

    assert pickle.loads(dumped(Pickler, [Special(), Special()])) == ["special"] * 2


def test_reducer_override_may_leave_everything_to_us():
    class Pickler(cppickle.Pickler):
        def reducer_override(self, obj):
            return NotImplemented

    double = define("factor = 2\ndef double(x): return factor * x").double
    assert pickle.loads(dumped(Pickler, [double]))[0](4) == 8


def test_reducer_override_through_super():
    class Pickler(cppickle.Pickler):
        def reducer_override(self, obj):
            if isinstance(obj, Special):
                return str, ("special",)
            return super().reducer_override(obj)

    made = define("class C:\n  n = 3\ndef f(): return C.n")
    text, f, c = pickle.loads(dumped(Pickler, [Special(), made.f, made.C]))
    assert (text, f(), c.n) == ("special", 3, 3)


def test_reducer_override_is_asked_about_functions_and_classes():
    asked = []

    class Pickler(cppickle.Pickler):
        def reducer_override(self, obj):
            asked.append(obj)
            return NotImplemented

    made = define("class C: pass\ndef f(): return C")
    dumped(Pickler, [made.f, len, Special()])
    assert {made.f, made.C, len, Special} <= {x for x in asked if callable(x)}


def test_reducer_override_comes_before_the_dispatch_table():
    class Pickler(cppickle.Pickler):
        dispatch_table = {Special: lambda obj: (str, ("table",))}

        def reducer_override(self, obj):
            return (str, ("override",)) if isinstance(obj, Special) else NotImplemented

    assert pickle.loads(dumped(Pickler, Special())) == "override"


def test_reducer_override_for_a_function():
    class Pickler(cppickle.Pickler):
        def reducer_override(self, obj):
            if getattr(obj, "__name__", "") == "secret":
                return str, ("hidden",)
            return NotImplemented

    made = define("def secret(): pass\ndef f(): return secret")
    assert pickle.loads(dumped(Pickler, made.f))() == "hidden"


@pytest.mark.parametrize(
    "wrong", [5, None, (), (1, 2, 3, 4, 5, 6, 7), (len,)], ids=repr
)
def test_reducer_override_that_gives_nonsense(wrong):
    class Pickler(cppickle.Pickler):
        def reducer_override(self, obj):
            return wrong

    class Standard(pickle.Pickler):
        def reducer_override(self, obj):
            return wrong

    with pytest.raises(Exception) as expected:
        dumped(Standard, Special())
    with pytest.raises(expected.type):
        dumped(Pickler, Special())


def test_dispatch_table_of_a_class():
    class Pickler(cppickle.Pickler):
        dispatch_table = {Special: lambda obj: (str, ("table",))}

    assert pickle.loads(dumped(Pickler, Special())) == "table"


def test_dispatch_table_of_an_instance():
    file = io.BytesIO()
    pickler = cppickle.Pickler(file, 5)
    pickler.dispatch_table = copyreg.dispatch_table.copy()
    pickler.dispatch_table[Special] = lambda obj: (str, ("table",))
    pickler.dump(Special())
    assert pickle.loads(file.getvalue()) == "table"


def test_dispatch_table_may_be_any_mapping():
    table = collections.ChainMap({}, {Special: lambda obj: (str, ("chained",))})

    class Pickler(cppickle.Pickler):
        dispatch_table = table

    assert pickle.loads(dumped(Pickler, Special())) == "chained"


def test_dispatch_table_changes_are_live():
    table = {}

    class Pickler(cppickle.Pickler):
        dispatch_table = table

    assert pickle.loads(dumped(Pickler, Special())) == []
    table[Special] = lambda obj: (str, ("later",))
    assert pickle.loads(dumped(Pickler, Special())) == "later"


def test_the_class_level_table_is_live_and_shared_with_dispatch():
    assert cppickle.Pickler.dispatch is cppickle.Pickler.dispatch_table
    cppickle.Pickler.dispatch_table[Special] = lambda obj: (str, ("class level",))
    try:
        assert pickle.loads(cppickle.dumps(Special())) == "class level"
    finally:
        del cppickle.Pickler.dispatch_table[Special]
    assert pickle.loads(cppickle.dumps(Special())) == []


def test_copyreg_is_live_behind_the_class_level_table():
    copyreg.pickle(Special, lambda obj: (str, ("copyreg",)))
    try:
        assert pickle.loads(cppickle.dumps(Special())) == "copyreg"
    finally:
        del copyreg.dispatch_table[Special]
    assert pickle.loads(cppickle.dumps(Special())) == []


def test_a_chain_map_that_contains_itself():
    chain = collections.ChainMap({Special: lambda obj: (str, ("special",))})
    chain.maps.append(chain)

    class Chained(cppickle.Pickler):
        dispatch_table = chain

    assert pickle.loads(dumped(Chained, Special())) == "special"
    with pytest.raises(RecursionError):
        dumped(Chained, Database())


def test_a_dispatch_table_whose_lookup_fails():
    class Table:
        def __getitem__(self, key):
            raise ZeroDivisionError("broken table")

    class Pickler(cppickle.Pickler):
        dispatch_table = Table()

    with pytest.raises(ZeroDivisionError, match="broken table"):
        dumped(Pickler, Special())


class Meta(type):
    pass


class MadeByMeta(metaclass=Meta):
    pass


def test_a_reducer_of_a_metaclass_is_asked_inside_of_functions_too():
    class Pickler(cppickle.Pickler):
        dispatch_table = {Meta: lambda cls: (str, ("reduced",))}

    def dumped(obj):
        file = io.BytesIO()
        Pickler(file).dump(obj)
        return pickle.loads(file.getvalue())

    scope = {"__name__": "__main__", "MadeByMeta": MadeByMeta}
    exec("def f(): return MadeByMeta", scope)
    assert dumped(MadeByMeta) == "reduced"
    assert dumped(scope["f"])() == "reduced"
