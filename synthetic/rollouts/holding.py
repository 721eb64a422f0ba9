"""What holds a decision back, or keeps it, whatever the pairs say: facts of the rollout and of the clock, not statistics. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from synthetic.gate.decision import Decision, Reason
from synthetic.rollouts.clock import Jump
from synthetic.rollouts.model import Decided, Rollout


def held(decision: Decision, rollout: Rollout, *, failed: Decided | None, jump: Jump | None, aside: str) -> Decision:
    """The decision that is answered.

    `failed`: the decision by which this rollout has failed before; that stands. An ended rollout and a clock that has jumped turn
    a pass into `inconclusive`; nothing becomes a pass here. `aside`: what evidence was left out, for whoever reads the decision.
    """
    if failed is not None:
        return _failed_before(decision, failed)
    if aside:
        decision = replace(decision, explanation=f"{decision.explanation} {aside}")
    if decision.verdict != "pass":
        return decision
    if rollout.ended_ns:
        ended = (
            f"This rollout ended at {instant(rollout.ended_ns)} ({rollout.ending}): nothing is promoted by it any more."
        )
        return _not_passed(decision, Reason.STALE, ended)
    if jump is not None:
        jumped = (
            f"The clock of this gate has jumped by {jump.by_s:+.0f} s: when the runs were played can't be told for certain. "
            "No pass before a whole window has gone by since; set the clock right if it is not."
        )
        return _not_passed(decision, Reason.STALE, jumped)
    return decision


def unknown(explanation: str) -> Decision:
    """Nobody knows what was asked for."""
    return Decision("inconclusive", Reason.UNKNOWN, explanation)


def instant(at_ns: int) -> str:
    """A wall instant as people and JSON read it: `2026-11-26T05:40:00Z`."""
    return datetime.fromtimestamp(at_ns / 1e9, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _failed_before(decision: Decision, failed: Decided) -> Decision:
    if decision.verdict == "fail":
        return decision
    told = f"Failed at {instant(failed.at_ns)}, and that stands: {failed.explanation}"
    return replace(decision, verdict="fail", reason=Reason(failed.reason), explanation=told)


def _not_passed(decision: Decision, reason: Reason, explanation: str) -> Decision:
    return replace(decision, verdict="inconclusive", reason=reason, explanation=explanation)
