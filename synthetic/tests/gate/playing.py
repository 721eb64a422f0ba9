"""Runs and pairs as a person would tell them, for tests of the gate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any

from synthetic.core.outcome import Blame, RunOutcome
from synthetic.gate.counts import Counts, Evidence, Stream
from synthetic.gate.observed import Observation, StepSeen

OK, FAILED, TAINTED, ABORTED = RunOutcome.OK, RunOutcome.FAILED, RunOutcome.TAINTED, RunOutcome.ABORTED
SECOND_NS = 1_000_000_000
SINCE_NS = 1_790_000_000 * SECOND_NS
LAW = "one-credit-per-deposit"


def at(seconds: float) -> int:
    """An instant after the start of the watch (wall, nanoseconds)."""
    return SINCE_NS + round(seconds * SECOND_NS)


def step(sli: str, *, held: bool | None = True, ms: float = 10, tainted: bool = False, **labels: str) -> StepSeen:
    """One step of a run."""
    return StepSeen(sli, sli, labels, held, round(ms * 1e6), None if held else Blame.PLATFORM, tainted=tainted)


def run(
    track: str,
    outcome: RunOutcome = OK,
    *,
    pair: str,
    at_s: float = 0.0,
    row: Mapping[str, str] | None = None,
    steps: Iterable[StepSeen] = (),
    broken: Iterable[str] = (),
    blame: Blame = Blame.PLATFORM,
) -> Observation:
    """One run of a cell that is named like its track; it takes a second."""
    return observed(
        f"{pair}-{track}-{at_s}",
        pair,
        track,
        at(at_s),
        outcome=outcome,
        blame=blame if outcome is FAILED else None,
        row=row or {},
        steps=tuple(steps),
        breaches=tuple(broken),
    )


def observed(run_id: str, pair: str, track: str, started_ns: int, **given: Any) -> Observation:
    """A run with everything that an observation needs: of a cell that is named like its track, clean unless told otherwise."""
    facts: dict[str, Any] = {
        "scenario": "deposit-bet-withdraw",
        "row": {},
        "cell": track,
        "version": "2.0" if track == "canary" else "1.0",
        "market": "MT",
        "brand": "acme",
        "duration_ns": SECOND_NS,
        "outcome": OK,
    }
    return Observation(run_id=run_id, pair=pair, track=track, started_ns=started_ns, **(facts | given))


_numbers = count()


def pair(canary: RunOutcome = OK, baseline: RunOutcome = OK, *, at_s: float = 0.0, psp: str = "") -> list[Observation]:
    """Both runs of one pair; with a PSP, each deposits there, and that is what fails."""
    name = f"pair-{next(_numbers)}"
    row = {"psp": psp} if psp else {}
    return [
        run(
            track,
            outcome,
            pair=name,
            at_s=at_s,
            row=row,
            steps=[step("deposit", held=outcome is not FAILED, psp=psp)] if psp else (),
        )
        for track, outcome in (("canary", canary), ("baseline", baseline))
    ]


def ticks(*counts: Counts, objective: str = "journeys", value: str = "") -> Stream:
    """A stream with these counts in the ticks 0, 1, 2, ..."""
    return Stream(objective, value, tuple(enumerate(counts)))


def evidence(*streams: Stream, now_s: float = 900.0, **fields: object) -> Evidence:
    """Evidence of these streams at the end of a watch; its last pair was just now, and both sides were seen."""
    pairs = max((stream.total.pairs for stream in streams), default=0)
    known: dict[str, object] = {
        "pairs": pairs,
        "step_pairs": pairs,
        "last_pair_ns": at(now_s) if pairs else 0,
        "values": {"canary": {}, "baseline": {}} if pairs else {},
    }
    return Evidence(SINCE_NS, at(now_s), streams, **(known | fields))  # type: ignore[arg-type]
