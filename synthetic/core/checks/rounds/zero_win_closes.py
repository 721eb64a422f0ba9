"""Invariant 24: a win of zero closes its round."""

from __future__ import annotations

from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.checks.order import precedes
from synthetic.core.checks.postings import wallet_calls
from synthetic.core.history import Fact, History, OpenItems, Round, WalletCall
from synthetic.core.outcome import StepOutcome


def judge(history: History) -> tuple[Finding, ...] | None:
    """After an acknowledged win of zero its round is open no more, in whatever is read of it later."""
    findings, judged = [], False
    for win in wallet_calls(history, "win"):
        if win.outcome is not StepOutcome.DONE or win.amount.minor:
            continue
        later = [fact for fact in history.facts if _tells_of(fact, win) and precedes(history, win, fact)]
        judged = judged or bool(later)
        if later and _is_open(later[-1], win):
            step = later[-1].step
            findings.append(
                platform(f"win {win.transaction} of zero was acknowledged; step {step} shows its round open")
            )
    return tuple(findings) if judged else None


def _tells_of(fact: Fact, win: WalletCall) -> bool:
    if isinstance(fact, Round):
        return fact.reference == win.reference or (bool(win.round) and fact.round == win.round)
    return isinstance(fact, OpenItems)


def _is_open(fact: Fact, win: WalletCall) -> bool:
    if isinstance(fact, Round):
        return fact.state == "OPEN"
    names = {win.reference, win.round} - {""}
    return isinstance(fact, OpenItems) and any(i.kind == "round" and i.reference in names for i in fact.entries)


CHECK = Check("zero-win-closes", (24,), "a win of zero closes its round", judge)
