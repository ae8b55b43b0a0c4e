"""`python -m fuzz.cached_expansions --dumps N --seed S [--seconds T]`."""

import argparse
import sys

from fuzz.cached_expansions.campaign import run_campaign


def main():
    parser = argparse.ArgumentParser(prog="fuzz.cached_expansions", description=__doc__)
    parser.add_argument("--dumps", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--seconds", type=float, help="end after this time at the latest"
    )
    options = parser.parse_args()
    report = run_campaign(options.dumps, options.seed, options.seconds)
    print(report.text())
    return int(bool(report.differences or report.uncovered))


if __name__ == "__main__":
    sys.exit(main())
