"""decide(policy, evidence) -> Decision: promote, roll back, or say why neither can be said.

A broken money law on the canary alone is proof and acts at once. Everything else is statistics over pairs: a rollback needs
both a failure rate above its budget and failures on the canary rather than on both sides; a pass needs a failure rate below
the margin. What hits both sides is a shared fault, never the release's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from synthetic.gate.eprocess import log_e_above_budget, log_e_below_margin, log_e_canary_only
from synthetic.gate.evidence import Evidence, Stream

Reason = Literal["clean", "money_law", "regression", "shared_fault", "insufficient", "harness"]


@dataclass(frozen=True, slots=True)
class Policy:
    """The thresholds. `budget_*`: tolerated failure rate; `alpha_*`: error levels; `weight_*`: how the error level is shared.

    `weight_psp` is the most that one PSP gets; more than three of them share what the pool leaves.
    `margin`: a pass says that the canary's failure rate is below it, with evidence `pass_evidence` : 1.
    """

    budget_pooled: float = 0.001
    budget_psp: float = 0.01
    alpha_budget: float = 0.01
    alpha_pair: float = 0.10
    weight_pooled: float = 0.7
    weight_psp: float = 0.1
    margin: float = 0.10
    pass_evidence: float = 20.0
    missing_max: float = 0.05


@dataclass(frozen=True, slots=True)
class Weighed:
    """One stream with its evidence and the thresholds that it is held against (as factors, not logarithms)."""

    stream: Stream
    above_budget: float
    above_budget_needed: float
    canary_only: float
    canary_only_needed: float

    @property
    def regressed(self) -> bool:
        """Both tests have crossed."""
        return self.above_budget >= self.above_budget_needed and self.canary_only >= self.canary_only_needed


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict with its reason and one paragraph for the person who has to act on it."""

    verdict: Literal["pass", "fail", "inconclusive"]
    reason: Reason
    explanation: str
    streams: tuple[Weighed, ...]


def decide(policy: Policy, evidence: Evidence) -> Decision:
    """Decide on all evidence so far. May be asked as often as one likes: the tests hold at every look."""
    weight = _weight_of_one(policy, len(evidence.by_psp))
    streams = (
        _weigh(policy, evidence.pooled, policy.budget_pooled, policy.weight_pooled),
        *(_weigh(policy, stream, policy.budget_psp, weight) for stream in evidence.by_psp),
    )
    verdict, reason, explanation = _verdict(policy, evidence, streams)
    return Decision(verdict, reason, explanation, streams)


def _weight_of_one(policy: Policy, psps: int) -> float:
    """The share of one PSP. All shares sum to at most 1, or every further PSP would be one more chance of a false rollback."""
    return min(policy.weight_psp, (1 - policy.weight_pooled) / max(psps, 1))


def _weigh(policy: Policy, stream: Stream, budget: float, weight: float) -> Weighed:
    failures = stream.canary_only  # what both sides share is no evidence against the release
    return Weighed(
        stream,
        _factor(log_e_above_budget(failures, stream.pairs, budget)),
        1 / (policy.alpha_budget * weight),
        _factor(log_e_canary_only(stream.canary_only, stream.baseline_only)),
        1 / (policy.alpha_pair * weight),
    )


def _factor(log_value: float) -> float:
    return math.exp(min(log_value, 500.0))


def _verdict(
    policy: Policy, evidence: Evidence, streams: tuple[Weighed, ...]
) -> tuple[Literal["pass", "fail", "inconclusive"], Reason, str]:
    pooled = evidence.pooled
    proven = _canary_only_laws(evidence)
    if proven:
        return "fail", "money_law", f"The canary breaks what the baseline keeps: {', '.join(proven)}. Roll back."
    regressed = [weighed for weighed in streams if weighed.regressed]
    if regressed:
        return "fail", "regression", _regression(regressed[0])
    if pooled.both or evidence.broken_laws:
        return "inconclusive", "shared_fault", _shared(evidence)
    if _missing_share(evidence) > policy.missing_max:
        missing = f"{evidence.missing_pairs} of {pooled.pairs + evidence.missing_pairs} pairs have no usable run"
        return "inconclusive", "harness", f"{missing}: the harness itself could not measure. Mend it, then ask again."
    certain = _factor(log_e_below_margin(pooled.canary_only, pooled.pairs, policy.margin))
    if certain >= policy.pass_evidence:
        told = f"{pooled.pairs - pooled.canary_only} of {pooled.pairs} pairs are clean on the canary"
        return "pass", "clean", f"{told}: its failure rate is below {policy.margin:.0%} (evidence {certain:.0f} : 1)."
    return "inconclusive", "insufficient", _insufficient(policy, pooled)


def _canary_only_laws(evidence: Evidence) -> list[str]:
    return sorted(set(evidence.broken_laws.get("canary", ())) - set(evidence.broken_laws.get("baseline", ())))


def _regression(weighed: Weighed) -> str:
    stream = weighed.stream
    where = "over all flows" if stream.name == "pooled" else f"with {stream.name}"
    return (
        f"The canary alone failed {stream.canary_only} of {stream.pairs} pairs {where} (the baseline alone "
        f"{stream.baseline_only}): above its budget by {_odds(weighed.above_budget)} (needed "
        f"{weighed.above_budget_needed:.0f}) and canary-sided by {_odds(weighed.canary_only)} "
        f"(needed {weighed.canary_only_needed:.0f}). Roll back."
    )


def _odds(factor: float) -> str:
    return "over a million : 1" if factor > 1e6 else f"{factor:.3g} : 1"


def _shared(evidence: Evidence) -> str:
    pooled = evidence.pooled
    return (
        f"Canary and baseline fail together in {pooled.both} of {pooled.pairs} pairs (the canary alone in "
        f"{pooled.canary_only}): the fault is not the release's. Do not promote until it is gone."
    )


def _missing_share(evidence: Evidence) -> float:
    pairs = evidence.pooled.pairs + evidence.missing_pairs
    return evidence.missing_pairs / pairs if pairs else 0.0


def _insufficient(policy: Policy, pooled: Stream) -> str:
    more = pairs_missing(policy, pooled)
    if pooled.canary_only:
        return (
            f"{pooled.canary_only} of {pooled.pairs} pairs failed on the canary alone, too few to be sure. Do not promote: look at "
            f"the runs that failed, and play more pairs (a pass would take about {more} more, all of them clean)."
        )
    return f"{pooled.pairs} pairs, all clean on the canary: too few to be sure; about {more} more would do for a pass."


def pairs_missing(policy: Policy, pooled: Stream) -> int:
    """How many more clean pairs a pass needs."""
    needed = math.log(policy.pass_evidence)
    for more in range(1, 100_000):
        if log_e_below_margin(pooled.canary_only, pooled.pairs + more, policy.margin) >= needed:
            return more
    return 100_000
