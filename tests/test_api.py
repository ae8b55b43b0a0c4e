"""The public interface: names, signatures, protocols, files, subclasses."""

import collections
import copyreg
import inspect
import io
import pickle
import pickletools
import pydoc
import re
import subprocess
import sys

import pytest
from support.source import define

import cppickle

NAMES = [
    "CloudPickler",
    "DEFAULT_PROTOCOL",
    "DeepRecursionError",
    "Pickler",
    "Unpickler",
    "__version__",
    "dependencies",
    "dump",
    "dumps",
    "install",
    "list_registry_pickle_by_value",
    "load",
    "loads",
    "options",
    "register_pickle_by_value",
    "set_default",
    "shipment",
    "shipping",
    "uninstall",
    "unregister_pickle_by_value",
    "with_traceback",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_public_name(name):
    assert hasattr(cppickle, name)
    assert name.startswith("__") or name in cppickle.__all__


def test_nothing_else_is_public():
    assert set(cppickle.__all__) <= {*NAMES, "ProcessPoolExecutor"}


SIGNATURES = {
    "dump": "(obj, file, protocol=None, buffer_callback=None, *, class_ids=None, "
    "ship=None, warn_local=None)",
    "dumps": "(obj, protocol=None, buffer_callback=None, *, class_ids=None, "
    "ship=None, warn_local=None)",
    "register_pickle_by_value": "(module)",
    "unregister_pickle_by_value": "(module)",
    "list_registry_pickle_by_value": "()",
}


@pytest.mark.parametrize("name", SIGNATURES)
def test_a_signature(name):
    assert str(inspect.signature(getattr(cppickle, name))) == SIGNATURES[name]


@pytest.mark.parametrize(
    "name", sorted(set(NAMES) - {"DEFAULT_PROTOCOL", "__version__"})
)
def test_documented(name):
    assert getattr(cppickle, name).__doc__


@pytest.mark.parametrize("name", ["Pickler", "dump", "dumps", "loads"])
def test_help_shows_a_signature_once(name):
    found = getattr(cppickle, name)
    shown = pydoc.render_doc(found, renderer=pydoc.plaintext)
    # In one line or in several, with a margin for classes.
    signature = re.sub(r"\s", "", f"{name}{inspect.signature(found)}")
    assert re.sub(r"[\s|]", "", shown).count(signature) == 1
    assert "\n--" not in shown


def test_pickler_is_whole_from_the_beginning():
    program = "import cppickle; print(cppickle.Pickler.reducer_override.__qualname__)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "Pickler.reducer_override\n"


def test_the_version_is_one_that_cloudpickle_s_users_accept():
    numbers = [int(part) for part in cppickle.__version__.split(".")[:3]]
    assert numbers >= [3, 0]


def test_same_interface_as_cloudpickle():
    cloudpickle = pytest.importorskip("cloudpickle")
    assert cppickle.DEFAULT_PROTOCOL == cloudpickle.DEFAULT_PROTOCOL
    for name in SIGNATURES:
        theirs = inspect.signature(getattr(cloudpickle, name))
        ours = inspect.signature(getattr(cppickle, name))
        by_position = [
            parameter.name
            for parameter in ours.parameters.values()
            if parameter.kind is not parameter.KEYWORD_ONLY
        ]
        assert by_position == list(theirs.parameters)


def test_load_and_loads_read_any_pickle():
    assert cppickle.loads(pickle.dumps([1])) == [1]
    assert cppickle.load(io.BytesIO(pickle.dumps([1]))) == [1]
    assert cppickle.loads(pickle.dumps("é", 0), encoding="utf-8") == "é"


def protocol_of(stream):
    """The protocol that a stream names; None when it names none."""
    op, argument, _ = next(pickletools.genops(stream))
    return argument if op.name == "PROTO" else None


def dumped(obj, *arguments, **options):
    file = io.BytesIO()
    cppickle.dump(obj, file, *arguments, **options)
    return file.getvalue()


@pytest.mark.parametrize("dump", [cppickle.dumps, dumped], ids=["dumps", "dump"])
class TestProtocols:
    def test_the_default(self, dump):
        assert cppickle.DEFAULT_PROTOCOL == pickle.HIGHEST_PROTOCOL
        assert protocol_of(dump([1])) == cppickle.DEFAULT_PROTOCOL
        assert dump([1], None) == dump([1])

    @pytest.mark.parametrize("protocol", range(2, 6))
    def test_by_position_and_by_name(self, dump, protocol):
        assert protocol_of(dump([1], protocol)) == protocol
        assert protocol_of(dump([1], protocol=protocol)) == protocol

    @pytest.mark.parametrize("protocol", [-1, -7])
    def test_negative_is_the_highest(self, dump, protocol):
        assert protocol_of(dump([1], protocol)) == pickle.HIGHEST_PROTOCOL

    def test_true_is_a_number(self, dump):
        assert dump([1], True) == pickle.dumps([1], 1)

    @pytest.mark.parametrize("protocol", [6, 2**31, 2**40])
    def test_too_high(self, dump, protocol):
        with pytest.raises((ValueError, OverflowError)):
            dump([1], protocol)

    @pytest.mark.parametrize("protocol", ["5", 5.0, [5], b"5"])
    def test_not_a_number(self, dump, protocol):
        with pytest.raises(TypeError):
            dump([1], protocol)


class OnlyWrite:
    """The least that a file must be able to do."""

    def __init__(self):
        self.data = b""

    def write(self, data):
        self.data += bytes(data)


def test_a_file_that_can_only_write():
    file = OnlyWrite()
    cppickle.dump({"a": [1]}, file)
    assert pickle.loads(file.data) == {"a": [1]}


def test_a_write_attribute_of_an_instance():
    file = OnlyWrite()
    file.write = lambda data, parts=[]: (
        parts.append(bytes(data)) or setattr(file, "data", b"".join(parts))
    )
    cppickle.dump([1], file)
    assert pickle.loads(file.data) == [1]


@pytest.mark.parametrize("file", [None, 5, "name", object])
def test_no_file_at_all(file):
    with pytest.raises(TypeError):
        cppickle.dump([1], file)


class TestSubclasses:
    def test_the_two_names(self):
        assert cppickle.Pickler is cppickle.CloudPickler

    def test_a_pickler_is_constructed_as_cloudpickle_s(self):
        file, buffers = io.BytesIO(), []
        pickler = cppickle.Pickler(file, 5, buffers.append)
        pickler.dump(pickle.PickleBuffer(b"x"))
        assert len(buffers) == 1
        cppickle.Pickler(file=file, protocol=None, buffer_callback=None).dump(1)

    def test_init_that_passes_arguments_on(self):
        class Pickler(cppickle.CloudPickler):
            def __init__(self, *args, tag, **kwargs):
                self.tag = tag
                super().__init__(*args, **kwargs)

        file = io.BytesIO()
        pickler = Pickler(file, protocol=4, tag="t")
        pickler.dump(define("def f(): return 5").f)
        assert pickle.loads(file.getvalue())() == 5
        assert pickler.tag == "t"

    def test_a_mixin_before_the_pickler(self):
        class Counting:
            count = 0

            def dump(self, obj):
                type(self).count += 1
                return super().dump(obj)

        class Pickler(Counting, cppickle.Pickler):
            pass

        Pickler(io.BytesIO()).dump([1])
        assert Pickler.count == 1

    def test_slots_and_weak_references(self):
        class Pickler(cppickle.Pickler):
            __slots__ = ("extra",)

        pickler = Pickler(io.BytesIO())
        pickler.extra = 1
        assert pickler.extra == 1

    def test_what_is_no_hook_is_an_attribute(self):
        pickler = cppickle.Pickler(io.BytesIO())
        assert not hasattr(pickler, "no_such_thing")


class Special(list):
    pass


class TestDispatchTables:
    def test_the_class_level_table(self):
        table = cppickle.Pickler.dispatch_table
        assert isinstance(table, collections.ChainMap)
        assert cppickle.Pickler.dispatch is table
        assert copyreg.dispatch_table in table.maps

    def test_changed_live_at_class_level(self):
        cppickle.Pickler.dispatch[Special] = lambda obj: (str, ("changed",))
        try:
            assert pickle.loads(cppickle.dumps([Special()])) == ["changed"]
        finally:
            del cppickle.Pickler.dispatch[Special]
        assert pickle.loads(cppickle.dumps([Special()])) == [[]]

    def test_a_subclass_that_extends_it(self):
        class Pickler(cppickle.Pickler):
            dispatch_table = collections.ChainMap(
                {Special: lambda obj: (str, ("extended",))},
                cppickle.Pickler.dispatch_table,
            )

        file = io.BytesIO()
        Pickler(file).dump([Special(), define("f = lambda: 5").f])
        text, f = pickle.loads(file.getvalue())
        assert (text, f()) == ("extended", 5)

    def test_a_table_set_through_the_descriptor_of_the_base(self):
        """As loky does it: the table goes where the C pickler looks for it."""

        class Pickler(cppickle.Pickler):
            def __init__(self, file, table):
                super().__init__(file)
                for cls in type(self).__mro__:
                    found = vars(cls).get("dispatch_table")
                    if found is not None and hasattr(type(found), "__set__"):
                        found.__set__(self, table)
                        return
                self.dispatch_table = table

        file = io.BytesIO()
        table = collections.ChainMap({Special: lambda obj: (str, ("set",))})
        Pickler(file, table).dump(Special())
        assert pickle.loads(file.getvalue()) == "set"

    def test_a_reducer_for_a_class_of_main(self):
        made = define("class C: pass")
        cppickle.Pickler.dispatch_table[made.C] = lambda obj: (str, ("reduced",))
        try:
            assert pickle.loads(cppickle.dumps(made.C())) == "reduced"
        finally:
            del cppickle.Pickler.dispatch_table[made.C]
