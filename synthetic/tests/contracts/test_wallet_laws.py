"""The laws of wallets find every planted defect of the reference wallet that its published API shows, and name the law."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from synthetic.contracts.laws.examining import examine
from synthetic.contracts.laws.reference import wallet_target
from synthetic.contracts.laws.wallet import Knobs
from synthetic.reference.cell.wallet_api.switches import CELL_SWITCHES_WALLET
from synthetic.reference.switchboard import Switch
from synthetic.reference.world import World, WorldSettings
from synthetic.reference.world.in_a_thread import world_in_a_thread
from synthetic.tests.representative import combination

BREAKS: dict[str, str] = {
    "answers_bets_late": "answers-come-in-time",
    "debits_again_on_retry": "same-call-moves-once",
    "credits_again_on_retry": "same-call-moves-once",
    "refunds_again_on_retry": "rollback-is-idempotent",
    "replays_under_new_id": "replay-returns-stored-id",
    "takes_other_body": "changed-replay-is-rejected",
    "shares_ids_between_players": "keys-are-scoped",
    "posts_concurrent_duplicates": "concurrent-duplicates-move-once",
    "forgets_ids": "ids-outlive-retries|same-call-moves-once",  # which of them: a busy machine repeats late, too
    "keeps_half_batches": "batch-is-atomic",
    "leaves_round_open": "no-bet-on-closed-round",
    "zero_win_leaves_round_open": "no-bet-on-closed-round",
    "settles_nothing": "won-round-pays",
    "pays_win_without_bet": "no-win-without-bet",
    "pays_rolled_back_bet": "no-win-after-rollback",
    "takes_bets_on_closed_round": "no-bet-on-closed-round",
    "forgets_rollback": "voided-bet-is-refunded",
    "refunds_every_rollback_id": "refund-at-most-stake",
    "refunds_settled_bet": "settled-bet-stays",
    "refuses_unknown_rollback": "unknown-rollback-moves-nothing",
    "refunds_unknown_bet": "unknown-rollback-moves-nothing",
    "accepts_late_bet": "late-bet-never-sticks",
    "debits_free_bets": "free-bet-costs-no-cash",
    "takes_bets_on_expired_token": "expired-token-blocks-bets-only",
    "expired_token_blocks_all": "expired-token-blocks-bets-only",
    "ignores_currency": "bet-in-session-currency",
    "accepts_foreign_token": "token-bound-to-player",
    "accepts_bad_signature": "bad-signature-changes-nothing",
    "verifies_parsed_body": "raw-bytes-are-signed",
    "rounds_debits": "bet-takes-its-stake",
    "answers_balance_before": "balance-after-transaction",
    "answers_float_balance": "amounts-are-exact",
    "rounds_balance_in_answers": "bet-takes-its-stake",
}
"""Each switch of the reference wallet, and a law that it has to be found by (or one of two); others may be broken with it."""
UNSEEN = {
    "loses_bet_response",  # the answer is lost on its way, and the repetition gets it: no law of the wallet's
    "shares_ids_between_providers",  # one provider alone can't see what another one's ids are taken for
}
ONE_DIALECT = {
    "answers_float_balance": "hub88",
    "debits_free_bets": "hub88",
    "pays_win_without_bet": "hub88",
    "replays_under_new_id": "softswiss",
    "keeps_half_batches": "softswiss",
}
"""The switches that act, or can be seen, in one dialect only."""
NUMBERS = {"hub88": 0, "softswiss": 2}
CASES = [
    combination(
        switch, dialect, played=not turn % 2 and dialect == ONE_DIALECT.get(switch, list(NUMBERS)[turn // 2 % 2])
    )
    for turn, switch in enumerate(BREAKS)
    for dialect in NUMBERS
    if ONE_DIALECT.get(switch, dialect) == dialect
]
"""CI plays each second switch in one dialect, by turns; all of them are in `conformance/test_wallet.py`, too."""


@pytest.fixture(scope="module")
def module_world() -> Iterator[World]:
    """One cell."""
    with world_in_a_thread(WorldSettings(cells=1)) as world:
        yield world


@pytest.fixture
def world(module_world: World) -> Iterator[World]:
    """Without a defect before and after."""
    module_world.boards["canary"].clear()
    yield module_world
    module_world.boards["canary"].clear()


@pytest.mark.slow
@pytest.mark.parametrize(("switch", "dialect"), CASES)
def test_a_planted_defect_is_found_by_its_law(world: World, switch: str, dialect: str) -> None:
    """By the tour alone, so in every run."""
    target = wallet_target(world, dialect, number=NUMBERS[dialect])
    world.boards["canary"].throw(Switch(switch))
    examined = examine(target, examples=0)
    assert examined.laws & set(BREAKS[switch].split("|")), examined.told()


def test_the_table_has_every_switch_of_the_wallet() -> None:
    """A new defect of the reference wallet comes with the law that finds it."""
    assert set(BREAKS) | UNSEEN == set(CELL_SWITCHES_WALLET)


def test_a_finding_comes_with_its_exchanges_and_without_secrets(world: World) -> None:
    """What an on-call engineer needs: the sentence, the requests and answers that show it, the seed; and no token."""
    target = wallet_target(world, "hub88")
    world.boards["canary"].throw(Switch("debits_again_on_retry"))
    told = examine(target, seed=7, examples=0).told()
    assert "same-call-moves-once: wallet bet" in told
    assert "/transaction/bet" in told
    assert "seed 7" in told
    assert target.given.seat.token not in told


@pytest.mark.slow
def test_random_plays_find_what_the_tour_would(world: World) -> None:
    """The state machine alone, from a seed."""
    target = wallet_target(world, "softswiss", number=2)
    world.boards["canary"].throw(Switch("takes_bets_on_closed_round"))
    world.boards["canary"].throw(Switch("debits_again_on_retry"))
    examined = examine(target, seed=1, examples=20, steps=25, tour=False)
    assert examined.laws & {"same-call-moves-once", "no-bet-on-closed-round"}, examined.told()


@pytest.mark.slow
def test_what_a_wallet_may_do_otherwise_is_no_finding(world: World) -> None:
    """Rollbacks of settled bets that give something back are some wallets' way: then the knob says so."""
    target = wallet_target(world, "hub88")
    world.boards["canary"].throw(Switch("pays_win_without_bet"))
    lenient = type(target)(target.url, target.dialect, target.key, target.given, Knobs(win_without_bet="accepted"))
    assert not examine(lenient, examples=0).findings
