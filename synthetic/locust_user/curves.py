"""The shapes of load as curves: which share of the most users there is at which share of the time. Pure."""

from __future__ import annotations

from math import exp

Points = tuple[tuple[float, float], ...]

PAYDAY: Points = ((0.0, 0.3), (0.2, 1.0), (0.5, 0.95), (0.62, 0.6), (0.8, 0.85), (1.0, 0.3))
"""Salaries come in the night: a steep morning, a long plateau, a lull, a second wave in the evening."""
SOAK: Points = ((0.0, 0.1), (0.05, 1.0), (1.0, 1.0))
"""Everybody, and then nothing changes: what leaks or drifts shows."""
PROMO_AT, PROMO_QUIET, PROMO_DECAY = 0.25, 0.2, 5.0
TOURNAMENT_AT = 0.5
"""When the tournament starts: until then players sign in and pay in, and wait at its table."""
TOURNAMENT_DOORS = 0.35
"""When the last of them has come."""


def along(points: Points, progress: float) -> float:
    """The value at `progress` (0..1) of straight lines between points."""
    before = points[0]
    for point in points[1:]:
        if progress <= point[0]:
            span = point[0] - before[0]
            return before[1] + (point[1] - before[1]) * (progress - before[0]) / span
        before = point
    return points[-1][1]


def promo_peak(progress: float) -> float:
    """A push message goes out: five times as many users within moments, who leave again one by one."""
    if progress < PROMO_AT:
        return PROMO_QUIET
    return PROMO_QUIET + (1 - PROMO_QUIET) * exp(-PROMO_DECAY * max(0.0, progress - PROMO_AT - 0.1))


def tournament_start(progress: float) -> float:
    """Players come one after the other until the doors close, and stay."""
    return min(1.0, 0.1 + 0.9 * progress / TOURNAMENT_DOORS)


def payday(progress: float) -> float:
    """See `PAYDAY`."""
    return along(PAYDAY, progress)


def soak(progress: float) -> float:
    """See `SOAK`."""
    return along(SOAK, progress)


def step_of(elapsed_s: float, step_s: float, steps: int) -> int:
    """Which step it is, from 1; more than `steps` where all of them are over."""
    return min(steps + 1, int(elapsed_s / step_s) + 1)
