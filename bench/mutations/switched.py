"""Mutations that the reference platform's own switchboards know: planted defects of the seamless wallet and of the PSPs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.mutations.behaviours import MISSING_IDEMPOTENCY, OTHER_BODY_ACCEPTED, REPLAY_OTHER_ID
from bench.mutations.mutants import Kind, Mutant, Rig
from synthetic.contracts.pacts import PactFile


@dataclass(frozen=True, slots=True)
class Switched:
    """A switch and the boundaries (a pattern of their names) at which the contract forbids what it does."""

    kind: Kind
    switch: str
    where: str = r"game-provider-[ab]-wallet"
    params: Mapping[str, Any] = field(default_factory=dict)


_B = r"game-provider-b-wallet"
_A = r"game-provider-a-wallet"
_PSP = r"cashier-psp-[abc]"
_CASHIER = r"psp-a-cashier"
_GATEWAY = r"game-client-\S*gateway"

SWITCHED: tuple[Switched, ...] = (
    Switched(MISSING_IDEMPOTENCY, "debits_again_on_retry"),
    Switched(MISSING_IDEMPOTENCY, "credits_again_on_retry"),
    Switched(MISSING_IDEMPOTENCY, "refunds_again_on_retry"),
    Switched(REPLAY_OTHER_ID, "replays_under_new_id", _B),
    Switched(OTHER_BODY_ACCEPTED, "takes_other_body"),
    Switched(
        Kind("unknown-rollback-fails", "a rollback of an unknown bet fails", listed=True), "refuses_unknown_rollback"
    ),
    Switched(
        Kind("second-rollback-refunds", "a second rollback refunds again", listed=True), "refunds_every_rollback_id"
    ),
    Switched(
        Kind("win-after-rollback-accepted", "a win after its bet's rollback is accepted", listed=True),
        "pays_rolled_back_bet",
    ),
    Switched(
        Kind("closed-round-takes-bets", "a bet on a closed round is accepted", listed=True),
        "takes_bets_on_closed_round",
    ),
    Switched(
        Kind("expired-token-blocks-rollback", "an expired token blocks rollbacks and wins", listed=True),
        "expired_token_blocks_all",
    ),
    Switched(
        Kind("balance-before", "the balance is the one before the transaction", listed=True), "answers_balance_before"
    ),
    Switched(Kind("signatures-unchecked", "the wallet obeys whatever the signature says"), "accepts_bad_signature"),
    Switched(Kind("parsed-body-verified", "the signature is held against parsed JSON"), "verifies_parsed_body"),
    Switched(Kind("late-bet-accepted", "a bet that comes after its rollback debits"), "accepts_late_bet"),
    # Dialect B names no bet in a win, and its round is looked for before: there the switch has no occasion.
    Switched(Kind("win-without-bet-accepted", "a win whose bet never came is credited"), "pays_win_without_bet", _A),
    Switched(Kind("expired-token-bets", "an expired token still bets"), "takes_bets_on_expired_token"),
    Switched(Kind("currency-ignored", "a bet in another currency debits as much of the player's"), "ignores_currency"),
    Switched(Kind("foreign-token-accepted", "a token of another player is as good"), "accepts_foreign_token"),
    Switched(Kind("float-balance", "the balance is a number with a fraction"), "answers_float_balance", _A),
    Switched(Kind("rounded-balance", "the balance is rounded to whole units"), "rounds_balance_in_answers"),
    Switched(Kind("half-batch-kept", "what stands before the refused part of a batch stays"), "keeps_half_batches", _B),
    Switched(Kind("unknown-bet-refunded", "a rollback of an unknown bet credits money"), "refunds_unknown_bet"),
    Switched(Kind("settled-bet-refunded", "a rollback of a settled bet refunds it"), "refunds_settled_bet"),
    Switched(Kind("stake-rounded", "a debit is one minor unit less than the stake"), "rounds_debits"),
    Switched(Kind("bet-answer-lost", "a bet is committed and answered with 504"), "loses_bet_response"),
    Switched(Kind("round-left-open", "the end of a round leaves it open"), "leaves_round_open"),
    Switched(Kind("settles-nothing", "a win is answered as paid, and is not"), "settles_nothing"),
    Switched(Kind("forgets-rollback", "a rollback is answered as done, and is not"), "forgets_rollback"),
    Switched(MISSING_IDEMPOTENCY, "prunes_keys", _PSP),
    Switched(
        Kind("error-with-200", "creating a payment is answered 200 with an error"), "answers_200_with_error", _PSP
    ),
    Switched(Kind("psp-answers-500", "creating a payment is answered 500, and stays so"), "answers_500", _PSP),
    Switched(Kind("psp-unreadable", "creating a payment is answered 200 with HTML"), "answers_200_unreadable", _PSP),
    Switched(Kind("captures-wrong", "another amount is captured than was asked for"), "captures_wrong", _PSP),
    Switched(MISSING_IDEMPOTENCY, "credits_every_webhook", _CASHIER),
    Switched(Kind("old-event-obeyed", "an old event takes an ended deposit back"), "obeys_old_events", _CASHIER),
    Switched(Kind("signatures-unchecked", "whatever the signature, it is obeyed"), "accepts_bad_webhooks", _CASHIER),
    Switched(
        Kind("reversal-forgotten", "a payout that came back gives nothing back"), "forgets_payout_reversal", _CASHIER
    ),
    Switched(
        Kind("own-amount-credited", "what was asked for is credited, not what was captured"),
        "credits_own_amount",
        _CASHIER,
    ),
    Switched(Kind("decline-credited", "a declined deposit is credited"), "takes_declines_for_success", _CASHIER),
    Switched(Kind("fees-credited", "one minor unit more than was captured is credited"), "credits_with_fees", _CASHIER),
    Switched(Kind("recredited-twice", "a payout that came back is given back twice"), "recredits_twice", _CASHIER),
    Switched(Kind("chargeback-twice", "a chargeback is booked twice"), "posts_chargeback_twice", _CASHIER),
    Switched(Kind("first-socket-kept", "a second socket leaves the first one open"), "keeps_first_socket", _GATEWAY),
    Switched(
        Kind("broken-frame-swallowed", "a frame that can't be read is not answered"), "swallows_broken_frames", _GATEWAY
    ),
    Switched(
        Kind("session-lost", "a session that is resumed is not known any more"), "loses_session_on_resume", _GATEWAY
    ),
    Switched(Kind("unposted-bet-acked", "a bet is acknowledged that nobody debited"), "acks_unposted_bet", _GATEWAY),
    Switched(
        Kind("resume-bets-again", "a session that is resumed places its last bet again"), "resume_bets_again", _GATEWAY
    ),
    Switched(Kind("seq-skipped", "a frame's `seq` is skipped", listed=True), "skips_seq", _GATEWAY),
    Switched(Kind("rename-field", "a field has another name", listed=True), "renames_bet_id", _GATEWAY),
    Switched(Kind("launch-token-works-again", "a used launch token opens again"), "launch_token_works_again", _GATEWAY),
    Switched(Kind("any-stake-taken", "a bet is forwarded whatever its stake"), "takes_any_stake", _GATEWAY),
    Switched(Kind("posted-bet-denied", "a bet that was debited is answered as refused"), "denies_posted_bet", _GATEWAY),
)


def switched_mutants(boundary: str, pact: PactFile) -> Iterator[Mutant]:
    """Those that mean something at a boundary; every interaction may see them."""
    everyone = tuple(str(one["description"]) for one in pact.interactions)
    for one in SWITCHED:
        if re.fullmatch(one.where, boundary):
            yield Mutant(one.kind, boundary, one.switch, everyone, Rig(switch=one.switch, params=one.params))
