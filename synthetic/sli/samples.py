"""One run as the SLIs see it: folded from its events into one frozen sample when it ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from synthetic.core.events import CheckJudged, Event, MoneyMoved, RunEnded, RunStarted, StepEnded, UndoEnded
from synthetic.core.money import Money
from synthetic.core.outcome import Blame, RunOutcome
from synthetic.sli.folding import RunFold

_SAYS_NOTHING = (Blame.HARNESS, Blame.USER)  # our own fault, or the player's own card: no word about the target

Labels = tuple[tuple[str, str], ...]
"""Label names with their values, sorted by name."""


def labels_of(labels: Mapping[str, str]) -> Labels:
    """A mapping as a hashable, ordered value."""
    return tuple(sorted(labels.items()))


@dataclass(frozen=True, slots=True)
class StepSample:
    """One step that counts for an SLI. `counts` is False where it says nothing of the target: our own lag or fault."""

    step: str
    sli: str
    labels: Labels
    held: bool
    counts: bool
    latency_ns: int
    attempts: int
    blame: Blame | None = None

    @property
    def held_at_once(self) -> bool:
        """Whether it held without a retry."""
        return self.held and self.attempts <= 1


@dataclass(frozen=True, slots=True)
class RunSample:
    """One finished run. `moved` and `violated` are what `MoneyMoved` and `CheckJudged` said, in order.

    `nothing_to_undo` are the steps whose compensation found that nothing had to be brought back.
    """

    run_id: str
    scenario: str
    row: Labels
    cell: str
    track: str
    version: str
    pair: str
    outcome: RunOutcome
    blame: Blame | None
    reason: str  # the sentence that says why `blame` is whose it is, where there is one
    failed_step: str
    failed_check: str
    wall_ns: int
    duration_ns: int
    schedule_lag_ns: int
    steps: tuple[StepSample, ...] = ()
    moved: tuple[MoneyMoved, ...] = ()
    violated: tuple[str, ...] = ()
    stranded: tuple[Money, ...] = ()
    nothing_to_undo: tuple[str, ...] = ()
    labels: Labels = ()

    @property
    def counts(self) -> bool:
        """Whether the run is in pass rates: it came to its end, and what it saw was not our own doing."""
        return self.outcome in (RunOutcome.OK, RunOutcome.FAILED)


@dataclass(slots=True)
class _Open:
    """A run between its first and its last event."""

    started: RunStarted
    steps: list[StepEnded] = field(default_factory=list)
    moved: list[MoneyMoved] = field(default_factory=list)
    violated: list[str] = field(default_factory=list)
    nothing_to_undo: list[str] = field(default_factory=list)

    def keep(self, event: Event) -> None:
        """Take an event that counts."""
        match event:
            case StepEnded():
                self.steps.append(event)
            case MoneyMoved():
                self.moved.append(event)
            case CheckJudged(held=False):
                self.violated.append(event.name)
            case UndoEnded(result="nothing_to_undo"):
                self.nothing_to_undo.append(event.step)
            case _:
                pass


class SampleFold(RunFold[_Open, RunSample]):
    """Takes the events of any number of interleaved runs; hands out a run's sample at its end."""

    def __init__(self) -> None:
        super().__init__(_Open, _Open.keep, _sample)


def fold(events: Iterable[Event]) -> tuple[RunSample, ...]:
    """The samples of all runs that ended within `events`, in the order of their ends."""
    folding = SampleFold()
    taken = (folding.take(event) for event in events)
    return tuple(sample for sample in taken if sample is not None)


def _sample(run: _Open, ended: RunEnded) -> RunSample:
    started = run.started
    return RunSample(
        run_id=started.run_id,
        scenario=started.scenario,
        row=labels_of(started.row),
        cell=started.cell,
        track=started.track,
        version=started.version,
        pair=started.pair,
        outcome=ended.outcome,
        blame=ended.blame,
        reason=ended.attribution.removeprefix(f"{ended.blame}: ") or ended.reason,
        failed_step=ended.failed_step,
        failed_check=ended.failed_check,
        wall_ns=started.wall_ns,
        duration_ns=ended.at_ns - started.at_ns,
        schedule_lag_ns=started.at_ns - started.scheduled_at_ns,
        steps=tuple(_step(step) for step in run.steps if step.sli and step.purpose == "step"),
        moved=tuple(run.moved),
        violated=tuple(run.violated),
        stranded=ended.stranded,
        nothing_to_undo=tuple(run.nothing_to_undo),
        labels=labels_of(ended.labels),
    )


def _step(ended: StepEnded) -> StepSample:
    ours = ended.tainted or (not ended.held and ended.blame in _SAYS_NOTHING)
    return StepSample(
        step=ended.step,
        sli=ended.sli,
        labels=labels_of(ended.labels),
        held=ended.held,
        counts=not ours,
        latency_ns=ended.latency_ns,
        attempts=ended.attempts,
        blame=ended.blame,
    )
