"""`python -m bench.checkers`: what breaks each of the 51 invariants and the check that catches it; then 1 000 healthy histories."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.checkers.laws import Broken, Law, false_alarms, judged_by_hand, laws, shipped_cases
from bench.checkers.playing import Platform, Tell, Verdicts
from synthetic.cli.platform_process import reference_platform
from synthetic.cli.project import Sources, open_project
from synthetic.cli.screen import say, write
from synthetic.cli.telling import tell_error
from synthetic.core.checks import CHECKS
from synthetic.core.errors import SyntheticError
from synthetic.runner.identity import fresh_seed

TELL_EVERY_S = 20.0
ALARMS_SHOWN = 20


def main(arguments: Sequence[str]) -> int:
    """Judge, play, print. Answers 0 where all 51 are caught and no healthy history is accused, else 1."""
    options = _parser().parse_args(arguments)
    try:
        cases = shipped_cases()
        broken, silent = judged_by_hand(cases), false_alarms(cases)
        seed = fresh_seed() if options.seed is None else options.seed
        say(f"seed {seed}; {options.runs} healthy runs on {options.cells} cells")
        with reference_platform(cells=options.cells, seed=seed) as cells_file:
            planted, verdicts = asyncio.run(_play(cells_file, options, seed))
    except SyntheticError as error:
        return tell_error(error)
    verdicts.alarms[:0] = [f"by hand: {one}" for one in silent]
    judged = laws([*broken, *planted])
    _show(judged, verdicts, options.runs)
    return 0 if passed(judged, verdicts, options.runs) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.checkers", description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000, metavar="N", help="healthy runs (1000)")
    parser.add_argument("--cells", type=int, default=6, metavar="N", help="cells that play at a time (6)")
    parser.add_argument("--seed", type=int, metavar="N", help="ids, keys and draws (a fresh one, printed)")
    parser.add_argument("--by-hand", action="store_true", help="plant no bugs in the platform: histories by hand only")
    return parser


async def _play(cells_file: Path, options: argparse.Namespace, seed: int) -> tuple[list[Broken], Verdicts]:
    project = open_project(Sources.shipped(cells_file))
    cells = list(project.cells.values())
    scenarios = {name: linked[cells[0].platform] for name, linked in project.scenarios.items()}
    tell = _progress()
    async with Platform(cells, scenarios, seed) as platform:
        verdicts = await platform.play_healthy(options.runs, tell)
        planted = [] if options.by_hand else await platform.play_planted(tell)
    return planted, verdicts


def _progress() -> Tell:
    """A line now and then."""
    began_s = told_s = time.monotonic()

    def tell(what: str) -> None:
        nonlocal told_s
        if time.monotonic() - told_s > TELL_EVERY_S:
            told_s = time.monotonic()
            say(f"{told_s - began_s:.0f} s: {what}")

    return tell


def passed(judged: Sequence[Law], verdicts: Verdicts, runs: int) -> bool:
    """Whether all laws are caught, nothing healthy is accused, and as many runs were played as were wanted (19 of 20)."""
    return all(law.is_caught for law in judged) and not verdicts.alarms and _good(verdicts) >= runs * 0.95


def _good(verdicts: Verdicts) -> int:
    """The healthy runs that were played to their end; our own lag may spoil some, and these are judged all the same."""
    return verdicts.ends["ok"] + verdicts.ends["tainted"]


def _show(judged: Sequence[Law], verdicts: Verdicts, runs: int) -> None:
    write("\n".join(_rows(judged, verdicts)))
    for alarm in verdicts.alarms[:ALARMS_SHOWN]:
        write(f"alarm: {alarm}")
    for one in (one for law in judged for one in law.broken if not one.caught):
        write(f"missed: {one.invariant} {one.check}: {one.what}")
    write("\n".join(_lines(judged, verdicts, runs)))


def _rows(judged: Sequence[Law], verdicts: Verdicts) -> Iterator[str]:
    """A row for each check of each invariant: what broke it, how much of that was caught, and what it said of healthy runs."""
    form = "{:>3}  {:<32} {:>7} {:>7} {:>6} {:>7}  {}"
    yield form.format("", "check", "by hand", "planted", "held", "unsaid", "what broke it, for one")
    for law in judged:
        for check in (check for check in CHECKS.values() if law.invariant in check.invariants):
            own = [one for one in law.broken if one.check == check.name]
            by_hand, planted = ([one for one in own if one.planted is of] for of in (False, True))
            held, unsaid = verdicts.held[check.name], verdicts.undecided[check.name]
            what = ", ".join(dict.fromkeys(one.what for one in planted or by_hand[:1]))
            yield form.format(law.invariant, check.name, _caught(by_hand), _caught(planted), held, unsaid, what)
    yield "by hand, planted: caught of how many bad histories and planted bugs; held, unsaid: of healthy runs"


def _caught(broken: Sequence[Broken]) -> str:
    return f"{sum(one.caught for one in broken)}/{len(broken)}" if broken else "."


def _lines(judged: Sequence[Law], verdicts: Verdicts, runs: int) -> list[str]:
    every = [one for law in judged for one in law.broken]
    planted = [one for one in every if one.planted]
    by_hand = [one for one in every if not one.planted]
    said = sum(verdicts.held.values())
    ends = ", ".join(f"{count} {end}" for end, count in sorted(verdicts.ends.items()))
    return [
        f"invariants caught      {sum(law.is_caught for law in judged)}/{len(judged)}   bar: 51/51",
        f"bad histories caught   {sum(one.caught for one in by_hand)}/{len(by_hand)}",
        f"planted bugs caught    {sum(one.caught for one in planted)}/{len(planted)}",
        f"healthy runs judged    {verdicts.runs}/{runs} ({ends})",
        f"checks that held       {said}/{said + sum(verdicts.undecided.values())}   the others had not the evidence to say",
        f"false alarms           {len(verdicts.alarms)}   bar: none",
        "PASSED" if passed(judged, verdicts, runs) else "NOT PASSED",
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
