"""`python -m bench.blame --seeds 20`: throws every fault of the catalogue and prints whom the harness blamed."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.table import Table

from bench.blame.cases import Case, cases_of, healthy
from bench.blame.playing import Observed, Player, Tell
from bench.blame.scoring import REPORTED, Score, confusion, misses, score
from bench.tables import table_of
from synthetic.cli.platform_process import reference_platform
from synthetic.cli.project import Sources, open_project
from synthetic.cli.screen import answers, say, write
from synthetic.cli.telling import tell_error
from synthetic.config.names import pick
from synthetic.core.errors import SyntheticError
from synthetic.journal.memory import MemoryJournal
from synthetic.reference.faults import FAULTS
from synthetic.runner.identity import fresh_seed
from synthetic.runner.session import Session
from synthetic.sli.ratios import Ratio

TELL_EVERY_S = 20.0


def main(arguments: Sequence[str]) -> int:
    """Play, score, print. Answers 0 where the bar is met, else 1."""
    options = _parser().parse_args(arguments)
    try:
        faults = [pick(FAULTS, name, "fault") for name in options.fault] or list(FAULTS.values())
        cases = cases_of(faults, options.rate or [1.0, 0.2], options.seeds)
        seed = fresh_seed() if options.seed is None else options.seed
        say(
            f"seed {seed}; {len(cases)} cases x {options.seeds} runs, {options.healthy} healthy runs, {options.cells} cells"
        )
        with reference_platform(cells=options.cells, seed=seed) as cells_file:
            observed = asyncio.run(_play(cells_file, cases, options.healthy, seed, _progress()))
    except SyntheticError as error:
        return tell_error(error)
    scored = score(observed)
    _keep(options.out, seed, observed, scored)
    _show(observed, scored)
    return 0 if scored.passed else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.blame", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, metavar="N", help="runs of each fault, place and rate (20)")
    parser.add_argument("--rate", type=float, action="append", metavar="R", help="rates of the trigger (1.0 and 0.2)")
    parser.add_argument("--fault", action="append", default=[], metavar="NAME", help="only this fault (all)")
    parser.add_argument("--healthy", type=int, default=500, metavar="N", help="healthy runs (500)")
    parser.add_argument("--cells", type=int, default=6, metavar="N", help="cells that play at a time (6)")
    parser.add_argument("--seed", type=int, metavar="N", help="ids, keys and draws (a fresh one, printed)")
    parser.add_argument("--out", type=Path, default=Path("reports/out/blame.json"), metavar="FILE")
    return parser


async def _play(cells_file: Path, cases: Sequence[Case], healthy_runs: int, seed: int, tell: Tell) -> list[Observed]:
    project = open_project(Sources.shipped(cells_file))
    cells = list(project.cells.values())
    scenarios = {name: linked[cells[0].platform] for name, linked in project.scenarios.items()}
    journal = MemoryJournal()  # what it costs to be durable is no question here
    async with Session(cells, seed=seed, sink=lambda _event: None, journal=journal) as session:
        player = Player(session, cells, scenarios, seed, tell)
        return await player.play(cases, healthy(list(scenarios.values()), cells[0], healthy_runs))


def _progress() -> Tell:
    """A line now and then: how many runs, and how many were not as they should be."""
    began_s, told_s, runs, wrong = time.monotonic(), time.monotonic(), 0, 0

    def tell(one: Observed) -> None:
        nonlocal told_s, runs, wrong
        runs, wrong = runs + 1, wrong + (one.reported != (one.true or "ok"))
        if time.monotonic() - told_s > TELL_EVERY_S:
            told_s = time.monotonic()
            say(f"{told_s - began_s:.0f} s: {runs} runs, {wrong} not as they should be; last {one.case}")

    return tell


def _show(observed: Sequence[Observed], scored: Score) -> None:
    console = answers()
    console.print(_matrix(observed))
    for case, true, reported, times, example in misses(observed):
        console.print(f"{times} x {case}: {true} reported as {reported}; {example}", soft_wrap=True, markup=False)
    write("\n".join(_lines(scored)))


def _matrix(observed: Sequence[Observed]) -> Table:
    counted = confusion(observed)
    rows = [(true, *(str(counted[true][name] or ".") for name in REPORTED)) for true in sorted(counted)]
    return table_of("whose fault it was (rows), and whom the harness blamed (columns)", ("", *REPORTED), rows)


def _lines(scored: Score) -> list[str]:
    return [
        f"detected at rate 1.0     {_told(scored.detected_always)}   bar: 100 %",
        f"detected at lower rates  {_told(scored.detected_seldom)}   of the runs in which the fault acted",
        f"blamed right             {_told(scored.right)}   bar: >= 97 %",
        f"blamed unknown           {_told(scored.unknown)}   bar: <= 3 %",
        f"false alarms             {_told(scored.false_alarms)}   bar: none",
        f"healthy and green        {_told(scored.quiet)}   bar: >= 95 %; the others were spoilt by our own lag",
        f"runs at rate 1.0 in which the fault had no occasion to act: {scored.asleep}",
        "PASSED" if scored.passed else "NOT PASSED",
    ]


def _told(ratio: Ratio) -> str:
    value = "unknown" if ratio.value is None else f"{ratio.value:.2%}"
    return f"{value:>8} ({ratio.held}/{ratio.total})"


def _keep(out: Path, seed: int, observed: Sequence[Observed], scored: Score) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    kept = {"seed": seed, "passed": scored.passed, "runs": [asdict(one) for one in observed]}
    out.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
