"""Brings home what an open run has moved, and decides what comes next: close it, try again later, or tell that it is stranded.

Deciding is pure (`next_move`); acting is one short coroutine. The compensator never sleeps: a run that did not come home is put
back into the journal with the time of its next try, for whichever worker is there then.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from synthetic.core.errors import FencedOff, JournalUnavailable, SyntheticError
from synthetic.core.machine import Baseline, OpenEffect, Recovered, recover
from synthetic.core.money import Money
from synthetic.core.outcome import IntentState, RunOutcome
from synthetic.core.plan import RunSpec
from synthetic.core.wording import brief
from synthetic.journal.entry import JournalEntry
from synthetic.journal.model import Lease, RunRow
from synthetic.runner.first_sight import FirstSight, QuietFor
from synthetic.runner.mistakes import own_mistake
from synthetic.runner.outside import Outside
from synthetic.runner.players import rest_s

_S = 10**9
Move = Literal["closed", "postponed", "stranded", "lost"]
"""What becomes of a run after a recovery; `lost`: the lease was another's by then, or the journal could not be used."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long recovery is tried again: `tries` times, `first_s` apart and `factor` times longer each time, up to `most_s`.

    After that the run is stranded, and tried again every `slow_s` for ever. `jitter`: the share of a pause by which
    it may be longer, so that many runs that broke together do not come back together.
    """

    first_s: float = 2.0
    factor: float = 2.0
    most_s: float = 300.0
    tries: int = 16
    slow_s: float = 1800.0
    jitter: float = 0.25

    def pause_s(self, run_id: str, tries: int) -> float:
        """The pause after so many tries; the same for the same run and number."""
        longest = self.first_s * self.factor ** min(tries - 1, 64) if tries else self.first_s
        pause = min(longest, self.most_s) if tries < self.tries else self.slow_s
        digest = hashlib.sha256(f"{run_id}:{tries}".encode()).digest()
        return pause * (1 + self.jitter * int.from_bytes(digest[:4], "big") / 2**32)


@dataclass(frozen=True, slots=True)
class Homecoming:
    """What a recovery has come to.

    `tries`: how many recoveries there were; `amounts`: what is still open; `age_ns`: how old the oldest of it is;
    `next_try_ns`: when it is tried again (Unix nanoseconds).
    """

    run_id: str
    cell: str
    player: str
    move: Move
    reason: str
    tries: int
    amounts: tuple[Money, ...] = ()
    age_ns: int = 0
    next_try_ns: int = 0
    recovered: Recovered = field(default_factory=Recovered)

    @property
    def sentence(self) -> str:
        """One line for whoever is on call."""
        where = f"run {self.run_id} (player {self.player} on {self.cell})"
        if self.move == "closed":
            return f"{where} is home: {self.reason}"
        if self.move == "lost":
            return f"{where} was left as it is: {self.reason}"
        open_money = f"{_sums(self.amounts)}, {self.age_ns / _S:.0f} s old" if self.amounts else "no money"
        word = "STRANDED" if self.move == "stranded" else "not home yet"
        return (
            f"{word}: {open_money}, {where}, after {self.tries} {'try' if self.tries == 1 else 'tries'}: {self.reason}"
        )


def next_move(
    recovered: Recovered, patience: Patience, run_id: str, *, tries: int, now_ns: int, on_its_way_ns: int
) -> tuple[Move, int]:
    """What to do with a run after `tries` recoveries, and when it is tried again (0: never).

    `on_its_way_ns`: how much longer a request of it may be on its way; before that nothing is given up.
    """
    if recovered.is_home:
        return "closed", 0
    pause_ns = int(patience.pause_s(run_id, tries) * _S)
    if on_its_way_ns > 0:
        pause_ns = min(pause_ns, on_its_way_ns, int(patience.most_s * _S))
    elif tries >= patience.tries:
        return "stranded", now_ns + pause_ns
    return "postponed", now_ns + pause_ns


@dataclass(slots=True)
class Compensator:
    """Recovers runs that somebody holds the lease of. `spec_for` raises SyntheticError for a run that can't be made again.

    `tell` hears of every recovery: what is stranded is an alert, never silence. Whoever calls keeps the lease alive.
    `quiet_for`: for how long nothing of a run can have left (`first_sight`). `may_withdraw`: whether a surplus may be withdrawn
    on a run's cell; in production only where somebody says so.
    """

    outside: Outside
    spec_for: Callable[[RunRow], RunSpec]
    tell: Callable[[Homecoming], None]
    patience: Patience = field(default_factory=Patience)
    quiet_for: QuietFor | None = None
    may_withdraw: Callable[[RunSpec], bool] = lambda spec: spec.cell.environment != "production"

    def __post_init__(self) -> None:
        """Without another rule, trust no clock but our own."""
        self.quiet_for = self.quiet_for or FirstSight(self.outside.clock)

    async def __call__(self, row: RunRow, lease: Lease) -> None:
        """Bring a run home as far as it goes (`runner.duty.BringHome`)."""
        await self.bring_home(row, lease)

    async def bring_home(self, row: RunRow, lease: Lease) -> Homecoming:
        """Recover the run once, and close, postpone or strand it. What breaks leaves it as it was, for the next try."""
        try:
            home = await self._once(row, lease)
        except (FencedOff, JournalUnavailable) as error:
            home = _homecoming(row, "lost", str(error), Recovered(unreachable=str(error)))
        self.tell(home)
        return home

    async def _once(self, row: RunRow, lease: Lease) -> Homecoming:
        off_loop = self.outside.off_loop
        entries = await off_loop(self.outside.book.effects_of, row.run.run_id)
        now_ns = self.outside.clock.wall_ns()
        effects = [self._effect(one, max(0, now_ns - one.created_ns)) for one in entries]
        try:
            spec = await off_loop(self.spec_for, row)
        except SyntheticError as error:
            return await self._settle(row, lease, effects, Recovered.untouched(effects, str(error)), None)
        return await self._settle(row, lease, effects, await self._recover(row, lease, spec, effects), spec)

    def _effect(self, entry: JournalEntry, age_ns: int) -> OpenEffect:
        assert self.quiet_for is not None
        return OpenEffect(entry.intent, entry.state, age_ns, self.quiet_for(entry.intent.run_id, age_ns))

    async def _recover(self, row: RunRow, lease: Lease, spec: RunSpec, effects: Sequence[OpenEffect]) -> Recovered:
        last_try = row.tries + 1 >= self.patience.tries and _on_its_way_ns(effects, spec) <= 0
        baseline = await self._baseline(lease, spec)
        machine = recover(spec, effects, why=_why(row), last_try=last_try, baseline=baseline)
        journal = self.outside.journal(self.outside.book, lease, ())
        try:
            return await self.outside.driver(spec.cell.name).run(machine, sink=self.outside.sink, journal=journal)
        except Exception as error:  # noqa: BLE001 - a mistake of our own leaves the money where it is, and is told
            return Recovered.untouched(effects, own_mistake(error))

    async def _baseline(self, lease: Lease, spec: RunSpec) -> Baseline | None:
        """What the wallet is swept to, if it is: what another run has open in it is that run's to bring home."""
        book, off_loop = self.outside.book, self.outside.off_loop
        if await off_loop(book.open_elsewhere, lease.account, lease.run_id):
            return None
        cash = await off_loop(book.baseline, lease.account)
        return Baseline(cash, self.may_withdraw(spec)) if cash is not None else None

    async def _left_in_wallet(self, lease: Lease, recovered: Recovered) -> str:
        """Keep in the journal what stays in the wallet. Answers why it was not swept, for the run's reason."""
        book, off_loop = self.outside.book, self.outside.off_loop
        if recovered.residue is not None:
            await off_loop(book.set_residue, lease, recovered.residue)
            return ""
        if recovered.withdrawn is not None:
            await off_loop(book.set_residue, lease, Money(0, recovered.withdrawn.currency))
        others = await off_loop(book.open_elsewhere, lease.account, lease.run_id)
        return f"; the wallet is swept when run {others[0]} is home, which has money open in it" if others else ""

    async def _settle(
        self, row: RunRow, lease: Lease, effects: Sequence[OpenEffect], recovered: Recovered, spec: RunSpec | None
    ) -> Homecoming:
        book, off_loop, now_ns = self.outside.book, self.outside.off_loop, self.outside.clock.wall_ns()
        way_ns = _on_its_way_ns(effects, spec) if spec is not None else 0
        run_id, tries = row.run.run_id, row.tries + 1
        move, next_ns = next_move(recovered, self.patience, run_id, tries=tries, now_ns=now_ns, on_its_way_ns=way_ns)
        reason, rests_s = _reason(recovered, row), _rest_s(spec, row)
        if recovered.is_home:
            reason = brief(reason + await self._left_in_wallet(lease, recovered))
        if move == "closed":
            await off_loop(book.close_run, lease, RunOutcome.ABORTED.value, reason, rest_s=rests_s)
        elif move == "postponed":
            await off_loop(book.postpone, lease, reason, next_try_ns=next_ns)
        else:
            await off_loop(book.strand, lease, reason, next_try_ns=next_ns, rest_s=rests_s)
        age_ns = max((e.age_ns for e in effects if e.intent.key in recovered.still_open), default=0)
        return _homecoming(row, move, reason, recovered, age_ns, next_ns)


