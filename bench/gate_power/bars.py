"""The bars: what our gate has to reach at 15 minutes, beside Flagger's threshold 3, and what it may cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bench.gate_power.measuring import OURS, Measured

FLAGGER = "Flagger threshold 3"
PROBES_MAX = 1.25
CLOSE = 0.005
Table = Mapping[tuple[str, str], Measured]


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, what was measured, and whether it is met."""

    told: str
    measured: float
    met: bool


def bars_of(table: Table) -> list[Bar]:
    """All bars. Two horizons: 15 minutes for a rollout, a day for a healthy release."""
    day = table[OURS, "healthy_24h"]
    brownout = table[OURS, "brownout"].rolled_back
    p98, p95 = table[OURS, "0.98"], table[OURS, "0.95"]
    healthy_day, probes = day.rolled_back[24 * 60], day.probes or 0.0
    ratio = _median(p98) / _median(table[FLAGGER, "0.98"])
    return [
        Bar("false rollback of a healthy release over 24 h: at most 0.1 %", healthy_day, healthy_day <= 0.001),
        Bar("false rollback under a shared brownout, 15 min: at most 1 %", brownout[15], brownout[15] <= 0.01),
        Bar("detection of .98 within 15 min: at least .95", p98.rolled_back[15], p98.rolled_back[15] >= 0.95),
        Bar("detection of .95 within 15 min: at least .99", p95.rolled_back[15], p95.rolled_back[15] >= 0.99),
        Bar("median time to rollback at .98: at most 0.6 of Flagger threshold 3", ratio, ratio <= 0.6),
        Bar("probes on a healthy day: at most 1.25 times the base", probes, 0 < probes <= PROBES_MAX),
    ]


def _median(measured: Measured) -> float:
    return float("inf") if measured.median_min is None else measured.median_min


def still_better(table: Table, rules: Iterable[str]) -> list[str]:
    """Where another rule detects more than ours, with what that costs it on a healthy hour and under a shared brownout."""
    told = []
    for rule in rules:
        for scenario in ("0.95", "0.98", "0.99", "one_psp", "drift", "late", "latency"):
            horizon = 60 if scenario == "late" else 15
            ours, other = (table[whose, scenario].rolled_back[horizon] for whose in (OURS, rule))
            if other > ours + CLOSE:
                false = table[rule, "latency_fine" if scenario == "latency" else "healthy"].rolled_back[60]
                shared = table[rule, "brownout"].rolled_back[15]
                told.append(
                    f"{rule} at {scenario}, {horizon} min: {other:.3f} against {ours:.3f}; it rolls {false:.1%} of healthy hours "
                    f"back, and {shared:.1%} of shared brownouts"
                )
    return told
