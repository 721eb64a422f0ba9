"""decide(policy, evidence) -> Decision: promote, roll back, or say why neither can be said. Pure; may be asked at any time.

A broken money law on the canary alone is proof and acts at once, and so does a hard stop. Everything else is statistics over
pairs: a rollback needs a failure rate above its budget *and* failures on the canary rather than on both sides, on several
ticks on end; a pass needs, for every stream, a failure rate below its margin. What hits both sides is a shared fault, never
the release's. What can't be known is no pass.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from synthetic.gate import telling
from synthetic.gate.counts import Counts, Evidence
from synthetic.gate.decision import Decision, Reason, Verdict
from synthetic.gate.eprocess import log_e_canary_only
from synthetic.gate.policy import Policy
from synthetic.gate.stops import Standing, Stopped, stopped
from synthetic.gate.weighing import Weight, weigh

SECOND_NS = 1_000_000_000
SIDES = ("canary", "baseline", "both", "canary_unpaired", "baseline_unpaired")


@dataclass(frozen=True, slots=True)
class _Answer:
    verdict: Verdict
    reason: Reason
    explanation: str


def decide(policy: Policy, evidence: Evidence) -> Decision:
    """Decide on all evidence so far. May be asked as often as one likes: the tests hold at every look (Ville 1939)."""
    unreadable = (*evidence.unreadable, *_impossible(evidence))
    if _impossible(evidence):
        return Decision("inconclusive", Reason.UNKNOWN, telling.unreadable(unreadable))
    weights = weigh(policy, evidence)
    suspicious = [weight for weight in weights if weight.suspicious]
    met = stopped(policy, evidence)
    answer = (
        _proven(policy, evidence)
        or _alone(evidence)
        or _stopped_hard(met)
        or _regressed(weights)
        or _not_to_be_read(unreadable)
        or _out_of_date(policy, evidence)
        or _without_comparison(evidence)
        or _badly_measured(policy, evidence)
        or _shared(evidence, weights, met)
        or _unsure(met)
        or _paused(weights, suspicious)
    )
    missing, ready_in_s = _still_missing(policy, evidence, weights)
    if answer is None:
        answer = _passed_or_not_yet(policy, evidence, weights, missing, ready_in_s)
    open_still = answer.verdict == "inconclusive"
    return Decision(
        answer.verdict,
        answer.reason,
        answer.explanation,
        tuple(weight.weighed for weight in weights),
        suspect=bool(suspicious or _of(met, "unsure")) or _has_just_begun(policy, evidence),
        pairs_missing=missing if open_still else None,
        ready_in_s=ready_in_s if open_still else None,
    )


def _impossible(evidence: Evidence) -> tuple[str, ...]:
    """Counts that no pairs can make, and figures that are no numbers."""
    told = [
        f"{stream.name} counts {counts.pairs} pairs with {counts.canary_only} + {counts.baseline_only} + {counts.both} failures"
        for stream in evidence.streams
        for _, counts in stream.ticks
        if not _adds_up(counts)
    ]
    told += [
        f"the signal {signal.name} of {signal.cell} is no number"
        for signal in evidence.signals
        if not math.isfinite(signal.value)
    ]
    return tuple(told)


def _adds_up(counts: Counts) -> bool:
    one, other, both = counts.canary_only, counts.baseline_only, counts.both
    return one >= 0 and other >= 0 and both >= 0 and one + other + both <= counts.pairs


def _has_just_begun(policy: Policy, evidence: Evidence) -> bool:
    """Whether the watch, or a step, is so young that denser probes buy most: what is bad is bad from its first minute on."""
    elapsed_s, of_step_s = (
        (evidence.now_ns - from_ns) / SECOND_NS for from_ns in (evidence.since_ns, evidence.step_ns)
    )
    eager_s = min(policy.eager_s, policy.window_s)
    return 0 <= elapsed_s < eager_s or 0 <= of_step_s < min(eager_s, policy.step_s)


# The grounds, in the order in which they count. Each answers None where it has nothing to say.


def _proven(policy: Policy, evidence: Evidence) -> _Answer | None:
    """Laws that the canary breaks. One that breaks on the baseline as well has to break far more often on the canary.

    In a run without a pair it is proof where the baseline plays, and none of its runs has broken the law.
    """
    sides = {side: Counter(evidence.breaches.get(side, ())) for side in SIDES}
    needed = -math.log(policy.alpha_pair)
    proven = {
        law: count
        for law, count in sorted(sides["canary"].items())
        if not (sides["baseline"][law] or sides["both"][law] or sides["baseline_unpaired"][law])
        or log_e_canary_only(count, sides["baseline"][law]) >= needed
    }
    if proven:
        return _Answer("fail", Reason.MONEY_LAW, telling.money_law(proven, sides["baseline"]))
    excused = sides["baseline"] + sides["both"] + sides["baseline_unpaired"]
    unpaired = {law: count for law, count in sorted(sides["canary_unpaired"].items()) if not excused[law]}
    if not unpaired or _one_sided(evidence):
        return None
    return _Answer("fail", Reason.MONEY_LAW, telling.money_law_unpaired(unpaired))


def _stopped_hard(met: list[Stopped]) -> _Answer | None:
    alone = _of(met, "alone")
    return _Answer("fail", Reason.HARD_STOP, telling.hard_stop(alone[0])) if alone else None


def _regressed(weights: list[Weight]) -> _Answer | None:
    regressed = [weight for weight in weights if weight.weighed.regressed]
    if not regressed:
        return None
    strongest = max(regressed, key=lambda weight: weight.weighed.e_pair / weight.weighed.e_pair_needed)
    return _Answer(
        "fail", Reason.REGRESSION, telling.regression(strongest.objective, strongest.weighed, len(regressed))
    )


def _not_to_be_read(unreadable: tuple[str, ...]) -> _Answer | None:
    return _Answer("inconclusive", Reason.UNKNOWN, telling.unreadable(unreadable)) if unreadable else None


def _out_of_date(policy: Policy, evidence: Evidence) -> _Answer | None:
    """No pair for `stale_s`, though there was one; or none at all since the start, and none that was spoilt either."""
    last_ns = evidence.last_pair_ns or evidence.since_ns + round(policy.warm_up_s * SECOND_NS)
    silent_s = (evidence.now_ns - last_ns) / SECOND_NS
    if silent_s <= policy.stale_s or (evidence.missing_pairs and not evidence.pairs) or _one_sided(evidence):
        return None
    return _Answer("inconclusive", Reason.STALE, telling.stale(silent_s, evidence.pairs))


def _one_sided(evidence: Evidence) -> bool:
    return "canary" in evidence.values and "baseline" not in evidence.values


def _alone(evidence: Evidence) -> _Answer | None:
    """A canary without a baseline is neither good nor bad, whatever it shows."""
    if not _one_sided(evidence):
        return None
    laws = (*evidence.breaches.get("canary", ()), *evidence.breaches.get("canary_unpaired", ()))
    return _Answer("inconclusive", Reason.NOT_COMPARABLE, telling.no_baseline(laws))


def _without_comparison(evidence: Evidence) -> _Answer | None:
    canary, baseline = (evidence.values.get(track, {}) for track in ("canary", "baseline"))
    for label in sorted(set(canary) | set(baseline)):
        here, there = canary.get(label, frozenset()), baseline.get(label, frozenset())
        if here != there:
            return _Answer("inconclusive", Reason.NOT_COMPARABLE, telling.missing_value(label, here, there))
    return None


def _badly_measured(policy: Policy, evidence: Evidence) -> _Answer | None:
    pairs = evidence.pairs + evidence.missing_pairs
    if not pairs or evidence.missing_pairs <= policy.missing_max * pairs:
        return None
    return _Answer("inconclusive", Reason.HARNESS, telling.harness(evidence.missing_pairs, pairs))


def _shared(evidence: Evidence, weights: list[Weight], met: list[Stopped]) -> _Answer | None:
    """What hits the baseline as well: a hard stop on both sides, a law that both break, failures that are mostly shared."""
    laws = sorted(
        {law for side in ("baseline", "both", "baseline_unpaired") for law in evidence.breaches.get(side, ())}
    )
    if laws:
        return _Answer("inconclusive", Reason.SHARED_FAULT, telling.shared_laws(laws))
    shared = _of(met, "shared")
    if shared:
        return _Answer("inconclusive", Reason.SHARED_FAULT, telling.shared_stop(shared[0]))
    for weight in weights:
        if weight.above_recently and weight.recent.baseline_failed * 2 >= weight.recent.canary_failed:
            told = telling.shared_failures(weight.objective, weight.weighed, weight.recent)
            return _Answer("inconclusive", Reason.SHARED_FAULT, told)
    return None


def _unsure(met: list[Stopped]) -> _Answer | None:
    unsure = _of(met, "unsure")
    return _Answer("inconclusive", Reason.PAUSE, telling.unsure_stop(unsure[0])) if unsure else None


def _of(met: list[Stopped], standing: Standing) -> list[Stopped]:
    return [one for one in met if one.standing == standing]


def _paused(weights: list[Weight], suspicious: list[Weight]) -> _Answer | None:
    above = [weight for weight in weights if weight.above_recently]
    if above:
        told = telling.pause(above[0].objective, above[0].weighed, above[0].recent)
        return _Answer("inconclusive", Reason.PAUSE, told)
    if suspicious:
        first = suspicious[0]
        told = telling.suspicion(first.objective, first.weighed, first.recent)
        return _Answer("inconclusive", Reason.PAUSE, told)
    return None


def _still_missing(policy: Policy, evidence: Evidence, weights: list[Weight]) -> tuple[int, float | None]:
    """(pairs that a pass still needs where it needs most, seconds until they and the watch are over; None: unknown)."""
    missing = max((weight.pairs_missing for weight in weights), default=0)
    elapsed_s = (evidence.now_ns - evidence.since_ns) / SECOND_NS
    waits: list[float | None] = [max(policy.window_s - elapsed_s, 0.0)]
    if evidence.step_ns > evidence.since_ns:
        of_step_s = (evidence.now_ns - evidence.step_ns) / SECOND_NS
        waits.append(max(min(policy.step_s, policy.window_s) - of_step_s, 0.0))
    short = [weight for weight in weights if weight.pairs_missing]
    waits += [weight.pairs_missing / weight.pairs_per_s if weight.pairs_per_s else None for weight in short]
    of_step = max(policy.pairs_min - evidence.step_pairs, 0)
    if of_step:
        pace = evidence.pairs / elapsed_s if elapsed_s > 0 else 0.0
        waits.append(of_step / pace if pace else None)
    known = [wait for wait in waits if wait is not None]
    return max(missing, of_step), max(known) if len(known) == len(waits) else None


def _passed_or_not_yet(
    policy: Policy, evidence: Evidence, weights: list[Weight], missing: int, ready_in_s: float | None
) -> _Answer:
    """A pass needs each stream of each objective: one that was never measured, or hardly, is none."""
    if not missing and ready_in_s == 0.0 and weights:
        silent = max(weights, key=lambda weight: weight.silent_s)
        if silent.silent_s:
            return _Answer("inconclusive", Reason.STALE, telling.silent(silent.weighed, silent.silent_s))
        return _Answer("pass", Reason.CLEAN, telling.clean(evidence, [weight.weighed for weight in weights], policy))
    unmeasured = [weight.weighed.stream for weight in weights if not weight.weighed.counts.pairs]
    thin = [weight.weighed for weight in weights if 0 < weight.weighed.counts.pairs < policy.pairs_min]
    if thin and not unmeasured and evidence.now_ns - evidence.since_ns >= policy.window_s * SECOND_NS:
        return _Answer("inconclusive", Reason.NOT_COMPARABLE, telling.thin(thin[0], policy, missing, ready_in_s))
    short = max(weights, key=lambda weight: weight.pairs_missing, default=None)
    told = telling.insufficient(evidence, unmeasured, short.weighed if short else None, missing, ready_in_s)
    return _Answer("inconclusive", Reason.INSUFFICIENT, told)
