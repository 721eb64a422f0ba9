"""A release under watch: its events folded, weighed and written down as the service does it, at any instant of its life."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.release_health.releases import STARTED_NS, Release
from synthetic.config.slo import shipped_policy
from synthetic.core.events import Event
from synthetic.gate.decide import decide
from synthetic.gate.decision import Decision
from synthetic.gate.gathering import Gathering, gather
from synthetic.gate.observed import Observation
from synthetic.gate.observing import observe
from synthetic.report.health import DecisionLine, RolloutFacts, StepFacts, Watched
from synthetic.report.recorder import RunRecorder
from synthetic.report.records import RunRecord, utc

POLICY = shipped_policy()


@dataclass(frozen=True, slots=True)
class Watching:
    """A release whose events have been read once; `at` looks at it at an instant. `records`: of the runs that failed."""

    release: Release
    observations: tuple[Observation, ...]
    records: dict[str, RunRecord]

    @classmethod
    def of(cls, release: Release) -> Watching:
        """Play it to its end."""
        events = list(release.events())
        observations = tuple(observe(events))
        failed = {one.run_id for one in observations if one.failed}
        return cls(release, observations, _records(event for event in events if event.run_id in failed))

    def at(self, at_s: float | None = None) -> Watched:
        """What is known of it then; None: at its end."""
        now_ns = STARTED_NS + int((self.release.for_s if at_s is None else at_s) * 1e9)
        decided = self._decided(now_ns)
        seen = self._seen(now_ns)
        return Watched(
            facts=self._facts(now_ns),
            policy=POLICY,
            observations=seen,
            decision=_decide(seen, now_ns),
            since_ns=STARTED_NS,
            now_ns=now_ns,
            decided=decided,
            stranded=_stranded(seen),
            trace_url="https://traces.example/trace/{trace_id}",
        )

    def _seen(self, now_ns: int) -> Sequence[Observation]:
        return [one for one in self.observations if one.started_ns + one.duration_ns <= now_ns]

    def _facts(self, now_ns: int) -> RolloutFacts:
        return RolloutFacts(
            id="cashier-2.4.0",
            cell="canary",
            baseline="baseline",
            version="2.4.0",
            started_at=utc(STARTED_NS),
            by="argo-rollouts",
            steps=[
                StepFacts(weight=weight, at=utc(STARTED_NS + after_s * 1_000_000_000))
                for after_s, weight in self.release.weights
                if STARTED_NS + after_s * 1_000_000_000 <= now_ns
            ],
        )

    def _decided(self, now_ns: int) -> list[DecisionLine]:
        """Asked at every tick; only changes are kept."""
        kept: list[DecisionLine] = []
        gathering = Gathering(POLICY, "canary", "baseline", STARTED_NS)
        every_ns, seen = int(POLICY.tick_s * 1e9), 0
        for at_ns in range(STARTED_NS + every_ns, now_ns + 1, every_ns):
            so_far = self._seen(at_ns)
            for one in so_far[seen:]:
                gathering.take(one)
            seen = len(so_far)
            decision = decide(POLICY, gathering.evidence(at_ns))
            if not kept or (kept[-1].verdict, kept[-1].reason) != (decision.verdict, decision.reason):
                kept.append(_line(decision, at_ns, self._facts(at_ns).weight))
        return kept


def _decide(seen: Sequence[Observation], now_ns: int) -> Decision:
    evidence = gather(POLICY, seen, cell="canary", baseline="baseline", since_ns=STARTED_NS, now_ns=now_ns)
    return decide(POLICY, evidence)


def _records(events: Iterable[Event]) -> dict[str, RunRecord]:
    records: dict[str, RunRecord] = {}

    def keep(record: RunRecord) -> None:
        records[record.run_id] = record

    recorder = RunRecorder(keep)
    for event in events:
        recorder(event)
    return records


def _line(decision: Decision, at_ns: int, weight: int) -> DecisionLine:
    return DecisionLine(
        at=utc(at_ns), verdict=decision.verdict, reason=decision.reason, explanation=decision.explanation, weight=weight
    )


def _stranded(observations: Sequence[Observation]) -> dict[str, int]:
    stranded: dict[str, int] = {}
    for one in observations:
        for currency, minor in one.stranded_minor.items():
            stranded[currency] = stranded.get(currency, 0) + minor
    return stranded
