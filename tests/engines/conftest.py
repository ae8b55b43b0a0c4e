"""Tests on real engines: `make test-engines`. The plain suite does not collect them."""

import os

collect_ignore_glob = [] if os.environ.get("CPPICKLE_ENGINE") else ["test_*.py"]
