"""The named checks: one invariant a file, pure functions over the evidence of a run, which know no implementation."""

from synthetic.core.checks import (
    bad_signature_changes_nothing,
    balance_equals_ledger,
    late_bet_never_sticks,
    one_credit_per_deposit,
    one_debit_per_bet,
    own_keys_only,
    psp_report_matches,
    refund_at_most_stake,
    voided_bet_is_refunded,
    won_round_pays,
)
from synthetic.core.checks.finding import Check, Finding

CHECKS: dict[str, Check] = {
    module.CHECK.name: module.CHECK
    for module in (
        bad_signature_changes_nothing,
        balance_equals_ledger,
        late_bet_never_sticks,
        one_credit_per_deposit,
        one_debit_per_bet,
        own_keys_only,
        psp_report_matches,
        refund_at_most_stake,
        voided_bet_is_refunded,
        won_round_pays,
    )
}

ALWAYS = ("clocks-agree", "own-keys-only")
"""Checks of our own health and of everybody's clock: judged of every run, told of where they are broken."""

__all__ = ["ALWAYS", "CHECKS", "Check", "Finding"]
