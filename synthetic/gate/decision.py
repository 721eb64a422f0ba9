"""What a gate answers: a verdict, its reason, a paragraph for whoever has to act, and the evidence behind it. No NaN anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from synthetic.gate.counts import Counts

Verdict = Literal["pass", "fail", "inconclusive"]


class Reason(StrEnum):
    """Why. The first group decides, the second one holds."""

    CLEAN = "clean"
    MONEY_LAW = "money_law"  # the canary broke a law that the baseline keeps: proof
    HARD_STOP = "hard_stop"
    REGRESSION = "regression"

    PAUSE = "pause"  # failures on the canary that are not enough for a rollback: no advance, denser probes
    INSUFFICIENT = "insufficient"
    NOT_COMPARABLE = "not_comparable"
    SHARED_FAULT = "shared_fault"
    STALE = "stale"
    HARNESS = "harness"
    UNKNOWN = "unknown"  # no such rollout, cell or SLI; no evidence that could be read


@dataclass(frozen=True, slots=True)
class Weighed:
    """One stream with its evidence. Each `e_` is held against its `_needed`, as factors (odds to 1), finite and never NaN.

    `e_budget`: failures above the budget; `e_pair`: on the canary rather than on both sides; `e_pass`: below the margin.
    `hits`: how many of the failures of the canary alone count; more in one tick are one burst.
    `streak`: consecutive ticks with new data on which both were above; `line`: (tick, e_budget, e_pair, e_pass), for charts.
    """

    stream: str
    objective: str
    value: str
    counts: Counts
    e_budget: float
    e_budget_needed: float
    e_pair: float
    e_pair_needed: float
    e_pass: float
    e_pass_needed: float
    hits: int = 0
    streak: int = 0
    regressed: bool = False
    line: tuple[tuple[int, float, float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """`suspect`: probes should be denser for a while: the canary has failed alone, or its watch has just begun.

    `pairs_missing`: how many more clean pairs a pass needs; `ready_in_s`: when they will be there at this pace. None: unknown.
    """

    verdict: Verdict
    reason: Reason
    explanation: str
    streams: tuple[Weighed, ...] = ()
    suspect: bool = False
    pairs_missing: int | None = None
    ready_in_s: float | None = None
