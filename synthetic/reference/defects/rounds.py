"""Planted defects of rounds and of the game socket (domain reference 6, 17-27 and 46-48)."""

from __future__ import annotations

from synthetic.reference.catalogue import Fault
from synthetic.reference.defects.planting import defect

DEFECTS: tuple[Fault, ...] = (
    defect(
        "forgets_rollback",
        "a rollback is acknowledged, and nothing is posted",
        "forgets_rollback",
        "bet-rollback",
        "voided-bet-is-refunded",
    ),
    defect(
        "accepts_second_rollback_id",
        "a rollback under another id refunds the same bet again",
        "refunds_every_rollback_id",
        "wallet-rollback-laws",
        "refund-at-most-stake",
    ),
    defect(
        "late_bet_sticks",
        "a bet that arrives after its rollback is debited",
        "accepts_late_bet",
        "wallet-rollback-laws",
        "late-bet-never-sticks",
    ),
    defect(
        "settles_nothing",
        "a won round is acknowledged, and nothing is posted",
        "settles_nothing",
        "steady-round",
        "won-round-pays",
    ),
    defect(
        "never_closes_rounds",
        "the end of a round is acknowledged, and the round stays open",
        "leaves_round_open",
        "steady-round",
        "every-bet-ends",
    ),
    defect(
        "refunds_retried_rollback",
        "a rollback that is sent again refunds again",
        "refunds_again_on_retry",
        "wallet-a-retries",
        "rollback-is-idempotent",
    ),
    defect(
        "refunds_bet_it_never_saw",
        "the rollback of an unknown bet credits something",
        "refunds_unknown_bet",
        "wallet-a-rollback-unknown",
        "unknown-rollback-moves-nothing",
    ),
    defect(
        "refunds_settled_bets",
        "the rollback of a settled bet refunds it",
        "refunds_settled_bet",
        "wallet-a-rollback-settled",
        "step:rollback",
    ),
    defect(
        "pays_rolled_back_bets",
        "a bet that was rolled back wins",
        "pays_rolled_back_bet",
        "wallet-a-win-after-rollback",
        "no-win-after-rollback",
    ),
    defect(
        "reopens_closed_rounds",
        "a round that is over takes a bet",
        "takes_bets_on_closed_round",
        "wallet-b-bet-after-close",
        "no-bet-on-closed-round",
    ),
    defect(
        "lost_rounds_stay_open",
        "a win of zero is acknowledged, and the round stays open",
        "zero_win_leaves_round_open",
        "wallet-a-free-bet",
        "zero-win-closes",
    ),
    defect(
        "charges_free_bets",
        "a free bet takes its stake from the player's cash",
        "debits_free_bets",
        "wallet-a-free-bet",
        "free-bet-costs-no-cash",
    ),
    defect(
        "bets_on_expired_tokens",
        "an expired token still bets",
        "takes_bets_on_expired_token",
        "wallet-a-expired-token",
        "expired-token-blocks-bets-only",
    ),
    defect(
        "blocks_all_on_expired_tokens",
        "an expired token blocks a rollback",
        "expired_token_blocks_all",
        "wallet-a-expired-token",
        "expired-token-blocks-bets-only",
    ),
    defect(
        "any_currency_will_do",
        "a bet in another currency debits the player's",
        "ignores_currency",
        "wallet-a-bet-wrong-currency",
        "bet-in-session-currency",
    ),
    defect(
        "leaves_a_number_out",
        "a frame's number is never sent",
        "skips_seq",
        "steady-round",
        "frames-are-gapless",
    ),
    defect(
        "acks_without_posting",
        "a bet is acknowledged that nobody has debited",
        "acks_unposted_bet",
        "steady-round",
        "one-debit-per-bet",
    ),
    defect(
        "posts_without_ack",
        "a bet is debited and answered as refused",
        "denies_posted_bet",
        "steady-round",
        "one-debit-per-bet",
    ),
    defect(
        "bets_again_on_resume",
        "coming back to a session places its last bet again",
        "resume_bets_again",
        "resume-round",
        "resume-repeats-no-bet",
    ),
)
