"""Instants of the week at which something is due once, whichever worker is there. Pure."""

from __future__ import annotations

from synthetic.core.plan_serving import WeeklyPlan
from synthetic.runner.grid import SECOND_NS
from synthetic.runner.maintenance import DAY_NS

_THURSDAY = 3  # the Unix epoch was one


def last_instant(plan: WeeklyPlan, now_ns: int) -> int:
    """The latest instant of the plan up to and at now, in Unix nanoseconds."""
    assert plan.weekdays, "config demands a day"
    today = now_ns // DAY_NS
    for day in range(today, today - 8, -1):
        instant = day * DAY_NS + plan.minute * 60 * SECOND_NS
        if (day + _THURSDAY) % 7 in plan.weekdays and instant <= now_ns:
            return instant
    raise AssertionError("a week has every day")


def is_due(plan: WeeklyPlan, now_ns: int, *, done_ns: int | None, begun_ns: int) -> int | None:
    """The instant that is due now; None: none is.

    `done_ns`: the latest that was begun by anybody; where none ever was, those before we began ourselves (`begun_ns`) are nobody's.
    """
    instant = last_instant(plan, now_ns)
    return instant if instant > (done_ns if done_ns is not None else begun_ns) else None
