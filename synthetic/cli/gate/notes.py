"""Who hears of what a gate decides: its metrics and its log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from synthetic.report.logs import RunnerLog
from synthetic.report.metrics.gate import GateMetrics
from synthetic.rollouts.model import Rollout
from synthetic.rollouts.watch import Judged


@dataclass(slots=True)
class GateNotes:
    """`rollouts.desk.Notes`: what is decided goes to the metrics, and what can't be to the log.

    `problem`: why open rollouts can't be judged now; "": they can.
    """

    metrics: GateMetrics
    log: RunnerLog
    problem: str = ""

    def decided(self, judged: Judged) -> None:
        """A decision was made."""
        rollout = judged.rollout
        if rollout is not None:
            self.metrics.decided(
                rollout.cell,
                rollout.baseline,
                judged.decision,
                weight=rollout.weight if judged.registered and not rollout.ended_ns else None,
                last_pair_s=judged.last_pair_ns / 1e9 if judged.last_pair_ns else None,
            )

    def open_now(self, rollouts: Sequence[Rollout]) -> None:
        """These are under way."""
        self.metrics.only_open((rollout.cell, rollout.baseline) for rollout in rollouts)

    def not_judged(self, problem: str) -> None:
        """Open rollouts can't be judged."""
        self.problem = problem
        self.log.gate(problem)
