"""What a release is held against: objectives with their error levels, and signals that stop it at once. Made of `slo.yaml`.

Times are seconds. A share is a part of the error level: the shares of all objectives sum to at most 1, so that one more
objective is never one more chance of a false rollback.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Measure = Literal["success", "latency"]
SIGNAL = "signal"
RUN = "run"
"""The SLI of whole runs: a run that did not come to its end as its scenario says, or that broke a law, has failed."""


@dataclass(frozen=True, slots=True)
class Objective:
    """What is promised of one SLI: at least `target` (0..1) of its steps hold, or answer within `threshold_ms`.

    `sli`: the name that a mapping gives a step (`login`, `deposit`, `withdraw`, `ws_rtt`), or `run`. "p95 <= 400 ms" is a
    target of 0.95 with a threshold of 400. `by`: a label (`psp`) whose values are judged each for itself; they divide `share`.
    `margin`: a pass says that the share of failures is below it.
    """

    name: str
    sli: str
    target: float
    measure: Measure = "success"
    threshold_ms: float = 0.0
    by: str = ""
    share: float = 0.1
    margin: float = 0.10

    @property
    def budget(self) -> float:
        """The share of failures that is tolerated (q0)."""
        return 1.0 - self.target


@dataclass(frozen=True, slots=True)
class HardStop:
    """A signal that acts at once, without damping: `at_least` events within `within_s`, a share of `above` of them bad.

    `source`: `run` (runs that blame the PSP or the provider named by `by`'s values), an SLI's name, or `signal`: what the
    platform itself reports (`POST /v1/signals`), such as chargebacks; then `above` is the number that is too many.
    Of runs and steps only pairs count, and they have to say that it is the canary's own doing (`Policy.stops_share`). What the
    baseline shows, too, is no reason to roll back: it holds the release.
    """

    name: str
    source: str
    above: float
    at_least: int = 5
    within_s: float = 300.0
    by: str = ""
    blame: str = ""

    @property
    def is_signal(self) -> bool:
        """Whether the platform reports it, so that it is told by no runs."""
        return self.source == SIGNAL


@dataclass(frozen=True, slots=True)
class Policy:
    """How to decide. `alpha_budget` and `alpha_pair`: error levels of the two tests that a rollback needs both of.

    `window_s`: the release is watched so long before it may pass; figures, and what holds it without rolling it back (a pause, a
    shared fault), are those of so long. `tick_s`: evidence is counted in disjoint ticks; `consecutive` of them with new data have
    to violate. `burst_max`: so many failures of the canary alone count in one tick; more of them at once are one burst (more
    count where the budget allows more: `eprocess.hits_max`). `warm_up_s`: what is left aside after the start of a release.
    `pairs_min`: fewer say nothing of a stream. `stale_s`: so long without a pair there is no evidence. `missing_max`: the share
    of pairs that our own faults may cost. `pass_evidence`: odds to 1 that a pass needs. Probes are `suspect_factor` times denser
    for `suspect_for_s` after a failure on the canary alone (slow answers: while there are more than the budget allows), and for
    `eager_s` from the start of the watch on (`window_s` at most), and for `step_s` from that of a step on.
    `stops_share`: the part of `alpha_pair` that hard stops have of it, where there are any; the objectives share the rest.
    `step_s`: each step of a rollout is watched so long before it may pass, longer than `consecutive` ticks (`window_s` at most),
    and each stream needs some pairs of it; 0: steps are not watched, but for `pairs_min` in all.
    """

    objectives: tuple[Objective, ...]
    hard_stops: tuple[HardStop, ...] = ()
    window_s: float = 900.0
    tick_s: float = 20.0
    consecutive: int = 3
    burst_max: int = 1
    warm_up_s: float = 0.0
    alpha_budget: float = 0.01
    alpha_pair: float = 0.10
    pass_evidence: float = 20.0
    pairs_min: int = 30
    stale_s: float = 120.0
    missing_max: float = 0.05
    suspect_for_s: float = 120.0
    suspect_factor: int = 5
    eager_s: float = 600.0
    stops_share: float = 0.015
    step_s: float = 90.0
    digest: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    name: str = ""
