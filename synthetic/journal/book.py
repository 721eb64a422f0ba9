"""The book: the one door to everything that the runner keeps, in a SQLite file or a Postgres database.

Every method is one transaction that is on the disk when it returns; many threads share a commit. Whoever calls holds no lock.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from synthetic.core.effects import Intent
from synthetic.core.money import Money
from synthetic.core.outcome import IntentState
from synthetic.journal import baselines, budgets, installation, intents, leases, retention, runs, slots, switch, workers
from synthetic.journal.database import Database, Transaction
from synthetic.journal.entry import JournalEntry
from synthetic.journal.model import Busy, Caps, Claim, Claimed, Kill, Lease, Left, NewRun, RunRow, Slot, Taken
from synthetic.journal.opened import Opened, open_database
from synthetic.journal.schema import prepare

_EVER_NS = 2**62


def open_book(where: str | Path, *, wall_ns: Callable[[], int] = time.time_ns) -> Book:
    """Open a path, `sqlite:///path` or `postgresql://...`, and bring its tables up to date.

    Raises JournalUnavailable where it can't be reached or written, HarnessError where it is none of ours.
    """
    return Book(open_database(str(where), prepare), wall_ns)


class Book(Opened):
    """Effects, runs, leases, budgets, slots, workers and the kill switch. Threads may share it, processes its database.

    Times are nanoseconds since the Unix epoch, by `wall_ns` unless an argument says otherwise. Every method raises
    JournalUnavailable where the database can't promise anything (full disk, lost connection); it heals by itself.
    """

    def __init__(self, database: Database, wall_ns: Callable[[], int]) -> None:
        super().__init__(database)
        self._wall_ns = wall_ns

    def admit(self, run: NewRun, *, candidates: Sequence[tuple[str, str]], worker: str, ttl_s: float) -> Lease | None:
        """Open the run on the first free and rested of the candidates (player, account). None: no account is free.

        Raises Killed, and HarnessError where the run was admitted before.
        """
        now_ns = self._wall_ns()

        def work(transaction: Transaction) -> Lease | None:
            switch.require_off(transaction)
            return runs.admit(transaction, run, candidates, worker, ttl_s, now_ns)

        return self._do(work)

    def adopt(self, run: NewRun, *, player: str, account: str, worker: str, ttl_s: float) -> Lease | None:
        """Open a run that moved money without a row of its own, so that it can be recovered; the kill switch doesn't matter.

        None: another run is on the account, or it rests. Raises HarnessError where the run has a row.
        """
        now_ns = self._wall_ns()
        return self._do(lambda transaction: runs.admit(transaction, run, [(player, account)], worker, ttl_s, now_ns))

    def renew(self, leases_held: Sequence[Lease], ttl_s: float) -> list[Lease]:
        """Those that nobody has taken, with their new expiry; the run of every other one must stop at once."""
        now_ns = self._wall_ns()
        return self._do(lambda transaction: leases.renew(transaction, leases_held, ttl_s, now_ns))

    def close_run(self, lease: Lease, outcome: str, reason: str = "", *, rest_s: float = 0.0) -> None:
        """Close the run and free its account, which rests so long before its next run. Raises FencedOff."""
        now_ns = self._wall_ns()
        rests_until_ns = leases.expiry(now_ns, rest_s) if rest_s else 0
        self._do(lambda transaction: runs.close(transaction, lease, outcome, reason, rests_until_ns, now_ns))

    def postpone(self, lease: Lease, reason: str, *, next_try_ns: int) -> None:
        """Recovery did not finish: the run stays open and its account taken, until someone takes it over. Raises FencedOff."""
        self._do(lambda transaction: runs.postpone(transaction, lease, reason, next_try_ns))

    def set_baseline(self, lease: Lease, cash: Money, changed: Money | None = None) -> Money | None:
        """Remember the cash that a clean run has left its player: recovery brings home what is above it. Raises FencedOff.

        `changed`: by how much the run itself has changed it. What is there beyond that is no baseline, but answered as a surplus,
        and kept in `residues`; None: there is none, or another run has something open on the account, and nobody can tell.
        """

        def work(transaction: Transaction) -> Money | None:
            alone = not intents.open_elsewhere(transaction, lease.account, lease.run_id)
            surplus = baselines.follow(transaction, lease, cash, changed, alone=alone)
            if surplus is not None:
                baselines.set_residue(transaction, lease, surplus)
            return surplus if surplus is not None and surplus.minor else None

        return self._do(work)

    def baseline(self, account: str) -> Money | None:
        """The cash that the player has to have between two runs; None: no clean run has told it yet."""
        with self._read() as transaction:
            return baselines.baseline(transaction, account)

    def set_residue(self, lease: Lease, residue: Money) -> None:
        """Remember how much above its baseline stays in a wallet; nothing (0) takes it out of `residues`. Raises FencedOff."""
        self._do(lambda transaction: baselines.set_residue(transaction, lease, residue))

    def residues(self) -> Mapping[str, Money]:
        """What is in wallets above their baselines and stays there, by account."""
        with self._read() as transaction:
            return baselines.residues(transaction)

    def open_elsewhere(self, account: str, run_id: str) -> list[str]:
        """The other runs that have something open on this account: what is in its wallet may be theirs."""
        with self._read() as transaction:
            return intents.open_elsewhere(transaction, account, run_id)

    def strand(self, lease: Lease, reason: str, *, next_try_ns: int, rest_s: float = 0.0) -> None:
        """Close the run (`stranded`) with money that could not be brought home, and free its account. Raises FencedOff.

        Its effects stay in `left`; it is recoverable again from `next_try_ns` on, and taking it over opens it.
        """
        now_ns = self._wall_ns()
        rests_until_ns = leases.expiry(now_ns, rest_s) if rest_s else 0
        self._do(lambda transaction: runs.strand(transaction, lease, reason, rests_until_ns, next_try_ns, now_ns))

    def intend(self, intent: Intent, lease: Lease | None, caps: Sequence[Caps] = ()) -> None:
        """Make an effect durable and reserve its budget before its request leaves; the same one again reserves nothing more.

        Raises FencedOff where the lease is over or taken, OverBudget, HarnessError where the key stands for another effect.
        Whatever it raises: nothing may be sent.
        """
        now_ns = self._wall_ns()

        def work(transaction: Transaction) -> None:
            if lease is not None:
                leases.require_held(transaction, lease, now_ns)
            intents.intend(transaction, intent, lease, caps, now_ns)

        self._do(work)

    def resolve(self, key: str, state: IntentState, lease: Lease | None = None) -> None:
        """Record what became of an effect, and release its reservation: all of it (REFUSED), or what is outstanding (settled).

        Raises FencedOff where somebody else has taken the lease: what they know is newer. HarnessError for an unknown key.
        """
        now_ns = self._wall_ns()

        def work(transaction: Transaction) -> None:
            if lease is not None:
                leases.require_not_taken(transaction, lease)
            intents.resolve(transaction, key, state, now_ns)

        self._do(work)

    def entries(self) -> list[JournalEntry]:
        """Every effect, oldest first."""
        with self._read() as transaction:
            return intents.entries(transaction)

    def open_intents(self) -> list[JournalEntry]:
        """The effects that nobody has settled, oldest first."""
        with self._read() as transaction:
            return intents.open_intents(transaction)

    def effects_of(self, run_id: str) -> list[JournalEntry]:
        """The effects of one run, oldest first."""
        with self._read() as transaction:
            return intents.effects_of(transaction, run_id)

    def effects_of_player(self, player: str, cells: Iterable[str]) -> list[JournalEntry]:
        """The effects of one player on these cells, oldest first."""
        with self._read() as transaction:
            return intents.effects_of_player(transaction, player, cells)

    def runs_known(self, run_ids: Iterable[str]) -> set[str]:
        """Those of these runs that were admitted, or have moved money, before."""
        with self._read() as transaction:
            return intents.runs_known(transaction, run_ids)

    def run(self, run_id: str) -> RunRow | None:
        """One run, open or closed."""
        with self._read() as transaction:
            return runs.find(transaction, run_id)

    def open_runs(self) -> list[RunRow]:
        """The runs that nobody has closed, oldest first."""
        with self._read() as transaction:
            return runs.open_runs(transaction)

    def stranded_runs(self) -> list[RunRow]:
        """The runs that are closed with money that could not be brought home, oldest first."""
        with self._read() as transaction:
            return runs.stranded(transaction)

    def recoverable(self, worker: str, now_ns: int | None = None) -> list[RunRow]:
        """Open and stranded runs that nobody holds and that are due: first those that this worker held itself, then the oldest."""
        now_ns = self._wall_ns() if now_ns is None else now_ns
        with self._read() as transaction:
            return runs.recoverable(transaction, worker, now_ns)

    def take_over(self, run_id: str, worker: str, ttl_s: float, *, early: bool = False) -> Lease | None:
        """The lease of an open run that nobody holds, under a higher epoch; `early`: also before its next try is due.

        None: somebody else was faster, or the lease lives, or the run is closed. A stranded run is opened again; None where
        another run is on its account.
        """
        now_ns = self._wall_ns()
        due_ns = _EVER_NS if early else now_ns
        return self._do(lambda transaction: leases.take_over(transaction, run_id, worker, ttl_s, now_ns, due_ns))

    def left(self) -> Left:
        """Stranded money: what is open, and no run that is still played has it. Trying to bring it home does not hide it."""
        return intents.together(self.left_by_state().values())

    def left_by_state(self) -> Mapping[IntentState, Left]:
        """Stranded money by what is known of it."""
        now_ns = self._wall_ns()
        with self._read() as transaction:
            return intents.left_by_state(transaction, now_ns)

    def remaining(self, caps: Caps, account: str | None = None) -> Mapping[str, Money]:
        """What still fits today under the caps that are set: `day`, `outstanding`, and `account_day` of the account given."""
        now_ns = self._wall_ns()
        with self._read() as transaction:
            return budgets.remaining(transaction, caps, now_ns, account)

    def claim_slot(self, probe: str, slot_ns: int, worker: str, alone_since_ns: int | None = None) -> Claim:
        """Take one instant of a probe's schedule; answers whose it is then.

        `alone_since_ns`: not while somebody is still at a slot of the probe from there on (`Busy`).
        """
        now_ns = self._wall_ns()

        def work(transaction: Transaction) -> Claim:
            if alone_since_ns is not None:
                going = slots.going_before(transaction, probe, slot_ns, alone_since_ns)
                if going is not None:
                    return Busy(going)
            return Claimed() if slots.claim(transaction, probe, slot_ns, worker, now_ns) else Taken()

        return self._do(work)

    def end_slot(self, probe: str, slot_ns: int, outcome: str) -> None:
        """Write down how a slot ended."""
        now_ns = self._wall_ns()
        self._do(lambda transaction: slots.end(transaction, probe, slot_ns, outcome, now_ns))

    def settle_slot(self, probe: str, slot_ns: int, worker: str, outcome: str) -> None:
        """Write down how a slot of this worker ended; where nobody has taken it, count it as missed for that. Another's stays."""
        now_ns = self._wall_ns()
        self._do(lambda transaction: slots.settle(transaction, probe, slot_ns, worker, outcome, now_ns))

    def miss_slots(self, probe: str, reasons: Mapping[int, str]) -> None:
        """Count slots (slot_ns -> reason) as missed; those that somebody took stay as they are."""
        now_ns = self._wall_ns()
        self._do(lambda transaction: slots.miss(transaction, probe, reasons, now_ns))

    def last_slots(self, probes: Sequence[str]) -> Mapping[str, int]:
        """The latest slot of each of these probes that was taken or missed; those that have none yet are not in it."""
        with self._read() as transaction:
            return slots.last_of(transaction, probes)

    def slots(self, probe: str | None = None, since_ns: int = 0) -> list[Slot]:
        """The slots from an instant on, of one probe or of all, in their order."""
        with self._read() as transaction:
            return slots.since(transaction, probe, since_ns)

    def seed(self) -> int:
        """What run ids and keys are made of: drawn once for this journal, and no other's."""
        return self._do(installation.seed)

    def unended_slots(self, worker: str) -> list[Slot]:
        """The slots that this worker has taken and not ended."""
        with self._read() as transaction:
            return slots.unended(transaction, worker)

    def forget(self, before_ns: int, *, at_most: int = 200) -> int:
        """Forget settled runs that ended, and slots that were, before an instant: so many of each, or everybody waits too long.

        Answers how many it has forgotten: call it again while there are any. What is open or stranded is never forgotten.
        """
        return self._do(lambda transaction: retention.forget(transaction, before_ns, at_most))

    def beat(self, worker: str) -> None:
        """The worker lives."""
        now_ns = self._wall_ns()
        self._do(lambda transaction: workers.beat(transaction, worker, now_ns))

    def dead_workers(self, silent_s: float) -> list[str]:
        """Workers that have not beaten for longer than that."""
        now_ns = self._wall_ns()
        with self._read() as transaction:
            return workers.dead(transaction, silent_s, now_ns)

    def forget_worker(self, worker: str) -> None:
        """It has ended in order, or what it left was taken over."""
        self._do(lambda transaction: workers.forget(transaction, worker))

    def kill(self, by: str, reason: str) -> None:
        """Throw the kill switch: no run is admitted from now on. Where it is on already, the first reason stays."""
        now_ns = self._wall_ns()
        self._do(lambda transaction: switch.kill(transaction, by, reason, now_ns))

    def resume(self, by: str) -> None:
        """Runs may be admitted again."""
        now_ns = self._wall_ns()
        self._do(lambda transaction: switch.resume(transaction, by, now_ns))

    def killed(self) -> Kill | None:
        """Who threw the kill switch, why and when; None: it is off."""
        with self._read() as transaction:
            return switch.killed(transaction)
