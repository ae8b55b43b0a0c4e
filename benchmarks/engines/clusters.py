"""Clusters of two worker processes that can be switched between the two picklers.

``use(name)`` switches to "cloudpickle" or "cppickle", ``call(function, argument)`` runs
one task, ``call_many(function, count)`` runs it for 0, 1, ... count - 1.
"""

from __future__ import annotations

import concurrent.futures
import os
import pickle
import sys
from collections.abc import Callable
from typing import Any

import cloudpickle

import cppickle
import cppickle.integrations.dask
import cppickle.integrations.joblib
import cppickle.integrations.ray
import cppickle.integrations.spark

Function = Callable[[Any], Any]


class CloudpickleExecutor(concurrent.futures.ProcessPoolExecutor):
    """What people write by hand to have cloudpickle in a process pool."""

    def submit(self, fn, /, *args, **kwargs):
        return super().submit(run_stream, cloudpickle.dumps((fn, args, kwargs)))


def run_stream(stream: bytes) -> Any:
    function, arguments, options = pickle.loads(stream)
    return function(*arguments, **options)


class Processes:
    note = "ProcessPoolExecutor.map, a task each"

    def __init__(self) -> None:
        self.pools = {
            "cloudpickle": CloudpickleExecutor(2),
            "cppickle": cppickle.ProcessPoolExecutor(2),
        }

    def use(self, name: str) -> None:
        self.pool = self.pools[name]

    def call(self, function: Function, argument: object) -> Any:
        return self.pool.submit(function, argument).result()

    def call_many(self, function: Function, count: int) -> list[Any]:
        return list(self.pool.map(function, range(count)))

    def close(self) -> None:
        for pool in self.pools.values():
            pool.shutdown()


class Switched:
    integration: Any

    def use(self, name: str) -> None:
        self.integration.uninstall()
        if name == "cppickle":
            self.integration.install()


class Joblib(Switched):
    note = "Parallel, batches as joblib chooses"
    integration = cppickle.integrations.joblib

    def __init__(self) -> None:
        import joblib

        self.parallel = joblib.Parallel(n_jobs=2)
        self.delayed = joblib.delayed

    def call(self, function: Function, argument: object) -> Any:
        return self.parallel([self.delayed(function)(argument)])[0]

    def call_many(self, function: Function, count: int) -> list[Any]:
        return self.parallel(self.delayed(function)(i) for i in range(count))

    def close(self) -> None:
        self.integration.uninstall()


class Dask:
    note = "Client.map and gather, a task each"

    def __init__(self) -> None:
        import distributed

        self.client = distributed.Client(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        )

    def use(self, name: str) -> None:
        cppickle.integrations.dask.uninstall(self.client)
        if name == "cppickle":
            cppickle.integrations.dask.install(self.client)

    def call(self, function: Function, argument: object) -> Any:
        return self.client.submit(function, argument, pure=False).result()

    def call_many(self, function: Function, count: int) -> list[Any]:
        return self.client.gather(self.client.map(function, range(count), pure=False))

    def close(self) -> None:
        self.client.shutdown()


class Ray(Switched):
    note = "remote() and get, a task each"
    integration = cppickle.integrations.ray

    def __init__(self) -> None:
        import ray

        self.ray = ray
        ray.init(
            num_cpus=2,
            include_dashboard=False,
            log_to_driver=False,
            logging_level="ERROR",
            runtime_env=cppickle.integrations.ray.runtime_env(),
        )

    def call(self, function: Function, argument: object) -> Any:
        return self.ray.get(self.ray.remote(function).remote(argument))

    def call_many(self, function: Function, count: int) -> list[Any]:
        remote = self.ray.remote(function)
        return self.ray.get([remote.remote(i) for i in range(count)])

    def close(self) -> None:
        self.ray.shutdown()


class Spark(Switched):
    note = "map and collect, 100 elements a task"
    integration = cppickle.integrations.spark
    context: Any = None

    def use(self, name: str) -> None:
        """Starts anew: which daemon the executors run is settled at the start."""
        import pyspark

        self.close()
        super().use(name)
        daemon = self.integration.settings()
        if name == "cloudpickle":
            daemon = {self.integration.DAEMON: "pyspark.daemon"}
        os.environ["PYSPARK_PYTHON"] = sys.executable
        settings = {
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.log.level": "OFF",
            **daemon,
        }
        conf = pyspark.SparkConf().setMaster("local[2]").setAppName("benchmark")
        self.context = pyspark.SparkContext(conf=conf.setAll(settings.items()))

    def call(self, function: Function, argument: object) -> Any:
        return self.context.parallelize([argument], 1).map(function).first()

    def call_many(self, function: Function, count: int) -> list[Any]:
        data = self.context.parallelize(range(count), max(1, count // 100))
        return data.map(function).collect()

    def close(self) -> None:
        if self.context is not None:
            self.context.stop()
            self.context = None


CLUSTERS = {
    "processes": Processes,
    "joblib": Joblib,
    "dask": Dask,
    "ray": Ray,
    "spark": Spark,
}
