"""Which by-value classes this process knows, by the ids of cloudpickle's streams."""

import sys
import threading
import uuid
import weakref
from typing import Any

_DYNAMIC_CLASS_TRACKER_BY_CLASS: Any = weakref.WeakKeyDictionary()
_DYNAMIC_CLASS_TRACKER_BY_ID: Any = weakref.WeakValueDictionary()
_DYNAMIC_CLASS_TRACKER_LOCK = threading.Lock()


def known_class(class_tracker_id: str | None) -> Any:
    """The class or type variable of that id, None where there is none yet.

    Also what cppickle has dumped, or what its streams have brought.
    """
    if class_tracker_id is None:
        return None
    with _DYNAMIC_CLASS_TRACKER_LOCK:
        kept = _DYNAMIC_CLASS_TRACKER_BY_ID.get(class_tracker_id)
    if kept is None:
        kept = getattr(sys, "_cppickle_tracker", {}).get(class_tracker_id)
    return kept


def _get_or_create_tracker_id(class_def: Any) -> str:
    with _DYNAMIC_CLASS_TRACKER_LOCK:
        known: str | None = _DYNAMIC_CLASS_TRACKER_BY_CLASS.get(class_def)
        if known is not None:
            return known
        made = uuid.uuid4().hex
        _DYNAMIC_CLASS_TRACKER_BY_CLASS[class_def] = made
        _DYNAMIC_CLASS_TRACKER_BY_ID[made] = class_def
        return made


def _lookup_class_or_track(class_tracker_id: str | None, class_def: Any) -> Any:
    if class_tracker_id is None:
        return class_def
    known = known_class(class_tracker_id)
    made = class_def if known is None else known
    with _DYNAMIC_CLASS_TRACKER_LOCK:
        kept = _DYNAMIC_CLASS_TRACKER_BY_ID.setdefault(class_tracker_id, made)
        _DYNAMIC_CLASS_TRACKER_BY_CLASS[kept] = class_tracker_id
        return kept
