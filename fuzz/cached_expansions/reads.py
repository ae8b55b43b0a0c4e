"""What a build with CPPICKLE_LOG_READS tells of the check of recordings."""

from cppickle import _core

LOGS_READS = hasattr(_core, "_take_read_report")


def uncovered_reads():
    """Reads of the reducers since the last call that the check did not make."""
    return _core._take_read_report()[2] if LOGS_READS else []
