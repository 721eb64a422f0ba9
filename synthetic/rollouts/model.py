"""A rollout from its start to its end, and the decisions on the way. Frozen; the store keeps these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Ending = Literal["", "promoted", "rolled_back", "aborted"]


@dataclass(frozen=True, slots=True)
class Step:
    """The canary takes so much of the traffic from an instant on (wall, nanoseconds). `weight`: 0 to 100 %."""

    weight: int
    at_ns: int


@dataclass(frozen=True, slots=True)
class Rollout:
    """One release on its way into one cell. `id` is the caller's own name for it, unique for ever.

    `cell` is the canary's, `baseline` the one beside it. `version`: as the caller or the cell itself says; "" unknown.
    `ended_ns` 0: it goes on; then `ending` is "".
    """

    id: str
    cell: str
    baseline: str
    version: str
    started_ns: int
    by: str
    steps: tuple[Step, ...] = ()
    ended_ns: int = 0
    ending: Ending = ""

    @property
    def weight(self) -> int:
        """The share of the traffic that the canary takes now, in percent; 0 before the first step."""
        return self.steps[-1].weight if self.steps else 0

    @property
    def since_ns(self) -> int:
        """From when on runs count: the first step, as a canary that takes no traffic yet may still be starting; else the start."""
        return self.steps[0].at_ns if self.steps else self.started_ns

    @property
    def step_ns(self) -> int:
        """When the present step began."""
        return self.steps[-1].at_ns if self.steps else self.started_ns


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision as it was made. Only what differs from the one before it in verdict, reason or weight is kept."""

    rollout: str
    at_ns: int
    verdict: str
    reason: str
    explanation: str
    weight: int
    evidence: str
    """The streams as JSON: counts, evidence and thresholds, so that it can be judged again."""
