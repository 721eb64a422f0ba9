"""Proofs before a run: what can't be proved is refused, and what was proved is not asked for again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path

import pytest

from synthetic.config.cell_secrets import CellSecrets, cell_secrets
from synthetic.config.cells import load_cells
from synthetic.config.platforms import load_platform
from synthetic.config.shipped import shipped_root
from synthetic.core.effects import FaultKind, Http
from synthetic.core.events import RunEnded
from synthetic.core.machine import play
from synthetic.core.plan import CellPlan, PlatformPlan, PlayerPlan, RunSpec
from synthetic.core.plan_serving import LimitsPlan
from synthetic.core.ports import EventSink
from synthetic.drivers.asyncio_driver import AsyncDriver
from synthetic.drivers.clocks import SystemClock
from synthetic.drivers.memory import Answer, Break, InMemoryTransport, MemoryDriver, Reply, VirtualClock, Wire
from synthetic.journal.memory import MemoryJournal
from synthetic.runner.identity import fresh_seed
from synthetic.runner.proofs import RETRY_NS, Proofs

CELLS = load_cells(Path(__file__).parent.parent / "data" / "serving" / "cells.yaml")
CANARY = replace(CELLS["canary"], platform="proving")
STAGING = replace(CELLS["staging"], platform="proving")
PLAYER = CANARY.players[0]
PROVING = load_platform(
    Path("proving.yaml"),
    text="""\
platform: proving
base: "${{ cell.endpoints.api }}"
proofs:
  player: {call: account, holds: out.synthetic}
  cell: {call: about, holds: out.track == cell.track}
operations:
  account: {http: "GET /players/${{ player.id }}", out: {synthetic: body.synthetic}}
  about: {http: GET /about, out: {track: body.track}}
""",
)
LIMITS = LimitsPlan(clock_skew_s=5.0, proof_for_s=600.0)


class Office:
    """A platform's office: what it says of accounts and of itself, and what it was asked."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.asked: list[str] = []
        self.synthetic = "true"
        self.track = '"canary"'
        self.ahead_s = 0.0
        self.dated = True
        self.answers: Callable[[Answer], Answer] = lambda answer: answer
        driver = MemoryDriver(InMemoryTransport(self.answer, self.clock), self.clock)

        async def play_proof(spec: RunSpec, sink: EventSink) -> RunEnded:
            await asyncio.sleep(0)
            return driver.run(play(spec), sink=sink, journal=MemoryJournal())

        self.proofs = Proofs(
            limits=LIMITS, clock=self.clock, play=play_proof, secrets_of=lambda _cell: CellSecrets(), seed=1
        )

    def answer(self, wire: Wire) -> Answer:
        """Answer one request."""
        assert isinstance(wire, Http)
        self.asked.append(wire.url.partition(".com")[2])
        told = f'{{"synthetic": {self.synthetic}}}' if "players" in wire.url else f'{{"track": {self.track}}}'
        date = formatdate(self.clock.wall_ns() / 1e9 + self.ahead_s, usegmt=True)
        headers = (("Content-Type", "application/json"), *([("Date", date)] if self.dated else []))
        return self.answers(Reply(200, told.encode(), headers))

    def refused(
        self, cell: CellPlan = CANARY, player: PlayerPlan = PLAYER, platform: PlatformPlan = PROVING
    ) -> list[str]:
        """The rules that refuse."""
        return [one.rule for one in asyncio.run(self.proofs.refusals(platform, cell, player))]


@pytest.fixture
def office() -> Office:
    """An office where all is well."""
    return Office()


def test_an_account_that_is_synthetic_on_the_right_cell_may_be_played(office: Office) -> None:
    """Both are asked for."""
    assert office.refused() == []
    assert office.asked == ["/about", "/players/p1"]


@pytest.mark.parametrize("said", ["false", "null", '"yes"', "1"])
def test_an_account_that_is_not_synthetic_is_not_played(office: Office, said: str) -> None:
    """Only true is true."""
    office.synthetic = said
    assert office.refused() == ["synthetic-account"]


@pytest.mark.parametrize("said", ['"baseline"', "null", "7"])
def test_a_cell_that_is_another_one_is_not_played(office: Office, said: str) -> None:
    """A canary's address that leads to the baseline, or to something that says nothing."""
    office.track = said
    assert office.refused() == ["right-cell"]


@pytest.mark.parametrize(
    "instead",
    [
        Reply(500),
        Reply(404, b"{}"),
        Reply(200, b"<html>", (("Content-Type", "text/html"),)),
        Break(FaultKind.CONNECT_REFUSED, maybe_sent=False),
        Break(FaultKind.READ_TIMEOUT),
    ],
    ids=["error", "not found", "page", "unreachable", "silent"],
)
def test_what_can_not_be_proved_is_refused(office: Office, instead: Answer) -> None:
    """Whatever keeps the answer away: no evidence, no run."""
    office.answers = lambda _answer: instead
    assert office.refused() == ["right-cell", "synthetic-account"]


def test_a_mapping_without_proofs_is_refused_in_production_only(office: Office) -> None:
    """A test environment may do without them."""
    silent = replace(PROVING, proofs={})
    assert office.refused(CANARY, PLAYER, silent) == ["right-cell", "synthetic-account"]
    assert office.refused(STAGING, STAGING.players[0], silent) == []
    assert office.asked == []


