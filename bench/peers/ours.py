"""Our side of the comparison, a process like any other tool: the engine with durable intents, metrics, log and records.

It is not all of `synthetic serve`: no lease fences its intents, no cap is counted and no audit is kept. `bench.growth` tells what a
journey costs there.

`python -m bench.peers.ours --cells FILE --folder DIR --users 8 --journeys 100`; `--shipped`: with the shipped mapping, its evidence
and the laws over ledgers that only we check, in place of the checks that every peer makes.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from bench.journeys import journey
from bench.peers.tools import SCRIPTS
from synthetic.cli.serving.records import record_keeper
from synthetic.config.cells import load_cells
from synthetic.config.platforms import load_platform
from synthetic.config.scenarios import load_scenario, matrix_rows
from synthetic.core.events import RunEnded
from synthetic.core.outcome import RunOutcome
from synthetic.core.plan import ScenarioPlan
from synthetic.core.ports import fan_out
from synthetic.journal.sqlite import SqliteJournal
from synthetic.report.logs import RunnerLog, set_up_logs
from synthetic.report.metrics import RunnerMetrics, probe_series
from synthetic.runner.identity import fresh_seed
from synthetic.runner.session import Session
from synthetic.runner.specs import Part, Turn


def main(arguments: Sequence[str]) -> int:
    """Play. Answers 1 where a journey is not well."""
    parser = argparse.ArgumentParser(prog="python -m bench.peers.ours")
    for name in ("--cells", "--folder"):
        parser.add_argument(name, type=Path, required=True)
    for name in ("--users", "--journeys"):
        parser.add_argument(name, type=int, required=True)
    parser.add_argument("--shipped", action="store_true")
    options = parser.parse_args(arguments)
    plan = journey() if options.shipped else _same_checks()
    ended = asyncio.run(_play(plan, options.cells, options.folder, options.users, options.journeys))
    bad = [end for end in ended if end.outcome is not RunOutcome.OK]
    if bad:
        print(f"{len(bad)} of {len(ended)} journeys are not well, the first one: {bad[0].outcome}: {bad[0].reason}")
    return 1 if bad or len(ended) != options.journeys else 0


def _same_checks() -> ScenarioPlan:
    return load_scenario(SCRIPTS / "journey.yaml", load_platform(SCRIPTS / "platform.yaml"))


async def _play(plan: ScenarioPlan, cells: Path, folder: Path, users: int, journeys: int) -> list[RunEnded]:
    cell = load_cells(cells)["canary"]
    (row,) = matrix_rows(plan, cell)
    metrics = RunnerMetrics()
    metrics.show({"bench": [probe_series(plan, cell, row)]})
    with ExitStack() as stack:
        set_up_logs(stack.enter_context((folder / "runner.log").open("w")))
        keeper = stack.enter_context(record_keeper(folder / "records.db", print))
        journal = stack.enter_context(SqliteJournal(folder / "journal.db"))
        sink = fan_out([metrics, RunnerLog(), keeper])
        part = Part(plan, cell)
        turns = [Turn((part,), row, number) for number in range(journeys)]
        async with Session([cell], seed=fresh_seed(), sink=sink, journal=journal) as session:
            return await session.play_all(turns, at_once=users)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
