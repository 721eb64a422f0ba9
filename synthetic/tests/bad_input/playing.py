"""Plays a small scenario against a hostile platform with both public sessions, and measures what it cost."""

from __future__ import annotations

import asyncio
import re
import time
import tracemalloc
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

import pytest

from synthetic.config.cells import load_cells
from synthetic.config.platforms import load_platform
from synthetic.config.scenarios import load_scenario
from synthetic.core.events import CheckJudged, Event, ExchangeDone, RunEnded, StepEnded, UndoEnded
from synthetic.core.outcome import Blame, RunOutcome, StepOutcome
from synthetic.core.plan import CellPlan, PlatformPlan, ScenarioPlan
from synthetic.journal.memory import MemoryJournal
from synthetic.report.jsonlines import json_array
from synthetic.report.junit import junit_xml
from synthetic.report.recorder import RunRecorder
from synthetic.report.records import RunRecord
from synthetic.report.text import run_line
from synthetic.report.waterfall import waterfall_text
from synthetic.runner.blocking import BlockingSession
from synthetic.runner.identity import fresh_seed
from synthetic.runner.session import Session
from synthetic.runner.turns import single_turns
from synthetic.tests.bad_input.cases import MB, Case
from synthetic.tests.bad_input.hostile import PASSWORD, TOKEN, HostilePlatform
from synthetic.tests.representative import combination

E = TypeVar("E")
MAPPING = Path(__file__).with_name("platform.yaml")
REASON_MAX = 400
ATTEMPTS = 6
CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\ud800-\udfff]")

CELLS = """
allow: ["127.0.0.1:*"]
cells:
  hostile:
    environment: test
    brand: aurora
    market: MT
    track: canary
    version: 1.0.0
    currency: EUR
    platform: hostile
    endpoints: {api: "http://API", psp: "http://PSP", table: "ws://API/table"}
    psps: [psp-a]
    limits: {deposit: 2.00 EUR, stake: 0.50 EUR}
    players: [{id: p-1, pool: standard, username: synthetic.1, password: "file:password"}]
"""
HEAD = """
scenario: bad-input
title: A target that answers badly
schedule: {every: 60s, deadline: 30s}
limits: {deposit: 1.00 EUR, stake: 0.20 EUR}
lease: {player: "pool:standard"}
steps:
  - {id: login, call: login}
"""
BALANCE = "  - {id: balance, call: balance}\n"
DEPOSIT = (
    "  - {id: deposit, call: deposit, with: {amount: 1.00 EUR}, until: \"out.state == 'succeeded'\", within: 600ms}\n"
)
HOPPING = "  - {id: hopping, call: hopping, with: {amount: 1.00 EUR}, within: 600ms}\n"
REPORT = "  - {id: report, call: report}\n"
JOIN = "  - {id: join, call: join, within: 1200ms}\n"
BET = JOIN + "  - {id: bet, call: bet, with: {stake: 0.20 EUR}, within: 1200ms}\n"


@dataclass(frozen=True)
class Played:
    """One run: how it ended, what it told, and what it cost (`peak_bytes` above what was there before it)."""

    ended: RunEnded
    events: Sequence[Event]
    record: RunRecord
    took_s: float
    peak_bytes: int

    def of(self, kind: type[E]) -> list[E]:
        """The events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def finding(self) -> StepEnded:
        """The one step that did not go as the scenario wants."""
        (step,) = [step for step in self.of(StepEnded) if not step.held and step.purpose == "step"]
        return step


Play = Callable[[ScenarioPlan, CellPlan, list[Event]], RunEnded]


def play_asyncio(plan: ScenarioPlan, cell: CellPlan, events: list[Event]) -> RunEnded:
    """By the production runner's session."""

    async def main() -> RunEnded:
        async with Session([cell], seed=fresh_seed(), sink=events.append, journal=MemoryJournal()) as session:
            (ended,) = await session.play_all(single_turns([{cell.platform: plan}], cell), at_once=1)
        return ended

    return asyncio.run(main())


def play_blocking(plan: ScenarioPlan, cell: CellPlan, events: list[Event]) -> RunEnded:
    """By pytest's session."""
    session = BlockingSession(cell, seed=fresh_seed(), journal=MemoryJournal())
    try:
        return session.play(plan, {}, sink=events.append)
    finally:
        session.close()


