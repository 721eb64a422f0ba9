"""The metrics of one runner: an EventSink for its runs, and one method for each thing that only the runner knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from prometheus_client import CollectorRegistry, ProcessCollector

from synthetic.core.events import Event, RunEnded, RunStarted, UndoEnded
from synthetic.report.metrics.families import Families
from synthetic.report.metrics.gate import GateMetrics
from synthetic.report.metrics.probes import SERIES_MAX, ProbeSeries, series_of
from synthetic.report.metrics.releases import UNCOUNTED, Release, Releases, release_of
from synthetic.report.metrics.runs import OpenRun, count_run
from synthetic.report.metrics.tables import Key
from synthetic.report.metrics.words import (
    COMPENSATIONS,
    MISSED,
    OTHER,
    PROBE_LABELS,
    RUN_RESULTS,
    STEP_RESULTS,
    bounded,
)
from synthetic.sli.summaries import WS_RTT

_CELL = PROBE_LABELS.index("cell")
_PROBE = len(PROBE_LABELS)
_REASONS_MAX = len(MISSED) + 10
_OPEN_MAX = 10_000
SILENT_SLOTS = 10


class RunnerMetrics:
    """All metrics of a runner, on a registry of their own (`registry`). For one event loop: nothing here is locked.

    A number that was never set has no series: unknown is not zero.
    """

    def __init__(self) -> None:
        self.families = Families()
        self.gate = GateMetrics(self.families.gate)
        self.registry = CollectorRegistry()
        self.registry.register(self.families)
        self.process = ProcessCollector(registry=self.registry)
        self._probes: dict[str, tuple[ProbeSeries, ...]] = {}
        self._shown: dict[Key, ProbeSeries] = {}
        self._releases = Releases()
        self._open: dict[str, OpenRun] = {}
        self._reasons = set(MISSED)
        self._silence: dict[Key, int] = {}  # slots since the last run that counts

    def show(self, probes: Mapping[str, Sequence[ProbeSeries]], *, series_max: int = SERIES_MAX) -> None:
        """Show exactly these probes: counters of new ones begin at 0, series of removed ones disappear.

        A scheduled probe has one series on each cell of its pair. Raises TooManySeries, and then shows what it showed.
        """
        every = [series for members in probes.values() for series in members]
        series_of(every, series_max=series_max)
        self._probes = {name: tuple(members) for name, members in probes.items()}
        earlier = self._shown.keys()
        self._shown = {series.key: series for series in every}
        self._silence = {key: slots for key, slots in self._silence.items() if key in self._shown}
        self._forget(earlier - self._shown.keys())
        for series in self._shown.values():
            self._begin(series)
        self._tell_scenarios(every)

    def __call__(self, event: Event, /) -> None:
        """Take one event. Runs of a probe that is not shown (any more) are left aside."""
        if isinstance(event, RunStarted):
            self._open[event.run_id] = OpenRun(event)
            if len(self._open) > _OPEN_MAX:  # a run that was cut off never ends
                del self._open[next(iter(self._open))]
            return
        if isinstance(event, UndoEnded):
            self.compensated(event.result)
        run = self._open.get(event.run_id)
        if run is None:
            return
        if isinstance(event, RunEnded):
            del self._open[event.run_id]
            self._count(run, event)
            return
        run.take(event)

    def slot_due(self, probe: str) -> None:
        """A slot of this probe came. After some without a run that counts, what the last one said is no verdict any more."""
        for series in self._probes.get(probe, ()):
            self.families.probes.slots.add(series.key)
            self._silence[series.key] = self._silence.get(series.key, 0) + 1
            if self._silence[series.key] == SILENT_SLOTS:
                self.families.probes.forget_verdict(series.key)

    def slot_missed(self, probe: str, reason: str) -> None:
        """A slot that was due was not played. `reason` is one of the runner's few words for it."""
        word = bounded(reason)
        if word not in self._reasons and len(self._reasons) >= _REASONS_MAX:
            word = OTHER
        self._reasons.add(word)
        for series in self._probes.get(probe, ()):
            self.families.probes.missed.add((*series.key, word))

    def lag(self, seconds: float) -> None:
        """So long after its instant a slot began."""
        self.families.runner.lag.observe((), max(0.0, seconds))

    def leases_available(self, accounts: int) -> None:
        """So many accounts are free and rested."""
        self.families.runner.leases.set((), accounts)

    def left(self, minor: Mapping[str, int], oldest_s: float) -> None:
        """Money of runs that are over that is still not where it belongs: minor units by currency, and the age of the oldest.

        A currency that is played in, or that was told of, is shown with 0: nothing is stranded is something else than unknown.
        """
        stranded = self.families.runner.stranded
        for currency in {series.currency for series in self._shown.values() if series.currency}:
            stranded.set((currency,), 0)
        for key in list(stranded.values):
            stranded.set(key, 0)
        for currency, amount in minor.items():
            stranded.set((currency,), amount)
        self.families.runner.stranded_age.set((), oldest_s if any(minor.values()) else 0.0)

    def residue(self, minor: Mapping[str, int]) -> None:
        """What is in wallets beyond their baselines and stays there: minor units by currency; one told of before falls to 0."""
        residue = self.families.runner.residue
        for currency in {series.currency for series in self._shown.values() if series.currency}:
            residue.set((currency,), 0)
        for key in list(residue.values):
            residue.set(key, 0)
        for currency, amount in minor.items():
            residue.set((currency,), amount)

    def budget_remaining(self, currency: str, minor: int) -> None:
        """So much may still go into wallets, by the tightest cap over all runs."""
        self.families.runner.budget.set((currency,), minor)

    def compensated(self, outcome: str) -> None:
        """One money effect of an unfinished run was undone, had nothing to undo, or is stuck.

        For what is not in the event stream; `UndoEnded` is counted there, also of runs that another process began.
        """
        self.families.runner.compensations.add((outcome if outcome in COMPENSATIONS else OTHER,))

    def config_reloaded(self, *, valid: bool) -> None:
        """The configuration was read; an invalid one was left aside."""
        self.families.runner.reload.set((), 1.0 if valid else 0.0)

    def reconciled(self, differences: int | None, at_s: float) -> None:
        """Journal, ledger and PSP reports were compared (Unix seconds): so many differences and unread accounts.

        None: somebody else has counted them.
        """
        if differences is not None:
            self.families.runner.differences.set((), differences)
        self.families.runner.reconciled.set((), at_s)

    def killed(self, since_s: float | None) -> None:
        """The kill switch is on since then (Unix seconds); None: it is off."""
        self.families.runner.killed.set((), 0.0 if since_s is None else 1.0)
        if since_s is None:
            self.families.runner.killed_since.values.clear()
        else:
            self.families.runner.killed_since.set((), since_s)

    def unhealthy(self, reasons: Iterable[str], *, all_reasons: Iterable[str]) -> None:
        """Which of all reasons to distrust this runner hold now."""
        held = set(reasons)
        for reason in all_reasons:
            self.families.runner.unhealthy.set((reason,), 1.0 if reason in held else 0.0)

    def _count(self, run: OpenRun, ended: RunEnded) -> None:
        key = run.key
        if key not in self._shown:
            return
        cell, release = key[_CELL], release_of(ended.labels, run.started.version)
        known = self._releases.of(cell)
        counted, gone = self._releases.see(cell, release, run.ended_s(ended))
        for old in gone:
            self._retire(cell, old)
        if not known:
            self._end_placeholder(cell)
        if counted not in known:
            self._begin_release(cell, counted)
        if count_run(self.families.probes, run, ended, (*key, *counted)):
            self._silence.pop(key, None)

    def _begin(self, series: ProbeSeries) -> None:
        """Show a probe's counters at 0 for what its cell is known to run."""
        self.families.probes.slots.begin(series.key)
        for reason in MISSED:
            self.families.probes.missed.begin((*series.key, reason))
        for release in self._releases.of(series.cell) or [release_of({}, series.version)]:
            self._begin_on(series, release)

    def _begin_release(self, cell: str, release: Release) -> None:
        for series in self._shown.values():
            if series.cell == cell:
                self._begin_on(series, release)

    def _end_placeholder(self, cell: str) -> None:
        """Until a cell has answered, its zeros stand under the version of the cells file; they are all 0 still."""
        placeholders = {release_of({}, series.version) for series in self._shown.values() if series.cell == cell}
        self.families.probes.drop(lambda key: key[_CELL] == cell and key[_PROBE : _PROBE + 3] in placeholders)

    def _begin_on(self, series: ProbeSeries, release: Release) -> None:
        """Without its zero, the first failure would be no increase of anything, and a ratio over increases too good."""
        labels = (*series.key, *release)
        for run_result in RUN_RESULTS:
            self.families.probes.runs.begin((*labels, *run_result))
        if series.currency:
            self.families.probes.spend.begin((*labels, series.currency))
        for step in series.steps:
            for step_result in STEP_RESULTS:
                self.families.probes.steps.begin((*labels, *step, *step_result))
            if step[1]:
                self.families.probes.step_duration.begin((*labels, *step))
            if step[1] == WS_RTT:
                self.families.probes.ws_rtt.begin(labels)

    def _retire(self, cell: str, release: Release) -> None:
        """What a release has counted stays in the sum over all releases, which must never fall."""
        self.families.probes.merge_release(
            lambda key: key[_CELL] == cell and key[_PROBE : _PROBE + 3] == release,
            lambda key: (*key[:_PROBE], *UNCOUNTED, *key[_PROBE + 3 :]),
        )

    def _forget(self, removed: set[Key]) -> None:
        """A step may have a `psp` of its own, so what belongs to a probe is also told by what stands before it."""
        places = {key[: _PROBE - 1] for key in self._shown}
        self.families.probes.drop(lambda key: key[:_PROBE] in removed or key[: _PROBE - 1] not in places)
        self._releases.forget({key[_CELL] for key in self._shown})

    def _tell_scenarios(self, probes: Iterable[ProbeSeries]) -> None:
        info = self.families.runner.info
        info.values.clear()
        for series in probes:
            info.set((series.scenario, series.digest, series.owner), 1.0)
