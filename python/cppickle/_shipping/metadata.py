"""What importlib.metadata finds of a component's distribution, as files to be sent."""

import json
import os
import urllib.parse
import urllib.request

from .places import (
    Place,
    content_of,
    dist_info_of,
    installed_folders,
    names_in,
    open_or_empty,
)

# RECORD and direct_url.json speak of files and folders that are the sender's alone.
_SENT = frozenset(["METADATA", "PKG-INFO", "entry_points.txt", "top_level.txt"])
_LICENCES = ("licen", "copying", "notice", "authors")


def metadata_files(place: Place) -> dict[str, bytes]:
    """The files by their paths; none where no distribution is known to have it."""
    folder = _folder_of(place)
    if folder is None:
        return {}
    files: dict[str, bytes] = {}
    for parent, _, names in os.walk(folder):
        for name in names:
            if name not in _SENT and not name.lower().startswith(_LICENCES):
                continue
            path = os.path.join(parent, name)
            relative = os.path.relpath(path, os.path.dirname(folder))
            content = content_of(path)
            if name in ("METADATA", "PKG-INFO"):
                content = _headers(content)
            files[relative.replace(os.sep, "/")] = content
    return files


def _headers(content: bytes) -> bytes:
    """Without the description, which is the readme of the project, and classifiers."""
    text = content.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    lines = [line for line in text.split(b"\n") if not line.startswith(b"Classifier:")]
    return b"\n".join(lines) + b"\n"


def _folder_of(place: Place) -> str | None:
    found = dist_info_of(place)
    if found is not None:
        return found
    entry = place.entry
    for name in names_in(entry, ".egg-info"):
        with open_or_empty(os.path.join(entry, name, "top_level.txt")) as file:
            if place.name.partition(".")[0].encode() in file.read().split():
                return os.path.join(entry, name)
    return _editable_folder(place)


def _editable_folder(place: Place) -> str | None:
    """The dist-info of the editable install whose project has the file."""
    best: tuple[int, str] | None = None
    for folder in installed_folders():
        for name in names_in(folder, ".dist-info"):
            project = _editable_project(os.path.join(folder, name))
            if project is None or not place.file.startswith(os.path.join(project, "")):
                continue
            found = len(project), os.path.join(folder, name)
            best = max(best, found) if best else found
    return best[1] if best else None


def _editable_project(dist_info: str) -> str | None:
    with open_or_empty(os.path.join(dist_info, "direct_url.json")) as file:
        text = file.read()
    try:
        found = json.loads(text)
        if not found["dir_info"]["editable"]:
            return None
        url = urllib.parse.urlsplit(found["url"])
        return urllib.request.url2pathname(url.path)
    except (ValueError, LookupError, TypeError):
        return None
