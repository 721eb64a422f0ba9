"""Runs by hand in the journal: each has its row and the lease of its account, so that `synthetic sweep` can bring it home."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from synthetic.core.errors import FencedOff, JournalUnavailable
from synthetic.core.events import RunEnded
from synthetic.core.outcome import RunOutcome
from synthetic.core.plan import PlayerPlan, ScenarioPlan
from synthetic.journal.book import Book
from synthetic.journal.entry import OPEN_STATES
from synthetic.journal.model import Caps, Lease, NewRun
from synthetic.journal.run_journal import RunJournal
from synthetic.runner.identity import run_id
from synthetic.runner.kept_leases import KeptLeases, own_name
from synthetic.runner.players import rest_s
from synthetic.runner.specs import Part, Turn
from synthetic.runner.worker import account_of, unexplained

BY_HAND = ""
"""The probe of a run that no schedule began."""


@dataclass(slots=True)
class KeptRuns:
    """Admits the runs of a session to the journal, and closes them. Every method blocks, and may raise JournalUnavailable."""

    book: Book
    seed: int
    name: str = field(default_factory=lambda: own_name("run"))
    leases: KeptLeases = field(init=False)

    def __post_init__(self) -> None:
        self.leases = KeptLeases(self.book)

    def free_what_is_gone(self) -> None:
        """Give back the accounts of runs by hand whose process is gone. What they left stays open, for `synthetic sweep`."""
        for row in self.book.open_runs():
            if row.run.probe == BY_HAND:
                lease = self.book.take_over(row.run.run_id, self.name, self.leases.lease_s, early=True)
                if lease is not None:
                    self.book.strand(lease, "its process was gone", next_try_ns=0)

    @staticmethod
    def needs_row(plan: ScenarioPlan) -> bool:
        """Whether a run of it may leave something to bring home. One that can't may be played again under the same seed."""
        return bool(plan.states) or any(step.operation.moves is not None for step in plan.steps)

    async def admit(self, part: Part, turn: Turn, player: PlayerPlan) -> Lease | None:
        """Open the run on this player; None where another process plays on his account. Raises Killed."""
        return await asyncio.to_thread(self.begin, part, turn, [player])

    def begin(self, part: Part, turn: Turn, players: Sequence[PlayerPlan]) -> Lease | None:
        """Open the run on the first of these players whose account is free; None: of nobody. Raises Killed."""
        name, cell = part.plan.name, part.cell.name
        own_id = run_id(self.seed, name, turn.row, cell, turn.number)
        run = NewRun(
            own_id, BY_HAND, name, part.plan.digest, cell, turn.row, self.seed, turn.number, slot_ns=0, pair=turn.pair
        )
        candidates = [(player.id, account_of(part.cell, player.id)) for player in players]
        lease = self.book.admit(run, candidates=candidates, worker=self.name, ttl_s=self.leases.lease_s)
        if lease is not None:
            self.leases.hold(lease)
        return lease

    def journal(self, lease: Lease | None, caps: Sequence[Caps] = ()) -> RunJournal:
        """The journal of one run, under these caps."""
        return RunJournal(self.book, lease, caps)

    async def end(
        self, lease: Lease, player: PlayerPlan, outcome: RunOutcome, reason: str, ended: RunEnded | None = None
    ) -> None:
        """Close the run; as stranded where something of it is open. Whoever has it by then, or takes it over, knows more."""
        await asyncio.to_thread(self.finish, lease, player, outcome, reason, ended)

    def finish(
        self, lease: Lease, player: PlayerPlan, outcome: RunOutcome, reason: str, ended: RunEnded | None = None
    ) -> None:
        """`end`, in the calling thread."""
        self.leases.let_go(lease.run_id)
        with suppress(FencedOff, JournalUnavailable):
            (mistake,) = self.book.together([partial(self._end, lease, player, outcome, reason, ended)])
            if mistake is not None:
                raise mistake

    def _end(self, lease: Lease, player: PlayerPlan, outcome: RunOutcome, reason: str, ended: RunEnded | None) -> None:
        if any(effect.state in OPEN_STATES for effect in self.book.effects_of(lease.run_id)):
            self.book.strand(lease, reason, next_try_ns=0, rest_s=rest_s(player))
        else:
            if outcome is RunOutcome.OK and ended is not None and ended.cash is not None:
                surplus = self.book.set_baseline(lease, ended.cash, ended.changed)
                reason = unexplained(surplus) if surplus is not None else reason
            self.book.close_run(lease, outcome.value, reason, rest_s=rest_s(player))
