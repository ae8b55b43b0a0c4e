"""PySpark: data and functions of RDDs, UDFs and broadcasts, on two executors."""

import collections
import dataclasses
import os
import sys

import numpy
import pyspark
import pytest
from engines.contract import Contract
from engines.processes import python_without_cppickle
from pyspark.sql import Row, SparkSession
from pyspark.sql.functions import udf

import cppickle
import cppickle.integrations.spark as integration
from cppickle.integrations import EngineError


def spark_context(python, **settings):
    os.environ["PYSPARK_PYTHON"] = python
    conf = pyspark.SparkConf().setMaster("local[2]").setAppName("cppickle")
    conf.setAll(
        {
            "spark.ui.enabled": "false",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.sql.shuffle.partitions": "2",
            **settings,
        }.items()
    )
    context = pyspark.SparkContext(conf=conf)
    context.setLogLevel("OFF")
    return context


class CallsSpark:
    @pytest.fixture
    def call(self, context):
        def run(f, *args):
            return context.parallelize([args], 1).map(lambda args: f(*args)).first()

        return run

    @pytest.fixture
    def call_many(self, context):
        return lambda f, items: context.parallelize(items, len(items)).map(f).collect()

    def test_data_of_rdds(self, context):
        @dataclasses.dataclass(frozen=True)
        class Order:
            item: str
            count: int

        orders = [Order("a", 1), Order("b", 2), Order("a", 3)]
        counts = (
            context.parallelize(orders, 2)
            .map(lambda order: (order.item, order.count))
            .reduceByKey(lambda x, y: x + y)
            .collectAsMap()
        )
        assert counts == {"a": 4, "b": 2}

    def test_instances_as_data_through_a_shuffle(self, context):
        Pair = collections.namedtuple("Pair", "key value")
        pairs = context.parallelize([Pair(i % 3, i) for i in range(9)], 2)
        grouped = pairs.groupBy(lambda pair: pair.key).mapValues(len).collect()
        assert sorted(grouped) == [(0, 3), (1, 3), (2, 3)]

    def test_a_broadcast(self, context):
        table = context.broadcast({"scale": lambda x: x * 10})
        result = context.parallelize([1, 2], 2).map(lambda x: table.value["scale"](x))
        assert result.collect() == [10, 20]
        table.destroy()

    def test_an_accumulator(self, context):
        total = context.accumulator(0)
        context.parallelize(range(10), 2).foreach(lambda x: total.add(x))
        assert total.value == 45

    def test_data_frames_and_udfs(self, context):
        session = SparkSession(context)
        rate = 3
        rows = [Row(name="a", n=1), Row(name="b", n=2)]
        frame = session.createDataFrame(context.parallelize(rows, 2))
        scaled = udf(lambda n: n * rate, "long")
        found = frame.select(frame.name, scaled(frame.n).alias("m")).collect()
        assert [(row.name, row.m) for row in found] == [("a", 3), ("b", 6)]

    def test_arrays_as_data(self, context):
        arrays = context.parallelize([numpy.ones(1000) * i for i in range(4)], 2)
        assert arrays.map(lambda a: float(a.sum())).sum() == 6000


class TestExecutorsWithTheDaemon(CallsSpark, Contract):
    @pytest.fixture(scope="class")
    @classmethod
    def context(cls):
        integration.install()
        context = spark_context(sys.executable, **integration.settings())
        yield context
        context.stop()
        integration.uninstall()

    def test_executors_are_switched(self, call):
        assert call(integration.installed) is True

    def test_settings_while_it_runs_are_the_same(self, context):
        assert integration.settings() == {integration.DAEMON: integration.__name__}


class TestExecutorsWithoutCppickle(CallsSpark, Contract):
    """The executors run PySpark's own daemon, in an environment without cppickle."""

    @pytest.fixture(scope="class")
    @classmethod
    def context(cls):
        integration.install()
        context = spark_context(
            python_without_cppickle(), **{integration.DAEMON: "pyspark.daemon"}
        )
        yield context
        context.stop()
        integration.uninstall()

    def test_they_do_not_have_it(self, call):
        def finds_cppickle():
            import importlib.util

            return importlib.util.find_spec("cppickle") is not None

        assert call(finds_cppickle) is False

    def test_settings_come_too_late(self, context):
        with pytest.raises(EngineError, match="stop it"):
            integration.settings()


def test_all_is_as_before_after_uninstall():
    names = ("dumps", "dump", "Pickler", "CloudPickler", "register_pickle_by_value")
    before = [getattr(pyspark.cloudpickle, name) for name in names]
    integration.install()
    assert integration.installed()
    assert pyspark.cloudpickle.dumps is cppickle.dumps
    assert pyspark.cloudpickle.cloudpickle.dumps is cppickle.dumps
    integration.uninstall()
    assert [getattr(pyspark.cloudpickle, name) for name in names] == before
    assert os.getpid() == int(pyspark.cloudpickle.loads(b"I%d\n." % os.getpid()))
