"""The plugin that switches workers; imported where distributed is in use already."""

from typing import Any

from distributed.diagnostics.plugin import WorkerPlugin

from . import _dask_process


class CppicklePlugin(WorkerPlugin):
    """Workers that have it pickle with cppickle, from their start or from now on."""

    name = _dask_process.PLUGIN
    idempotent = True

    def setup(self, worker: Any) -> None:
        _dask_process.install()

    def teardown(self, worker: Any) -> None:
        _dask_process.uninstall()
