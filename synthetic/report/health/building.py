"""Building the Release Health document from what is known of a rollout: pure, so that the same facts tell the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from synthetic.gate.decision import Decision, Reason
from synthetic.gate.observed import Observation
from synthetic.gate.policy import Policy
from synthetic.report.health.document import (
    DecisionLine,
    EvidenceFacts,
    KillSwitch,
    ReleaseHealth,
    RolloutFacts,
    VerdictFacts,
)
from synthetic.report.health.failing import failing_groups
from synthetic.report.health.groups import groups
from synthetic.report.health.latencies import distributions
from synthetic.report.health.streams import streams
from synthetic.report.health.wording import ENDED, ENDINGS, HEADLINES, NOTHING_TO_DO, WHAT_TO_DO, without_advice
from synthetic.report.records import Amount, utc

HISTORY_MAX = 100


@dataclass(frozen=True, slots=True)
class Watched:
    """All that is known of a rollout. Wall times in nanoseconds: `since_ns` is the start of the watch, `now_ns` the look.

    `observations`: of both cells, in any order; others are left aside. `decided`: past decisions in any order.
    `kill`: what stops runs now, in words. `stranded`: minor units by currency. `trace_url`: an address with `{trace_id}`.
    """

    facts: RolloutFacts
    policy: Policy
    observations: Sequence[Observation]
    decision: Decision
    since_ns: int
    now_ns: int
    decided: Sequence[DecisionLine] = ()
    kill: Sequence[str] = ()
    stranded: Mapping[str, int] = field(default_factory=dict)
    trace_url: str = ""


def build_health(watched: Watched) -> ReleaseHealth:
    """The document as of `now_ns`."""
    canary = _of_cell(watched, watched.facts.cell)
    baseline = _of_cell(watched, watched.facts.baseline)
    figures_since_ns = _figures_since(watched, [*baseline, *canary])
    of_late = [[one for one in side if one.started_ns >= figures_since_ns] for side in (baseline, canary)]
    history = sorted(watched.decided, key=lambda line: line.at, reverse=True)
    failing, left_out = failing_groups(baseline, canary, trace_url=watched.trace_url)
    return ReleaseHealth(
        generated_at=utc(watched.now_ns),
        rollout=_named(watched.facts, baseline, canary),
        verdict=_verdict(watched, history),
        evidence=_evidence(watched, baseline, canary, figures_since_ns),
        streams=streams(
            watched.policy, watched.decision.streams, since_ns=watched.since_ns, doubted=_is_doubted(watched.decision)
        ),
        groups=groups(*of_late),
        latencies=distributions(watched.policy, *of_late),
        history=history[:HISTORY_MAX],
        failing=failing,
        failing_left_out=left_out,
        stranded=[
            Amount(minor=minor, currency=currency) for currency, minor in sorted(watched.stranded.items()) if minor
        ],
        kill_switch=KillSwitch(stopped=bool(watched.kill), words=list(watched.kill)),
    )


def _is_doubted(decision: Decision) -> bool:
    return decision.verdict == "fail" or decision.reason is Reason.PAUSE


def _of_cell(watched: Watched, cell: str) -> list[Observation]:
    return [one for one in watched.observations if one.cell == cell and one.started_ns >= watched.since_ns]


def _figures_since(watched: Watched, observations: Sequence[Observation]) -> int:
    """The policy's window before the newest run, so that a rollout that has ended or fallen silent still shows its last figures."""
    newest_ns = max((one.started_ns for one in observations), default=watched.now_ns)
    return max(watched.since_ns, newest_ns - int(watched.policy.window_s * 1e9))


def _named(facts: RolloutFacts, baseline: Sequence[Observation], canary: Sequence[Observation]) -> RolloutFacts:
    """Versions that nobody has told are those that the cells' newest runs have met."""
    return facts.model_copy(
        update={
            "version": facts.version or _newest_version(canary),
            "baseline_version": facts.baseline_version or _newest_version(baseline),
        }
    )


def _newest_version(observations: Sequence[Observation]) -> str:
    newest = max(observations, key=lambda one: one.started_ns, default=None)
    return newest.version if newest else ""


def _verdict(watched: Watched, history: Sequence[DecisionLine]) -> VerdictFacts:
    decision = watched.decision
    same = list(takewhile(lambda line: (line.verdict, line.reason) == (decision.verdict, decision.reason), history))
    ready_in_s = decision.ready_in_s
    going = watched.facts.ended_at is None
    return VerdictFacts(
        verdict=decision.verdict,
        reason=decision.reason,
        headline=HEADLINES[decision.verdict] if going else ENDINGS.get(watched.facts.ending, ENDED),
        explanation=decision.explanation if going else without_advice(decision.explanation),
        todo=WHAT_TO_DO[decision.reason] if going else NOTHING_TO_DO,
        since=same[-1].at if same else None,
        suspect=decision.suspect,
        pairs_missing=decision.pairs_missing,
        ready_at=None if ready_in_s is None else utc(watched.now_ns + int(ready_in_s * 1e9)),
    )


def _evidence(
    watched: Watched, baseline: Sequence[Observation], canary: Sequence[Observation], figures_since_ns: int
) -> EvidenceFacts:
    others = {one.pair: one for one in baseline if one.pair}
    pairs = [(one, others[one.pair]) for one in canary if one.pair in others]
    usable = [pair for pair in pairs if pair[0].failed is not None and pair[1].failed is not None]
    last_ns = max((max(one.started_ns + one.duration_ns for one in pair) for pair in usable), default=None)
    return EvidenceFacts(
        since=utc(watched.since_ns),
        figures_since=utc(figures_since_ns),
        runs={"baseline": len(baseline), "canary": len(canary)},
        pairs=len(usable),
        missing_pairs=len(pairs) - len(usable),
        last_pair_at=None if last_ns is None else utc(last_ns),
        stale_after_s=watched.policy.stale_s,
        policy_digest=watched.policy.digest,
    )
