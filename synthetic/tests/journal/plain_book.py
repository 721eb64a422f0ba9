"""What a book should do, said once more in plain Python: dictionaries, no SQL, no threads, nothing durable."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from synthetic.core.effects import Intent
from synthetic.core.errors import FencedOff, HarnessError, Killed, OverBudget
from synthetic.core.outcome import IntentState
from synthetic.journal.model import Caps, Lease, NewRun, RunRow
from synthetic.tests.journal.conftest import DAY_NS, S, WallClock

SETTLED = (IntentState.COMPENSATED, IntentState.SETTLED)


@dataclass
class PlainEffect:
    """An effect, and the account and the day that it is counted for."""

    intent: Intent
    state: IntentState
    account: str
    day: int
    epoch: int

    @property
    def spent(self) -> int:
        """In its run, its account's day and its day."""
        return 0 if self.state is IntentState.REFUSED else self.intent.amount.minor

    @property
    def outstanding(self) -> int:
        """Unsettled."""
        return 0 if self.state in (IntentState.REFUSED, *SETTLED) else self.intent.amount.minor


@dataclass
class PlainBook:
    """One currency, deposits only."""

    clock: WallClock
    runs: dict[str, RunRow] = field(default_factory=dict)
    effects: dict[str, PlainEffect] = field(default_factory=dict)
    epochs: dict[str, int] = field(default_factory=dict)
    rests_until: dict[str, int] = field(default_factory=dict)
    killed: bool = False

    def admit(self, run: NewRun, accounts: list[str], worker: str, ttl_s: float) -> Lease | None:
        if self.killed:
            raise Killed("on")
        if run.run_id in self.runs:
            raise HarnessError("admitted before")
        taken = {row.lease.account for row in self.runs.values() if not row.outcome}
        for account in accounts:
            if account not in taken and self.rests_until.get(account, 0) <= self.clock():
                lease = Lease(account, worker, run.run_id, self._next_epoch(account), self._expiry(ttl_s))
                self.runs[run.run_id] = RunRow(run, account, lease, self.clock())
                return lease
        return None

    def renew(self, lease: Lease, ttl_s: float) -> list[Lease]:
        if not self._holds(lease):
            return []
        renewed = replace(lease, expires_ns=self._expiry(ttl_s))
        self.runs[lease.run_id] = replace(self.runs[lease.run_id], lease=renewed)
        return [renewed]

    def close_run(self, lease: Lease, outcome: str, rest_s: float) -> None:
        row = self.runs[lease.run_id]
        same = (row.lease.worker, row.lease.epoch, row.outcome) == (lease.worker, lease.epoch, outcome)
        if same:
            return
        self._require_holds(lease)
        self.runs[lease.run_id] = replace(row, outcome=outcome, reason="why", ended_ns=self.clock())
        self.rests_until[lease.account] = self._expiry(rest_s) if rest_s else 0

    def postpone(self, lease: Lease, next_try_ns: int) -> None:
        self._require_holds(lease)
        row = self.runs[lease.run_id]
        given_back = replace(row.lease, worker="", expires_ns=0)
        self.runs[lease.run_id] = replace(row, lease=given_back, next_try_ns=next_try_ns, reason="later")

    def take_over(self, run_id: str, worker: str, ttl_s: float) -> Lease | None:
        row = self.runs.get(run_id)
        if row is None or row.outcome or max(row.lease.expires_ns, row.next_try_ns) > self.clock():
            return None
        account = row.lease.account
        lease = Lease(account, worker, run_id, self._next_epoch(account), self._expiry(ttl_s))
        self.runs[run_id] = replace(row, lease=lease, tries=row.tries + 1)
        return lease

    def intend(self, intent: Intent, lease: Lease, caps: Caps) -> None:
        self._require_holds(lease)
        if self.runs[lease.run_id].lease.expires_ns <= self.clock():
            raise FencedOff("over")
        known = self.effects.get(intent.key)
        if known is not None and known.intent != intent:
            raise HarnessError("another effect")
        effect = PlainEffect(intent, IntentState.INTENT, lease.account, self._today(), lease.epoch)
        if known is not None:
            reopens = known.state in (IntentState.REFUSED, *SETTLED)
            effect.state = IntentState.INTENT if reopens else known.state
            effect.account = known.account
            effect.day = known.day if known.spent else self._today()
        self._require_fits(effect, known, caps)
        self.effects[intent.key] = effect

    def resolve(self, key: str, state: IntentState, lease: Lease) -> None:
        self._require_holds(lease)
        if key not in self.effects:
            raise HarnessError("no such intent")
        effect = self.effects[key]
        if not effect.spent:
            effect.day = self._today()
        effect.state = state

    def spent(self, **where: object) -> int:
        """Of the effects whose account, day and run are these."""
        return sum(effect.spent for effect in self.effects.values() if self._is(effect, where))

    def _is(self, effect: PlainEffect, where: dict[str, object]) -> bool:
        have = {"account": effect.account, "day": effect.day, "run": effect.intent.run_id}
        return all(have[name] == value for name, value in where.items())

    def _require_fits(self, effect: PlainEffect, known: PlainEffect | None, caps: Caps) -> None:
        more = effect.spent - (known.spent if known else 0)
        more_out = effect.outstanding - (known.outstanding if known else 0)
        outstanding = sum(one.outstanding for one in self.effects.values())
        checks = (
            (caps.run, self.spent(run=effect.intent.run_id), more),
            (caps.account_day, self.spent(account=effect.account, day=effect.day), more),
            (caps.day, self.spent(day=effect.day), more),
            (caps.outstanding, outstanding, more_out),
        )
        for cap, already, added in checks:
            if cap is not None and added > 0 and already + added > cap.minor:
                raise OverBudget("a cap")

    def _holds(self, lease: Lease) -> bool:
        row = self.runs[lease.run_id]
        return not row.outcome and (row.lease.worker, row.lease.epoch) == (lease.worker, lease.epoch)

    def _require_holds(self, lease: Lease) -> None:
        if not self._holds(lease):
            raise FencedOff("taken")

    def _next_epoch(self, account: str) -> int:
        self.epochs[account] = self.epochs.get(account, 0) + 1
        return self.epochs[account]

    def _expiry(self, ttl_s: float) -> int:
        return self.clock() + round(ttl_s * S)

    def _today(self) -> int:
        return self.clock() // DAY_NS
