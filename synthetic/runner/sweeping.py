"""Sweeping by hand: the runs that nobody is at any more, and one recovery for each of them."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from synthetic.core.errors import HarnessError
from synthetic.core.plan import CellPlan
from synthetic.journal.book import Book
from synthetic.journal.entry import OPEN_STATES, JournalEntry
from synthetic.journal.model import Lease, NewRun, RunRow
from synthetic.runner.compensator import Compensator, Homecoming
from synthetic.runner.kept_leases import KeptLeases
from synthetic.runner.worker import account_of

UNKNOWN_RUN_AGE_S = 600.0
"""How old an effect is, at least, whose run has no row: nobody says whether that run still goes on."""
AT_ONCE = 4
_S = 10**9


@dataclass(frozen=True, slots=True)
class Stray:
    """A run that nobody is at: its row, and its open effects, oldest first. `rowless`: the row is made of its effects."""

    row: RunRow
    effects: tuple[JournalEntry, ...]
    rowless: bool = False

    def age_s(self, now_ns: int) -> float:
        """How long ago it began."""
        return (now_ns - self.row.started_ns) / _S


def find_strays(book: Book, *, now_ns: int, only: Collection[str] = (), older_than_s: float = 0.0) -> list[Stray]:
    """The open and stranded runs whose lease is over, and the effects without a run, oldest first.

    `only`: of these ids. `older_than_s`: that began longer ago.
    """
    rows = [row for row in (*book.open_runs(), *book.stranded_runs()) if row.lease.expires_ns <= now_ns]
    found = [Stray(row, _open(book.effects_of(row.run.run_id))) for row in rows]
    found += [stray for stray in _rowless(book) if stray.age_s(now_ns) >= UNKNOWN_RUN_AGE_S]
    chosen = [stray for stray in found if _is_asked_for(stray.row, now_ns, only, older_than_s)]
    return sorted(chosen, key=lambda stray: stray.row.started_ns)


@dataclass(frozen=True, slots=True)
class Held:
    """A run that is left alone for now, `until_ns` (wall clock) at the earliest, and its open effects, oldest first.

    `worker` holds its lease, and may be dead. It is "" where effects have no run, and are too young to say that nobody is at it.
    """

    row: RunRow
    effects: tuple[JournalEntry, ...]
    worker: str
    until_ns: int


def find_held(book: Book, *, now_ns: int, only: Collection[str] = (), older_than_s: float = 0.0) -> list[Held]:
    """What `find_strays` leaves out because somebody may be at it; what is free soonest comes first."""
    rows = [row for row in book.open_runs() if row.lease.expires_ns > now_ns]
    found = [Held(row, _open(book.effects_of(row.run.run_id)), row.lease.worker, row.lease.expires_ns) for row in rows]
    found += [
        Held(stray.row, stray.effects, "", stray.row.started_ns + int(UNKNOWN_RUN_AGE_S * _S))
        for stray in _rowless(book)
        if stray.age_s(now_ns) < UNKNOWN_RUN_AGE_S
    ]
    chosen = [held for held in found if _is_asked_for(held.row, now_ns, only, older_than_s)]
    return sorted(chosen, key=lambda held: held.until_ns)


def _is_asked_for(row: RunRow, now_ns: int, only: Collection[str], older_than_s: float) -> bool:
    return (not only or row.run.run_id in only) and now_ns - row.started_ns >= older_than_s * _S


def _open(effects: Sequence[JournalEntry]) -> tuple[JournalEntry, ...]:
    return tuple(effect for effect in effects if effect.state in OPEN_STATES)


def _rowless(book: Book) -> list[Stray]:
    """Effects of runs that have no row: of tests, or of an earlier version of this program."""
    by_run: dict[str, list[JournalEntry]] = {}
    for effect in book.open_intents():
        by_run.setdefault(effect.intent.run_id, []).append(effect)
    return [
        Stray(_row_of(run_id, effects), tuple(effects), rowless=True)
        for run_id, effects in by_run.items()
        if book.run(run_id) is None
    ]


def _row_of(run_id: str, effects: Sequence[JournalEntry]) -> RunRow:
    intent, newest_ns = effects[0].intent, max(effect.updated_ns for effect in effects)
    run = NewRun(run_id, "", "", "", intent.cell, {}, seed=0, number=0, slot_ns=0)
    return RunRow(run, intent.player, Lease("", "", run_id, 0, 0), newest_ns)


@dataclass(slots=True)
class Sweep:
    """Recovers strays, a few at a time. `name` is a worker's, which no other process has."""

    book: Book
    compensator: Compensator
    cells: Mapping[str, CellPlan]
    name: str
    leases: KeptLeases

    async def all(self, strays: Sequence[Stray]) -> list[Homecoming]:
        """What each came to, in their order; None of them is waited for: one that somebody else has by then is left to him."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(stray: Stray) -> Homecoming | None:
            async with gate:
                return await self._one(stray)

        async with self.leases.kept(), asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(stray)) for stray in strays]
        return [home for task in tasks if (home := task.result()) is not None]

    async def _one(self, stray: Stray) -> Homecoming | None:
        run_id = stray.row.run.run_id
        lease = await asyncio.to_thread(self._take, stray)
        if lease is None:
            return None
        self.leases.hold(lease)
        try:
            return await self.compensator.bring_home(stray.row, lease)
        finally:
            self.leases.let_go(run_id)

    def _take(self, stray: Stray) -> Lease | None:
        run, ttl_s = stray.row.run, self.leases.lease_s
        if not stray.rowless:
            return self.book.take_over(run.run_id, self.name, ttl_s, early=True)
        cell = self.cells.get(run.cell)
        account = account_of(cell, stray.row.player) if cell is not None else f"{run.cell}/{stray.row.player}"
        try:
            return self.book.adopt(run, player=stray.row.player, account=account, worker=self.name, ttl_s=ttl_s)
        except HarnessError:
            return None  # somebody else has adopted it meanwhile
