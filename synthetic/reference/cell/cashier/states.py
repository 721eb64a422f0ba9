"""The lives of deposits and withdrawals, as tables, and what each step of a withdrawal posts."""

from __future__ import annotations

from synthetic.reference.state_table import StateTable

# The fault `leaves_undecided`: the news of an answer that nobody could read, and the code of the deposit that it puts aside.
UNDECIDED = "undecided"

DEPOSIT = StateTable(
    "deposit",
    initial="pending",
    rows={
        ("pending", "captured"): "succeeded",
        ("pending", "declined"): "declined",
        ("pending", "failed"): "failed",
        ("pending", "cancelled"): "refunded",
        ("succeeded", "refunded"): "refunded",
    },
)

WITHDRAWAL = StateTable(
    "withdrawal",
    initial="pending",
    rows={
        ("pending", "leave"): "in_transit",
        ("pending", "paid"): "paid",
        ("pending", "failed"): "failed",
        ("pending", "cancelled"): "cancelled",
        ("in_transit", "paid"): "paid",
        ("in_transit", "failed"): "failed",
        ("in_transit", "cancelled"): "cancelled",
        ("paid", "failed"): "failed",  # late: the beneficiary's bank returned it
    },
)

# What a withdrawal's step posts; a step that is not here moves no money.
WITHDRAWAL_ENTRIES = {
    ("pending", "paid"): "withdraw_paid",
    ("in_transit", "paid"): "withdraw_paid",
    ("pending", "failed"): "withdraw_release",
    ("in_transit", "failed"): "withdraw_release",
    ("pending", "cancelled"): "withdraw_release",
    ("in_transit", "cancelled"): "withdraw_release",
    ("paid", "failed"): "payout_failed",
}

# Which bucket each kind of entry moves, and in which direction.
MOVES = {
    "deposit": {"cash": +1},
    "refund": {"cash": -1},
    "refund_failed": {"cash": +1},
    "withdraw_reserve": {"cash": -1, "locked": +1},
    "withdraw_release": {"cash": +1, "locked": -1},
    "withdraw_paid": {"locked": -1},
    "payout_failed": {"cash": +1},
    "chargeback": {"receivable": -1},
}
