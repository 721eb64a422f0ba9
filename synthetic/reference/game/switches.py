"""The switches of a game provider: faults of domain reference 7 that sit on the provider's side."""

from __future__ import annotations

PROVIDER_SWITCHES = {
    "plays_disabled_games": "a game that is switched off takes bets",
    "rolls_back_before_betting": "before a bet, an earlier attempt of it comes in the wrong order: the rollback, then the bet",
    "sends_win_first": "the win goes out before its bet, and not again",
    "loses_closes": "a win is paid in two parts that leave the round open, and its end is never sent",
    "drifts_stakes": "the stake that is asked of the wallet is one minor unit less than the player's",
    "loses_rollbacks": "the rollback of a cancelled round is never sent; the provider believes that it was",
    "sends_second_rollback_id": "after a rollback another one goes out for the same bet, under a fresh id",
}
