"""Why a payment stays pending: the PSP never told its end, or told it so that nobody can believe it, or was not listened to.

The platform's answer does not decide that: "pending" looks the same in all cases. The PSP's own log of what it delivered does,
with signatures that we have verified ourselves. A payment that failed because the PSP's questions got no answer is the same.
"""

from __future__ import annotations

from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.checks.payments.statements import ACKNOWLEDGED, PENDING
from synthetic.core.history import Deposit, History, PspEvent, PspEvents, Withdrawal
from synthetic.core.outcome import Blame, StepOutcome

_ENDS = ("captured", "failed", "paid", "payout_failed")


def judge(history: History) -> tuple[Finding, ...] | None:
    """For each payment whose end never came, or that failed: what the PSP's log says that it has told, or asked, of it."""
    logs = history.of(PspEvents)
    events = [event for log in logs for event in log.entries if event.event != "request"]
    payments: list[Deposit | Withdrawal] = [*history.of(Deposit), *history.of(Withdrawal)]
    last = {payment.reference: payment for payment in payments if payment.reference}
    if not last or not logs:
        return None
    found = (_judge_one(one, [e for e in events if e.reference == one.reference]) for one in last.values())
    return tuple(finding for finding in found if finding is not None)


def _judge_one(payment: Deposit | Withdrawal, told: list[PspEvent]) -> Finding | None:
    what = f"{payment.reference} is {payment.state}"
    if payment.state == "failed":
        refused = [event for event in told if event.event not in _ENDS and event.status not in ACKNOWLEDGED]
        return _unheard(payment, refused[-1], f"{what}, for the PSP got no answer") if refused else None
    if payment.outcome is not StepOutcome.DONE or payment.state not in PENDING:
        return None
    heard = [event for event in told if event.event in _ENDS and event.status in ACKNOWLEDGED]
    if heard:
        return platform(f"{what}, though the platform acknowledged that it is {heard[-1].event}")
    unheard = [event for event in told if event.status not in ACKNOWLEDGED]
    if not unheard:
        return Finding(f"{what}, and {payment.psp or 'the PSP'} has not told its end", Blame.PSP)
    return _unheard(payment, unheard[-1], what)


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
