"""Why a payment stays pending: the PSP never told its end, or told it so that nobody can believe it, or was not listened to.

The platform's answer does not decide that: "pending" looks the same in all cases. The PSP's own log of what it delivered does,
with signatures that we have verified ourselves, and with times: what was told after our last look at the payment is the PSP's
lateness, however well it was heard. A payment that failed because the PSP's questions got no answer is the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.checks.order import is_timed
from synthetic.core.checks.payments.statements import ACKNOWLEDGED, PENDING
from synthetic.core.history import Clock, Deposit, History, PspEvent, PspEvents, Withdrawal
from synthetic.core.outcome import Blame, StepOutcome

OFF_BY_S = 1.0
"""How far times of whole seconds may be off."""

_ENDS = ("captured", "failed", "paid", "payout_failed")


def judge(history: History) -> tuple[Finding, ...] | None:
    """For each payment whose end never came, or that failed: what the PSP's log says that it has told, or asked, of it."""
    logs = history.of(PspEvents)
    payments: list[Deposit | Withdrawal] = [*history.of(Deposit), *history.of(Withdrawal)]
    last = {payment.reference: payment for payment in payments if payment.reference}
    if not last or not logs:
        return None
    found = (_judge_one(one, _told_of(history, one)) for one in last.values())
    return tuple(finding for finding in found if finding is not None)


@dataclass(frozen=True, slots=True)
class _Told:
    """One delivery about a payment, and how many seconds after our last look at it (below zero: before); None: not known."""

    event: PspEvent
    after_s: float | None

    @property
    def ends(self) -> bool:
        """Whether it tells the payment's end."""
        return self.event.event in _ENDS

    @property
    def heard(self) -> bool:
        """Whether the platform acknowledged it."""
        return self.event.status in ACKNOWLEDGED

    @property
    def late(self) -> bool:
        """Whether it was surely told after the last look."""
        return self.after_s is not None and self.after_s >= OFF_BY_S

    @property
    def doubtful(self) -> bool:
        """Whether nobody can tell which came first, by clocks of whole seconds."""
        return self.after_s is not None and -OFF_BY_S < self.after_s < OFF_BY_S


def _told_of(history: History, payment: Deposit | Withdrawal) -> list[_Told]:
    """What was delivered about it, on our own clock: a PSP's clock that is ahead makes its events look younger."""
    skews_s = {clock.who: clock.skew_s for clock in history.of(Clock)}
    return [
        _Told(event, _after_s(payment, log, event, skews_s.get(log.psp, 0)))
        for log in history.of(PspEvents)
        for event in log.entries
        if event.reference == payment.reference and event.event != "request"
    ]


def _after_s(payment: Deposit | Withdrawal, log: PspEvents, event: PspEvent, skew_s: int) -> float | None:
    if event.age_s is None or not (is_timed(payment) and is_timed(log)):
        return None
    return (log.received_ns - payment.received_ns) / 1e9 - (event.age_s + skew_s)


def _judge_one(payment: Deposit | Withdrawal, told: list[_Told]) -> Finding | None:
    what = f"{payment.reference} is {payment.state}"
    if payment.state == "failed":
        refused = [one.event for one in told if not one.ends and not one.heard]
        return _unheard(payment, refused[-1], f"{what}, for the PSP got no answer") if refused else None
    if payment.outcome is not StepOutcome.DONE or payment.state not in PENDING:
        return None
    in_time = [one for one in told if not (one.late or one.doubtful)]
    heard = [one.event for one in in_time if one.ends and one.heard]
    if heard:
        return platform(f"{what}, though the platform acknowledged that it is {heard[-1].event}")
    unheard = [one.event for one in in_time if not one.heard]
    if unheard:
        return _unheard(payment, unheard[-1], what)
    return _untold(payment, [one for one in told if one.ends], what)


def _untold(payment: Deposit | Withdrawal, ends: list[_Told], what: str) -> Finding:
    """Its end was not told while we looked, or too close to our last look to say."""
    psp = payment.psp or "the PSP"
    if any(one.doubtful for one in ends):
        return Finding(f"{what}, and {psp} told its end in the same second in which we looked last", Blame.UNKNOWN)
    late = [one.after_s for one in ends if one.after_s is not None]
    if late:
        return Finding(f"{what}: {psp} told its end {min(late):.0f} s after we had looked last", Blame.PSP)
    return Finding(f"{what}, and {psp} has not told its end", Blame.PSP)


def _unheard(payment: Deposit | Withdrawal, last: PspEvent, what: str) -> Finding:
    """Somebody is wrong about the signature: we have verified it ourselves."""
    psp = payment.psp or "the PSP"
    if last.signature != "good":
        return Finding(f"{what}, and what {psp} tells of it has a {last.signature} signature", Blame.PSP)
    answer = f"refuses with {last.status}" if last.status else "does not answer"
    return platform(f"{what}: the platform {answer} what {psp} tells of it, genuine as it is")


CHECK = Check(
    "pending-payment-was-told", (), "a payment that hangs or fails: was it told of, and heard?", judge, cause=True
)
