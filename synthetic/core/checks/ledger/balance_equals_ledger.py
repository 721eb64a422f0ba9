"""Invariant 2: the balance that is shown is the sum of the postings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from synthetic.core.checks.amounts import sums, written
from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.checks.order import only_tells
from synthetic.core.checks.postings import rolled_back, rounds
from synthetic.core.history import Balance, Bet, Deposit, History, Ledger, LedgerEntry, Withdrawal
from synthetic.core.money import Money
from synthetic.core.outcome import StepOutcome

_ENDED = ("succeeded", "paid", "declined", "failed", "cancelled", "refunded", "WON", "LOST", "VOID")


def judge(history: History) -> tuple[Finding, ...] | None:
    """Compare each balance with the statement that was read next, with nothing in between that moves money."""
    pairs = list(_pairs(history))
    if not pairs:
        return None
    return tuple(finding for shown, statement in pairs for finding in _compare(history, shown, statement.entries))


def _pairs(history: History) -> Iterator[tuple[Balance, Ledger]]:
    shown: Balance | None = None
    for fact in history.facts:
        if isinstance(fact, Balance):
            shown = fact
        elif isinstance(fact, Ledger) and shown is not None:
            yield shown, fact
            shown = None
        elif not only_tells(fact):
            shown = None


def _compare(history: History, shown: Balance, entries: Sequence[LedgerEntry]) -> Iterator[Finding]:
    for bucket, amount in (("cash", shown.cash), ("bonus", shown.bonus), ("locked", shown.locked)):
        if amount is None:
            continue
        allowed = _allowed(history, entries, bucket, amount.currency)
        if amount.minor not in allowed:
            of = "a balance" if bucket == "cash" else f"{bucket} money"
            total = written(allowed[0], amount.currency)
            yield platform(f"step {shown.step} shows {of} of {amount}; the postings sum up to {total}")


def _allowed(history: History, entries: Sequence[LedgerEntry], bucket: str, currency: str) -> list[int]:
    """The sum of all; also without the newest ones that may have been posted between balance and statement."""
    own = [entry for entry in entries if entry.bucket == bucket and entry.amount.currency == currency]
    total = sums(entry.amount for entry in own).get(currency, 0)
    allowed, under_way, stakes = [total], _under_way(history), list(history.unknown_stakes)
    for entry in reversed(own):
        if entry.reference not in under_way and not _explained(entry.amount, entry.kind, stakes):
            break
        total -= entry.amount.minor
        allowed.append(total)
    return allowed


def _under_way(history: History) -> set[str]:
    """What had not come to its end, as far as the run knows: its posting may come at any moment."""
    ended = {fact.reference for fact in rounds(history) if fact.state in _ENDED} | rolled_back(history)
    bets = {bet.reference for bet in history.of(Bet) if bet.outcome is not StepOutcome.REFUSED} - ended
    payments = {paid.reference: paid.state for paid in history.of(Deposit)}
    payments |= {paid.reference: paid.state for paid in history.of(Withdrawal)}
    return bets | {reference for reference, state in payments.items() if state not in _ENDED}


def _explained(amount: Money, kind: str, unknown: list[Money]) -> bool:
    """Whether a debit may be that of a bet whose answer was lost; each explains one."""
    if kind != "bet" or -amount not in unknown:
        return False
    unknown.remove(-amount)
    return True


CHECK = Check("balance-equals-ledger", (2,), "a balance shown is the sum of its postings", judge)
