"""The switches of the seamless wallet: faults of domain reference 7, and planted defects of its invariants (6, 7-27 and 38-40)."""

from __future__ import annotations

CELL_SWITCHES_WALLET = {
    # exactly once
    "loses_bet_response": "the wallet commits a bet, then answers the provider 504",
    "answers_bets_late": "a bet is looked at after `delay_s` only (3.2), which is longer than a provider waits",
    "debits_again_on_retry": "a bet that is sent again under the same transaction id debits again",
    "credits_again_on_retry": "a win that is sent again under the same transaction id credits again",
    "refunds_again_on_retry": "a rollback that is sent again under the same transaction id refunds again",
    "replays_under_new_id": "dialect B answers a repetition with another `id_casino` than the first time",
    "takes_other_body": "a known transaction id with another amount or bet is taken for a new transaction",
    "shares_ids_between_players": "a transaction id that another player has used is taken for a repetition",
    "shares_ids_between_providers": "a transaction id that another provider has used is taken for a repetition",
    "posts_concurrent_duplicates": "duplicates that come in while the first is being served move money, too",
    "forgets_ids": "transaction ids are forgotten after half a second (a day in life); a later repetition moves money again",
    "keeps_half_batches": "what stands in a batch before its refused transaction stays posted",
    # rounds
    "leaves_round_open": "a win or the end of a round is answered OK, and the round stays open",
    "zero_win_leaves_round_open": "the end of a lost round is answered OK, and the round stays open",
    "settles_nothing": "a win is answered OK and the round is WON, but nothing is posted",
    "pays_win_without_bet": "a win whose bet is not there yet is credited",
    "pays_rolled_back_bet": "a win for a bet that was rolled back is credited",
    "takes_bets_on_closed_round": "a bet on a round that is over debits",
    "forgets_rollback": "a rollback is answered OK and the round is VOID, but nothing is posted",
    "refunds_every_rollback_id": "a second rollback of one bet, under another id, refunds again",
    "refunds_settled_bet": "a rollback of a settled bet refunds its stake",
    "refuses_unknown_rollback": "a rollback of a bet that nobody saw is refused, and the bet may come after it",
    "refunds_unknown_bet": "a rollback of a bet that nobody saw credits 20 minor units",
    "accepts_late_bet": "a bet that comes after its rollback debits",
    "debits_free_bets": "a free bet takes its stake from the player's cash",
    # sessions and signatures
    "takes_bets_on_expired_token": "an expired token still bets",
    "expired_token_blocks_all": "an expired token blocks wins, rollbacks and ends of rounds, too",
    "ignores_currency": "a bet in another currency than the session's debits as many minor units of the player's",
    "accepts_foreign_token": "a token of another player or another provider is as good as one's own",
    "accepts_bad_signature": "wallet calls with a wrong or missing signature are obeyed",
    "verifies_parsed_body": "the signature is held against the parsed JSON, written out again, not against the bytes that came",
    # amounts
    "rounds_debits": "the wallet's conversion of a stake loses one minor unit",
    "answers_balance_before": "the balance in an answer is the one before the transaction",
    "answers_float_balance": "dialect A answers the balance as a JSON number with a fraction",
    "rounds_balance_in_answers": "the balance in an answer is rounded down to whole units of the currency",
}
