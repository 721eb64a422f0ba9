"""Instants of the week at which something is due once, whichever worker is there. Pure."""

from __future__ import annotations

from collections.abc import Container, Sequence

from synthetic.core.plan_serving import WeeklyPlan
from synthetic.journal.model import Slot
from synthetic.runner.grid import SECOND_NS
from synthetic.runner.maintenance import DAY_NS

AGAIN_AFTER_NS = 600 * SECOND_NS  # so long after a try that did not come to its end
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


def is_due(plan: WeeklyPlan, now_ns: int, *, tried: Sequence[Slot], done: Container[str], begun_ns: int) -> int | None:
    """The slot to take for the instant that is due now; None: none is, or somebody is at it.

    `tried`: the slots of it that anybody has ever taken, as far as they are kept. An instant is done once a slot of it has ended
    with a word of `done`. Each try has a slot of its own: the instant, and the nanoseconds behind it. Where nobody has ever tried
    any, those before we began ourselves (`begun_ns`) are nobody's.
    """
    instant = last_instant(plan, now_ns)
    if not tried:
        return instant if instant > begun_ns else None
    of_it = [slot for slot in tried if slot.slot_ns >= instant]
    if any(slot.outcome in done or not slot.ended_ns for slot in of_it):
        return None
    if any(slot.ended_ns > now_ns - AGAIN_AFTER_NS for slot in of_it):
        return None
    return max((slot.slot_ns + 1 for slot in of_it), default=instant)


def last_done(tried: Sequence[Slot], done: Container[str]) -> Slot | None:
    """The latest slot that came to its end."""
    return max((slot for slot in tried if slot.outcome in done), key=lambda slot: slot.slot_ns, default=None)
