"""Answers as documents: decisions and rollouts in the types of `documents`, instants in UTC, never a NaN."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

from synthetic.gate.decision import Weighed
from synthetic.rollouts.judge import Asked
from synthetic.rollouts.model import Rollout
from synthetic.rollouts.watch import Judged
from synthetic.web.gate.documents import CountsOut, HookOut, RolloutOut, StepOut, StreamOut, VerdictOut


def verdict_of(judged: Judged, asked: Asked, *, slo: str = "", slo_from: str = "") -> VerdictOut:
    """What a controller polls for. `slo`: what the release was held against, and `slo_from`: where that stands."""
    decision, rollout = judged.decision, judged.rollout
    return VerdictOut(
        verdict=decision.verdict,
        reason=decision.reason,
        explanation=decision.explanation,
        rollout=rollout.id if rollout else asked.rollout,
        cell=rollout.cell if rollout else asked.cell,
        baseline=rollout.baseline if rollout else asked.baseline,
        version=rollout.version if rollout else "",
        since=instant(rollout.since_ns) if rollout else None,
        at=instant(judged.at_ns),
        weight=rollout.weight if rollout else 0,
        suspect=decision.suspect,
        pairs_missing=decision.pairs_missing,
        ready_in_s=decision.ready_in_s,
        slo=slo,
        slo_from=slo_from,
        streams=[_stream(weighed) for weighed in decision.streams],
    )


def hook_of(judged: Judged, name: str) -> HookOut:
    """What a hook of Flagger is answered, whatever its status."""
    decision = judged.decision
    return HookOut(rollout=name, verdict=decision.verdict, reason=decision.reason, explanation=decision.explanation)


def rollout_of(rollout: Rollout) -> RolloutOut:
    """A rollout as it is kept."""
    return RolloutOut(
        id=rollout.id,
        cell=rollout.cell,
        baseline=rollout.baseline,
        version=rollout.version,
        by=rollout.by,
        started_at=instant(rollout.started_ns),
        weight=rollout.weight,
        steps=[StepOut(weight=step.weight, at=instant(step.at_ns)) for step in rollout.steps],
        ended_at=instant(rollout.ended_ns) if rollout.ended_ns else None,
        ending=rollout.ending,
    )


def counts_of(weighed: Weighed) -> CountsOut:
    """The pairs of a stream."""
    return CountsOut(**asdict(weighed.counts))


def instant(at_ns: int) -> datetime:
    """A wall instant (nanoseconds since the Unix epoch)."""
    return datetime.fromtimestamp(at_ns / 1e9, UTC)


def _stream(weighed: Weighed) -> StreamOut:
    return StreamOut(
        stream=weighed.stream,
        objective=weighed.objective,
        value=weighed.value,
        counts=counts_of(weighed),
        e_budget=weighed.e_budget,
        e_budget_needed=weighed.e_budget_needed,
        e_pair=weighed.e_pair,
        e_pair_needed=weighed.e_pair_needed,
        e_pass=weighed.e_pass,
        e_pass_needed=weighed.e_pass_needed,
        streak=weighed.streak,
        regressed=weighed.regressed,
    )
