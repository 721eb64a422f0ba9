"""The compensator: what becomes of a run after each recovery, and that nothing of it is ever silent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from synthetic.core.effects import Intent
from synthetic.core.errors import FencedOff, HarnessError, JournalUnavailable
from synthetic.core.events import Event, RunEnded
from synthetic.core.machine import EffectEnd, Machine, Recovered, play
from synthetic.core.machine.journaled import written_args
from synthetic.core.money import Money
from synthetic.core.outcome import IntentState
from synthetic.core.plan import RunSpec
from synthetic.core.ports import EventSink, Journal
from synthetic.core.secrets import Redactor
from synthetic.drivers.memory import InMemoryTransport, MemoryDriver, VirtualClock
from synthetic.journal.book import Book, open_book
from synthetic.journal.memory import MemoryJournal
from synthetic.journal.model import Lease, NewRun, RunRow
from synthetic.runner.compensator import Compensator, Homecoming, Patience, next_move
from synthetic.runner.first_sight import RUNS_MAX, FirstSight, by_the_journal
from synthetic.runner.outside import Outside
from synthetic.tests.core.machine.playing import DEAD, HEALTHY, Answering, answers, make_spec, ok
from synthetic.tests.core.machine.test_sweeping import PAID, mapping
from synthetic.tests.core.machine.test_sweeping import STEPS as SIGNING_IN

T = TypeVar("T")
S = 10**9
ONE = Money(100, "EUR")
OPEN = Recovered((EffectEnd("k", "deposit", ONE, "stuck", "no", IntentState.STUCK),))
HOME = Recovered((EffectEnd("k", "deposit", ONE, "undone", "", IntentState.COMPENSATED),))
STEPS = "  - {id: deposit, call: deposit, with: {amount: 1.00 EUR}, until: \"out.state == 'succeeded'\", within: 3s}\n"
UNFOUND = ok(found=False, id="", state="")
EVEN = Patience(jitter=0.0)


class InMemory:
    """The memory driver as a worker has its drivers."""

    def __init__(self, platform: Answering, clock: VirtualClock) -> None:
        self._driver = MemoryDriver(InMemoryTransport(platform, clock), clock)

    async def run(self, scenario: Machine[T], /, *, sink: EventSink, journal: Journal) -> T:
        """Play it."""
        return self._driver.run(scenario, sink=sink, journal=journal)


async def at_once(call: Any, /, *args: Any, **kwargs: Any) -> Any:
    """A blocking call where time is virtual."""
    return call(*args, **kwargs)


@dataclass
class Scene:
    """A book with one run of an expired lease that has intended a deposit, and what was told."""

    book: Book
    clock: VirtualClock
    told: list[Homecoming] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def take(self) -> tuple[RunRow, Lease]:
        """Take the run over."""
        (row,) = self.book.recoverable("w2")
        lease = self.book.take_over(row.run.run_id, "w2", 30.0)
        assert lease is not None
        return row, lease

    def bring_home(self, platform: Answering, spec_for: Any = None, patience: Patience = EVEN) -> Homecoming:
        """Take the run over and recover it once."""
        row, lease = self.take()
        return asyncio.run(self.compensator(platform, spec_for, patience).bring_home(row, lease))

    def compensator(self, platform: Answering, spec_for: Any = None, patience: Patience = EVEN) -> Compensator:
        """A compensator on this platform."""
        driver = InMemory(platform, self.clock)
        outside = Outside(self.book, self.clock, lambda _cell: driver, self.events.append, at_once)
        return Compensator(outside, spec_for or self.spec, self.told.append, patience, by_the_journal)

    def spec(self, row: RunRow) -> RunSpec:
        """The run's specification, as it would be now."""
        assert row.run.run_id == "run1"
        return replace(make_spec(STEPS), mono_ns=self.clock.monotonic_ns(), wall_ns=self.clock.wall_ns())


@contextmanager
def opened(folder: Path, state: IntentState = IntentState.DONE) -> Iterator[Scene]:
    """A scene, just after the lease has run out."""
    clock = VirtualClock()
    with open_book(folder / "book.db", wall_ns=clock.wall_ns) as book:
        run = NewRun("run1", "small", "small", "", "c1", {}, 1, 1, 0)
        lease = book.admit(run, candidates=[("p1", "c1/p1")], worker="w1", ttl_s=10)
        args = written_args({"amount": ONE}, Redactor())
        intent = Intent("run1", "deposit", "deposit", "deposit", ONE, "run1-deposit", "psp", "wallet", "c1", "p1", args)
        book.intend(intent, lease)
        if state is not IntentState.INTENT:
            book.resolve(intent.key, state)
        clock.advance(11)
        yield Scene(book, clock)


