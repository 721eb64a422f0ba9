"""Faults of rounds (domain reference 7, 17-25 and 27-31): game providers, the seamless wallet, the game gateway."""

from __future__ import annotations

from synthetic.reference.catalogue import Fault, Throw

_FLOW = "deposit-bet-withdraw"

FAULTS: tuple[Fault, ...] = (
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
