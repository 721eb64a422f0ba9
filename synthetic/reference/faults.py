"""The ten faults of domain reference 7 that this platform can show, each as the switches that make it."""

from __future__ import annotations

from synthetic.reference.catalogue import Fault, Throw

_FLOW = "deposit-bet-withdraw"

FAULTS: dict[str, Fault] = {
    fault.name: fault
    for fault in (
        Fault(
            "duplicate_webhook_credits_twice",
            1,
            "the PSP delivers a webhook twice, and the cell credits both",
            (Throw("psps", "duplicates_webhooks"), Throw("cell", "credits_every_webhook")),
            "platform",
            _FLOW,
            "one-credit-per-deposit",
        ),
        Fault(
            "webhook_never_comes",
            3,
            "psp-a captures, but never tells: deposits stay pending",
            (Throw("psp-a", "withholds_webhooks"),),
            "psp",
            _FLOW,
            "step:deposit",
            shared=True,
        ),
        Fault(
            "psp_timeout_second_capture",
            7,
            "the PSP times out after the capture, and the cell tries again under a new key",
            (Throw("psps", "times_out_after_capture"), Throw("cell", "retries_under_new_key")),
            "platform",
            _FLOW,
            "psp-report-matches",
        ),
        Fault(
            "bin_declined",
            10,
            "psp-a declines every card of one BIN",
            (Throw("psp-a", "declines_bin", {"bin": "400000"}),),
            "psp",
            _FLOW,
            "step:deposit",
            shared=True,
        ),
        Fault(
            "error_body_taken_as_success",
            11,
            "the PSP answers 200 with an error body, and the cell credits without a capture",
            (Throw("psps", "answers_200_with_error"), Throw("cell", "takes_any_200_as_success")),
            "platform",
            _FLOW,
            "psp-report-matches",
        ),
        Fault(
            "bet_retry_debits_twice",
            17,
            "the wallet's answer to a bet is lost, the provider retries, and the wallet debits again",
            (Throw("cell", "loses_bet_response"), Throw("cell", "debits_again_on_retry")),
            "platform",
            _FLOW,
            "one-debit-per-bet",
        ),
        Fault(
            "rollback_lost",
            18,
            "the game provider never sends the rollback that it owes",
            (Throw("providers", "loses_rollbacks"),),
            "provider",
            "bet-rollback",
            "step:settle",
            shared=True,
        ),
        Fault(
            "second_rollback_id_refunds",
            19,
            "the provider rolls back under a second id, and the wallet refunds again",
            (Throw("providers", "sends_second_rollback_id"), Throw("cell", "refunds_every_rollback_id")),
            "platform",
            "bet-rollback",
            "refund-at-most-stake",
        ),
        Fault(
            "stale_balance_cache",
            24,
            "the cell shows a cached balance",
            (Throw("cell", "caches_balance"),),
            "platform",
            _FLOW,
            "balance-equals-ledger",
        ),
        Fault(
            "websocket_half_open",
            27,
            "the game gateway stays connected and answers nothing",
            (Throw("cell", "stops_answering_ws"),),
            "platform",
            _FLOW,
            "step:ping",
        ),
    )
}
