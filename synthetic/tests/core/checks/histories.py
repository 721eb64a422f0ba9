"""Histories written by hand, in the words of the domain: `ledger(("bet", "b1", -20))`, amounts in minor units of EUR."""

from __future__ import annotations

from synthetic.core.history import (
    Balance,
    Bet,
    Deposit,
    Fact,
    Frame,
    History,
    Ledger,
    LedgerEntry,
    Moved,
    PspEntry,
    PspReport,
    Rollback,
    Round,
    Tampered,
    Withdrawal,
)
from synthetic.core.money import Money
from synthetic.core.outcome import StepOutcome

DONE, REFUSED, UNKNOWN = StepOutcome.DONE, StepOutcome.REFUSED, StepOutcome.UNKNOWN

Posting = tuple[str, str, int] | tuple[str, str, int, str]
"""(kind, reference, signed minor units), and the bucket or the currency where it is not cash or EUR."""


def eur(minor: int) -> Money:
    """An amount in EUR."""
    return Money(minor, "EUR")


def ledger(*postings: Posting) -> tuple[Fact, Fact]:
    """The first statement of a run, with what the player had before, and the last one, with `postings` more."""
    before = _entry(0, ("funding", "opening", 1000))
    after = [_entry(number, posting) for number, posting in enumerate(postings, start=1)]
    return Ledger("before", DONE, (before,)), Ledger("after", DONE, (before, *after))


def _entry(number: int, posting: Posting) -> LedgerEntry:
    kind, reference, minor = posting[:3]
    said = posting[3] if len(posting) == 4 else "cash"
    bucket, currency = ("cash", said) if said.isupper() else (said, "EUR")
    return LedgerEntry(f"e{number}", kind, reference, bucket, Money(minor, currency))


def psp_report(*entries: Posting, psp: str = "psp-a") -> tuple[Fact, Fact]:
    """The first and the last settlement report of a PSP."""
    old = PspEntry("p0", "capture", "earlier", eur(500))
    new = [
        PspEntry(f"p{number}", kind, reference, Money(minor, currency[0] if currency else "EUR"))
        for number, (kind, reference, minor, *currency) in enumerate(entries, start=1)
    ]
    return PspReport("report-before", DONE, psp, (old,)), PspReport("report-after", DONE, psp, (old, *new))


def deposit(reference: str, minor: int, state: str = "succeeded", outcome: StepOutcome = DONE) -> Fact:
    """A deposit as its caller saw it end."""
    return Deposit("deposit", outcome, reference, eur(minor), state)


def withdrawal(reference: str, minor: int, state: str = "paid", outcome: StepOutcome = DONE) -> Fact:
    """A withdrawal as its caller saw it end."""
    return Withdrawal("withdraw", outcome, reference, eur(minor), state)


def bet(reference: str, minor: int, outcome: StepOutcome = DONE) -> Fact:
    """A bet as its caller saw it end."""
    return Bet("bet", outcome, reference, eur(minor))


def ended(reference: str, state: str, payout: int = 0) -> Fact:
    """The end of the round of a bet."""
    return Round("settle", DONE, reference, state, eur(payout))


def rolled_back(reference: str, outcome: StepOutcome = DONE) -> Fact:
    """A rollback that was sent."""
    return Rollback("rollback", outcome, reference)


def tampered(reference: str, outcome: StepOutcome = REFUSED) -> Fact:
    """A request with a bad signature."""
    return Tampered("tampered", outcome, reference)


def shown(minor: int) -> Fact:
    """A balance that was read."""
    return Balance("balance", DONE, eur(minor))


def history(*facts: Fact | tuple[Fact, Fact], unknown_stakes: tuple[int, ...] = ()) -> History:
    """The facts in order; a pair of statements stands around all others: its first before them, its last after them."""
    pairs = [fact for fact in facts if isinstance(fact, tuple)]
    between = [fact for fact in facts if not isinstance(fact, tuple)]
    ordered = [*(first for first, _ in pairs), *between, *(last for _, last in pairs)]
    return History(tuple(ordered), "EUR", tuple(eur(minor) for minor in unknown_stakes))


def acknowledged(key: str) -> Fact:
    """A frame that acknowledges a bet under a key."""
    return Frame("bet", DONE, 1, "bet_ack", req_id=key)


def posted_under(key: str) -> Fact:
    """A statement with a bet under a key."""
    return Ledger("after", DONE, (LedgerEntry("e1", "bet", "b1", "cash", eur(-20), key=key),))


def ours(fact: Fact, *keys: str) -> History:
    """One fact, and the keys that the run r1 sent."""
    moved = tuple(Moved("bet", "stake", "stake", eur(20), key, DONE) for key in keys)
    return History((fact,), "EUR", moved=moved, run_id="r1")