def _homecoming(
    row: RunRow, move: Move, reason: str, recovered: Recovered, age_ns: int = 0, next_try_ns: int = 0
) -> Homecoming:
    run, tries = row.run, row.tries + 1
    return Homecoming(
        run.run_id, run.cell, row.player, move, reason, tries, recovered.stranded, age_ns, next_try_ns, recovered
    )


def _on_its_way_ns(effects: Sequence[OpenEffect], spec: RunSpec) -> int:
    """How much longer a request of the run may be on its way; 0 or less where all have arrived, or never will."""
    late_ns = int(spec.plan.platform.late_after_s * _S)
    unknown = (IntentState.INTENT, IntentState.UNKNOWN)
    return max((late_ns - effect.known_quiet_ns for effect in effects if effect.state in unknown), default=0)


def _rest_s(spec: RunSpec | None, row: RunRow) -> float:
    """How long the player can't sign in again: recovery may just have used up a one-time code."""
    players = spec.cell.players if spec is not None else ()
    return next((rest_s(player) for player in players if player.id == row.player), 0.0)


def _why(row: RunRow) -> str:
    return f"worker {row.lease.worker} had left it" if row.lease.worker else "it could not be brought home at once"


def _reason(recovered: Recovered, row: RunRow) -> str:
    """Why the run is as it is, for its row in the journal."""
    if recovered.is_home:
        home = f"recovered after {_why(row)}: {recovered.counted}"
        return brief(f"{home}; {recovered.left_over}" if recovered.residue is not None else home)
    stuck = [f"step {end.step}: {end.reason}" for end in recovered.effects if end.key in recovered.still_open]
    whole = [text for text in (recovered.unreachable, recovered.left_in, recovered.unswept) if text]
    return brief("; ".join(whole or stuck))


def _sums(amounts: tuple[Money, ...]) -> str:
    minor: Counter[str] = Counter()
    for amount in amounts:
        minor[amount.currency] += amount.minor
    return ", ".join(str(Money(minor[currency], currency)) for currency in sorted(minor))
