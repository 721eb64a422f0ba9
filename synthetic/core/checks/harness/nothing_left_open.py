"""Invariant 50: a run that came to its end leaves no open round, no pending payment and no locked money."""

from __future__ import annotations

from collections.abc import Iterator

from synthetic.core.checks.amounts import written
from synthetic.core.checks.finding import Check, Finding
from synthetic.core.checks.postings import rolled_back, wallet_calls
from synthetic.core.history import Balance, Bet, Deposit, History, OpenItem, OpenItems, PaymentState, Round, Withdrawal
from synthetic.core.outcome import Blame, StepOutcome

_ENDED = ("succeeded", "paid", "declined", "failed", "cancelled", "refunded", "WON", "LOST", "VOID", "CLOSED")


def judge(history: History) -> tuple[Finding, ...] | None:
    """Read what is still open at the end, and whose it is. A run that broke off is brought to its end first.

    What the run itself knew to be unfinished it has left behind itself (`harness`); what it saw come to its end, the
    platform has not finished.
    """
    if not history.finished:
        return None
    statements, balances = history.of(OpenItems), history.of(Balance)
    locked = [b for b in balances if b.locked is not None]
    if not statements and len(locked) < 2:
        return None
    findings = [_left(history, item) for item in _new_items(history)] if statements else []
    if not findings and len(locked) > 1:
        findings += _more_locked(history, locked[0], locked[-1])
    return tuple(findings)


def _new_items(history: History) -> Iterator[OpenItem]:
    """What is open now and was not at the beginning; with one statement only, what bears a name that the run knows."""
    statements = history.of(OpenItems)
    before = {(item.kind, item.reference) for item in statements[0].entries} if len(statements) > 1 else set()
    for item in statements[-1].entries:
        known = len(statements) > 1 or item.reference in _states(history) or _bears_our_key(history, item)
        if known and (item.kind, item.reference) not in before:
            yield item


def _left(history: History, item: OpenItem) -> Finding:
    state = _states(history).get(item.reference)
    what = f"{item.kind} {item.reference} ({item.amount})"
    if state in _ENDED:
        return Finding(f"{what} is open at the end of the run, which saw it {state}", Blame.PLATFORM)
    if state is not None or _bears_our_key(history, item):
        return Finding(f"the run left its {what} open", Blame.HARNESS)
    return Finding(f"{what} is open at the end of the run, which knows nothing of it", Blame.PLATFORM)


def _states(history: History) -> dict[str, str]:
    """The last state of everything that the run knows by its reference, and of rounds by their own name, too."""
    states: dict[str, str] = {}
    for fact in history.facts:
        if isinstance(fact, Bet):
            states = {fact.reference: "OPEN", fact.round: "OPEN"} | states
        elif isinstance(fact, Round) and fact.outcome is not StepOutcome.REFUSED:
            states |= {fact.reference: fact.state, fact.round: fact.state}
        elif isinstance(fact, Deposit | Withdrawal | PaymentState):
            states[fact.reference] = fact.state
    states |= _called_off(history) | _closed(history)
    states.pop("", None)
    return states


def _called_off(history: History) -> dict[str, str]:
    """Bets whose rollback was acknowledged, and rounds of which every bet was called off."""
    off, rounds_of = rolled_back(history), _rounds_of(history)
    left = {name for bet, name in rounds_of.items() if bet not in off}
    return dict.fromkeys(
        [*off, *(rounds_of[bet] for bet in off & rounds_of.keys() if rounds_of[bet] not in left)], "VOID"
    )


def _closed(history: History) -> dict[str, str]:
    """Bets and rounds whose end a provider has told the wallet, which acknowledged it."""
    rounds_of = _rounds_of(history)
    closings = [call for call in wallet_calls(history, "win", "close") if call.outcome is StepOutcome.DONE]
    ended = [call for call in closings if call.action == "close" or call.closes or not call.amount.minor]
    names = [name for call in ended for name in (call.reference, call.round, rounds_of.get(call.reference, ""))]
    return dict.fromkeys(names, "CLOSED")


def _rounds_of(history: History) -> dict[str, str]:
    """The round of each bet that was not refused."""
    bets = [(bet.reference, bet.round) for bet in history.of(Bet) if bet.outcome is not StepOutcome.REFUSED]
    calls = [call for call in wallet_calls(history, "bet") if call.outcome is not StepOutcome.REFUSED]
    return dict([*bets, *((call.transaction, call.round) for call in calls)])


def _bears_our_key(history: History, item: OpenItem) -> bool:
    return bool(history.run_id) and item.reference.startswith(history.run_id)


def _more_locked(history: History, first: Balance, last: Balance) -> Iterator[Finding]:
    assert first.locked is not None
    assert last.locked is not None
    if first.locked.currency != last.locked.currency or last.locked.minor <= first.locked.minor:
        return
    more = written(last.locked.minor - first.locked.minor, last.locked.currency)
    states = _states(history)
    ours = any(fact.reference and states[fact.reference] not in _ENDED for fact in history.of(Withdrawal))
    blame, whose = (Blame.HARNESS, "the run left") if ours else (Blame.PLATFORM, "at the end of the run there is")
    yield Finding(f"{whose} {more} more locked than at its beginning", blame)


CHECK = Check("nothing-left-open", (50,), "a run leaves no open round, pending payment or locked money behind", judge)
