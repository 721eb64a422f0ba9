"""The named checks: one invariant a file, pure functions over the evidence of a run, which know no implementation."""

from synthetic.core.checks.access import (
    bad_signature_changes_nothing,
    lockout_holds,
    lowest_limit_applies,
    one_time_code_works_once,
    raw_bytes_are_signed,
    self_excluded_is_kept_out,
    session_rotates_at_login,
    token_bound_to_player,
)
from synthetic.core.checks.finding import Check, Finding
from synthetic.core.checks.harness import (
    clocks_agree,
    no_synthetic_row_in_sinks,
    nothing_left_open,
    own_keys_only,
    run_costs_what_it_should,
)
from synthetic.core.checks.ledger import (
    amounts_are_exact,
    balance_after_transaction,
    balance_equals_ledger,
    buckets_make_the_total,
    cash_never_negative,
    debits_equal_credits,
    exponent_is_respected,
    postings_never_change,
    units_round_trip,
)
from synthetic.core.checks.once import (
    batch_is_atomic,
    changed_replay_is_rejected,
    concurrent_duplicates_move_once,
    ids_outlive_retries,
    keys_are_scoped,
    replay_returns_stored_id,
    same_call_moves_once,
)
from synthetic.core.checks.payments import (
    chargeback_posts_once,
    credit_is_capture_less_fees,
    credit_needs_final_success,
    final_state_stays,
    late_failure_recredits_once,
    no_retry_storm,
    one_credit_per_deposit,
    pending_payment_was_told,
    psp_report_matches,
    redirect_credits_nothing,
    reserved_and_released_once,
    withdraw_only_cleared,
)
from synthetic.core.checks.rounds import (
    bet_in_session_currency,
    every_bet_ends,
    expired_token_blocks_bets_only,
    free_bet_costs_no_cash,
    late_bet_never_sticks,
    no_bet_on_closed_round,
    no_win_after_rollback,
    refund_at_most_stake,
    rollback_is_idempotent,
    unknown_rollback_moves_nothing,
    voided_bet_is_refunded,
    won_round_pays,
    zero_win_closes,
)
from synthetic.core.checks.socket import (
    frames_are_gapless,
    one_debit_per_bet,
    resume_repeats_no_bet,
)

CHECKS: dict[str, Check] = {
    module.CHECK.name: module.CHECK
    for module in (
        debits_equal_credits,
        balance_equals_ledger,
        cash_never_negative,
        postings_never_change,
        amounts_are_exact,
        exponent_is_respected,
        units_round_trip,
        buckets_make_the_total,
        balance_after_transaction,
        same_call_moves_once,
        replay_returns_stored_id,
        changed_replay_is_rejected,
        keys_are_scoped,
        concurrent_duplicates_move_once,
        ids_outlive_retries,
        batch_is_atomic,
        every_bet_ends,
        voided_bet_is_refunded,
        won_round_pays,
        refund_at_most_stake,
        rollback_is_idempotent,
        unknown_rollback_moves_nothing,
        late_bet_never_sticks,
        no_win_after_rollback,
        no_bet_on_closed_round,
        zero_win_closes,
        free_bet_costs_no_cash,
        expired_token_blocks_bets_only,
        bet_in_session_currency,
        one_credit_per_deposit,
        credit_needs_final_success,
        credit_is_capture_less_fees,
        redirect_credits_nothing,
        final_state_stays,
        withdraw_only_cleared,
        reserved_and_released_once,
        late_failure_recredits_once,
        chargeback_posts_once,
        psp_report_matches,
        bad_signature_changes_nothing,
        raw_bytes_are_signed,
        token_bound_to_player,
        session_rotates_at_login,
        one_time_code_works_once,
        lockout_holds,
        self_excluded_is_kept_out,
        lowest_limit_applies,
        frames_are_gapless,
        one_debit_per_bet,
        resume_repeats_no_bet,
        run_costs_what_it_should,
        nothing_left_open,
        own_keys_only,
        no_synthetic_row_in_sinks,
        pending_payment_was_told,
        no_retry_storm,
        clocks_agree,
    )
}

ALWAYS = ("clocks-agree", "own-keys-only")
"""Checks of our own health and of everybody's clock: judged of every run, told of where they are broken."""

__all__ = ["ALWAYS", "CHECKS", "Check", "Finding"]
