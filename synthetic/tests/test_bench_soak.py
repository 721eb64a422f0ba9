"""The soak's bars: each is missed where what it stands for is broken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest

from bench.soak.bars import Window, bars_of, between, together

Counts = dict[tuple[str, str, str], float]


def runs(canary: int, baseline: int, *, failed: int = 0, blame: str = "psp") -> Counts:
    """So many ok runs of each track, and so many failed ones of the canary."""
    return {
        ("canary", "ok", "none"): canary,
        ("baseline", "ok", "none"): baseline,
        ("canary", "failed", blame): failed,
        ("canary", "tainted", "harness"): 3,
    }


@dataclass(frozen=True)
class Soaked:
    """A soak as it should be."""

    healthy: Counts = field(default_factory=lambda: runs(40, 40))
    broken: Counts = field(default_factory=lambda: runs(4, 40, failed=36))
    recovered: Counts = field(default_factory=lambda: runs(40, 40))
    exit_code: int = 0
    stranded: int = 0
    open_runs: int = 0

    def by_phase(self) -> Mapping[str, Window]:
        """All phases."""
        return {phase: Window(phase, 1.0, getattr(self, phase)) for phase in ("healthy", "broken", "recovered")}


def missed(soaked: Soaked) -> set[str]:
    """The bars that are not met."""
    return {bar.what for bar in bars_of(soaked, blame="psp") if not bar.met}


def test_a_soak_as_it_should_be_meets_every_bar() -> None:
    """Nine bars, none missed; what was tainted says nothing."""
    assert len(bars_of(Soaked(), blame="psp")) == 9
    assert missed(Soaked()) == set()


@pytest.mark.parametrize(
    ("soaked", "bar"),
    [
        (Soaked(healthy=runs(40, 40, failed=4)), "the canary is well while the canary is healthy"),
        (Soaked(healthy={}), "the baseline is well while the canary is healthy"),
        (Soaked(recovered=runs(20, 40, failed=20)), "the canary is well while the canary is recovered"),
        (Soaked(broken=runs(40, 40)), "the canary falls while it is broken"),
        (Soaked(broken={}), "the canary falls while it is broken"),
        (Soaked(broken=runs(4, 40, failed=36, blame="platform")), "the blame is psp"),
        (Soaked(broken=runs(4, 2, failed=36)), "the baseline is well while the canary is broken"),
        (Soaked(exit_code=4), "SIGTERM ends it clean"),
        (Soaked(stranded=100), "nothing is stranded"),
        (Soaked(open_runs=1), "nothing is stranded"),
    ],
)
def test_each_bar_is_missed_where_it_should_be(soaked: Soaked, bar: str) -> None:
    """One change, one bar."""
    assert bar in missed(soaked)
    assert missed(replace(soaked, **{name: getattr(Soaked(), name) for name in soaked.__dataclass_fields__})) == set()


def test_a_window_counts_what_came_in_it() -> None:
    """Counters only grow; what is new is the difference."""
    window = Window("healthy", 1.0, between(runs(10, 10), runs(14, 12, failed=1)))
    assert window.of("canary") == (4, 5)
    assert window.blamed("canary") == {"psp": 1}
    assert together([window, window]).of("canary") == (8, 10)
