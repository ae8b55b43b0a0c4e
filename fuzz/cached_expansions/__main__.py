"""`python -m fuzz.cached_expansions --dumps N --seed S [--seconds T]`."""

import argparse
import sys

from fuzz.cached_expansions.campaign import run_campaign
from fuzz.limits import add_limits


def main():
    parser = argparse.ArgumentParser(prog="fuzz.cached_expansions", description=__doc__)
    parser.add_argument("--dumps", type=int, default=1_000_000)
    add_limits(parser)
    options = parser.parse_args()
    report = run_campaign(options.dumps, options.seed, options.seconds)
    print(report.text())
    return int(bool(report.differences or report.uncovered))


if __name__ == "__main__":
    sys.exit(main())
