"""The comparison on the schedule finds what the journal says and nobody else, and is made once."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from synthetic.audit.entry import Entry
from synthetic.audit.trail import AuditTrail
from synthetic.cli.platform_process import reference_platform
from synthetic.cli.project import CHECK_NAMES
from synthetic.cli.serving.daily import Daily
from synthetic.cli.serving.drivers import Drivers
from synthetic.cli.serving.telling import Telling
from synthetic.config.serving import load_serving
from synthetic.config.shipped import shipped_root
from synthetic.core.effects import Intent
from synthetic.core.money import Money
from synthetic.core.outcome import IntentState
from synthetic.drivers.clocks import SystemClock
from synthetic.drivers.lag import LagMeter
from synthetic.journal.book import Book, open_book
from synthetic.report.logs import RunnerLog
from synthetic.report.metrics import RunnerMetrics
from synthetic.runner.appointments import last_instant
from synthetic.runner.health_watch import HealthWatch
from synthetic.runner.outside import Outside
from synthetic.runner.reconcile import PROBE as PROBE_OF_ALL
from synthetic.runner.reconcile import Reconciliation
from synthetic.runner.specs import Part, Turn
from synthetic.runner.worker import TickPlan, Worker
from synthetic.tests.cli.serving.conftest import PROBE, SERVE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_what_only_the_journal_knows_is_found_once(tmp_path: Path) -> None:
    """A journey agrees with ledger and PSP; a deposit that nobody else has heard of does not."""
    with reference_platform() as cells_file:  # its own: reconciliation sees everybody's money on it
        _compare(tmp_path, cells_file)


def _compare(tmp_path: Path, cells_file: Path) -> None:
    file = tmp_path / "runner.yaml"
    text = SERVE.format(
        cells=cells_file,
        root=shipped_root(),
        platforms=shipped_root() / "fixtures" / "platforms",
        probe=PROBE,
    )
    file.write_text(text.replace("env:SERVING_TEST_DATABASE", "runner.db"), encoding="utf-8")
    plan = load_serving(file, known_checks=CHECK_NAMES)
    # One player: all of an account is compared, and nothing is on the others.
    cells = {"canary": replace(plan.cells["canary"], players=plan.cells["canary"].players[:1])}
    probe = replace(plan.probes[0], cell=cells["canary"], baseline=None, baseline_scenario=None)
    plan = replace(plan, cells=cells, probes=(probe,))
    noted: list[Entry] = []
    shown: list[float] = []

    async def go() -> tuple[Reconciliation | None, Reconciliation | None, Reconciliation | None, list[Any]]:
        clock = SystemClock()
        drivers = Drivers(clock, LagMeter(clock))
        drivers.fit(cells)
        telling = Telling(RunnerMetrics(), HealthWatch(clock), RunnerLog(), AuditTrail(noted.append, "worker:w"))
        with open_book(tmp_path / "runner.db") as book:
            outside = Outside(book, clock, drivers, lambda _event: None)
            worker = Worker("w", outside, book.seed(), drivers.secrets)
            turn = Turn((Part(probe.scenario, probe.cell),), probe.row, clock.wall_ns())
            ticked = await worker.play(TickPlan(probe.name, clock.wall_ns(), clock.monotonic_ns(), turn))
            daily = Daily(outside, lambda: plan, drivers, telling, "w")
            early = await daily.look()
            daily.begun_ns = 0
            await _cut_off_twice(daily, book, tmp_path)
            first = await daily.look()
            again = await daily.look()
            assert again is None
            assert [slot.outcome for slot in book.slots(PROBE_OF_ALL)] == ["aborted", "aborted", "holds"]
            other = Telling(RunnerMetrics(), HealthWatch(clock), RunnerLog(), AuditTrail(noted.append, "worker:x"))
            assert await Daily(outside, lambda: plan, drivers, other, "x").look() is None
            shown.append(other.metrics.families.runner.reconciled.values[()] - clock.wall_ns() / 1e9)
            run = book.entries()[0].intent.run_id
            ghost = Intent(
                run, "ghost", "cashier.deposit", "deposit", Money(100, "EUR"), f"{run}-ghost", "psp", "wallet",
                probe.cell.name, book.entries()[0].intent.player,
            )  # fmt: skip
            book.intend(ghost, None)
            book.resolve(ghost.key, IntentState.SETTLED)
            found = await daily._reconcile(0)
            telling.reconciled(found, 1.0)
        await drivers.aclose()
        return early, first, found, [run.outcome for run in ticked.runs]

    early, first, found, outcomes = asyncio.run(go())
    assert outcomes == ["ok"]
    assert early is None, "what was due before a new runner began is nobody's"
    assert first is not None
    assert first.holds, first
    assert first.effects >= 3
    assert found is not None
    assert [difference.key.endswith("-ghost") for difference in found.differences] == [True], found.differences
    assert [abs(ago_s) < 600 for ago_s in shown] == [True], "every worker shows when it was done, whoever has done it"
    assert [entry.data["decision"] for entry in noted] == ["reconciled", "differs"]


async def _cut_off_twice(daily: Daily, book: Book, folder: Path) -> None:
    """A worker that has died, and then our own process before this one, were at it."""
    due_ns = last_instant(daily.plan().reconcile, daily.outside.clock.wall_ns())
    book.claim_slot(PROBE_OF_ALL, due_ns, "dead")
    assert await daily.look() is None, "somebody is at it"
    book.end_slot(PROBE_OF_ALL, due_ns, "aborted")
    assert await daily.look() is None, "not at once again"
    _pretend_long_ago(folder)
    book.claim_slot(PROBE_OF_ALL, due_ns + 1, daily.name)
    assert await daily.look() is None
    assert [slot.outcome for slot in book.slots(PROBE_OF_ALL)] == ["aborted", "aborted"]
    _pretend_long_ago(folder)


def _pretend_long_ago(folder: Path) -> None:
    """Whatever has ended did so an hour ago."""
    with sqlite3.connect(folder / "runner.db") as database:
        database.execute("UPDATE slots SET ended_ns = ended_ns - 3600000000000 WHERE ended_ns > 0")
