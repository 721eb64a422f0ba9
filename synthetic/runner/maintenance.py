"""Whether cells rest for maintenance at an instant. Pure, and in UTC: a window has no summer time."""

from __future__ import annotations

from collections.abc import Iterable

from synthetic.core.plan_serving import MaintenancePlan
from synthetic.runner.grid import SECOND_NS

DAY_NS = 24 * 3600 * SECOND_NS
WEEK_NS = 7 * DAY_NS
_FIRST_MONDAY_NS = 4 * DAY_NS  # 1970-01-05; the epoch was a Thursday


def window_at(windows: Iterable[MaintenancePlan], cells: Iterable[str], now_ns: int) -> MaintenancePlan | None:
    """The first window that one of the cells rests in; None where all of them may be played."""
    played = frozenset(cells)
    for window in windows:
        if (not window.cells or window.cells & played) and is_open(window, now_ns):
            return window
    return None


def is_open(window: MaintenancePlan, now_ns: int) -> bool:
    """Whether it is the window's time: from its beginning on, up to its end."""
    if not window.weekdays:
        return window.from_ns <= now_ns < window.to_ns
    since_monday_ns = (now_ns - _FIRST_MONDAY_NS) % WEEK_NS
    lasts_ns = round(window.for_s * SECOND_NS)
    begins = (day * DAY_NS + window.minute * 60 * SECOND_NS for day in window.weekdays)
    return any((since_monday_ns - begin) % WEEK_NS < lasts_ns for begin in begins)
