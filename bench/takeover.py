"""`python -m bench.takeover [--minutes 5]`: two workers on Postgres, one killed in the middle of its runs.

Bars: the survivor has brought home what the dead one had under way within a lease and five seconds; every slot of the schedule was
played exactly once, or is counted as missed; nothing is stranded. Exit 1 where one is not met.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from bench.crash_storm.databases import Journal, journal
from bench.served import Served, served
from synthetic.cli.platform_process import reference_platform
from synthetic.cli.screen import write
from synthetic.cli.telling import tell_error
from synthetic.config.shipped import shipped_root
from synthetic.core.errors import HarnessError, SyntheticError
from synthetic.journal.book import Book, open_book
from synthetic.journal.model import Slot

LEASE_S, GRACE_S, EVERY_S = 5.0, 5.0, 5
ADDRESS = "BENCH_TAKEOVER_DATABASE"
SERVE = """
serve: takeover
cells: {cells}
scenarios: [{root}/scenarios]
platforms: [{root}/fixtures/platforms]
database: env:{address}
listen: 127.0.0.1:0
audit: audit
probes:
  - {{scenarios: [deposit-bet-withdraw], cells: [canary], every: {every}s, jitter: {jitter}s, deadline: 30s}}
budgets:
  EUR: {{run: 5.00 EUR, account_day: 25000.00 EUR, day: 50000.00 EUR, outstanding: 500.00 EUR}}
policies:
  - {{market: "*", withdraw: approved, instrument: real, approval: {{reference: the reference platform pays with play money}}}}
limits: {{lease: {lease:g}s}}
"""


@dataclass(frozen=True, slots=True)
class TookOver:
    """What came of it. `home_after_s`: from the kill to the end of the last run that the dead worker had under way."""

    runs_under_way: int
    effects_under_way: int
    home_after_s: float
    slots: tuple[Slot, ...]
    exit_code: int
    stranded: int


def main(arguments: Sequence[str]) -> int:
    """Play, kill, tell. Answers the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.takeover", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0, help="how long the schedule is (default 5)")
    options = parser.parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory(prefix="takeover-") as own:
            os.environ.setdefault("XDG_RUNTIME_DIR", own)  # the Postgres package warns where it is not set
            with journal("postgres", full_disk=False, cut=False) as where, reference_platform() as cells:
                took = take_over(where, cells, options.minutes * 60.0)
    except SyntheticError as error:
        return tell_error(error)
    bars = bars_of(took)
    for met, line in bars:
        write(f"{'met    ' if met else 'NOT MET'}  {line}")
    return 0 if all(met for met, _ in bars) else 1


def take_over(where: Journal, cells: Path, total_s: float) -> TookOver:
    """Let two workers play, kill one in the middle of the time, and let the other one play on to its end."""
    file = where.folder / "runner.yaml"
    text = SERVE.format(
        cells=cells, root=shipped_root(), address=ADDRESS, every=EVERY_S, jitter=EVERY_S - 1, lease=LEASE_S
    )
    file.write_text(text, encoding="utf-8")
    environment = {ADDRESS: where.address}
    until_s = time.monotonic() + total_s
    with (
        open_book(where.address) as book,
        served(file, "w1", environment) as first,
        served(file, "w2", environment) as second,
    ):
        time.sleep(max(0.0, until_s - total_s / 2 - time.monotonic()))
        runs, effects = _kill(first, book)
        began_s = time.monotonic()
        _await(lambda: not runs & _open_runs(book), 60.0, "the dead worker's runs were not brought home")
        home_after_s = time.monotonic() - began_s
        time.sleep(max(0.0, until_s - time.monotonic()))
        before_ns = time.time_ns()
        exit_code = second.terminate()  # which ends what plays, and begins nothing more
        slots = tuple(slot for slot in schedule_of(book.slots()) if slot.slot_ns < before_ns)
        return TookOver(len(runs), effects, home_after_s, slots, exit_code, sum(book.left().minor.values()))


def _kill(worker: Served, book: Book) -> tuple[set[str], int]:
    """Kill it while money of its runs is under way. Answers these runs, and how many of their effects were open."""
    found: set[str] = set()

    def is_busy() -> bool:
        found.clear()
        found.update(row.run.run_id for row in book.open_runs() if row.lease.worker == "w1")
        return any(effect.intent.run_id in found for effect in book.open_intents())

    _await(is_busy, 60.0, "the first worker had no money under way")
    worker.process.kill()
    worker.process.wait()
    mine = {row.run.run_id for row in book.open_runs() if row.lease.worker == "w1"}
    return mine, sum(effect.intent.run_id in mine for effect in book.open_intents())


def _open_runs(book: Book) -> set[str]:
    return {row.run.run_id for row in book.open_runs()}


def _await(claim: Callable[[], bool], within_s: float, problem: str) -> None:
    deadline_s = time.monotonic() + within_s
    while not claim():
        if time.monotonic() > deadline_s:
            raise HarnessError(f"{problem} within {within_s:g} s")
        time.sleep(0.05)


def schedule_of(slots: Sequence[Slot]) -> tuple[Slot, ...]:
    """The slots of probes, without those that the workers keep for their own books."""
    return tuple(slot for slot in slots if not slot.probe.startswith("("))


def is_told(slots: Sequence[Slot]) -> bool:
    """Whether each slot of each probe's grid is there, once, with an end."""
    by_probe: dict[str, list[Slot]] = {}
    for slot in schedule_of(slots):
        by_probe.setdefault(slot.probe, []).append(slot)
    return all(
        all(slot.outcome for slot in of_probe)
        and {later.slot_ns - earlier.slot_ns for earlier, later in pairwise(of_probe)} <= {EVERY_S * 10**9}
        for of_probe in by_probe.values()
    )


def bars_of(took: TookOver) -> list[tuple[bool, str]]:
    """Each bar: whether it is met, and what was found."""
    within_s = LEASE_S + GRACE_S
    outcomes = Counter(slot.reason or slot.outcome for slot in took.slots)
    told = ", ".join(f"{outcome} {count}" for outcome, count in outcomes.most_common())
    under_way = f"{took.runs_under_way} runs with {took.effects_under_way} open effects"
    return [
        (took.runs_under_way > 0 and took.effects_under_way > 0, f"killed with money under way: {under_way}"),
        (took.home_after_s <= within_s, f"home within {within_s:g} s: {took.home_after_s:.1f} s"),
        (len(took.slots) > 0 and is_told(took.slots), f"each of {len(took.slots)} slots played once or missed: {told}"),
        (took.exit_code == 0 and took.stranded == 0, f"exit {took.exit_code}, {took.stranded} minor units stranded"),
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
