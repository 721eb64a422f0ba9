"""What a gate decides on: pairs of runs (canary and baseline, same scenario and row, same instant), folded from events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from synthetic.core.checks import CHECKS
from synthetic.core.events import CheckJudged, Event, RunEnded, RunStarted
from synthetic.core.outcome import Blame, RunOutcome


@dataclass(frozen=True, slots=True)
class Stream:
    """The pairs of one SLI: how many, and how many of them failed on one side only or on both."""

    name: str
    pairs: int = 0
    canary_only: int = 0
    baseline_only: int = 0
    both: int = 0

    def with_pair(self, *, canary_failed: bool, baseline_failed: bool) -> Stream:
        """The stream with one more pair."""
        return Stream(
            self.name,
            self.pairs + 1,
            self.canary_only + (canary_failed and not baseline_failed),
            self.baseline_only + (baseline_failed and not canary_failed),
            self.both + (canary_failed and baseline_failed),
        )


@dataclass(frozen=True, slots=True)
class Evidence:
    """All streams of a rollout. `broken_laws`: named money checks that were broken, per track; one breach is proof.

    `missing_pairs`: pairs without a usable run on one side (tainted or aborted: the harness's own faults).
    """

    pooled: Stream
    by_psp: tuple[Stream, ...] = ()
    broken_laws: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    failures: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    missing_pairs: int = 0


@dataclass(slots=True)
class _Side:
    started: RunStarted
    ended: RunEnded | None = None
    broken: set[str] = field(default_factory=set)
    ours: bool = False  # a check has proven that the harness itself did it


def gather(events: Iterable[Event]) -> Evidence:
    """Fold a stream of events. Runs without a pair are left out: they have nothing to be compared with."""
    sides: dict[str, _Side] = {}
    for event in events:
        match event:
            case RunStarted():
                sides[event.run_id] = _Side(event)
            case CheckJudged(held=False) if event.run_id in sides and event.name in CHECKS:
                side = sides[event.run_id]
                side.ours |= CHECKS[event.name].own
                side.broken |= {event.name} if _is_breach(event) else set()
            case RunEnded() if event.run_id in sides:
                sides[event.run_id].ended = event
            case _:
                pass
    return _evidence(sides.values(), _broken_laws(sides.values()))


def _broken_laws(sides: Iterable[_Side]) -> dict[str, tuple[str, ...]]:
    """By track. What we have stirred up ourselves in a run, such as a second bet, may break other laws for a moment, too."""
    broken: dict[str, set[str]] = {}
    for side in sides:
        if side.broken and not side.ours:
            broken.setdefault(side.started.track, set()).update(side.broken)
    return {track: tuple(sorted(names)) for track, names in broken.items()}


_OTHERS = (Blame.HARNESS, Blame.PSP, Blame.PROVIDER, Blame.USER)


def _is_breach(judged: CheckJudged) -> bool:
    """Whether a law was broken by the cell: what a counterparty or we ourselves did is no proof against a release."""
    return not CHECKS[judged.name].cause and judged.blame not in _OTHERS


def _evidence(sides: Iterable[_Side], broken: Mapping[str, tuple[str, ...]]) -> Evidence:
    pooled, by_psp, missing = Stream("pooled"), dict[str, Stream](), 0
    failures: dict[str, list[str]] = {}
    for pair in _pairs(sides):
        canary, baseline = (_failed(pair.get(track)) for track in ("canary", "baseline"))
        for track, side in pair.items():
            if _failed(side) and side.ended is not None:
                failures.setdefault(track, []).append(side.ended.reason)
        if canary is None or baseline is None:
            missing += 1
            continue
        pooled = pooled.with_pair(canary_failed=canary, baseline_failed=baseline)
        psp = pair["canary"].started.row.get("psp")
        if psp:
            stream = by_psp.get(psp, Stream(psp))
            by_psp[psp] = stream.with_pair(canary_failed=canary, baseline_failed=baseline)
    listed = {track: tuple(reasons) for track, reasons in failures.items()}
    return Evidence(pooled, tuple(by_psp[psp] for psp in sorted(by_psp)), broken, listed, missing)


def _pairs(sides: Iterable[_Side]) -> list[dict[str, _Side]]:
    by_pair: dict[str, dict[str, _Side]] = {}
    for side in sides:
        if side.started.pair:
            by_pair.setdefault(side.started.pair, {})[side.started.track] = side
    return list(by_pair.values())


def _failed(side: _Side | None) -> bool | None:
    """Whether the target failed; None where the run says nothing of it."""
    if side is None or side.ended is None or side.ended.outcome in (RunOutcome.TAINTED, RunOutcome.ABORTED):
        return None
    return side.ended.outcome is RunOutcome.FAILED
