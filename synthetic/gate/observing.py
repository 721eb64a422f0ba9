"""From the stream of events to observations: one for each run that has ended, with what it says of the target and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from synthetic.core.checks import CHECKS
from synthetic.core.events import CheckJudged, Event, RunEnded, RunStarted, StepEnded
from synthetic.core.outcome import Blame
from synthetic.gate.observed import Observation, StepSeen
from synthetic.sli.folding import RunFold

_SAYS_NOTHING = (Blame.HARNESS, Blame.USER)  # our own fault, or the player's own card: no word about the target
_OTHERS = (Blame.HARNESS, Blame.PSP, Blame.PROVIDER, Blame.USER)


@dataclass(slots=True)
class _Open:
    """A run between its first and its last event."""

    started: RunStarted
    steps: list[StepEnded] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    ours: bool = False  # a check has proven that the harness itself did it

    def keep(self, event: Event) -> None:
        """Take an event that counts."""
        match event:
            case StepEnded(purpose="step") if event.sli:
                self.steps.append(event)
            case CheckJudged(held=False) if event.name in CHECKS:
                self.ours |= CHECKS[event.name].own
                self.broken |= {event.name} if _is_breach(event) else set()
            case _:
                pass


class ObservationFold(RunFold[_Open, Observation]):
    """Takes the events of any number of interleaved runs; hands out a run's observation at its end."""

    def __init__(self) -> None:
        super().__init__(_Open, _Open.keep, _observation)


def observe(events: Iterable[Event]) -> list[Observation]:
    """The observations of all runs that ended within `events`, in the order of their ends."""
    folding = ObservationFold()
    return [seen for event in events if (seen := folding.take(event)) is not None]


def _is_breach(judged: CheckJudged) -> bool:
    """Whether a law was broken by the cell: what a counterparty or we ourselves did is no proof against a release."""
    return not CHECKS[judged.name].cause and judged.blame not in _OTHERS


def _observation(run: _Open, ended: RunEnded) -> Observation:
    started = run.started
    # What we have stirred up ourselves in a run, such as a second bet, may break other laws for a moment, too.
    breaches = () if run.ours else tuple(sorted(run.broken))
    return Observation(
        run_id=started.run_id,
        pair=started.pair,
        scenario=started.scenario,
        row=dict(started.row),
        cell=started.cell,
        track=started.track,
        version=ended.labels.get("version") or started.version,
        market=started.market,
        brand=started.brand,
        started_ns=started.wall_ns,
        duration_ns=ended.at_ns - started.at_ns,
        outcome=ended.outcome,
        blame=ended.blame,
        failed_step=ended.failed_step,
        failed_check=ended.failed_check,
        reason=ended.attribution.removeprefix(f"{ended.blame}: ") or ended.reason,
        steps=tuple(_step(step) for step in run.steps),
        breaches=breaches,
        stranded_minor=_by_currency(ended),
        trace_id=started.trace_id,
        version_told=bool(ended.labels.get("version")),
    )


def _by_currency(ended: RunEnded) -> dict[str, int]:
    totals: dict[str, int] = {}
    for amount in ended.stranded:
        totals[amount.currency] = totals.get(amount.currency, 0) + amount.minor
    return totals


def _step(ended: StepEnded) -> StepSeen:
    ours = not ended.held and (ended.tainted or ended.blame in _SAYS_NOTHING)
    return StepSeen(
        step=ended.step,
        sli=ended.sli,
        labels=dict(ended.labels),
        held=None if ours else ended.held,
        latency_ns=ended.latency_ns,
        blame=ended.blame,
        tainted=ended.tainted,
    )
