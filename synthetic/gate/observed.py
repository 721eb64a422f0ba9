"""What the gate sees of a run, and what of two runs that were played in one instant: a pair. Frozen; stores keep these.

A run is no observation before it has ended. Harness faults are missing data: an SLI that says nothing is None, never a failure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from synthetic.core.outcome import Blame, RunOutcome


@dataclass(frozen=True, slots=True)
class StepSeen:
    """One step that counts for an SLI. `labels`: such as {psp: psp-a}. `held` None: it says nothing of the target.

    `tainted`: our own lag was in it, so its latency says nothing; that it held in spite of that does.
    """

    step: str
    sli: str
    labels: Mapping[str, str]
    held: bool | None
    latency_ns: int
    blame: Blame | None = None
    tainted: bool = False


@dataclass(frozen=True, slots=True)
class Observation:
    """One run that has ended. `pair`: the same text on its other side ("" where it was played alone); `track` says which it is.

    `started_ns` is wall time (Unix, UTC). `row`: its matrix row. `breaches`: money laws that the cell has broken, as proof.
    `stranded_minor`: what it could not bring home, by currency. `trace_id`: W3C, as the cell got it.
    `version_told`: the cell's own answers said which version it is; else it is what the cells file says.
    """

    run_id: str
    pair: str
    scenario: str
    row: Mapping[str, str]
    cell: str
    track: str
    version: str
    market: str
    brand: str
    started_ns: int
    duration_ns: int
    outcome: RunOutcome
    blame: Blame | None = None
    failed_step: str = ""
    failed_check: str = ""
    reason: str = ""
    steps: tuple[StepSeen, ...] = ()
    breaches: tuple[str, ...] = ()
    stranded_minor: Mapping[str, int] = field(default_factory=dict)
    trace_id: str = ""
    version_told: bool = False

    @property
    def failed(self) -> bool | None:
        """Whether the target failed; None where the run says nothing of it (tainted, aborted)."""
        if self.outcome in (RunOutcome.TAINTED, RunOutcome.ABORTED):
            return None
        return self.outcome is RunOutcome.FAILED


@dataclass(frozen=True, slots=True)
class Signal:
    """What the platform reports by itself, such as chargebacks of a cell: a number at an instant (wall, nanoseconds)."""

    name: str
    cell: str
    value: float
    at_ns: int
    label: str = ""
