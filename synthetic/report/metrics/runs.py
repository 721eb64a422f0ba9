"""From a run's events to counts: kept until the run ends, for only its end says whether any of it counts."""

from __future__ import annotations

from dataclasses import dataclass, field

from synthetic.core.events import CheckJudged, Event, MoneyMoved, RunEnded, RunStarted, StepEnded
from synthetic.core.outcome import Blame, RunOutcome, StepOutcome
from synthetic.report.metrics.families import ProbeTables
from synthetic.report.metrics.tables import Key, Traced
from synthetic.report.metrics.words import FAILED, HELD, LEFT_OUT, NONE, RETRIED, bounded, error_class
from synthetic.sli.summaries import WS_RTT

_PSP = 5  # where `psp` stands among the labels


@dataclass(slots=True)
class OpenRun:
    """A run between its first and its last event, and the steps, checks and payments that it told of."""

    started: RunStarted
    steps: list[StepEnded] = field(default_factory=list)
    violated: list[str] = field(default_factory=list)
    moved: list[MoneyMoved] = field(default_factory=list)

    def take(self, event: Event) -> None:
        """Keep what is counted at the end; evidence, states and undo are no steps of the scenario."""
        match event:
            case StepEnded(purpose="step"):
                self.steps.append(event)
            case CheckJudged(held=False):
                self.violated.append(event.name)
            case MoneyMoved(direction="in", outcome=StepOutcome.DONE):
                self.moved.append(event)

    @property
    def key(self) -> Key:
        """Its probe: the values of `PROBE_LABELS`."""
        started = self.started
        psp = bounded(started.row.get("psp", ""))
        return (started.scenario, started.cell, started.track, started.market, started.brand, psp)

    def ended_s(self, ended: RunEnded) -> float:
        """When it ended, in seconds of the Unix epoch."""
        return (self.started.wall_ns + ended.at_ns - self.started.at_ns) / 1e9


def count_run(tables: ProbeTables, run: OpenRun, ended: RunEnded, labels: Key) -> bool:
    """Count one run that ended, and say whether it counts in ratios. `labels` are the values of `RUN_LABELS`."""
    at_s = run.ended_s(ended)
    traced = Traced(run.started.trace_id, at_s)
    counts = ended.outcome in (RunOutcome.OK, RunOutcome.FAILED)
    tables.runs.add((*labels, ended.outcome, ended.blame or NONE), traced=traced)
    for step in run.steps:
        _count_step(tables, step, labels, traced, run_counts=counts)
    for moved in {moved.key: moved for moved in run.moved}.values():  # told again when it was looked up
        tables.spend.add((*labels, moved.amount.currency), moved.amount.minor)
    if not counts:
        return False
    for name in run.violated:
        tables.violations.add((*labels, bounded(name)), traced=traced)
    _show_newest(tables, labels, at_s, (ended.at_ns - run.started.at_ns) / 1e9, ok=ended.outcome is RunOutcome.OK)
    if ended.outcome is RunOutcome.OK:
        tables.run_duration.observe(labels, (ended.at_ns - run.started.at_ns) / 1e9, traced)
    return True


def _count_step(tables: ProbeTables, step: StepEnded, labels: Key, traced: Traced, *, run_counts: bool) -> None:
    if "psp" in step.labels:
        labels = (*labels[:_PSP], bounded(step.labels["psp"]), *labels[_PSP + 1 :])
    here = (*labels, step.step, step.sli)
    outcome, why = _outcome(step, run_counts=run_counts)
    tables.steps.add((*here, outcome, why), traced=traced)
    if step.attempts > 1:
        tables.retries.add(here, step.attempts - 1)
    if outcome != HELD:
        return  # how long a failure took is no latency, and a retry's is its first attempt's as well
    tables.step_duration.observe(here, step.latency_ns / 1e9, traced)
    if step.sli == WS_RTT:
        tables.ws_rtt.observe(labels, step.latency_ns / 1e9, traced)


def _outcome(step: StepEnded, *, run_counts: bool) -> tuple[str, str]:
    """A step's outcome and error class. As in `sli.summaries`, what is our own or the player's own doing is left out."""
    if step.tainted:
        return LEFT_OUT, "tainted"
    if not step.held and step.blame in (Blame.HARNESS, Blame.USER):
        return LEFT_OUT, step.blame
    if not run_counts:
        return LEFT_OUT, "run"
    if not step.held:
        return FAILED, error_class(step)
    return (HELD if step.attempts <= 1 else RETRIED), NONE


def _show_newest(tables: ProbeTables, labels: Key, at_s: float, duration_s: float, *, ok: bool) -> None:
    tables.last_run.set(labels, at_s)
    tables.probe_success.set(labels, 1.0 if ok else 0.0)
    tables.probe_duration.set(labels, duration_s)
    if ok:
        tables.last_success.set(labels, at_s)
    else:
        tables.last_success.follow(labels)
