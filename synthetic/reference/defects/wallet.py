"""Planted defects of the seamless wallet: exactly once, tokens and signatures (domain reference 6, 10-16 and 38-40)."""

from __future__ import annotations

from synthetic.reference.catalogue import Fault
from synthetic.reference.defects.planting import defect

DEFECTS: tuple[Fault, ...] = (
    defect(
        "accepts_bad_signature",
        "wallet calls with a wrong signature are obeyed",
        "accepts_bad_signature",
        "wallet-tampered-signature",
        "bad-signature-changes-nothing",
    ),
    defect(
        "debits_retried_bet",
        "a bet that is sent again is debited again",
        "debits_again_on_retry",
        "wallet-a-retries",
        "same-call-moves-once",
    ),
    defect(
        "credits_retried_win",
        "a win that is sent again is paid again",
        "credits_again_on_retry",
        "wallet-b-retries",
        "same-call-moves-once",
    ),
    defect(
        "new_id_for_a_replay",
        "a repetition is answered with another id than the first time",
        "replays_under_new_id",
        "wallet-b-retries",
        "replay-returns-stored-id",
    ),
    defect(
        "takes_other_body_under_known_id",
        "a known transaction id with another amount moves money",
        "takes_other_body",
        "wallet-a-duplicate-id",
        "changed-replay-is-rejected",
    ),
    defect(
        "ids_shared_by_providers",
        "the id of one provider's bet is taken for another provider's",
        "shares_ids_between_providers",
        "wallet-ids-are-scoped",
        "keys-are-scoped",
    ),
    defect(
        "races_duplicates",
        "a bet that comes three times in the same moment is debited more than once",
        "posts_concurrent_duplicates",
        "wallet-a-bet-at-once",
        "concurrent-duplicates-move-once",
    ),
    defect(
        "forgets_ids_too_early",
        "a win is paid again where it comes again after a day",
        "forgets_ids",
        "wallet-b-late-win",
        "ids-outlive-retries",
    ),
    defect(
        "keeps_half_a_batch",
        "the first bet of a batch stands, although the second was refused",
        "keeps_half_batches",
        "wallet-b-half-batch",
        "batch-is-atomic",
    ),
    defect(
        "verifies_what_it_parsed",
        "a signature is good for other bytes with the same meaning",
        "verifies_parsed_body",
        "wallet-b-reformatted-body",
        "raw-bytes-are-signed",
    ),
    defect(
        "takes_any_token",
        "a token bets for another player than its own",
        "accepts_foreign_token",
        "wallet-a-foreign-token",
        "token-bound-to-player",
    ),
)
