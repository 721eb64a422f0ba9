"""A platform that sends one request again and again, whatever it is answered, is a storm and no retry."""

from __future__ import annotations

from collections import Counter

from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.history import Deposit, History, PspEvents, Withdrawal

REQUESTS_MAX = 10


def judge(history: History) -> tuple[Finding, ...] | None:
    """Count by the PSP's log how often the platform asked for each payment of this run."""
    logs = history.of(PspEvents)
    payments: list[Deposit | Withdrawal] = [*history.of(Deposit), *history.of(Withdrawal)]
    mine = {payment.reference for payment in payments if payment.reference}
    if not logs or not mine:
        return None
    asked = Counter(
        event.reference for event in logs[-1].entries if event.event == "request" and event.reference in mine
    )
    return tuple(
        platform(f"the platform asked the PSP more than {REQUESTS_MAX} times for {reference}, though it was answered")
        for reference, times in asked.items()
        if times > REQUESTS_MAX
    )


CHECK = Check("no-retry-storm", (), f"a payment is asked for at most {REQUESTS_MAX} times", judge, cause=True)