def test_a_run_that_is_home_is_closed(tmp_path: Path) -> None:
    """Its account is free, nothing is left, and its end is told with the reason."""
    with opened(tmp_path) as scene:
        home = scene.bring_home(answers(HEALTHY))
        assert (home.move, home.tries, scene.told) == ("closed", 1, [home])
        row = scene.book.run("run1")
        assert row is not None
        assert (row.outcome, row.reason) == ("aborted", "recovered after worker w1 had left it: 1 undone")
        assert scene.book.left().effects == 0
        assert [event.reason for event in scene.events if isinstance(event, RunEnded)] == [row.reason]


def test_a_look_up_without_an_answer_is_asked_again_later_and_then_comes_home(tmp_path: Path) -> None:
    """Postponed: no end of the run is told, the account stays taken, the money is told with its age."""
    with opened(tmp_path, IntentState.INTENT) as scene:
        away = scene.bring_home(answers(HEALTHY | {"GET /find": DEAD}))
        assert (away.move, away.amounts) == ("postponed", (ONE,))
        assert not [event for event in scene.events if isinstance(event, RunEnded)]
        assert scene.book.recoverable("w2") == []
        assert scene.book.left().minor == {"EUR": 100}
        assert "not home yet: 1.00 EUR, 11 s old, run run1 (player p1 on c1), after 1 try" in away.sentence
        scene.clock.advance((away.next_try_ns - scene.clock.wall_ns()) / S)
        assert scene.bring_home(answers(HEALTHY)).move == "closed"


def test_what_is_on_its_way_is_tried_when_it_can_be_no_more(tmp_path: Path) -> None:
    """Not found: the last try is at the end of the quiet time, and settles that it never happened."""
    with opened(tmp_path, IntentState.INTENT) as scene:
        began_ns = scene.clock.wall_ns() - 11 * S
        platform = answers(HEALTHY | {"GET /find": UNFOUND})
        moves = []
        while "closed" not in moves:
            home = scene.bring_home(platform, patience=replace(EVEN, tries=2))
            moves.append(home.move)
            last_ns = scene.clock.wall_ns()
            scene.clock.advance(max(0, home.next_try_ns - last_ns) / S)
        assert set(moves) == {"postponed", "closed"}  # given up never, though two tries are all that it has
        assert 600 <= (last_ns - began_ns) / S < 603
        assert [entry.state for entry in scene.book.entries()] == [IntentState.REFUSED]


def test_what_can_not_be_undone_is_stranded_and_still_tried_and_told_each_time(tmp_path: Path) -> None:
    """Three tries, then an alert with amount and age; half an hour later again; and then it comes home."""
    patience = replace(EVEN, tries=3)
    dead = answers(HEALTHY | {"POST /refunds": DEAD})
    with opened(tmp_path) as scene:
        moves = []
        for _ in range(4):
            home = scene.bring_home(dead, patience=patience)
            moves.append(home.move)
            scene.clock.advance((home.next_try_ns - scene.clock.wall_ns()) / S)
        assert moves == ["postponed", "postponed", "stranded", "stranded"]
        assert home.sentence.startswith("STRANDED: 1.00 EUR, ")
        assert "after 4 tries" in home.sentence
        assert [event.stranded for event in scene.events if isinstance(event, RunEnded)] == [(ONE,), (ONE,)]
        assert scene.book.left_by_state()[IntentState.STUCK].minor == {"EUR": 100}
        assert [row.run.run_id for row in scene.book.stranded_runs()] == ["run1"]
        assert scene.bring_home(answers(HEALTHY), patience=patience).move == "closed"
        assert scene.book.left().effects == 0


def test_a_run_that_can_not_be_made_again_is_never_dropped(tmp_path: Path) -> None:
    """Its cell is gone from the file: it stays open, and is told with its money."""

    def gone(_row: RunRow) -> RunSpec:
        raise HarnessError("run run1 was played on the cell 'c1', which is gone")

    with opened(tmp_path) as scene:
        home = scene.bring_home(answers(HEALTHY), gone)
        assert (home.move, home.amounts) == ("postponed", (ONE,))
        assert "which is gone" in home.sentence
        assert scene.book.left().effects == 1


def test_our_own_mistake_leaves_the_money_where_it_is_and_is_told(tmp_path: Path) -> None:
    """The text of the exception, which may hold a secret, is not."""

    def broken(_effect: Any) -> Any:
        raise ValueError("token t-0123456789")

    with opened(tmp_path) as scene:
        home = scene.bring_home(broken)
        assert home.move == "postponed"
        assert "our own code failed: ValueError" in home.sentence
        assert "t-0123456789" not in home.sentence


