"""Observations and decisions written by hand, as short as a test can read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synthetic.core.outcome import Blame, RunOutcome
from synthetic.gate.counts import Counts
from synthetic.gate.decision import Decision, Reason, Weighed
from synthetic.gate.observed import Observation, StepSeen
from synthetic.gate.policy import Objective, Policy
from synthetic.report.health import RolloutFacts, Watched
from synthetic.report.records import utc

T0_NS = 1_795_413_600_000_000_000
SECOND = 1_000_000_000
POLICY = Policy(
    objectives=(
        Objective("deposit_success_by_psp", "deposit", 0.99, by="psp"),
        Objective("p95_payments_deposit", "deposit", 0.95, "latency", 400.0),
    ),
    digest="abc",
)


def step(sli: str = "deposit", *, held: bool | None = True, took_ms: float = 100.0, psp: str = "psp-a") -> StepSeen:
    """A step that counts for an SLI."""
    return StepSeen(sli, sli, {"psp": psp} if psp else {}, held, int(took_ms * 1e6))


def seen(track: str = "canary", at_s: float = 0.0, **changed: Any) -> Observation:
    """A run that has ended, in the pair of its second."""
    facts: dict[str, Any] = {
        "run_id": f"{track}-{at_s:g}",
        "pair": f"pair-{at_s:g}",
        "scenario": "deposit-bet-withdraw",
        "row": {"psp": "psp-a"},
        "cell": track,
        "track": track,
        "version": {"canary": "2.4.0", "baseline": "2.3.1"}[track],
        "market": "MT",
        "brand": "aurora",
        "started_ns": T0_NS + int(at_s * SECOND),
        "duration_ns": SECOND,
        "outcome": RunOutcome.OK,
        "steps": (step(),),
    }
    return Observation(**facts | changed)


def failed(track: str = "canary", at_s: float = 0.0, **changed: Any) -> Observation:
    """A run whose deposit failed."""
    facts: dict[str, Any] = {
        "outcome": RunOutcome.FAILED,
        "blame": Blame.PLATFORM,
        "failed_step": "deposit",
        "reason": "HTTP 502 instead of 202",
        "steps": (step(held=False),),
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
    }
    return seen(track, at_s, **facts | changed)


def weighed(**changed: Any) -> Weighed:
    """A stream without any evidence."""
    facts: dict[str, Any] = {
        "stream": "deposit_success_by_psp[psp-a]",
        "objective": "deposit_success_by_psp",
        "value": "psp-a",
        "counts": Counts(10),
        "e_budget": 1.0,
        "e_budget_needed": 1000.0,
        "e_pair": 1.0,
        "e_pair_needed": 100.0,
        "e_pass": 1.0,
        "e_pass_needed": 20.0,
    }
    return Weighed(**facts | changed)


def watched(
    *observations: Observation, decision: Decision | None = None, now_s: float = 60.0, **changed: Any
) -> Watched:
    """A rollout of two cells, looked at after a minute."""
    facts: Mapping[str, Any] = {
        "facts": RolloutFacts(id="cashier-2.4.0", cell="canary", baseline="baseline", started_at=utc(T0_NS)),
        "policy": POLICY,
        "observations": observations,
        "decision": decision or Decision("inconclusive", Reason.INSUFFICIENT, "1 pair: too few to be sure."),
        "since_ns": T0_NS,
        "now_ns": T0_NS + int(now_s * SECOND),
    }
    return Watched(**{**facts, **changed})
