"""A worker plays ticks: a probe at one slot of its schedule, on the canary and on the baseline in the same instant.

Before anything is sent the slot is claimed, an account is leased on each side and both runs are in the journal; so whoever survives
knows what to bring home. What a run leaves open is the compensator's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from synthetic.config.cell_secrets import CellSecrets
from synthetic.core.errors import FencedOff, HarnessError, JournalUnavailable, Killed
from synthetic.core.events import RunEnded
from synthetic.core.machine import play
from synthetic.core.money import Money
from synthetic.core.outcome import Blame, RunOutcome
from synthetic.core.plan import CellPlan, PlayerPlan
from synthetic.journal.entry import OPEN_STATES
from synthetic.journal.model import Busy, Caps, Claimed, Lease, NewRun, Taken
from synthetic.runner.identity import derived_seed, run_id
from synthetic.runner.kept_leases import LEASE_S, RENEWALS_PER_LEASE
from synthetic.runner.mistakes import own_mistake
from synthetic.runner.outside import Outside
from synthetic.runner.players import rest_s
from synthetic.runner.policy import Refusal
from synthetic.runner.specs import Part, Turn, make_spec, pool_name
from synthetic.runner.timetable import Missed

AT_ONCE = 64
FIRST_RECOVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class TickPlan:
    """A probe at one slot of its schedule: `slot_ns` is the instant in Unix nanoseconds, `due_ns` on the monotonic clock.

    `alone_since_ns`: no slot of the probe from there on may still be played, by whomever; None: only those of this instant.
    """

    probe: str
    slot_ns: int
    due_ns: int
    turn: Turn
    caps: Sequence[Caps] = ()
    alone_since_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Ticked:
    """What became of a tick: its runs, or why it was missed. Both empty: another worker has it.

    `lag_s`: how long after its instant its runs began.
    """

    runs: tuple[RunEnded, ...] = ()
    lag_s: float = 0.0
    missed: str = ""
    why: str = ""


Fit = Callable[[Part, Mapping[str, str]], Awaitable[Sequence[PlayerPlan] | Refusal]]
"""Who may play a part of a turn with its row, or why nobody may: policies, and the proofs that are taken before."""


async def whole_pool(part: Part, _row: Mapping[str, str]) -> Sequence[PlayerPlan]:
    """Everybody in the pool of the scenario."""
    pool = pool_name(part.plan, part.cell)
    return tuple(player for player in part.cell.players if player.pool == pool)


@dataclass(frozen=True, slots=True)
class _Admitted:
    part: Part
    player: PlayerPlan
    lease: Lease


@dataclass(slots=True)
class Worker:
    """Plays ticks under a name that no other living process has. `secrets`: each cell's, resolved, by the cell's name.

    `may_begin` raises Killed; it is asked right before accounts are leased, and again right before the first request.
    `at_once`: how many runs may go at a time.
    """

    name: str
    outside: Outside
    seed: int
    secrets: Mapping[str, CellSecrets] = field(repr=False)
    lease_s: float = LEASE_S
    fit: Fit = whole_pool
    may_begin: Callable[[], None] = lambda: None
    at_once: Callable[[], int] = lambda: AT_ONCE
    _beginning: int = 0
    _leases: dict[str, Lease] = field(default_factory=dict)
    _unended: dict[tuple[str, int], str] = field(default_factory=dict)  # slots whose end the journal has not taken yet

    @property
    def running(self) -> int:
        """How many runs are going."""
        return len(self._leases)

    async def play(self, tick: TickPlan) -> Ticked:
        """Play the runs of a tick, unless another worker has claimed it. Never raises for what the journal refuses."""
        book, off_loop = self.outside.book, self.outside.off_loop
        try:
            match await off_loop(book.claim_slot, tick.probe, tick.slot_ns, self.name, tick.alone_since_ns):
                case Taken():
                    return Ticked()
                case Busy(worker):
                    still = f"the worker {worker!r} is still at the slot before"
                    ticked = Ticked(missed=Missed.OVERLAP.value, why=still)
                case Claimed():
                    ticked = await self._play_claimed(tick)
        except JournalUnavailable as error:  # the claim may be in the journal all the same
            ticked = Ticked(missed=Missed.JOURNAL.value, why=str(error))
        except Exception as error:  # noqa: BLE001 - a slot that never ends holds up those behind it
            why = str(error) if isinstance(error, HarnessError) else own_mistake(error)
            ticked = Ticked(missed=Missed.UNHEALTHY.value, why=why)
        self._unended[tick.probe, tick.slot_ns] = ticked.missed or _outcome_of(ticked.runs)
        with suppress(JournalUnavailable):
            await self.end_slots()
        return ticked

    async def end_slots(self) -> None:
        """Write down how slots ended, those too of which the journal could not be told at once. Raises JournalUnavailable."""
        for (probe, slot_ns), outcome in list(self._unended.items()):
            await self.outside.off_loop(self.outside.book.settle_slot, probe, slot_ns, self.name, outcome)
            self._unended.pop((probe, slot_ns), None)

    async def _play_claimed(self, tick: TickPlan) -> Ticked:
        try:
            admitted = await self._admit(tick)
        except Killed as error:
            return Ticked(missed=Missed.KILLED.value, why=str(error))
        if isinstance(admitted, Refusal):
            return Ticked(missed=admitted.reason.value, why=str(admitted))
        lag_s = await self._await_instant(tick.due_ns)
        try:
            self.may_begin()
        except Killed as error:
            await self._dismiss(admitted, str(error))
            return Ticked(missed=Missed.KILLED.value, why=str(error))
        start = asyncio.Barrier(len(admitted))
        runs = await asyncio.gather(*(self._play_one(tick, one, start) for one in admitted))
        return Ticked(tuple(runs), lag_s)

    async def _await_instant(self, due_ns: int) -> float:
        """Wait for the instant of a tick that is ready before it. Answers how much too late it is then, in seconds."""
        clock = self.outside.clock
        early_ns = due_ns - clock.monotonic_ns()
        if early_ns > 0:
            await asyncio.sleep(early_ns / 1e9)
        return max(0.0, (clock.monotonic_ns() - due_ns) / 1e9)

    async def _admit(self, tick: TickPlan) -> list[_Admitted] | Refusal:
        """Lease an account on each side; why not, where one has none. Nothing has been sent before both are leased."""
        sides, most = len(tick.turn.parts), self.at_once()
        if self.running + self._beginning + sides > most:
            return Refusal("at-once", f"{self.running} runs are going, and no more than {most} may", Missed.LAG)
        self._beginning += sides
        try:
            fitting = [await self.fit(part, tick.turn.row) for part in tick.turn.parts]
            self.may_begin()
            return await self._admit_all(tick, fitting)
        finally:
            self._beginning -= sides

    async def _admit_all(
        self, tick: TickPlan, fitting: Sequence[Sequence[PlayerPlan] | Refusal]
    ) -> list[_Admitted] | Refusal:
        admitted: list[_Admitted] = []
        try:
            for part, players in zip(tick.turn.parts, fitting, strict=True):
                one = players if isinstance(players, Refusal) else await self._admit_one(tick, part, players)
                if isinstance(one, Refusal):
                    await self._dismiss(admitted, str(one))
                    return one
                admitted.append(one)
        except Exception:
            await self._dismiss(admitted, "the other side could not be admitted")
            raise
        except BaseException:
            for one in admitted:
                self.let_go(one.lease)
            raise
        return admitted

    async def _admit_one(self, tick: TickPlan, part: Part, players: Sequence[PlayerPlan]) -> _Admitted | Refusal:
        run, known = self._new_run(tick, part), {player.id: player for player in players}
        lease = await self.outside.off_loop(
            self.outside.book.admit,
            run,
            candidates=[(player, account_of(part.cell, player)) for player in _in_turn(list(known), tick.turn.number)],
            worker=self.name,
            ttl_s=self.lease_s,
        )
        if lease is None:
            pool, cell = pool_name(part.plan, part.cell), part.cell.name
            sentence = f"no player of the pool {pool!r} on the cell {cell!r} is free ({len(players)} in all)"
            return Refusal("free-player", sentence, Missed.NO_PLAYER)
        self.hold(lease)
        return _Admitted(part, known[player_of(lease.account)], lease)

    def _new_run(self, tick: TickPlan, part: Part) -> NewRun:
        turn = tick.turn
        return NewRun(
            run_id=run_id(self.seed, part.plan.name, turn.row, part.cell.name, turn.number),
            probe=tick.probe,
            scenario=part.plan.name,
            digest=part.plan.digest,
            cell=part.cell.name,
            row=turn.row,
            seed=self.seed,
            number=turn.number,
            slot_ns=tick.slot_ns,
            pair=turn.pair,
        )

    async def _dismiss(self, admitted: Sequence[_Admitted], reason: str) -> None:
        """Give back what was leased for runs that do not begin."""
        for one in admitted:
            await self._close(one, RunOutcome.ABORTED, reason)

    async def _play_one(self, tick: TickPlan, one: _Admitted, start: asyncio.Barrier) -> RunEnded:
        outside, run = self.outside, one.lease.run_id
        try:
            await start.wait()
            ended = await self._driven(tick, one)
        except Exception as error:  # noqa: BLE001 - the other run has money under way; the compensator brings this one's home
            now_ns = outside.clock.monotonic_ns()
            ended = RunEnded(run, RunOutcome.ABORTED, Blame.HARNESS, own_mistake(error), "", "", (), now_ns)
            outside.sink(ended)
        except BaseException:
            self.let_go(one.lease)
            raise
        await self._close(one, ended.outcome, ended.reason, ended)
        return ended

    async def _driven(self, tick: TickPlan, one: _Admitted) -> RunEnded:
        outside = self.outside
        spec = make_spec(
            one.part,
            tick.turn,
            one.player,
            self.secrets[one.part.cell.name],
            seed=self.seed,
            clock=outside.clock,
            scheduled_ns=tick.due_ns,
        )
        journal = outside.journal(outside.book, one.lease, tick.caps)
        return await outside.driver(spec.cell.name).run(play(spec), sink=outside.sink, journal=journal)

    async def _close(self, one: _Admitted, outcome: RunOutcome, reason: str, ended: RunEnded | None = None) -> None:
        """Close the run where all its money is settled; leave it open for the compensator where some is not.

        `ended`: what it has left its player; behind a clean run that is what he has to have, as far as the run explains it.
        """
        book, closing = self.outside.book, partial(self._close_in_book, one, outcome, reason, ended)
        try:
            (mistake,) = await self.outside.off_loop(book.together, [closing])
            if mistake is not None:
                raise mistake
        except (FencedOff, JournalUnavailable):
            return  # it stays open: whoever has the lease now, or takes it over when it is over, brings its money home
        finally:
            self.let_go(one.lease)

    def _close_in_book(self, one: _Admitted, outcome: RunOutcome, reason: str, ended: RunEnded | None) -> None:
        book, lease = self.outside.book, one.lease
        if any(effect.state in OPEN_STATES for effect in book.effects_of(lease.run_id)):
            book.postpone(lease, reason, next_try_ns=self.outside.clock.wall_ns() + int(FIRST_RECOVERY_S * 1e9))
            return
        if outcome is RunOutcome.OK and ended is not None and ended.cash is not None:
            surplus = book.set_baseline(lease, ended.cash, ended.changed)
            reason = unexplained(surplus) if surplus is not None else reason
        book.close_run(lease, outcome, reason, rest_s=rest_s(one.player))

    def hold(self, lease: Lease) -> None:
        """Keep a lease alive from now on."""
        self._leases[lease.run_id] = lease

    def let_go(self, lease: Lease) -> None:
        """Keep this lease no more. One of the same run under another epoch is somebody else's here."""
        held = self._leases.get(lease.run_id)
        if held is not None and held.epoch == lease.epoch:
            del self._leases[lease.run_id]

    def holds(self, run: str) -> bool:
        """Whether a run, or its recovery, is going here."""
        return run in self._leases

    async def keep_leases(self) -> None:
        """Renew the leases of the runs that are going, for ever. One that is lost can send no money any more."""
        while True:
            await asyncio.sleep(self.lease_s / RENEWALS_PER_LEASE)
            await self.renew_leases()

    async def renew_leases(self) -> None:
        """Renew them once. Where the journal can't be reached, they run out by themselves."""
        held = list(self._leases.values())
        if not held:
            return
        try:
            renewed = await self.outside.off_loop(self.outside.book.renew, held, self.lease_s)
        except JournalUnavailable:
            return
        for lease in renewed:
            known = self._leases.get(lease.run_id)
            if known is not None and known.epoch == lease.epoch:
                self._leases[lease.run_id] = lease


def unexplained(surplus: Money) -> str:
    """What a clean run tells of money that it has found in its player's wallet."""
    return f"{surplus} more than before are in the wallet, and nobody knows whose they are"


def account_of(cell: CellPlan, player: str) -> str:
    """The account that a player's lease is on: cells that share a wallet share its accounts."""
    return f"{cell.wallet}/{player}"


def player_of(account: str) -> str:
    """The player of an account."""
    return account.split("/", 1)[1]


def _in_turn(players: list[str], number: int) -> list[str]:
    """The players of a pool, beginning with another one at each slot."""
    first = derived_seed(number, "players") % len(players) if players else 0
    return players[first:] + players[:first]


def _outcome_of(runs: Sequence[RunEnded]) -> str:
    return ",".join(run.outcome for run in runs)
