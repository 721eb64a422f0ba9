"""Fault 26: the clocks of all sides agree, or good signatures are taken for stale ones. Ours is judged first."""

from __future__ import annotations

from synthetic.core.checks.finding import Check, Finding
from synthetic.core.history import Clock, History
from synthetic.core.outcome import Blame

SKEW_MAX_S = 300
"""The tolerance of signed timestamps (Stripe, PaymentIQ): beyond it a good signature is a stale one."""

_PREFIXES = (("psp", Blame.PSP), ("provider", Blame.PROVIDER))


def judge(history: History) -> tuple[Finding, ...] | None:
    """Who is off by more than the tolerance; where several sides are all off alike, it is our own clock."""
    skews = {clock.who: clock.skew_s for clock in history.of(Clock)}
    if not skews:
        return None
    off = {who: skew for who, skew in skews.items() if abs(skew) > SKEW_MAX_S}
    sides = {_whose(who) for who in skews}
    if len(off) == len(skews) and len(sides) > 1 and max(off.values()) - min(off.values()) <= SKEW_MAX_S:
        least = min(off.values(), key=abs)
        return (Finding(f"our own clock is {_said(-least)}: all servers agree on another time", Blame.HARNESS),)
    return tuple(Finding(f"the clock of {who} is {_said(skew)}", _whose(who)) for who, skew in sorted(off.items()))


def _said(skew_s: int) -> str:
    return f"{abs(skew_s)} s {'ahead' if skew_s > 0 else 'behind'}"


def _whose(who: str) -> Blame:
    return next((blame for prefix, blame in _PREFIXES if who.startswith(prefix)), Blame.PLATFORM)


CHECK = Check("clocks-agree", (), "all servers' clocks agree with ours within 300 s", judge, cause=True)
