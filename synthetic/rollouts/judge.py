"""The judge: reads what is new of a rollout, decides, and keeps what has changed: in the store, in the audit, as denser probes."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from synthetic.audit.trail import AuditTrail
from synthetic.core.expressions import did_you_mean
from synthetic.core.ports import Clock
from synthetic.gate.counts import Evidence
from synthetic.gate.coverage import Coverage
from synthetic.gate.decide import decide
from synthetic.gate.decision import Decision
from synthetic.gate.observed import Observation
from synthetic.gate.policy import Policy
from synthetic.rollouts.clock import WatchedClock
from synthetic.rollouts.holding import held, unknown
from synthetic.rollouts.model import Decided, Rollout
from synthetic.rollouts.store import Store
from synthetic.rollouts.texts import evidence_text
from synthetic.rollouts.watch import NO_COVERAGE, Judged, Watch

WATCHES_MAX = 16
UNREGISTERED_FOR_NS = 24 * 3600 * 10**9
"""A version that nobody has registered is watched from when it was first seen on, but from so long ago at most."""

SUSPECT_FOR_S = 10.0


class Suspects(Protocol):
    """Whom the judge asks for denser probes of a cell."""

    def suspect(self, cell: str, for_s: float) -> None:
        """Play the probes of this cell denser for so long. Called from the judge's thread; must not raise."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a verdict is asked of: a rollout that somebody has begun, or else two cells as they are now. "" where not given."""

    rollout: str = ""
    cell: str = ""
    baseline: str = ""


@dataclass(slots=True)
class Judge:
    """Any thread may ask; one at a time is answered.

    `policy` and `coverage` (of a canary beside its baseline) are asked each time, as their files may have been read again.
    """

    store: Store
    policy: Callable[[], Policy]
    clock: Clock
    trail: AuditTrail | None = None
    suspects: Suspects | None = None
    coverage: Callable[[str, str], Coverage] = lambda _cell, _baseline: NO_COVERAGE
    _watches: OrderedDict[str, Watch] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _wall: WatchedClock = field(init=False)

    def __post_init__(self) -> None:
        self._wall = WatchedClock(self.clock)

    def judge(self, asked: Asked) -> Judged:
        """Decide on everything that is known by now. Raises JournalUnavailable where nothing can be read."""
        with self._lock:
            return self._judge(asked)

    def runs(self, rollout: Rollout) -> tuple[Observation, ...]:
        """The newest runs that a rollout was judged by, oldest of them first."""
        with self._lock:
            watch = self._watches.get(rollout.id)
            return tuple(watch.shown) if watch else ()

    def last_read(self, rollout_id: str) -> int:
        """The number of the newest row that a rollout was judged by; it grows with each that is new."""
        watch = self._watches.get(rollout_id)
        return watch.last if watch else 0

    def _judge(self, asked: Asked) -> Judged:
        begun_s, now_ns = time.thread_time(), self._wall.look()
        rollout, registered = self.store.rollout(asked.rollout) if asked.rollout else None, True
        if rollout is None and asked.cell:
            rollout, registered = self._version_as_rollout(asked, now_ns), False
        if rollout is None:
            return Judged(self._nobody(asked), now_ns)
        watch = self._watch(rollout, registered=registered)
        watch.read(self.store, now_ns)
        coverage = self.coverage(rollout.cell, rollout.baseline)
        evidence = self._evidence(watch, coverage, now_ns)
        decision = self._decide(watch, coverage, evidence)
        self._keep(watch, decision, now_ns)
        self._ask_for_density(watch, decision)
        cpu_s = time.thread_time() - begun_s
        return Judged(decision, now_ns, rollout, registered, cpu_s, evidence.last_pair_ns)

    def _version_as_rollout(self, asked: Asked, now_ns: int) -> Rollout | None:
        """The present version of a cell, as if somebody had begun it when it was first seen.

        None where one of the two cells was never seen: a poll writes, and nobody may write under names that he makes up.
        """
        if not asked.baseline or asked.baseline == asked.cell or self.store.version_of(asked.baseline) is None:
            return None
        found = self.store.version_of(asked.cell)
        if found is None:
            return None
        name = f"{asked.cell}:{asked.baseline}:{found.version}@{found.first_ns // 10**9}"
        known, since_ns = self._watches.get(name), max(found.since_ns, now_ns - UNREGISTERED_FOR_NS)
        if known is not None and known.rollout.started_ns >= found.since_ns:
            since_ns = known.rollout.started_ns  # the same watch goes on; only a version that has come back begins anew
        return Rollout(name, asked.cell, asked.baseline, found.version, since_ns, "seen")

    def _nobody(self, asked: Asked) -> Decision:
        if not asked.cell:
            return unknown(
                f"No rollout {asked.rollout!r} is known: begin it with POST /v1/rollouts, or name cell and baseline."
            )
        if not asked.baseline or asked.baseline == asked.cell:
            return unknown(f"A canary is judged beside a baseline, and {asked.cell!r} has none.")
        unseen = asked.cell if self.store.version_of(asked.cell) is None else asked.baseline
        hint = did_you_mean(unseen, self.store.cells())
        meant = f" {hint[0].upper()}{hint[1:]}" if hint else ""
        return unknown(
            f"No run of cell {unseen!r} was ever seen: is it the name that the runner's cells file gives it?{meant}"
        )

    def _watch(self, rollout: Rollout, *, registered: bool) -> Watch:
        """The watch of a rollout; a new one where its policy or its start is another one."""
        policy, watch = self.policy(), self._watches.pop(rollout.id, None)
        if watch is None or watch.policy != policy or watch.rollout.since_ns != rollout.since_ns:
            watch = Watch(rollout, policy, registered)
        watch.rollout = rollout
        self._watches[rollout.id] = watch
        if len(self._watches) > WATCHES_MAX:
            self._watches.popitem(last=False)
        return watch

    def _evidence(self, watch: Watch, coverage: Coverage, now_ns: int) -> Evidence:
        rollout = watch.rollout
        signals = self.store.signals(rollout.cell, rollout.baseline, since_ns=rollout.since_ns)
        return watch.evidence(now_ns, signals, coverage)

    def _decide(self, watch: Watch, coverage: Coverage, evidence: Evidence) -> Decision:
        return held(
            decide(watch.policy, evidence),
            watch.rollout,
            failed=self.store.failed(watch.rollout.id),
            jump=self._wall.jumped(watch.policy.window_s),
            aside=" ".join(told for told in (watch.aside(), coverage.told) if told),
        )

    def _keep(self, watch: Watch, decision: Decision, now_ns: int) -> None:
        """Keep and audit what has changed. An ended rollout's last decision is the one that it ended with."""
        rollout = watch.rollout
        if rollout.ended_ns:
            return
        evidence = evidence_text(decision.streams)
        decided = Decided(
            rollout.id, now_ns, decision.verdict, decision.reason, decision.explanation, rollout.weight, evidence
        )
        if self.store.decide(decided) and self.trail is not None:
            told = f"{decision.reason}: {decision.explanation}"
            self.trail.verdict(rollout.cell, decision.verdict, told, release=rollout.id)

    def _ask_for_density(self, watch: Watch, decision: Decision) -> None:
        """For a little longer than until the next look: a suspicion lasts as long as the decision says, and no longer."""
        if decision.suspect and self.suspects is not None and not watch.rollout.ended_ns:
            self.suspects.suspect(watch.rollout.cell, SUSPECT_FOR_S)