# Both drivers give the same results (tests/drivers/test_same_results.py): here one stands for both.
each_driver = pytest.mark.parametrize(
    "play",
    [pytest.param(play_asyncio, id="asyncio"), combination(play_blocking, id="blocking", played=False)],
)


@cache
def hostile_mapping(timeout_s: float) -> PlatformPlan:
    """The mapping of the hostile platform."""
    return load_platform(MAPPING, text=MAPPING.read_text().replace("400ms", f"{round(1000 * timeout_s)}ms"))


def cells_text(api: str, psp: str) -> str:
    """A cells file of the hostile platform."""
    return CELLS.replace("API", api).replace("PSP", psp)


def played(
    play: Play,
    folder: Path,
    steps: str,
    platform: HostilePlatform,
    psp: HostilePlatform | None = None,
    *,
    mapping: PlatformPlan | None = None,
    timeout_s: float = 0.4,
) -> Played:
    """Play the steps; every event, the record, the time and the peak of memory.

    A run that our own lag has spoiled says nothing of the target, so it is played again.
    """
    (folder / "password").write_text(PASSWORD)
    steps = steps.replace("600ms", f"{round(1500 * timeout_s)}ms").replace("1200ms", f"{round(3000 * timeout_s)}ms")
    plan = load_scenario(folder / "bad.yaml", mapping or hostile_mapping(timeout_s), text=HEAD + steps)
    with ExitStack() as stack:
        for server in {platform, psp or platform}:
            stack.enter_context(server)
        text = cells_text(platform.authority, (psp or platform).authority)
        cell = load_cells(folder / "cells.yaml", text=text)["hostile"]
        for _ in range(ATTEMPTS):
            platform.requests.clear()
            run = _measured(play, plan, cell)
            if run.ended.outcome is not RunOutcome.TAINTED:
                break
        return run


def _measured(play: Play, plan: ScenarioPlan, cell: CellPlan) -> Played:
    events: list[Event] = []
    records: list[RunRecord] = []
    tracemalloc.start()
    try:
        began = time.monotonic()
        ended = play(plan, cell, events)
        took_s = time.monotonic() - began
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    recorder = RunRecorder(records.append)
    for event in events:
        recorder(event)
    return Played(ended, events, records[0], took_s, peak_bytes)


def assert_one_clear_finding(run: Played, step: str, says: str, case: Case, blame: Blame) -> None:
    """Exactly one finding, which says what came, short and clean; in time, in memory; and no output of it is spoilt."""
    finding = run.finding
    assert (run.ended.outcome, run.ended.failed_step, run.ended.blame) == (RunOutcome.FAILED, step, blame)
    assert (finding.step, finding.blame) == (step, blame)
    assert run.ended.reason == f"step {step}: {finding.reason}"
    assert re.search(says, finding.reason), finding.reason
    assert len(finding.reason) <= REASON_MAX
    assert not [check for check in run.of(CheckJudged) if check.held is False]
    # What is documented holds for a machine of one's own; here other tests have most of it.
    assert run.took_s < 3 * case.took_s_max, f"it took {run.took_s:.2f} s"
    assert run.peak_bytes < case.peak_mb_max * MB, f"its peak was {run.peak_bytes / MB:.1f} MB"
    _assert_clean(run)


def assert_money_looked_up(run: Played, platform: HostilePlatform, *, result: str = "undone") -> None:
    """Nobody can know what became of the money: it is unknown, never refused; it was looked up, and it came home."""
    assert run.finding.outcome is StepOutcome.UNKNOWN
    assert platform.asked("GET /find") >= 1
    assert [undo.result for undo in run.of(UndoEnded)] == [result]


def _assert_clean(run: Played) -> None:
    """Nothing that a person or a machine reads of it holds a secret, a traceback, a control character or megabytes."""
    told = [
        run_line(run.record),
        waterfall_text(run.record, full=True),
        junit_xml([run.record]),
        json_array([run.record]),
    ]
    for text in told:
        assert "Traceback" not in text
        assert PASSWORD not in text
        assert TOKEN not in text
        assert len(text) < 200_000
        assert not CONTROLS.search(text.replace("\n", ""))
    for event in run.of(ExchangeDone):
        assert len(event.answer_body) < 10_000
