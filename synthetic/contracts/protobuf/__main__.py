"""`python -m synthetic.contracts.protobuf`: lint the events' schema, and see what it breaks (`make proto`); `--record`: samples."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from synthetic.contracts.protobuf.baselines import Baseline, BaselineUnknown, exported, find_baselines
from synthetic.contracts.protobuf.buf import BufFailed, Problem, breaking, lint

SCHEMA = "contracts/proto"
SAMPLES = "contracts/events/samples"

Say = Callable[[str], object]


def check(root: Path, say: Say, *, against: str = "") -> int:
    """Lint `contracts/proto` of the repository at `root` and hold it against its former versions; 0 where all is well.

    Otherwise 1, after saying what is wrong, where, and what to do about it.
    """
    try:
        problems = [f"{SCHEMA}/{problem}" for problem in lint(root / SCHEMA)]
        say(f"buf lint: {_counted(problems)}")
        for line in problems:
            say(line)
        broken = _broken(root, say, against)
    except (BufFailed, BaselineUnknown) as error:
        say(f"buf: {error}")
        return 1
    if broken:
        say(
            "Those who read the events were promised otherwise. Keep what is there and add beside it, or start a new version "
            "of the package (gaming.events.v2): docs/contracts-events.md"
        )
    return 1 if problems or broken else 0


def _broken(root: Path, say: Say, against: str) -> list[Problem]:
    baselines = find_baselines(root, against)
    if not baselines:
        say("buf breaking: there is no history here to compare with, so nothing can be broken")
    return [problem for baseline in baselines for problem in _broken_of(root, baseline, say)]


def _broken_of(root: Path, baseline: Baseline, say: Say) -> list[Problem]:
    name = f"{baseline.name} ({baseline.commit[:9]})"
    with exported(root, baseline, SCHEMA) as former:
        if former is None:
            say(f"buf breaking: {name} has no {SCHEMA} yet, so nothing of it can be broken")
            return []
        problems = breaking(root / SCHEMA, former)
    say(f"buf breaking, against {name}: {_counted(problems)}")
    for problem in problems:
        say(f"{SCHEMA}/{problem}")
    return problems


def _counted(problems: list[Problem] | list[str]) -> str:
    return f"{len(problems)} {'problem' if len(problems) == 1 else 'problems'}" if problems else "fine"


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m synthetic.contracts.protobuf", description=__doc__)
    parser.add_argument("--against", default="", metavar="COMMIT", help="compare with this commit instead of main")
    parser.add_argument("--record", default="", metavar="NAME", help=f"play, and record events into {SAMPLES}/NAME")
    given = parser.parse_args()
    return record(given.record, _say) if given.record else check(Path.cwd(), _say, against=given.against)


def record(name: str, say: Say) -> int:
    """Record samples of the events as they are now; before the schema or the cell changes them."""
    # What recording needs is much to import, and the check of every commit does without.
    from synthetic.contracts.protobuf.decoding import Schema  # noqa: PLC0415
    from synthetic.contracts.protobuf.play import play  # noqa: PLC0415
    from synthetic.contracts.protobuf.samples import record as record_samples  # noqa: PLC0415

    for path in record_samples(play().events, Schema(Path(SCHEMA)), Path(SAMPLES, name)):
        say(f"recorded {path}")
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
