"""The Release Health of rollouts for whoever looks at them: built in a thread, and not more often than it is worth."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from synthetic.core.ports import Clock
from synthetic.report.health import (
    DecisionLine,
    ReleaseHealth,
    RolloutFacts,
    RolloutLine,
    StepFacts,
    Watched,
    build_health,
)
from synthetic.report.records import RunRecord
from synthetic.rollouts.desk import Desk
from synthetic.rollouts.judge import Asked
from synthetic.rollouts.model import Decided, Rollout
from synthetic.rollouts.watch import Judged
from synthetic.web.gate.answers import instant

BUILD_EVERY_S = 1.0
BUSY_MAX = 0.02
"""The share of a core that building may take."""
SAME_FOR_S = 30.0
"""Where nothing is new, the very same document is told for so long."""
KEPT_MAX = 16


def _no_words() -> Sequence[str]:
    return ()


def _no_record(_run_id: str) -> RunRecord | None:
    return None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the gate is told by others: what stops runs now (in words), where records of runs are, an address of traces."""

    kill: Callable[[], Sequence[str]] = _no_words
    record: Callable[[str], RunRecord | None] = _no_record
    trace_url: str = ""


@dataclass(slots=True)
class _Built:
    health: ReleaseHealth
    of: object
    at_ns: int
    took_s: float


@dataclass(slots=True)
class HealthDesk:
    """Documents of rollouts. Raises JournalUnavailable where the store can't be read."""

    desk: Desk
    clock: Clock
    around: Surroundings = field(default_factory=Surroundings)
    _built: OrderedDict[str, _Built] = field(default_factory=OrderedDict)
    _building: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def rollouts(self) -> Sequence[RolloutLine]:
        """The newest rollouts with what was decided of them last, newest first."""
        return await self.desk.off_loop(self._lines)

    async def health(self, rollout: str) -> ReleaseHealth | None:
        """The document of a rollout, at most a little old, and the same object while nothing is new; None: no such rollout."""
        async with self._building:
            known = self._built.get(rollout)
            if known is not None and self._age_s(known) < max(BUILD_EVERY_S, known.took_s / BUSY_MAX):
                return known.health
            kept = await self.desk.rollout(rollout)
            if kept is None:
                return None
            judged = await self.desk.verdict(Asked(rollout=rollout))
            kill = tuple(await self.desk.off_loop(self.around.kill))
            of = (kept, judged.decision, self.desk.judge.last_read(rollout), kill)
            if known is not None and known.of == of and self._age_s(known) < SAME_FOR_S:
                return known.health
            begun_ns = self.clock.monotonic_ns()
            health = await self.desk.off_loop(self._build, kept, judged, kill)
            now_ns = self.clock.monotonic_ns()
            self._built[rollout] = _Built(health, of, now_ns, (now_ns - begun_ns) / 1e9)
            if len(self._built) > KEPT_MAX:
                self._built.popitem(last=False)
            return health

    async def run(self, rollout: str, run_id: str) -> RunRecord | None:
        """The record of a run of a rollout's cells; None where none was kept."""
        kept = await self.desk.rollout(rollout)
        record = await self.desk.off_loop(self.around.record, run_id) if kept is not None else None
        if kept is None or record is None or record.cell not in (kept.cell, kept.baseline):
            return None
        return record

    def _age_s(self, built: _Built) -> float:
        return (self.clock.monotonic_ns() - built.at_ns) / 1e9

    def _build(self, rollout: Rollout, judged: Judged, kill: Sequence[str]) -> ReleaseHealth:
        judge = self.desk.judge
        runs = judge.runs(rollout)
        stranded: dict[str, int] = {}
        for one in runs:
            for currency, minor in one.stranded_minor.items():
                stranded[currency] = stranded.get(currency, 0) + minor
        return build_health(
            Watched(
                facts=facts_of(rollout),
                policy=judge.policy(),
                observations=runs,
                decision=judged.decision,
                since_ns=rollout.since_ns,
                now_ns=judged.at_ns,
                decided=[_line_of(one) for one in judge.store.decisions(rollout.id)],
                kill=kill,
                stranded=stranded,
                trace_url=self.around.trace_url,
            )
        )

    def _lines(self) -> list[RolloutLine]:
        store = self.desk.judge.store
        rollouts = store.rollouts()
        last: Mapping[str, Decided] = store.last_decisions([rollout.id for rollout in rollouts])
        return [_list_line(rollout, last.get(rollout.id)) for rollout in rollouts]


def facts_of(rollout: Rollout) -> RolloutFacts:
    """The facts of a rollout, as they are told."""
    return RolloutFacts(
        id=rollout.id,
        cell=rollout.cell,
        baseline=rollout.baseline,
        version=rollout.version,
        started_at=instant(rollout.started_ns),
        ended_at=instant(rollout.ended_ns) if rollout.ended_ns else None,
        ending=rollout.ending,
        by=rollout.by,
        steps=[StepFacts(weight=step.weight, at=instant(step.at_ns)) for step in rollout.steps],
    )


def _list_line(rollout: Rollout, decided: Decided | None) -> RolloutLine:
    return RolloutLine(
        id=rollout.id,
        cell=rollout.cell,
        baseline=rollout.baseline,
        version=rollout.version,
        weight=rollout.weight,
        verdict=decided.verdict if decided else "",
        reason=decided.reason if decided else "",
        started_at=instant(rollout.started_ns),
        ended_at=instant(rollout.ended_ns) if rollout.ended_ns else None,
        ending=rollout.ending,
    )


def _line_of(decided: Decided) -> DecisionLine:
    return DecisionLine(
        at=instant(decided.at_ns),
        verdict=decided.verdict,
        reason=decided.reason,
        explanation=decided.explanation,
        weight=decided.weight,
    )
