"""Edits of all kinds, wherever they stand: the worker answers what the sender does.

Each test goes through the combinations of one thing that is edited, and names those
that are wrong. See support.edits. With CPPICKLE_LONG=1 it is all combinations.
"""

import os
import sys

import pytest
from support.edits import THINGS, edits
from support.senders import runs, session

LONG = os.environ.get("CPPICKLE_LONG") == "1"


@pytest.fixture(params=THINGS)
def combinations(request):
    return list(edits(request.param, LONG))


def assert_right(combinations, pairs, alike=False):
    """Name the combinations whose worker says something else than the sender."""
    found = []
    for edit, (there, here) in zip(combinations, pairs):
        if there != here:
            found.append(f"{', '.join(edit.name)}: {there} instead of {here}")
        elif here[0] != 1 or not alike and here[-1] != 2:
            found.append(f"{', '.join(edit.name)}: no edit: {here}")
    assert not found, "\n".join(found)


def test_the_file_is_edited_and_run_again(combinations, here_and_there):
    stories = [
        runs(edit.before, edit.after, send="job", ask=edit.ask, here=edit.ask)
        for edit in combinations
    ]
    assert_right(combinations, here_and_there(*stories))


def test_the_old_object_stays_what_it_was(combinations, on_one_worker):
    """Also when the first stream is loaded once more, beside the other's."""
    stories = [
        runs(
            edit.before,
            edit.after,
            send="job",
            ask=[
                edit.ask,
                edit.ask,
                f"obj = loaded[0]\n{edit.ask}",
                f"obj = loaded[1]\n{edit.ask}",
            ],
            again=(0, 1),
        )
        for edit in combinations
    ]
    pairs = [(there, [1, 2, 1, 2]) for there in on_one_worker(*stories)]
    assert_right(combinations, pairs)


@pytest.mark.parametrize("repeats", [1, 3], ids=["dumped once", "recorded"])
def test_a_change_in_place(combinations, here_and_there, repeats):
    if combinations[0].name[0] == "annotation" and sys.version_info >= (3, 14):
        pytest.xfail("the function that makes annotations travels, not their dict")
    stories = [
        session(
            edit.before,
            edit.change,
            send="job",
            ask=edit.ask,
            here=edit.ask,
            repeats=repeats,
        )
        for edit in combinations
    ]
    assert_right(combinations, here_and_there(*stories), alike=True)


def test_there_are_enough_of_them():
    assert sum(len(list(edits(thing))) for thing in THINGS) >= 390
