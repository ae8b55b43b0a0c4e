"""Arguments that the fuzzers' programs share."""


def add_limits(parser):
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--seconds", type=float, help="end after this time at the latest"
    )