def test_what_does_not_hold_is_refused_outside_of_production_too(office: Office) -> None:
    """Once a mapping has a proof, it counts everywhere."""
    office.synthetic = "false"
    assert office.refused(STAGING, STAGING.players[0]) == ["synthetic-account"]


@pytest.mark.parametrize(
    ("ahead_s", "refused"), [(0, []), (4, []), (-4, []), (8, ["clock-skew"]), (-8, ["clock-skew"])]
)
def test_a_clock_that_is_too_far_from_ours_is_refused(office: Office, ahead_s: float, refused: list[str]) -> None:
    """One-time codes, signatures and reports would all be off."""
    office.ahead_s = ahead_s
    assert list(dict.fromkeys(office.refused())) == refused


def test_an_answer_without_a_date_proves_no_clock(office: Office) -> None:
    """In production that is a proof that is missing."""
    office.dated = False
    assert office.refused() == ["clock-skew", "clock-skew"]
    assert office.refused(STAGING, STAGING.players[0]) == []


def test_a_proof_counts_for_its_time_and_is_then_taken_again(office: Office) -> None:
    """An account whose flag was lost is found out."""
    assert office.refused() == []
    office.synthetic = "false"
    office.clock.advance(590.0)
    assert office.refused() == []
    office.clock.advance(11.0)
    assert office.refused() == ["synthetic-account"]


def test_a_proof_that_failed_is_asked_for_again_soon_but_not_at_once(office: Office) -> None:
    """A thousand probes of a cell that is away ask it once."""
    office.answers = lambda _answer: Reply(503)
    assert office.refused() == office.refused() == ["right-cell", "synthetic-account"]
    assert len(office.asked) == 2
    office.answers = lambda answer: answer
    office.clock.advance(RETRY_NS / 1e9 + 1)
    assert office.refused() == []


def test_many_that_ask_at_once_ask_the_platform_once(office: Office) -> None:
    """The cell once, each player once."""

    async def ask_all() -> None:
        players = CANARY.players[:2] * 20
        await asyncio.gather(*(office.proofs.refusals(PROVING, CANARY, player) for player in players))

    asyncio.run(ask_all())
    assert sorted(office.asked) == ["/about", "/players/p1", "/players/p2"]


def test_a_proof_that_is_in_use_is_renewed_before_it_runs_out(office: Office) -> None:
    """So no run waits for one; one that nobody asks for is left to run out."""
    office.refused()
    asyncio.run(office.proofs.renew())
    assert len(office.asked) == 2
    office.clock.advance(301.0)
    asyncio.run(office.proofs.renew())
    assert len(office.asked) == 4
    office.clock.advance(301.0)
    asyncio.run(office.proofs.renew())
    assert len(office.asked) == 4


def test_a_proof_that_failed_is_not_renewed_but_asked_for_when_it_is_needed(office: Office) -> None:
    """Else a cell that is away would be asked at every look."""
    office.answers = lambda _answer: Reply(503)
    office.refused()
    asyncio.run(office.proofs.renew())
    assert len(office.asked) == 2


def test_after_a_change_of_the_plan_everything_is_proved_anew(office: Office) -> None:
    """The addresses may lead elsewhere now."""
    office.refused()
    office.proofs.forget()
    office.track = '"baseline"'
    assert office.refused() == ["right-cell"]


def test_a_refusal_says_what_is_missing_and_no_secret(office: Office) -> None:
    """The account, the cell and the claim that did not hold."""
    office.synthetic = "false"
    (refusal,) = asyncio.run(office.proofs.refusals(PROVING, CANARY, PLAYER))
    assert str(refusal).startswith(
        "synthetic-account: it is not proven that the account p1 on cell canary is synthetic: step proof: "
    )
    assert "out.synthetic" in refusal.sentence


def test_the_reference_platform_proves_its_cells_and_accounts(synthetic_cells_file: Path) -> None:
    """Through its real office; and the baseline's addresses are found out when they stand in the canary's place."""
    cells = load_cells(synthetic_cells_file)
    platform = load_platform(shipped_root() / "fixtures" / "platforms" / "reference.yaml")
    canary, baseline = cells["canary"], cells["baseline"]
    player = next(player for player in canary.players if player.pool == "standard")
    swapped = replace(canary, endpoints={**canary.endpoints, "api": baseline.endpoints["api"]}, name="swapped")

    async def ask() -> list[list[str]]:
        driver, clock = AsyncDriver(allow=canary.allow), SystemClock()

        async def play_proof(spec: RunSpec, sink: EventSink) -> RunEnded:
            return await driver.run(play(spec), sink=sink, journal=MemoryJournal())

        proofs = Proofs(limits=LIMITS, clock=clock, play=play_proof, secrets_of=cell_secrets, seed=fresh_seed())
        found = [await proofs.refusals(platform, cell, player) for cell in (canary, swapped)]
        await driver.aclose()
        return [[one.rule for one in refusals] for refusals in found]

    proven, not_proven = asyncio.run(ask())
    assert proven == []
    assert not_proven[0] == "right-cell"
