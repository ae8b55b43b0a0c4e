"""`python -m fuzz.loads --streams N --seed S [--seconds T] [--only SEED.NUMBER]`."""

import argparse
import itertools
import sys

from fuzz.limits import add_limits
from fuzz.loads.campaign import cases, run_campaign, run_child
from fuzz.loads.comparison import difference
from fuzz.loads.outcome import watch_names


def run_one(name):
    """One case, here."""
    seed, number = map(int, name.split("."))
    case = next(itertools.islice(cases(seed), number, None))
    print(case)
    watch_names()
    print(difference(case) or "no difference")


def main():
    parser = argparse.ArgumentParser(prog="fuzz.loads", description=__doc__)
    parser.add_argument("--streams", type=int, default=1_000_000)
    add_limits(parser)
    parser.add_argument("--child", type=int, help="run from this graph on, here")
    parser.add_argument("--only", metavar="SEED.NUMBER", help="run this case, here")
    options = parser.parse_args()
    if options.only is not None:
        return run_one(options.only)
    if options.child is not None:
        return run_child(options.child, options.streams)
    return run_campaign(options.streams, options.seed, options.seconds)


if __name__ == "__main__":
    sys.exit(main())
