"""Clusters of two worker processes, for ``quickstart.py --engine NAME``.

Each class starts one, runs functions on it, and switches it between cppickle and what
the engine comes with. This is all that a user does to have an engine use cppickle.
"""

import concurrent.futures
import os
import sys

import cppickle
import cppickle.integrations.dask
import cppickle.integrations.joblib
import cppickle.integrations.ray
import cppickle.integrations.spark

SECONDS = 60  # for a task


class Processes:
    """concurrent.futures: cppickle's executor beside the standard one."""

    title = "concurrent.futures"

    def __init__(self):
        self.with_cppickle = cppickle.ProcessPoolExecutor(2)
        self.as_it_comes = concurrent.futures.ProcessPoolExecutor(2)

    def use_cppickle(self, wanted):
        self.pool = self.with_cppickle if wanted else self.as_it_comes

    def run(self, function, arguments):
        return self.pool.submit(function, *arguments).result(SECONDS)

    def close(self):
        self.with_cppickle.shutdown()
        self.as_it_comes.shutdown()


class Joblib:
    title = "joblib"

    def __init__(self):
        import joblib

        self.delayed = joblib.delayed
        self.parallel = joblib.Parallel(n_jobs=2, timeout=SECONDS)

    def use_cppickle(self, wanted):
        integration = cppickle.integrations.joblib
        integration.install() if wanted else integration.uninstall()

    def run(self, function, arguments):
        return self.parallel([self.delayed(function)(*arguments)])[0]

    def close(self):
        self.use_cppickle(False)


class Dask:
    title = "Dask"

    def __init__(self):
        import distributed

        self.client = distributed.Client(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        )

    def use_cppickle(self, wanted):
        integration = cppickle.integrations.dask
        if wanted:
            integration.install(self.client)
        else:
            integration.uninstall(self.client)

    def run(self, function, arguments):
        future = self.client.submit(function, *arguments, pure=False)
        return future.result(SECONDS)

    def close(self):
        self.client.shutdown()


class Ray:
    title = "Ray"

    def __init__(self):
        import ray

        self.ray = ray
        ray.init(
            num_cpus=2,
            include_dashboard=False,
            log_to_driver=False,
            logging_level="ERROR",
            runtime_env=cppickle.integrations.ray.runtime_env(),
        )

    def use_cppickle(self, wanted):
        integration = cppickle.integrations.ray
        integration.install() if wanted else integration.uninstall()

    def run(self, function, arguments):
        # One argument: Ray pickles each on its own.
        remote = self.ray.remote(lambda arguments: function(*arguments))
        return self.ray.get(remote.remote(arguments), timeout=SECONDS)

    def close(self):
        self.ray.shutdown()


class Spark:
    title = "Spark"

    def __init__(self):
        import pyspark

        os.environ["PYSPARK_PYTHON"] = sys.executable
        conf = pyspark.SparkConf().setMaster("local[2]").setAppName("quickstart")
        conf.setAll(
            {
                "spark.ui.enabled": "false",
                "spark.ui.showConsoleProgress": "false",
                "spark.driver.bindAddress": "127.0.0.1",
                "spark.log.level": "OFF",
                **cppickle.integrations.spark.settings(),
            }.items()
        )
        self.context = pyspark.SparkContext(conf=conf)

    def use_cppickle(self, wanted):
        integration = cppickle.integrations.spark
        integration.install() if wanted else integration.uninstall()

    def run(self, function, arguments):
        data = self.context.parallelize([arguments], 1)
        return data.map(lambda arguments: function(*arguments)).first()

    def close(self):
        self.context.stop()


ENGINES = {
    "processes": Processes,
    "joblib": Joblib,
    "dask": Dask,
    "ray": Ray,
    "spark": Spark,
}
