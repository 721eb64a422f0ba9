"""What came before what: by the times of the exchanges, and where these say nothing by the order in which facts were told."""

from __future__ import annotations

from synthetic.core.history import (
    Access,
    Balance,
    Clock,
    Conversion,
    DoubleEntry,
    Fact,
    History,
    Ledger,
    Login,
    OpenItems,
    PspEvents,
    PspReport,
    Restriction,
    SinkRows,
    WireAmounts,
)

_ONLY_TELL = (
    Access, Balance, Clock, Conversion, DoubleEntry, Ledger, Login, OpenItems, PspEvents, PspReport, Restriction, SinkRows,
    WireAmounts,
)  # fmt: skip


def only_tells(fact: Fact) -> bool:
    """Whether it is of a kind that moves no money: what was read before it is still true after it."""
    return isinstance(fact, _ONLY_TELL)


def is_timed(fact: Fact) -> bool:
    """Whether it says when it was sent and answered."""
    return 0 < fact.sent_ns <= fact.received_ns


def overlap(one: Fact, other: Fact) -> bool:
    """Whether the two were under way at the same time, so that either may have come first."""
    if not (is_timed(one) and is_timed(other)):
        return False
    return one.sent_ns < other.received_ns and other.sent_ns < one.received_ns


def precedes(history: History, one: Fact, other: Fact) -> bool:
    """Whether `one` was surely answered before `other` was sent."""
    if is_timed(one) and is_timed(other):
        return one.received_ns <= other.sent_ns
    return _position(history, one) < _position(history, other)


def _position(history: History, fact: Fact) -> int:
    return next((index for index, known in enumerate(history.facts) if known is fact), -1)
