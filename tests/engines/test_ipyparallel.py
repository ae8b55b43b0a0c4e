"""ipyparallel: a cluster of two engines."""

import copyreg
import functools
import types

import ipyparallel
import pytest
from engines.contract import Contract
from ipyparallel.serialize import canning, serialize
from support.source import define

import cppickle
import cppickle.integrations.ipyparallel as integration

SECONDS = 30


class TestIpyparallel(Contract):
    @pytest.fixture(scope="class")
    @classmethod
    def client(cls):
        with ipyparallel.Cluster(n=2, log_level=40) as client:
            client.wait_for_engines(2, timeout=SECONDS)
            integration.install(client[:])
            yield client
            integration.uninstall(client[:])

    @pytest.fixture
    def call(self, client):
        return lambda f, *args: client[0].apply_async(f, *args).get(SECONDS)

    @pytest.fixture
    def call_many(self, client):
        view = client.load_balanced_view()
        return lambda f, items: view.map_async(f, items).get(SECONDS)

    def test_the_engines_are_switched(self, client):
        assert client[:].apply_async(integration.installed).get(SECONDS) == [True, True]

    def test_classes_of_main_keep_their_identity(self, call):
        made = define("""
            class Point:
                __slots__ = ("x",)

            def is_point(cls, point):
                return type(point) is cls
            """)
        point = made.Point()
        point.x = 3
        assert call(made.is_point, made.Point, point) is True
        assert call(lambda cls: cls, made.Point) is made.Point
        assert call(lambda cell: cell.cell_contents, types.CellType(made.Point)) is (
            made.Point
        )

    def test_code_objects_are_guarded(self, client):
        stream = serialize.pickle.dumps((lambda: 5).__code__)
        assert b"zipimport" in stream
        assert eval(serialize.pickle.loads(stream)) == 5


def test_all_is_as_before_after_uninstall():
    def state():
        tables = canning.can_map, copyreg.dispatch_table
        return serialize.pickle, *map(dict, tables)

    before = state()
    assert types.CodeType in copyreg.dispatch_table
    integration.install()
    integration.install()
    assert serialize.pickle is cppickle
    assert functools.partial not in canning.can_map
    integration.uninstall()
    assert state() == before
