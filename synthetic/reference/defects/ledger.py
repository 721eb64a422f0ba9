"""Planted defects of the ledger, and of how amounts are told (domain reference 6, 1-9)."""

from __future__ import annotations

from synthetic.reference.catalogue import Fault
from synthetic.reference.defects.planting import defect

DEFECTS: tuple[Fault, ...] = (
    defect(
        "stale_balance",
        "the balance shown is an old one",
        "caches_balance",
        "deposit-bet-withdraw",
        "balance-equals-ledger",
    ),
    defect(
        "counterparty_leg_lost",
        "entries are posted on the player's side only",
        "loses_counterparty_leg",
        "wallet-a-retries",
        "debits-equal-credits",
    ),
    defect(
        "overdraws",
        "a bet above the balance is debited",
        "overdraws_cash",
        "wallet-a-bet-above-balance",
        "cash-never-negative",
    ),
    defect(
        "edits_history",
        "a posting that was read before reads otherwise now",
        "rewrites_postings",
        "steady-round",
        "postings-never-change",
    ),
    defect(
        "floats_on_the_wire",
        "a balance is written as a number with a fraction",
        "answers_float_balance",
        "wallet-a-retries",
        "amounts-are-exact",
    ),
    defect(
        "total_is_off",
        "the total is not what the buckets hold",
        "miscounts_total",
        "steady-round",
        "buckets-make-the-total",
    ),
    defect(
        "answers_old_balance",
        "the balance in an answer is the one before the transaction",
        "answers_balance_before",
        "wallet-a-retries",
        "balance-after-transaction",
    ),
    defect(
        "rounds_balances",
        "the balance in an answer is rounded to whole units of the currency",
        "rounds_balance_in_answers",
        "wallet-b-retries",
        "balance-after-transaction",
    ),
)
