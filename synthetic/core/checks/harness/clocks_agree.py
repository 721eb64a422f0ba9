"""Fault 26: the clocks of all sides agree, or good signatures are taken for stale ones. Ours is judged first."""

from __future__ import annotations

from synthetic.core.checks.finding import Check, Finding
from synthetic.core.history import Clock, History
from synthetic.core.outcome import Blame

SKEW_MAX_S = 300
"""The tolerance of signed timestamps (Stripe, PaymentIQ): beyond it a good signature is a stale one."""

_SIDES = {"psp": Blame.PSP, "provider": Blame.PROVIDER}


def judge(history: History) -> tuple[Finding, ...] | None:
    """Who is off by more than the tolerance; where several sides are all off alike, it is our own clock.

    Where one side alone was seen, and all its servers are off alike, either clock may be the wrong one: that makes no run red,
    and is told of one that failed for another reason.
    """
    clocks = {clock.who: clock for clock in history.of(Clock)}
    if not clocks:
        return None
    off = [clock for _, clock in sorted(clocks.items()) if abs(clock.skew_s) > SKEW_MAX_S]
    if len(off) < len(clocks) or not _agree(off):
        return tuple(Finding(f"the clock of {one.who} is {_said(one.skew_s)}", _whose(one)) for one in off)
    least = min((clock.skew_s for clock in off), key=abs)
    if len({_whose(clock) for clock in off}) > 1:
        return (Finding(f"our own clock is {_said(-least)}: all servers agree on another time", Blame.HARNESS),)
    if history.finished:
        return None
    names = " and ".join(clock.who for clock in off)
    return (
        Finding(f"the clock of {names} is {_said(least)}, or ours is wrong: no other side was seen", Blame.UNKNOWN),
    )


def _agree(clocks: list[Clock]) -> bool:
    skews = [clock.skew_s for clock in clocks]
    return max(skews) - min(skews) <= SKEW_MAX_S


def _said(skew_s: int) -> str:
    return f"{abs(skew_s)} s {'ahead' if skew_s > 0 else 'behind'}"


def _whose(clock: Clock) -> Blame:
    return _SIDES.get(clock.side, Blame.PLATFORM)


CHECK = Check("clocks-agree", (), "all servers' clocks agree with ours within 300 s", judge, cause=True)