def test_who_was_fenced_off_changes_nothing(tmp_path: Path) -> None:
    """While it recovered, its lease ran out and another worker took the run over: what that one knows is newer."""
    with opened(tmp_path) as scene:

        def slow(effect: Any) -> Any:
            scene.clock.advance(31)
            assert scene.book.take_over("run1", "w3", 30.0, early=True) is not None
            return answers(HEALTHY)(effect)

        home = scene.bring_home(slow)
        assert home.move == "lost"
        row = scene.book.run("run1")
        assert row is not None
        assert (row.lease.worker, row.outcome) == ("w3", "")


def test_who_is_fenced_off_behind_the_look_up_sends_no_undo(tmp_path: Path) -> None:
    """The worker stood still, and another one has the run by now: the undo is that one's to send."""
    with opened(tmp_path) as scene:
        asked: list[str] = []

        def slow(effect: Any) -> Any:
            asked.append(effect.url.removeprefix("http://api.test").split("?")[0])
            if asked[-1] == "/find":
                scene.clock.advance(31)
                assert scene.book.take_over("run1", "w3", 30.0) is not None
            return answers(HEALTHY)(effect)

        home = scene.bring_home(slow)
        assert (home.move, asked) == ("lost", ["/find"])
        assert [(entry.state, entry.epoch) for entry in scene.book.entries()] == [(IntentState.DONE, 1)]


def test_a_journal_that_is_away_stops_no_undo_of_the_run_itself() -> None:
    """Money that can go home goes home; only whoever has lost the run sends nothing more."""
    told: dict[type[Exception], list[str]] = {}
    for gone in (JournalUnavailable, FencedOff):

        class Gone(MemoryJournal):
            def resolve(self, key: str, state: IntentState) -> None:
                raise gone(f"{key} is not {state} here")  # noqa: B023 - used at once

        asked: list[str] = []

        def platform(effect: Any) -> Any:
            asked.append(f"{effect.method} {effect.url.removeprefix('http://api.test').split('?')[0]}")  # noqa: B023 - likewise
            return answers(HEALTHY)(effect)

        spec, clock = make_spec(STEPS + "  - {id: bad, call: balance}\n"), VirtualClock()
        driver = MemoryDriver(InMemoryTransport(platform, clock), clock)
        driver.run(play(spec), sink=lambda _event: None, journal=Gone())
        told[gone] = [path for path in asked if path.startswith("POST /refunds")]
    assert [len(told[JournalUnavailable]), len(told[FencedOff])] == [1, 0]


@pytest.mark.parametrize(
    ("tries", "pause_s"), [(1, 2), (2, 4), (8, 256), (9, 300), (15, 300), (16, 1800), (1000, 1800)]
)
def test_pauses_grow_to_a_bound_and_then_are_slow(tries: int, pause_s: float) -> None:
    """2, 4, 8, ... 300 seconds, and every half hour for ever."""
    assert EVEN.pause_s("run1", tries) == pause_s


def test_many_runs_do_not_come_back_together() -> None:
    """The pause is longer by up to a quarter, by the run: the same for the same run and number."""
    pauses = {Patience().pause_s(f"run{number}", 9) for number in range(50)}
    assert len(pauses) > 40
    assert all(300 <= pause <= 375 for pause in pauses)
    assert Patience().pause_s("run1", 3) == Patience().pause_s("run1", 3)


@pytest.mark.parametrize(
    ("recovered", "tries", "on_its_way_ns", "expected"),
    [
        (HOME, 1, 0, ("closed", 0)),
        (HOME, 99, 0, ("closed", 0)),
        (OPEN, 1, 0, ("postponed", 1002 * S)),
        (OPEN, 15, 0, ("postponed", 1300 * S)),
        (OPEN, 16, 0, ("stranded", 2800 * S)),
        (OPEN, 16, 7 * S, ("postponed", 1007 * S)),
        (OPEN, 1, 7 * S, ("postponed", 1002 * S)),
        (OPEN, 16, 900 * S, ("postponed", 1300 * S)),
        (Recovered(left_in="still excluded"), 16, 0, ("stranded", 2800 * S)),
    ],
)
def test_the_next_move(recovered: Recovered, tries: int, on_its_way_ns: int, expected: tuple[str, int]) -> None:
    """Home is closed; else again later; given up only when nothing can be on its way any more."""
    told = next_move(recovered, EVEN, "run1", tries=tries, now_ns=1000 * S, on_its_way_ns=on_its_way_ns)
    assert told == expected


