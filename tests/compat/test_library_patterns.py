"""The hooks of the pickler, used in the ways in which libraries use cloudpickle."""

import collections
import copyreg
import inspect
import io
import pickle
import sys
import threading
import types

import pytest
from support.source import define

import cppickle


class Mesh:
    def __init__(self, shape):
        self.shape = shape


class ActorHandle(Mesh):
    pass


RLOCK = type(threading.RLock())


def reduce_mesh(mesh):
    return Mesh, (("reduced", mesh.shape),)


def job_with(value):
    """A function by value that has `value` among its globals."""
    return define("def job(): return value", value=value).job


# --- Ray ------------------------------------------------------------------------------


@pytest.fixture
def class_level_reducer():
    """Registers at class level, as Ray does when it connects."""
    registered = []

    def register(cls, reducer):
        cppickle.CloudPickler.dispatch[cls] = reducer
        registered.append(cls)

    yield register
    for cls in registered:
        del cppickle.CloudPickler.dispatch[cls]


def test_ray_registers_at_class_level(cloudpickle, class_level_reducer):
    assert cloudpickle.CloudPickler.dispatch is cloudpickle.Pickler.dispatch_table
    before = pickle.loads(cloudpickle.dumps(job_with(ActorHandle(1))))()
    assert before.shape == 1
    class_level_reducer(ActorHandle, lambda handle: (str, ("handle",)))
    for obj in (ActorHandle(2), [ActorHandle(2)]):
        assert "handle" in pickle.loads(cloudpickle.dumps(obj))
    assert pickle.loads(cloudpickle.dumps(job_with(ActorHandle(2))))() == "handle"


def test_ray_s_buffers_and_errors(cloudpickle):
    data = bytearray(b"x" * 1000)
    kept = []

    def keep(buffer):
        kept.append(buffer)
        return False

    value = [pickle.PickleBuffer(data), job_with(1)]
    stream = cloudpickle.dumps(value, protocol=5, buffer_callback=keep)
    assert len(kept) == 1
    assert len(stream) < 1000
    loaded = cloudpickle.loads(stream, buffers=kept)
    assert bytes(loaded[0]) == data
    assert loaded[1]() == 1
    with pytest.raises(cloudpickle.pickle.PicklingError):
        cloudpickle.dumps(define("class Job:\n  def __reduce__(self): return 1").Job())


