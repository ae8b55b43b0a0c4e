"""The plugin that switches workers; imported where distributed is in use already."""

from typing import TYPE_CHECKING, Any

from distributed.diagnostics.plugin import WorkerPlugin

from . import _dask_process

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .._core import Options


class CppicklePlugin(WorkerPlugin):
    """Workers that have it pickle with cppickle, from their start or from now on."""

    name = _dask_process.PLUGIN
    idempotent = True

    def __init__(
        self, shipment: bytes | None = None, **options: "Unpack[Options]"
    ) -> None:
        self.shipment = shipment
        self.options = options

    def setup(self, worker: Any) -> None:
        _dask_process.install_with(self.shipment, self.options)

    def teardown(self, worker: Any) -> None:
        _dask_process.uninstall()
