"""Invariant 45: of all limits that hold at one time the lowest applies, and a decrease holds at once."""

from __future__ import annotations

from synthetic.core.checks.amounts import written
from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.checks.order import precedes
from synthetic.core.checks.payments.statements import FAILED
from synthetic.core.history import Deposit, History, Restriction
from synthetic.core.money import Money
from synthetic.core.outcome import StepOutcome


def judge(history: History) -> tuple[Finding, ...] | None:
    """What was deposited after a limit came into force is no more than it allows, whichever other limits there are."""
    findings, judged = {}, False
    for limit in history.of(Restriction):
        if limit.name != "deposit_limit" or not limit.active or limit.limit is None:
            continue
        tried = _tried(history, limit, limit.limit)
        judged = judged or bool(tried)
        total = sum(d.amount.minor for d in tried if d.outcome is StepOutcome.DONE and d.state not in FAILED)
        if total > limit.limit.minor:
            paid, allowed = written(total, limit.limit.currency), limit.limit
            message = f"{paid} were deposited while a limit of {allowed} held (step {limit.step})"
            findings[message] = platform(message)
    return tuple(findings.values()) if judged else None


def _tried(history: History, limit: Restriction, allowed: Money) -> list[Deposit]:
    """The deposits that were asked for while it held; each once, as it was seen last."""
    ended = next((r for r in history.of(Restriction) if _ends(r, limit) and precedes(history, limit, r)), None)
    found: dict[str, Deposit] = {}
    for index, deposit in enumerate(history.of(Deposit)):
        if deposit.amount.currency != allowed.currency or not precedes(history, limit, deposit):
            continue
        if ended is None or precedes(history, deposit, ended):
            found[deposit.reference or f"#{index}"] = deposit
    return list(found.values())


def _ends(later: Restriction, limit: Restriction) -> bool:
    """Whether it is lifted or replaced by it: a lifting without an amount lifts every one, a new limit those of the same hand."""
    if later.name != limit.name:
        return False
    if later.active:
        return later.limit is not None and later.set_by == limit.set_by
    return later.limit in (None, limit.limit)


CHECK = Check("lowest-limit-applies", (45,), "of all deposit limits the lowest applies, and at once", judge)
