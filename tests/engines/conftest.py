"""Tests on real engines: `make test-engines`. The plain suite does not collect them."""

import os
import signal

if os.environ.get("CPPICKLE_ENGINE"):
    # A run that takes too long ends as by Ctrl-C: clusters are shut down.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
else:
    collect_ignore_glob = ["test_*.py"]
