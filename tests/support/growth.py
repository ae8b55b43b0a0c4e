"""Growth: what is left over when the same thing is done again and again."""

import gc
import sys

DEBUG = hasattr(sys, "gettotalrefcount")


def tracked():
    """The number of objects that the collector knows."""
    return len(gc.get_objects())


def references():
    """All references there are (debug builds), 0 elsewhere."""
    return sys.gettotalrefcount() if DEBUG else 0


MEASURES = [tracked, sys.getallocatedblocks, references]


def measured():
    # What a finalizer lets go of is found by the next collection only; what earlier
    # tests have left must not go while a leak is looked for.
    for _ in range(5):
        if not gc.collect():
            break
    return [measure() for measure in MEASURES]


def growth(act, times=50, warm_up=10):
    """How much each measure grew over `times` calls of `act`, as a dict by name.

    The smallest of several rounds: caches and free lists of the interpreter fill up
    at moments of their own, a leak grows in every round.
    """
    for _ in range(warm_up):
        act()
    rounds = []
    for _ in range(3):
        before = measured()
        for _ in range(times):
            act()
        rounds.append([b - a for a, b in zip(before, measured())])
    return {m.__name__: min(column) for m, column in zip(MEASURES, zip(*rounds))}


def assert_no_growth(act, times=200):
    """Assert that calling `act` many times leaves nothing behind.

    Less than one thing a call is the interpreter's own business.
    """
    grown = growth(act, times)
    assert all(amount < times * 0.9 for amount in grown.values()), grown
