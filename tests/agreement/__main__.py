"""Compare the mock with a real server on many random requests, by hand.

    python -m tests.agreement --requests 6000 --seed 1

Starts both (or takes `--left URL` and `--right URL`, both empty), sends both the same requests, and
prints the agreement by kind and each difference shortly. Exit status 1 when less than `--threshold`
of the answers agree.
"""

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.agreement.compare import CHANGES, STREAMS, compare
from tests.mock import mock_server
from tests.real_server.process import prefect_server

# Shares of the requests: a step of state changes is about three requests.
SHARES = {"queries": 0.5, "supporting": 0.1, "invalid": 0.2, CHANGES: 0.07}


def main() -> int:
    options = _options()
    whole = sum(SHARES[each] for each in options.kinds)
    counts = {
        stream: round(options.requests * share / whole)
        for stream, share in SHARES.items()
        if stream in options.kinds
    }
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        right = options.right or stack.enter_context(prefect_server(home))
        left = options.left or stack.enter_context(mock_server())
        tally = compare(left, right, seed=options.seed, counts=counts)
    print(tally.report(options.show))
    return 0 if tally.agreement() >= options.threshold else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.agreement", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    streams = [*STREAMS, CHANGES]
    parser.add_argument("--requests", type=int, default=2000, help="about how many (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of all that is random (%(default)s)")
    parser.add_argument("--kinds", nargs="+", default=streams, choices=streams, metavar="KIND")
    parser.add_argument("--left", metavar="URL", help="the server that is judged (the mock)")
    parser.add_argument("--right", metavar="URL", help="the reference (a real server)")
    parser.add_argument("--show", type=int, default=40, help="differences to print (%(default)s)")
    parser.add_argument("--threshold", type=float, default=0.999, help="(%(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
