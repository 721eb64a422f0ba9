"""The real book, watched: what it made durable for which life goes into the history, also where its caller never hears of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from synthetic.core.effects import Intent
from synthetic.core.money import Money
from synthetic.core.outcome import IntentState
from synthetic.journal.book import Book
from synthetic.journal.model import Caps, Lease, NewRun
from synthetic.simulation.database import SimulatedDatabase
from synthetic.simulation.history import History
from synthetic.simulation.lives import LIFE

Told = tuple[str, str, str, str, str, object]


class ObservedBook(Book):
    """A `Book` that tells `history` of each change that counts."""

    def __init__(self, database: SimulatedDatabase, wall_ns: Callable[[], int], history: History) -> None:
        super().__init__(database, wall_ns)
        self._disk = database.disk
        self._wall_now_ns = wall_ns
        self._history = history
        self._shared: list[Told] | None = None

    def admit(self, run: NewRun, *, candidates: Sequence[tuple[str, str]], worker: str, ttl_s: float) -> Lease | None:
        """See `Book.admit`."""
        with self._watched("admit", run.run_id, told=(run.probe, run.slot_ns, run.cell)):
            return super().admit(run, candidates=candidates, worker=worker, ttl_s=ttl_s)

    def take_over(self, run_id: str, worker: str, ttl_s: float, *, early: bool = False) -> Lease | None:
        """See `Book.take_over`. Told: for how long the lease that is taken would still have lived, by the taker's clock."""
        before = self.run(run_id)
        lives_ns = before.lease.expires_ns - self._wall_now_ns() if before is not None else 0
        epoch = before.lease.epoch if before is not None else 0
        with self._watched("take_over", run_id, told=(lives_ns, epoch)):
            return super().take_over(run_id, worker, ttl_s, early=early)

    def together(self, calls: Sequence[Callable[[], None]]) -> list[Exception | None]:
        """See `Opened.together`. What was done in the one transaction counts once that is durable, whatever it answers."""
        commits, shared = self._disk.commits, list[Told]()
        self._shared = shared
        try:
            return super().together([shared.clear, *calls])[1:]  # they may be made more than once
        finally:
            self._shared = None
            if self._disk.commits > commits:
                for act in shared:
                    self._history.act(*act)

    def intend(self, intent: Intent, lease: Lease | None, caps: Sequence[Caps] = ()) -> None:
        """See `Book.intend`."""
        with self._watched("intend", intent.run_id, intent.key):
            super().intend(intent, lease, caps)

    def resolve(self, key: str, state: IntentState, lease: Lease | None = None) -> None:
        """See `Book.resolve`."""
        with self._watched("resolve", key=key, told=state):
            super().resolve(key, state, lease)

    def close_run(self, lease: Lease, outcome: str, reason: str = "", *, rest_s: float = 0.0) -> None:
        """See `Book.close_run`."""
        with self._watched("close_run", lease.run_id, account=lease.account, told=outcome):
            super().close_run(lease, outcome, reason, rest_s=rest_s)

    def postpone(self, lease: Lease, reason: str, *, next_try_ns: int) -> None:
        """See `Book.postpone`."""
        with self._watched("postpone", lease.run_id, account=lease.account):
            super().postpone(lease, reason, next_try_ns=next_try_ns)

    def strand(self, lease: Lease, reason: str, *, next_try_ns: int, rest_s: float = 0.0) -> None:
        """See `Book.strand`."""
        with self._watched("close_run", lease.run_id, account=lease.account, told="stranded"):
            super().strand(lease, reason, next_try_ns=next_try_ns, rest_s=rest_s)

    def set_baseline(self, lease: Lease, cash: Money, changed: Money | None = None) -> Money | None:
        """See `Book.set_baseline`. Told: the baseline that is durable then."""
        with self._watched("set_baseline", lease.run_id, account=lease.account, told=self._baseline_now):
            return super().set_baseline(lease, cash, changed)

    def _baseline_now(self, account: str) -> object:
        query = "SELECT baseline_minor FROM accounts WHERE account = ?"
        found = self._disk.connection.execute(query, (account,)).fetchone()
        return found[0] if found is not None else None

    def kill(self, by: str, reason: str) -> None:
        """See `Book.kill`."""
        with self._watched("kill"):
            super().kill(by, reason)

    def resume(self, by: str) -> None:
        """See `Book.resume`."""
        with self._watched("resume"):
            super().resume(by)

    @contextmanager
    def _watched(
        self, what: str, run_id: str = "", key: str = "", account: str = "", told: object = None
    ) -> Iterator[None]:
        """What is durable behind the call counts, whatever the call answers; one that changed nothing is no act."""
        changes, commits, done = self._disk.connection.total_changes, self._disk.commits, False
        try:
            yield
            done = self._shared is not None  # what is raised within a shared transaction is undone there
        finally:
            if (done or self._disk.commits > commits) and self._disk.connection.total_changes > changes:
                life = LIFE.get()
                told = told(account) if callable(told) else told
                act = (life.name if life is not None else "operator", what, run_id, key, account, told)
                if self._shared is None:
                    self._history.act(*act)
                else:
                    self._shared.append(act)
