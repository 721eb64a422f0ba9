"""Runs as the gate sees them, by hand, and a clock that jumps where it is told to."""

from __future__ import annotations

from typing import Any

from synthetic.core.outcome import Blame, RunOutcome
from synthetic.gate.observed import Observation, StepSeen
from synthetic.gate.policy import HardStop, Objective, Policy
from synthetic.tests.gate.playing import SINCE_NS, observed

S = 10**9
NOON_NS = SINCE_NS


class TestClock:
    """Wall and monotonic time that a test moves, together or (by `jump`) the wall alone."""

    __test__ = False

    def __init__(self) -> None:
        self._wall_ns, self._monotonic_ns = NOON_NS, 77 * S

    def wall_ns(self) -> int:
        return self._wall_ns

    def monotonic_ns(self) -> int:
        return self._monotonic_ns

    def advance(self, seconds: float) -> None:
        self._wall_ns += round(seconds * S)
        self._monotonic_ns += round(seconds * S)

    def jump(self, seconds: float) -> None:
        self._wall_ns += round(seconds * S)


def run(number: int, track: str = "canary", *, at_s: float = 0.0, failed: bool = False, **given: Any) -> Observation:
    """A run of pair `number`, on the canary unless told otherwise, so many seconds after noon."""
    psp = given.pop("psp", "psp-a")
    blame = Blame.PLATFORM if failed else None
    step = StepSeen("deposit", "deposit", {"psp": psp}, not failed, 80_000_000, blame)
    facts: dict[str, Any] = {
        "run_id": f"{track}-{number}",
        "pair": f"pair-{number}",
        "track": track,
        "started_ns": NOON_NS + round(at_s * S),
        "duration_ns": 500_000_000,
        "scenario": "deposit-bet",
        "row": {"psp": psp},
        "outcome": RunOutcome.FAILED if failed else RunOutcome.OK,
        "blame": blame,
        "failed_step": "deposit" if failed else "",
        "reason": "deposit: 500" if failed else "",
        "steps": (step,),
    }
    return observed(**facts | given)


def pairs(
    numbers: range, *, every_s: float = 1.0, canary_fails: bool = False, both_fail: bool = False
) -> list[Observation]:
    """Pairs of runs, one every so many seconds."""
    return [
        run(number, track, at_s=number * every_s, failed=both_fail or (canary_fails and track == "canary"))
        for number in numbers
        for track in ("canary", "baseline")
    ]


POLICY = Policy(
    (Objective("deposits", sli="deposit", target=0.99, share=1.0, margin=0.3),),
    (HardStop("chargebacks", source="signal", above=2.0, within_s=60.0),),
    window_s=60.0,
    tick_s=10.0,
    pairs_min=10,
    stale_s=30.0,
    suspect_for_s=20.0,
    eager_s=0.0,
    step_s=0.0,
)
"""Small enough for a test: a minute of clean pairs passes."""
