"""The switches that the cell's core implements: faults of domain reference 7, and planted defects of the cell's own code."""

from __future__ import annotations

CELL_SWITCHES_CORE = {
    "loses_bet_response": "the wallet commits a bet, then answers the provider 504",
    "debits_again_on_retry": "a bet that is sent again under the same transaction id debits again",
    "refunds_every_rollback_id": "a second rollback of one bet, under another id, refunds again",
    "caches_balance": "GET /wallet/balance serves the first value it saw of a player",
    "forgets_rollback": "a rollback is answered OK and the round is VOID, but nothing is posted",
    "accepts_late_bet": "a bet that comes after its rollback debits",
    "accepts_bad_signature": "wallet calls with a wrong or missing signature are obeyed",
    "settles_nothing": "a win is answered OK and the round is WON, but nothing is posted",
}
