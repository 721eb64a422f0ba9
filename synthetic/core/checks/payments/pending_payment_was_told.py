"""Why a payment stays pending: the PSP never told its end, or told it so that nobody can believe it, or was not listened to.

The platform's answer does not decide that: "pending" looks the same in all cases. The PSP's own log of what it delivered does,
with signatures that we have verified ourselves.
"""

from __future__ import annotations

from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.checks.payments.statements import ACKNOWLEDGED
from synthetic.core.history import Deposit, History, PspEvent, PspEvents, Withdrawal
from synthetic.core.outcome import Blame, StepOutcome

_PENDING = ("pending", "processing", "in_transit")
_ENDS = ("captured", "failed", "paid", "payout_failed")


def judge(history: History) -> tuple[Finding, ...] | None:
    """For each payment whose end never came: what the PSP's log says that it has told of it."""
    logs = history.of(PspEvents)
    events = [event for log in logs for event in log.entries if event.event != "request"]
    payments: list[Deposit | Withdrawal] = [*history.of(Deposit), *history.of(Withdrawal)]
    last = {payment.reference: payment for payment in payments if payment.reference}
    if not last or not logs:
        return None
    waiting = [one for one in last.values() if one.outcome is StepOutcome.DONE and one.state in _PENDING]
    return tuple(_judge_one(one, [e for e in events if e.reference == one.reference]) for one in waiting)


def _judge_one(payment: Deposit | Withdrawal, told: list[PspEvent]) -> Finding:
    psp, what = payment.psp or "the PSP", f"{payment.reference} is {payment.state}"
    heard = [event for event in told if event.event in _ENDS and event.status in ACKNOWLEDGED]
    if heard:
        return platform(f"{what}, though the platform acknowledged that it is {heard[-1].event}")
    unheard = [event for event in told if event.status not in ACKNOWLEDGED]
    if not unheard:
        return Finding(f"{what}, and {psp} has not told its end", Blame.PSP)
    last = unheard[-1]
    if last.signature != "good":
        return Finding(f"{what}, and what {psp} tells of it has a {last.signature} signature", Blame.PSP)
    answer = f"refuses with {last.status}" if last.status else "does not answer"
    return platform(f"{what}: the platform {answer} what {psp} tells of it, genuine as it is")


CHECK = Check(
    "pending-payment-was-told", (), "a payment that stays pending: was its end told, and heard?", judge, cause=True
)
