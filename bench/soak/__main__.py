"""`python -m bench.soak [--minutes 10] [--fault NAME]`: `synthetic serve` against a reference platform that breaks and recovers.

The canary is healthy for the first third of the time, broken by one fault for the second, and healthy again. Printed are the pass
rates that `/metrics` tells, of canary and baseline. The bars: only the canary falls, and only in the middle; the blame is right;
SIGTERM ends the service with nothing stranded.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.table import Table

from bench.soak.bars import Bar, Window, bars_of
from bench.soak.play import Soaked, soak
from synthetic.cli.reference import catalogue
from synthetic.cli.screen import answers, write
from synthetic.cli.telling import tell_error
from synthetic.config.names import pick
from synthetic.core.errors import SyntheticError


def main(arguments: Sequence[str]) -> int:
    """Soak and tell. Answers 0 where every bar is met, 1 where one is not."""
    options = _parser().parse_args(arguments)
    try:
        fault = pick(catalogue("faults"), options.fault, "fault")
        with tempfile.TemporaryDirectory(prefix="soak-") as folder:
            soaked = soak(Path(folder), fault.name, total_s=options.minutes * 60.0, seed=options.seed, tell=_tell)
    except SyntheticError as error:
        return tell_error(error)
    answers().print(_table(soaked))
    bars = bars_of(soaked, blame=fault.blame)
    for bar in bars:
        write(_line(bar))
    return 0 if all(bar.met for bar in bars) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.soak", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument("--minutes", type=float, default=10.0, help="how long (default 10)")
    parser.add_argument("--fault", default="bin_declined", help="what breaks (default bin_declined)")
    parser.add_argument("--seed", type=int, default=7, help="the platform's seed (default 7)")
    return parser


def _tell(window: Window) -> None:
    write(
        f"{window.phase:9} {window.ended_s:6.0f} s  canary {_rate(window, 'canary')}  baseline {_rate(window, 'baseline')}"
    )


def _rate(window: Window, track: str) -> str:
    ok, judged = window.of(track)
    return f"{ok}/{judged}" if judged else "-"


def _table(soaked: Soaked) -> Table:
    table = Table("phase", "canary ok", "baseline ok", "blame of the canary's failures", box=SIMPLE_HEAD)
    for phase, window in soaked.by_phase().items():
        blamed = ", ".join(f"{blame} {count}" for blame, count in sorted(window.blamed("canary").items())) or "-"
        table.add_row(phase, _rate(window, "canary"), _rate(window, "baseline"), blamed)
    return table


def _line(bar: Bar) -> str:
    return f"{'met    ' if bar.met else 'NOT MET'}  {bar.what}: {bar.found}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
