"""What a worker tells of itself, and how often."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from synthetic.audit.chain import Chain
from synthetic.audit.log import AuditLog
from synthetic.audit.trail import AuditTrail
from synthetic.cli.serving.telling import Telling
from synthetic.core.money import Money
from synthetic.drivers.memory import VirtualClock
from synthetic.report.logs import RunnerLog, set_up_logs
from synthetic.report.metrics import RunnerMetrics
from synthetic.runner.health import Reason
from synthetic.runner.health_watch import HealthWatch


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What is logged; the process's own logging is as it was afterwards."""
    root, kept = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    set_up_logs(kept)
    yield kept
    root.handlers[:] = handlers
    root.setLevel(level)


def test_maintenance_is_no_silence_to_worry_about(tmp_path: Path) -> None:
    """A window of half an hour is wanted; a slot that is missed because no player is free is not."""
    clock = VirtualClock()
    watch = HealthWatch(clock)
    watch.begun()
    watch.expects_a_run_every(60.0)
    with AuditLog(lambda: Chain(tmp_path / "audit", "w1")) as audit:
        telling = Telling(RunnerMetrics(), watch, RunnerLog(), AuditTrail(audit.note, "worker:w1"))
        for word, reasons in (("maintenance", ()), ("no_player", (Reason.NO_RUNS,))):
            for _ in range(6):
                clock.advance(15.0)
                watch.loop_turned()
                watch.scheduler_looked()
                telling.slot_missed("p1", clock.wall_ns(), word, "")
            assert watch.health().reasons == reasons


def test_money_that_stays_in_a_wallet_is_logged_when_it_changes(logged: io.StringIO, tmp_path: Path) -> None:
    """Each account once, not at every look; and that it is gone."""
    metrics = RunnerMetrics()
    with AuditLog(lambda: Chain(tmp_path / "audit", "w1")) as audit:
        telling = Telling(metrics, HealthWatch(VirtualClock()), RunnerLog(), AuditTrail(audit.note, "worker:w1"))
        for residues in ({}, {"w/p1": Money(30, "EUR"), "w/p2": Money(5, "EUR")}, {"w/p1": Money(30, "EUR")}):
            telling.residues(residues)
            telling.residues(residues)
    told = [json.loads(line) for line in logged.getvalue().splitlines()]
    assert [(line["event"], line["account"], line["minor"]) for line in told] == [
        ("residue", "w/p1", 30),
        ("residue", "w/p2", 5),
        ("residue_gone", "w/p2", 0),
    ]
    assert metrics.families.runner.residue.values == {("EUR",): 30}


def test_a_reason_for_distrust_is_logged_when_it_begins_and_when_it_is_over(
    logged: io.StringIO, tmp_path: Path
) -> None:
    """Looked at every two seconds, told twice; the kill switch and the configuration have lines of their own."""
    clock = VirtualClock()
    watch = HealthWatch(clock)
    with AuditLog(lambda: Chain(tmp_path / "audit", "w1")) as audit:
        telling = Telling(RunnerMetrics(), watch, RunnerLog(), AuditTrail(audit.note, "worker:w1"))
        telling.tell_health()
        watch.begun()
        watch.expects_a_run_every(60.0)
        for seconds in (1.0, 61.0, 2.0, 2.0):
            clock.advance(seconds)
            watch.loop_turned()
            watch.scheduler_looked()
            telling.tell_health()
        watch.expects_a_run_every(None)
        watch.config_is("line 3")
        watch.killed_is("by ann: drill")
        telling.tell_health()
    told = [json.loads(line) for line in logged.getvalue().splitlines()]
    assert [(line["event"], line["reason"]) for line in told] == [
        ("unhealthy", "no_runs"),
        ("healthy_again", "no_runs"),
    ]
    assert "silence is no pass" in told[0]["message"]
