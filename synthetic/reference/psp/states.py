"""The lives of what a PSP keeps, as tables (domain reference 2 and 3)."""

from __future__ import annotations

from synthetic.reference.state_table import StateTable

INTENT = StateTable(
    "payment intent (style A)",
    initial="requires_payment_method",
    rows={
        ("requires_payment_method", "attach"): "requires_confirmation",
        ("requires_confirmation", "confirm"): "processing",
        ("requires_confirmation", "require_action"): "requires_action",
        ("requires_action", "confirm"): "processing",
        ("requires_confirmation", "decline"): "requires_payment_method",
        ("requires_action", "decline"): "requires_payment_method",
        ("processing", "decline"): "requires_payment_method",
        ("processing", "capture"): "succeeded",
        ("requires_payment_method", "cancel"): "canceled",
        ("requires_confirmation", "cancel"): "canceled",
        ("requires_action", "cancel"): "canceled",
        ("processing", "cancel"): "canceled",
    },
)

PAYOUT = StateTable(
    "payout (style A)",
    initial="pending",
    rows={
        ("pending", "leave"): "in_transit",
        ("pending", "cancel"): "canceled",
        ("pending", "fail"): "failed",
        ("in_transit", "land"): "paid",
        ("in_transit", "fail"): "failed",
        ("paid", "fail"): "failed",  # late: the beneficiary's bank returned it
    },
)

DEPOSIT_TRANSACTION = StateTable(
    "deposit transaction (style B)",
    initial="pending",
    rows={
        ("pending", "authorize"): "authorized",
        ("pending", "fail"): "failed",
        ("authorized", "fail"): "failed",
        ("authorized", "complete"): "successful",
        ("pending", "cancel"): "cancelled",
        ("authorized", "cancel"): "cancelled",
        ("successful", "refund"): "refunded",
        ("refunded", "refund"): "refunded",  # in parts
    },
)

WITHDRAWAL_TRANSACTION = StateTable(
    "withdrawal transaction (style B)",
    initial="pending",
    rows={
        ("pending", "authorize"): "authorized",
        ("pending", "fail"): "failed",
        ("pending", "cancel"): "cancelled",
        ("authorized", "complete"): "successful",
        ("authorized", "fail"): "failed",
        ("successful", "fail"): "failed",  # late, as Trustly's `payoutfailed`
    },
)