def test_another_machines_clock_proves_no_silence(tmp_path: Path) -> None:
    """By the journal's times its request left an hour ago; but it may have left just now, from a machine whose clock is wrong."""
    with opened(tmp_path, IntentState.INTENT) as scene:
        scene.clock.advance(3600)
        compensator = replace(scene.compensator(answers(HEALTHY | {"GET /find": UNFOUND})), quiet_for=None)
        first = asyncio.run(compensator.bring_home(*scene.take()))
        assert (first.move, first.age_ns >= 3600 * S) == ("postponed", True)
        scene.clock.advance(3600)  # now it was quiet before our own eyes
        assert asyncio.run(compensator.bring_home(*scene.take())).move == "closed"


def test_what_was_seen_of_runs_does_not_grow_for_ever() -> None:
    """The oldest is forgotten: its wait begins again."""
    clock = VirtualClock()
    sight = FirstSight(clock)
    for number in range(RUNS_MAX + 1):
        sight(f"r{number}", S)
    clock.advance(5)
    assert sight("r1", 9 * S) == 5 * S
    assert sight("r0", 9 * S) == 0


class Bank:
    """A platform that counts one wallet: what refunds and payouts take out of it."""

    def __init__(self, cash: int) -> None:
        self.cash, self.payouts = cash, 0
        self._platform = answers(HEALTHY | PAID)

    def __call__(self, wire: Any) -> Any:
        """Answer one request."""
        path = f"{wire.method} {wire.url.removeprefix('http://api.test')}"
        if path == "GET /balance":
            return ok(cash=self.cash)
        if path.startswith("POST /refunds"):
            self.cash -= 100
        if path == "POST /payouts":
            self.payouts += 1
            self.cash -= json.loads(wire.body)["minor"]
        return self._platform(wire)


def swept_spec(scene: Scene, row: RunRow) -> RunSpec:
    """A run on the mapping that says how a wallet is swept."""
    spec = replace(make_spec(SIGNING_IN), run_id=row.run.run_id, mono_ns=scene.clock.monotonic_ns())
    limits = {**spec.cell.limits, "withdraw": Money(500, "EUR")}
    plan = replace(spec.plan, platform=mapping())
    return replace(spec, plan=plan, cell=replace(spec.cell, limits=limits), wall_ns=scene.clock.wall_ns())


def beside_a_stranded_run(scene: Scene) -> None:
    """The first run is stranded with its deposit in the wallet; a second one on the account was cut off behind its own."""
    _, first = scene.take()
    scene.book.set_baseline(first, Money(5000, "EUR"))
    scene.book.strand(first, "no answer", next_try_ns=scene.clock.wall_ns() + 60 * S)
    run = NewRun("run2", "small", "small", "", "c1", {}, 1, 2, 0)
    lease = scene.book.admit(run, candidates=[("p1", "c1/p1")], worker="w1", ttl_s=10)
    (entry,) = scene.book.effects_of("run1")
    scene.book.intend(replace(entry.intent, run_id="run2", key="run2-deposit"), lease)
    scene.book.resolve("run2-deposit", IntentState.DONE)
    scene.clock.advance(11)


def test_another_runs_deposit_is_not_swept_and_leaves_the_wallet_once(tmp_path: Path) -> None:
    """Two deposits of 1.00 and 0.30 that were won: the run that comes home first sweeps nothing, the last one sweeps the rest."""
    with opened(tmp_path) as scene:
        beside_a_stranded_run(scene)
        bank = Bank(5230)
        home = scene.bring_home(bank, lambda row: swept_spec(scene, row))
        assert (home.run_id, home.move, bank.cash, bank.payouts) == ("run2", "closed", 5130, 0)
        assert home.reason.endswith("1 undone; the wallet is swept when run run1 is home, which has money open in it")
        scene.clock.advance(60)
        last = scene.bring_home(bank, lambda row: swept_spec(scene, row))
        assert (last.run_id, last.move, bank.cash, bank.payouts) == ("run1", "closed", 5000, 1)
        assert scene.book.residues() == {}


def test_a_surplus_that_stays_is_kept_in_the_journal(tmp_path: Path) -> None:
    """Where nothing may be withdrawn: for the gauge, until a later run no longer finds it."""
    with opened(tmp_path) as scene:
        row, lease = scene.take()
        scene.book.set_baseline(lease, Money(5000, "EUR"))
        spec_for = lambda row: swept_spec(scene, row)  # noqa: E731 - one line
        compensator = replace(scene.compensator(Bank(5130), spec_for), may_withdraw=lambda _spec: False)
        home = asyncio.run(compensator.bring_home(row, lease))
        assert home.move == "closed", home.reason
        assert "0.30 EUR more than before stay in the wallet" in home.reason
        assert scene.book.residues() == {"c1/p1": Money(30, "EUR")}