def test_ray_s_client_pickler(cloudpickle):
    class ClientPickler(cloudpickle.CloudPickler):
        def __init__(self, client, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.client = client

        def persistent_id(self, obj):
            return f"{self.client}:{obj.shape}" if isinstance(obj, Mesh) else None

    class ClientUnpickler(pickle.Unpickler):
        def persistent_load(self, pid):
            return ("persistent", pid)

    with io.BytesIO() as file:
        ClientPickler("c1", file, protocol=5).dump([job_with(Mesh(3)), Mesh(4)])
        file.seek(0)
        job, mesh = ClientUnpickler(file).load()
    assert job() == ("persistent", "c1:3")
    assert mesh == ("persistent", "c1:4")


# --- loky -----------------------------------------------------------------------------


def customizable(base):
    """loky.backend.reduction makes its picklers so."""

    class CustomizablePickler(base):
        def __init__(self, writer, reducers=None, protocol=pickle.HIGHEST_PROTOCOL):
            base.__init__(self, writer, protocol=protocol)
            table = dict(self.dispatch_table)
            table.update(reducers or {})
            self.set_table(table)

        def set_table(self, table):
            for ancestor in type(self).mro():
                member = getattr(ancestor, "dispatch_table", None)
                if isinstance(member, types.MemberDescriptorType):
                    member.__set__(self, table)
                    return
            pytest.fail("no member descriptor in the MRO")

    return CustomizablePickler


def test_loky_sets_the_table_by_its_descriptor(cloudpickle):
    kind = customizable(cloudpickle.CloudPickler)
    file = io.BytesIO()
    kind(file, {Mesh: reduce_mesh}).dump([Mesh(1), job_with(Mesh(2))])
    mesh, job = pickle.loads(file.getvalue())
    assert mesh.shape == ("reduced", 1)
    assert job().shape == ("reduced", 2)
    assert Mesh not in cloudpickle.CloudPickler.dispatch_table
    assert pickle.loads(cloudpickle.dumps(Mesh(1))).shape == 1


def test_loky_s_picklers_do_not_share_tables(cloudpickle):
    kind = customizable(cloudpickle.CloudPickler)
    with_reducer, without = io.BytesIO(), io.BytesIO()
    first, second = kind(with_reducer, {Mesh: reduce_mesh}), kind(without)
    second.dump(Mesh(1))
    first.dump(Mesh(1))
    assert pickle.loads(with_reducer.getvalue()).shape == ("reduced", 1)
    assert pickle.loads(without.getvalue()).shape == 1


# --- JAX, Monarch, Beam ---------------------------------------------------------------


def test_jax_extends_the_class_level_table(cloudpickle, class_level_reducer):
    class MeshPickler(cloudpickle.CloudPickler):
        dispatch_table = collections.ChainMap(
            {Mesh: reduce_mesh}, cloudpickle.CloudPickler.dispatch_table
        )
        dispatch = dispatch_table

    def shape(obj):
        file = io.BytesIO()
        MeshPickler(file).dump(obj)
        return pickle.loads(file.getvalue()).shape

    class_level_reducer(ActorHandle, lambda handle: (Mesh, ("at class level",)))
    assert shape(Mesh(1)) == ("reduced", 1)
    assert shape(ActorHandle(1)) == "at class level"
    copyreg.pickle(Late, lambda late: (Mesh, ("by copyreg",)))
    try:
        assert shape(Late(1)) == "by copyreg"
    finally:
        del copyreg.dispatch_table[Late]


class Late(Mesh):
    pass


def test_monarch_filters_by_persistent_id(cloudpickle):
    class FilteringPickler(cloudpickle.Pickler):
        table = {}
        dispatch_table = collections.ChainMap(table, cloudpickle.Pickler.dispatch_table)

        def __init__(self, wanted):
            self.file = io.BytesIO()
            super().__init__(self.file)
            self.wanted, self.saved = wanted, []

        def persistent_id(self, obj):
            if not self.wanted(obj):
                return None
            self.saved.append(obj)
            return len(self.saved) - 1

    class RestoringUnpickler(pickle.Unpickler):
        def __init__(self, data, saved):
            super().__init__(io.BytesIO(data))
            self.saved = saved

        def persistent_load(self, pid):
            return self.saved[pid]

    FilteringPickler.table[ActorHandle] = lambda handle: (str, ("handle",))
    pickler = FilteringPickler(lambda obj: type(obj) is Mesh)
    mesh = Mesh(1)
    pickler.dump([job_with(mesh), mesh, ActorHandle(2)])
    unpickler = RestoringUnpickler(pickler.file.getvalue(), pickler.saved)
    job, again, handle = unpickler.load()
    assert job() is again is mesh
    assert handle == "handle"


def test_beam_adds_reducers_to_an_instance(cloudpickle):
    lock = threading.RLock()
    with io.BytesIO() as file:
        pickler = cloudpickle.CloudPickler(file)
        try:
            pickler.dispatch_table[RLOCK] = lambda lock: (threading.RLock, ())
            pickler.dump(job_with(lock))
        finally:
            pickler.dispatch_table.pop(RLOCK)
        assert isinstance(pickle.loads(file.getvalue())(), RLOCK)
    with pytest.raises(TypeError, match="RLock"):
        cloudpickle.dumps(lock)


# --- Modal, Dask ----------------------------------------------------------------------


def test_modal_s_pickler(cloudpickle):
    class ModalPickler(cloudpickle.Pickler):
        def __init__(self, buf):
            super().__init__(buf, protocol=4)

        def persistent_id(self, obj):
            return (obj.shape, "flag", 0) if isinstance(obj, Mesh) else None

    class ModalUnpickler(pickle.Unpickler):
        def persistent_load(self, pid):
            return Mesh(pid[0])

    buf = io.BytesIO()
    ModalPickler(buf).dump({"args": (Mesh(1), job_with(Mesh(2)))})
    buf.seek(0)
    mesh, job = ModalUnpickler(buf).load()["args"]
    assert (mesh.shape, job().shape) == (1, 2)
    assert buf.getvalue()[:2] == b"\x80\x04"


@pytest.mark.parametrize("how", ["super", "the class's function", "nothing"])
def test_reducer_override_leaves_the_rest(cloudpickle, how):
    asked = []

    class Overriding(cloudpickle.CloudPickler):
        def reducer_override(self, obj):
            asked.append(obj)
            if isinstance(obj, Mesh):
                return reduce_mesh(obj)
            if how == "super":
                return super().reducer_override(obj)
            if how == "the class's function":
                return cloudpickle.CloudPickler.reducer_override(self, obj)
            return NotImplemented

    file = io.BytesIO()
    job = job_with(Mesh(1))
    Overriding(file).dump(job)
    assert pickle.loads(file.getvalue())().shape == ("reduced", 1)
    assert job in asked
    assert Mesh in asked


class StandardPickler(pickle.Pickler):
    reducer_override = cppickle.CloudPickler.reducer_override


STANDARD = """
    import enum
    class Counter:
        count = 1
        def up(self): return self.count + 1
        def twin(self): return Counter
    class Colour(enum.Enum): RED = 1
    def job(n): return Counter().up() + n
    """


def test_reducer_override_for_the_standard_pickler():
    space = define(STANDARD)
    file = io.BytesIO()
    values = [space.job, space.Counter(), space.Colour.RED, Mesh, len, 1]
    StandardPickler(file).dump(values)
    job, counter, red, mesh, builtin, one = pickle.loads(file.getvalue())
    assert job(2) == 4
    assert counter.up() == 2
    assert counter.twin() is type(counter)
    assert (red.name, mesh, builtin, one) == ("RED", Mesh, len, 1)


# --- PySpark, MLflow ------------------------------------------------------------------


def test_pyspark_s_serializer(cloudpickle):
    for protocol in (2, 3, 4, 5):
        stream = cloudpickle.dumps([1, "two", job_with(3)], protocol)
        assert stream[:2] == bytes([0x80, protocol])
        assert cloudpickle.loads(stream, encoding="bytes")[2]() == 3


def test_streams_of_python_2_as_bytes():
    stream = b"U\x02\xc3\xa9."
    assert cppickle.loads(stream, encoding="bytes") == b"\xc3\xa9"
    assert cppickle.loads(stream, encoding="latin1") == "Ã©"


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_loads_of_anything_with_a_buffer(cloudpickle, kind):
    stream = kind(cloudpickle.dumps(job_with(1)))
    assert cppickle.loads(stream)() == 1
    assert cloudpickle.loads(stream)() == 1


def test_mlflow_dumps_into_a_file(cloudpickle, tmp_path):
    path = tmp_path / "python_model.pkl"
    with open(path, "wb") as out:
        cloudpickle.dump(job_with([1]), out)
    with open(path, "rb") as file:
        assert cloudpickle.load(file)() == [1]
    assert int(cloudpickle.__version__.split(".")[0]) >= 3


class Chunks:
    """A writer that is no file: it has write() and nothing else."""

    def __init__(self):
        self.chunks = []

    def write(self, data):
        self.chunks.append(bytes(data))
        return len(data)


def test_a_writer_of_any_kind(cloudpickle):
    writer = Chunks()
    big = b"x" * 200_000
    cloudpickle.dump([job_with(1), big, big], writer, protocol=4)
    job, first, second = pickle.loads(b"".join(writer.chunks))
    assert job() == 1
    assert first is second
    assert first == big


def test_several_dumps_share_what_they_have_written(cloudpickle):
    space = define(
        "count = 0\n"
        "def up():\n  global count\n  count += 1\n  return count\n"
        "def value(): return count\n"
    )
    file = io.BytesIO()
    pickler = cloudpickle.CloudPickler(file)
    for obj in (space.up, space.value, space.up):
        pickler.dump(obj)
    file.seek(0)
    unpickler = pickle.Unpickler(file)
    up, value, again = (unpickler.load() for _ in range(3))
    assert up is again
    assert up() == value() == 1


# --- Functions as objects -------------------------------------------------------------


def test_functions_take_attributes(cloudpickle):
    dumps = cloudpickle.dumps
    told = dumps.__module__
    assert told == "cloudpickle.cloudpickle"
    try:
        dumps.__module__ = None
        assert cloudpickle.cloudpickle._whichmodule(dumps, "dumps") == told
    finally:
        dumps.__module__ = told
    assert pickle.loads(pickle.dumps(dumps)) is dumps
    assert cppickle.loads(cppickle.dumps(dumps)) is dumps


ACCIDENTAL = (
    "pickle types sys typing weakref uuid threading logging io itertools copyreg "
    "builtins dataclasses dis opcode platform struct warnings abc ChainMap OrderedDict "
    "CellType Enum PYPY GLOBAL_OPS LOAD_GLOBAL STORE_GLOBAL DELETE_GLOBAL EXTENDED_ARG "
    "HAVE_ARGUMENT builtin_code_type subimport dynamic_subimport instance "
    "is_tornado_coroutine DEFAULT_PROTOCOL list_registry_pickle_by_value"
)
PRIVATE = (
    "_PICKLE_BY_VALUE_MODULES _DYNAMIC_CLASS_TRACKER_BY_CLASS "
    "_DYNAMIC_CLASS_TRACKER_BY_ID _DYNAMIC_CLASS_TRACKER_LOCK _BUILTIN_TYPE_NAMES "
    "_DATACLASSE_FIELD_TYPE_SENTINELS _empty_cell_value _get_bases _walk_global_ops "
    "_collections_abc"
)


@pytest.mark.parametrize("name", ACCIDENTAL.split())
def test_names_that_are_there_by_accident(cloudpickle, name):
    for module in (cloudpickle, cloudpickle.cloudpickle, cloudpickle.cloudpickle_fast):
        assert getattr(module, name) is getattr(module, name)


@pytest.mark.parametrize("name", PRIVATE.split())
def test_private_names(main, name):
    assert hasattr(main, name)


def test_a_name_that_is_not_there(cloudpickle):
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        _ = cloudpickle.nothing_of_the_kind
    with pytest.raises(ImportError):
        exec("from cloudpickle import nothing_of_the_kind")


def functions_of(module, prefix=""):
    """The functions that a module defines, each with the names of its parameters."""
    return {
        name: list(inspect.signature(value).parameters)
        for name, value in vars(module).items()
        if isinstance(value, types.FunctionType) and value.__module__.startswith(prefix)
    }


def test_every_function_of_cloudpickle_with_its_parameters():
    real = pytest.importorskip("cloudpickle.cloudpickle")
    main = cppickle.compat.surface.modules()["cloudpickle.cloudpickle"]
    theirs, ours = functions_of(real, "cloudpickle"), functions_of(main)
    assert {name: ours.get(name) for name in theirs} == theirs


def test_star_import(cloudpickle):
    names = {}
    exec("from cloudpickle import *", names)
    assert names["Pickler"] is cppickle.Pickler
    assert "sys" not in names
    assert sys.modules["cloudpickle"] is cloudpickle
