"""What a cell tells the rest of the platform about: facts, written down with what they are about, read by whoever comes."""

from synthetic.reference.cell.events.messages import (
    DepositCompleted,
    Money,
    RoundOutcome,
    RoundSettled,
    Timestamp,
    WithdrawalCompleted,
)
from synthetic.reference.cell.events.outbox import PAGE_MAX, header, publish, read_events

__all__ = [
    "PAGE_MAX",
    "DepositCompleted",
    "Money",
    "RoundOutcome",
    "RoundSettled",
    "Timestamp",
    "WithdrawalCompleted",
    "header",
    "publish",
    "read_events",
]
