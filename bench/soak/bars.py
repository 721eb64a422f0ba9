"""What a soak has to show, judged over the counters that were scraped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

Counts = Mapping[tuple[str, str, str], float]
"""Runs by track, outcome and blame, as `synthetic_runs_total` has them."""

PHASES = ("healthy", "broken", "recovered")
HEALTHY_MIN = 0.97
BROKEN_MAX = 0.5
RIGHT_BLAME_MIN = 0.97
RUNS_MIN = 10


@dataclass(frozen=True, slots=True)
class Window:
    """The runs that ended between two scrapes, all of one phase."""

    phase: str
    ended_s: float
    counts: Counts

    def of(self, track: str) -> tuple[int, int]:
        """Ok and judged runs (ok or failed) of a track: what was tainted or aborted says nothing."""
        ok = sum(n for (t, outcome, _), n in self.counts.items() if t == track and outcome == "ok")
        failed = sum(n for (t, outcome, _), n in self.counts.items() if t == track and outcome == "failed")
        return round(ok), round(ok + failed)

    def rate(self, track: str) -> float:
        """The pass rate; no runs are none, not a pass."""
        ok, judged = self.of(track)
        return ok / judged if judged else -1.0

    def blamed(self, track: str) -> Mapping[str, int]:
        """How often whom the failed runs of a track blame."""
        return {b: round(n) for (t, outcome, b), n in self.counts.items() if t == track and outcome == "failed" and n}


def between(earlier: Counts, later: Counts) -> Counts:
    """What was counted since."""
    return {key: later[key] - earlier.get(key, 0.0) for key in later}


def together(windows: list[Window]) -> Window:
    """Several windows of one phase as one."""
    total: Counter[tuple[str, str, str]] = Counter()
    for window in windows:
        total.update(window.counts)
    return Window(windows[-1].phase, windows[-1].ended_s, dict(total))


@dataclass(frozen=True, slots=True)
class Bar:
    """One thing that had to be shown, and what was found."""

    what: str
    met: bool
    found: str


class Measured(Protocol):
    """A soak that has ended (`bench.soak.play.Soaked`)."""

    @property
    def exit_code(self) -> int:
        """Of the service."""

    @property
    def stranded(self) -> int:
        """Minor units that nobody has settled."""

    @property
    def open_runs(self) -> int:
        """Runs that nobody has closed."""

    def by_phase(self) -> Mapping[str, Window]:
        """All windows of each phase together."""


def bars_of(soaked: Measured, *, blame: str) -> list[Bar]:
    """All of them. `blame`: whose the fault is."""
    phases = soaked.by_phase()
    found = [_healthy(phases, phase, track) for phase, track in _WELL]
    broken = phases["broken"]
    rate, (_, judged) = broken.rate("canary"), broken.of("canary")
    found.append(Bar("the canary falls while it is broken", 0 <= rate <= BROKEN_MAX, f"{rate:.1%} of {judged}"))
    blamed = broken.blamed("canary")
    right, total = blamed.get(blame, 0), sum(blamed.values())
    met = total >= RUNS_MIN and right / total >= RIGHT_BLAME_MIN
    found.append(Bar(f"the blame is {blame}", met, f"{right} of {total}"))
    found.append(Bar("SIGTERM ends it clean", soaked.exit_code == 0, f"exit {soaked.exit_code}"))
    home = soaked.stranded == 0 and soaked.open_runs == 0
    found.append(Bar("nothing is stranded", home, f"{soaked.stranded} minor units, {soaked.open_runs} open runs"))
    return found


_WELL = (
    ("healthy", "canary"),
    ("healthy", "baseline"),
    ("broken", "baseline"),
    ("recovered", "canary"),
    ("recovered", "baseline"),
)


def _healthy(phases: Mapping[str, Window], phase: str, track: str) -> Bar:
    rate, (_, judged) = phases[phase].rate(track), phases[phase].of(track)
    met = judged >= RUNS_MIN and rate >= HEALTHY_MIN
    return Bar(f"the {track} is well while the canary is {phase}", met, f"{rate:.1%} of {judged}")
