"""Everybody who hears of what a worker does: its metrics, its health, its log and its audit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from synthetic.audit.trail import AuditTrail
from synthetic.core.money import Money
from synthetic.core.ports import EventSink, fan_out
from synthetic.journal.model import Kill, Lease, RunRow
from synthetic.report.logs import RunnerLog
from synthetic.report.metrics import RunnerMetrics
from synthetic.runner.compensator import Homecoming
from synthetic.runner.health import Reason
from synthetic.runner.health_watch import HealthWatch
from synthetic.runner.reconcile import Reconciliation
from synthetic.runner.timetable import Missed

TOLD_APART_MAX = 5
BY_ORDER = frozenset({Missed.MAINTENANCE, Missed.KILLED})
TOLD_ELSEWHERE = frozenset({Reason.STARTING, Reason.KILLED, Reason.CONFIG, Reason.JOURNAL})
SEEN = "somebody; this worker has seen it"  # whoever takes the switch back leaves a record of his own


@dataclass(slots=True)
class Telling:
    """`runner.duty.Notes`, and the ears of the kill switch, the compensator and the configuration."""

    metrics: RunnerMetrics
    watch: HealthWatch
    log: RunnerLog
    audit: AuditTrail
    readers: list[EventSink] = field(default_factory=list)
    _missed: dict[str, Counter[str]] = field(default_factory=dict)
    _journal: str = ""
    _residues: dict[str, Money] = field(default_factory=dict)
    _distrust: set[Reason] = field(default_factory=set)

    @property
    def sink(self) -> EventSink:
        """All readers of the one stream of events, `readers` among them."""
        return fan_out([self.metrics, self.watch, self.log, self.audit, *self.readers])

    def slot_due(self, probe: str, lag_s: float) -> None:
        """A slot came, and its tick began so much later."""
        self.metrics.slot_due(probe)
        self.metrics.lag(lag_s)
        self.watch.slot_began(lag_s)

    def slot_missed(self, probe: str, slot_ns: int, word: str, why: str) -> None:  # noqa: ARG002 - the journal has them
        """A slot that was due was not played. The log tells them together, once in a while."""
        self.metrics.slot_due(probe)
        self.metrics.slot_missed(probe, word)
        if word in BY_ORDER:
            self.watch.silence_is_wanted()
        self._missed.setdefault(probe, Counter())[word] += 1

    def tell_health(self) -> None:
        """Log each reason to distrust this worker when it begins and when it is over; what has a line of its own, not again."""
        now = {trouble.reason: trouble.message for trouble in self.watch.health().troubles}
        for reason in sorted(now.keys() - self._distrust - TOLD_ELSEWHERE):
            self.log.unhealthy(reason, now[reason])
        for reason in sorted(self._distrust - now.keys() - TOLD_ELSEWHERE):
            self.log.healthy_again(reason)
        self._distrust = set(now)

    def tell_missed(self) -> None:
        """Log what was missed since the last time: each probe on a line, unless there are too many."""
        missed, self._missed = self._missed, {}
        if len(missed) > TOLD_APART_MAX:
            missed = {f"({len(missed)} probes)": sum(missed.values(), Counter[str]())}
        for probe, reasons in missed.items():
            self.log.slots_missed(probe, reasons)

    def scheduler_woke(self, late_s: float) -> None:  # noqa: ARG002 - the loop's own lag is measured finer elsewhere
        """The pacer has looked which slots are due."""
        self.watch.scheduler_looked()

    def took_over(self, row: RunRow, lease: Lease) -> None:
        """An open run whose worker is gone is ours now."""
        self.log.took_over(row.run.run_id, worker=lease.worker, earlier=row.lease.worker)
        self.audit.takeover(
            row.run.run_id,
            cell=row.run.cell,
            account=lease.account,
            taken_from=row.lease.worker,
            epoch=lease.epoch,
        )

    def not_recovered(self, run_id: str, error: str) -> None:
        """Bringing a run home broke on our own side; it is tried again."""
        self.log.not_home(run_id, move="postponed", said=error)

    def came_home(self, home: Homecoming) -> None:
        """A recovery ended. What is stranded is an alert."""
        if home.move != "closed":
            self.log.not_home(home.run_id, move=home.move, said=home.sentence)

    def residues(self, residues: Mapping[str, Money]) -> None:
        """What is in wallets beyond their baselines, by account; each change is logged."""
        minor: Counter[str] = Counter()
        for amount in residues.values():
            minor[amount.currency] += amount.minor
        self.metrics.residue(minor)
        for account in sorted(residues.keys() | self._residues.keys()):
            now, before = residues.get(account), self._residues.get(account)
            known = now or before
            if now != before and known is not None:
                self.log.residue(account, minor=now.minor if now else 0, currency=known.currency)
        self._residues = dict(residues)

    def reconciled(self, told: Reconciliation, at_s: float) -> None:
        """Journal, ledger and PSP reports were compared."""
        problems = [difference.sentence for difference in told.differences]
        problems += [f"{one.player} on {one.cell} can't be read: {one.reason}" for one in told.unread if one.effects]
        self.metrics.reconciled(len(problems), at_s)
        self.log.reconciled(accounts=told.accounts, effects=told.effects, problems=problems)
        said = f"{told.accounts} accounts, {told.effects} effects, {len(problems)} problems"
        self.audit.verdict("", "reconciled" if told.holds else "differs", said)

    def journal(self, error: str) -> None:
        """Whether the journal can be used: why not, or "" where it can."""
        if error and not self._journal:
            self.log.journal_lost(error)
        elif self._journal and not error:
            self.log.journal_back()
        self._journal = error
        self.watch.journal_is(error)

    def kill_changed(self, kill: Kill | None) -> None:
        """The kill switch went on or off. Called from the thread that looks."""
        self.watch.killed_is(_in_words(kill))
        if kill is None:
            self.log.resumed(SEEN)
            self.audit.resume(SEEN)
        else:
            self.log.killed(kill.by, kill.reason)
            self.audit.kill(kill.by, kill.reason)

    def show_kill(self, kill: Kill | None) -> None:
        """What the kill switch says now, for whoever scrapes or asks."""
        self.watch.killed_is(_in_words(kill))
        self.metrics.killed(kill.at_ns / 1e9 if kill else None)


def _in_words(kill: Kill | None) -> str:
    return f"by {kill.by}: {kill.reason}" if kill else ""
