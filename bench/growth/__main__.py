"""`python -m bench.growth`: what a journey costs with 10, 100, 1 000 at once, and with 10, 1 000, 10 000 configured probes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.growth import journeys, probes
from bench.growth.bars import result_of
from bench.results import FOLDER, finish
from synthetic.cli.screen import say
from synthetic.cli.telling import tell_error
from synthetic.core.errors import SyntheticError

AT_ONCE = (10, 100, 1000)
PROBES = (10, 1000, 10_000)
RATE = 50.0
PROBES_RATE = 10.0  # a probe is played once a second at most, and there are ten
SECONDS = 8.0
PROBES_SECONDS = 30.0  # as long as a lease: what is done once for each of them is in it


def main(arguments: Sequence[str]) -> int:
    """Measure, print and keep. Answers 0 where every bar is met, else 1."""
    options = _parser().parse_args(arguments)
    crowds, services = [], []
    try:
        for at_once in options.at_once:
            say(f"{at_once} journeys at once")
            crowds.append(journeys.measured(at_once, options.rate, options.seconds))
        for count in options.probes:
            say(f"{count} configured probes")
            services.append(probes.measured(count, options.probes_rate, options.probes_seconds))
        idle_share = probes.idle_share(options.probes_seconds / 3) if services else 0.0
    except SyntheticError as error:
        return tell_error(error)
    return finish(result_of(crowds, services, (options.rate, options.probes_rate), idle_share), options.out)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("--at-once", type=int, nargs="*", default=AT_ONCE, metavar="N", help="journeys (10 100 1000)")
    parser.add_argument("--rate", type=float, default=RATE, metavar="N", help="of them begin in a second (50)")
    parser.add_argument("--seconds", type=float, default=SECONDS, metavar="S", help="of each measurement (8)")
    parser.add_argument("--probes", type=int, nargs="*", default=PROBES, metavar="N", help="(10 1000 10000)")
    parser.add_argument(
        "--probes-rate", type=float, default=PROBES_RATE, metavar="N", help="of their runs begin in a second (10)"
    )
    parser.add_argument("--probes-seconds", type=float, default=PROBES_SECONDS, metavar="S", help="(30)")
    parser.add_argument(
        "--out", type=Path, default=FOLDER, metavar="DIR", help="where the result is kept (reports/out/bench)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
