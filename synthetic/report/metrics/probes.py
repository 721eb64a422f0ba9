"""Which probes have series, and how many: counted before a configuration is accepted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from synthetic.core.errors import SyntheticError
from synthetic.core.plan import CellPlan, ScenarioPlan
from synthetic.core.plan_serving import ServingPlan
from synthetic.report.metrics.words import BUCKETS_S, MISSED, RUN_RESULTS, STEP_RESULTS, bounded
from synthetic.sli.summaries import WS_RTT

SERIES_MAX = 250_000
_GAUGES = 4  # of each probe: last run, last success, and the two aliases
_HISTOGRAM = len(BUCKETS_S) + 3  # +Inf, sum and count
_STEP_COUNTERS = len(STEP_RESULTS) + 1  # and retries


class TooManySeries(SyntheticError):  # noqa: N818 - the sentence reads "too many series"
    """A configuration would show more series than the cap allows."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class ProbeSeries:
    """One scenario on one cell in one matrix row, as far as metrics tell probes apart.

    `steps` are the steps' ids, each with the SLI that it counts for ("" for none); `version` is the one of the cells file,
    which holds until an answer says another.
    """

    scenario: str
    cell: str
    track: str
    market: str = ""
    brand: str = ""
    psp: str = ""
    version: str = ""
    steps: tuple[tuple[str, str], ...] = ()
    invariants: int = 0
    digest: str = ""
    owner: str = ""
    currency: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        """The values of `PROBE_LABELS`."""
        return (self.scenario, self.cell, self.track, self.market, self.brand, self.psp)


def probe_series(plan: ScenarioPlan, cell: CellPlan, row: Mapping[str, str], *, owner: str = "") -> ProbeSeries:
    """The series of one scenario on one cell in one matrix row."""
    return ProbeSeries(
        scenario=plan.name,
        cell=cell.name,
        track=cell.track,
        market=cell.market,
        brand=cell.brand,
        psp=bounded(row.get("psp", "")),
        version=bounded(cell.version),
        steps=tuple((step.id, step.operation.sli.name if step.operation.sli else "") for step in plan.steps),
        invariants=len(plan.invariants) + len(plan.checks),
        digest=plan.digest,
        owner=bounded(owner),
        currency=cell.currency,
    )


def probes_of(plan: ServingPlan) -> dict[str, tuple[ProbeSeries, ...]]:
    """The series of every probe of a serve file, by the probe's name: one for each cell that it plays on."""
    return {
        probe.name: tuple(probe_series(scenario, cell, probe.row, owner=probe.owner) for scenario, cell in probe.sides)
        for probe in plan.probes
    }


def series_of(probes: Iterable[ProbeSeries], *, series_max: int = SERIES_MAX) -> int:
    """How many series the probes show on one release, once each step has run.

    While a rollout goes on, a probe has two releases and twice as many. Raises TooManySeries above `series_max`.
    """
    distinct = {probe.key: probe for probe in probes}.values()
    total = sum(_of_probe(probe) for probe in distinct) + len({probe.scenario for probe in distinct})
    if total > series_max:
        heaviest = max(distinct, key=_of_probe)
        raise TooManySeries(
            f"{len(distinct)} probes would show {total} series, and the cap is {series_max}; the heaviest is "
            f"{heaviest.scenario} on {heaviest.cell} with {_of_probe(heaviest)}: schedule fewer matrix rows or raise the cap"
        )
    return total


def _of_probe(probe: ProbeSeries) -> int:
    steps = len(dict(probe.steps))
    round_trips = any(sli == WS_RTT for _, sli in probe.steps)
    histograms = 1 + steps + round_trips
    slots = 1 + len(MISSED)
    return len(RUN_RESULTS) + steps * _STEP_COUNTERS + histograms * _HISTOGRAM + _GAUGES + slots + probe.invariants + 1
