"""A watch: one rollout, and what was read of its two cells so far."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from synthetic.gate.counts import Evidence
from synthetic.gate.coverage import Coverage
from synthetic.gate.decision import Decision
from synthetic.gate.gathering import Gathering
from synthetic.gate.observed import Observation, Signal
from synthetic.gate.policy import Policy
from synthetic.rollouts.model import Rollout
from synthetic.rollouts.store import EVER_NS, Store

SHOWN_MAX = 10_000
"""So many runs of a rollout, the newest, can be shown one by one; all of them are counted."""
FUTURE_MAX_S = 5.0
"""A run that began later than this from now is dated by a clock that is wrong: it is no evidence, now or when its time comes."""

NO_COVERAGE = Coverage()
"""Where nobody knows what the probes are to show."""

_BESIDE = "played beside another version"
_FUTURE = "dated in the future (look at the workers' clocks)"
_UNREADABLE = "that can't be read"


@dataclass(frozen=True, slots=True)
class Judged:
    """What is answered. `rollout` None: nobody knows it. `registered`: somebody has begun it; else it is a version that was seen.

    `at_ns`: when it was decided (wall). `cpu_s`: what that has cost. `last_pair_ns`: when the newest pair was played; 0: none.
    """

    decision: Decision
    at_ns: int
    rollout: Rollout | None = None
    registered: bool = False
    cpu_s: float = 0.0
    last_pair_ns: int = 0


@dataclass(slots=True)
class Watch:
    """What is known of a rollout under one policy. A canary that tells another version than the rollout's is not the canary.

    Its baseline's run is left out with it, or each would be a pair with a side missing. So where a version is wanted, a run of the
    baseline waits for the canary's, which may tell another one, but not longer than a pair waits for its other side.
    """

    rollout: Rollout
    policy: Policy
    registered: bool
    shown: deque[Observation] = field(default_factory=lambda: deque(maxlen=SHOWN_MAX))
    last: int = 0
    _aside: Counter[str] = field(default_factory=Counter)
    _gathering: Gathering = field(init=False)
    _beside: dict[str, Observation] = field(default_factory=dict)  # by pair: runs of the baseline that wait
    _taken: set[str] = field(default_factory=set)  # pairs of which the canary's run alone was taken,
    _left_out: set[str] = field(default_factory=set)  # or alone left out

    def __post_init__(self) -> None:
        self._gathering = Gathering(self.policy, self.rollout.cell, self.rollout.baseline, self.rollout.since_ns)

    def read(self, store: Store, now_ns: int) -> None:
        """Read what is new. Raises JournalUnavailable."""
        cell, baseline, since_ns = self.rollout.cell, self.rollout.baseline, self.rollout.since_ns
        until_ns = self.rollout.ended_ns or EVER_NS
        more = True
        while more:
            seen = store.seen(cell, baseline, since_ns=since_ns, until_ns=until_ns, after=self.last)
            self._take(seen.observations, now_ns)
            self.last, more = seen.last, seen.more
            self._aside[_UNREADABLE] += seen.unreadable
        self._wait_no_longer(now_ns)

    def _take(self, observations: Sequence[Observation], now_ns: int) -> None:
        latest_ns = now_ns + round(FUTURE_MAX_S * 1e9)
        for one in observations:
            if one.started_ns > latest_ns:
                self._aside[_FUTURE] += 1
            elif self._is_another_version(one):
                self._aside[f"of version {one.version} instead of {self.rollout.version}"] += 1
                self._leave_out(one.pair)
            elif self.rollout.version and one.pair:
                self._compare(one)
            else:
                self._count(one)

    def _count(self, one: Observation) -> None:
        self.shown.append(one)
        self._gathering.take(one)

    def _leave_out(self, pair: str) -> None:
        """The canary's run of a pair is none of this release."""
        if self._beside.pop(pair, None) is not None:
            self._aside[_BESIDE] += 1
        elif pair:
            self._left_out.add(pair)

    def _compare(self, one: Observation) -> None:
        """Count a run of a pair once it is known that the canary's is one of this release."""
        if one.cell == self.rollout.cell:
            self._count(one)
            beside = self._beside.pop(one.pair, None)
            if beside is not None:
                self._count(beside)
            else:
                self._taken.add(one.pair)
        elif one.pair in self._left_out:
            self._left_out.discard(one.pair)
            self._aside[_BESIDE] += 1
        elif one.pair in self._taken:
            self._taken.discard(one.pair)
            self._count(one)
        else:
            self._beside[one.pair] = one

    def _wait_no_longer(self, now_ns: int) -> None:
        patience_ns = round(self.policy.stale_s * 1e9)
        for pair, one in list(self._beside.items()):
            if one.started_ns + one.duration_ns + patience_ns <= now_ns:
                self._count(self._beside.pop(pair))

    def _is_another_version(self, one: Observation) -> bool:
        """Only where the cell itself has told it: a cells file is not edited for each release."""
        wanted = self.rollout.version
        return bool(wanted) and one.version_told and one.cell == self.rollout.cell and one.version != wanted

    def evidence(self, now_ns: int, signals: Sequence[Signal], coverage: Coverage = NO_COVERAGE) -> Evidence:
        """What is known at this instant, or was when the rollout ended."""
        at_ns = min(now_ns, self.rollout.ended_ns or now_ns)
        return self._gathering.evidence(
            at_ns,
            step_ns=self.rollout.step_ns,
            signals=signals,
            expected=coverage.expected,
            shares=tuple((step.at_ns, step.weight) for step in self.rollout.steps),
        )

    def aside(self) -> str:
        """What was left out, and why; "" where nothing was."""
        told = [
            f"{count} {'run' if count == 1 else 'runs'} {why}" for why, count in sorted(self._aside.items()) if count
        ]
        return f"Left out: {', '.join(told)}." if told else ""
