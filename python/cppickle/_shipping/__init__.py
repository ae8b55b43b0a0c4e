"""Local modules that travel as source, and are imported where they arrive.

`places` says where modules are and which are local, `selecting` which of them are
shipped, `imports` what code imports, `components` packs the files of one, `running`
compares them with what runs, `metadata` adds what importlib.metadata finds, `stream`
writes opcodes, `worker` has the text that runs on the other side, `shipments` puts
streams together, `dependencies` tells what a stream needs. Imported when something is
shipped or asked for.
"""

from .selecting import selection
from .shipments import Shipment, prelude, shipment

__all__ = ["Shipment", "prelude", "selection", "shipment"]
