"""Every negative path can fail: for each there is a planted bug that turns its scenario red, and the platform is to blame."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from synthetic.config.scenarios import matrix_rows
from synthetic.core.events import CheckJudged, Event
from synthetic.core.outcome import Blame, RunOutcome
from synthetic.reference.defects import DEFECTS
from synthetic.reference.faults import FAULTS
from synthetic.reference.switchboard import Switch
from synthetic.reference.world import World
from synthetic.runner.blocking import BlockingSession
from synthetic.tests.runner.test_proof import play, scenarios, world

__all__ = ["world"]

pytestmark = pytest.mark.slow

# What turns a path red that has neither a fault nor a defect of its own in the catalogues: switches of the canary cell.
BROKEN_BY: dict[str, tuple[str, ...]] = {
    "bet-above-max": ("takes_any_stake",),
    "bet-below-min": ("takes_any_stake",),
    "bet-disabled-game": ("provider-a:plays_disabled_games",),
    "bet-wrong-currency": ("takes_any_stake", "ignores_currency"),
    "deposit-3ds-abandon": ("takes_declines_for_success",),
    "deposit-3ds-fail": ("takes_declines_for_success",),
    "deposit-declined": ("takes_declines_for_success",),
    "deposit-do-not-honor": ("takes_declines_for_success",),
    "deposit-double-click": ("credits_replayed_deposit",),
    "deposit-limit-exhausted": ("ignores_deposit_limit",),
    "expired-session-bet": ("takes_bets_on_expired_token",),
    "expired-token": ("tokens_never_expire",),
    "geo-blocked-deposit": ("ignores_geo",),
    "geo-blocked-launch": ("ignores_geo",),
    "geo-blocked-player": ("ignores_geo",),
    "insufficient-funds": ("acks_unposted_bet",),
    "malformed-frame": ("swallows_broken_frames",),
    "promo-unknown": ("gives_unknown_promos",),
    "second-socket-mid-round": ("keeps_first_socket",),
    "self-excluded-bet": ("ignores_self_exclusion",),
    "self-excluded-login": ("ignores_self_exclusion",),
    "sso-self-excluded": ("ignores_self_exclusion",),
    "wallet-a-bet-after-close": ("takes_bets_on_closed_round",),
    "wallet-a-bet-wrong-game": ("takes_bets_of_any_game",),
    "wallet-a-rollback-twice": ("refunds_every_rollback_id",),
    "wallet-a-unknown-token": ("takes_unknown_tokens",),
    "wallet-b-bet-above-balance": ("overdraws_cash",),
    "wallet-b-bet-at-once": ("posts_concurrent_duplicates",),
    "wallet-b-bet-wrong-currency": ("ignores_currency",),
    "wallet-b-bet-wrong-game": ("takes_bets_of_any_game",),
    "wallet-b-duplicate-id": ("takes_other_body",),
    "wallet-b-expired-token": ("takes_bets_on_expired_token",),
    "wallet-b-foreign-token": ("accepts_foreign_token",),
    "wallet-b-rollback-settled": ("refunds_settled_bet",),
    "wallet-b-rollback-twice": ("refunds_every_rollback_id",),
    "wallet-b-rollback-unknown": ("refunds_unknown_bet",),
    "wallet-b-tampered-signature": ("accepts_bad_signature",),
    "wallet-b-unknown-token": ("takes_unknown_tokens",),
    "wallet-b-win-after-rollback": ("pays_rolled_back_bet",),
    "withdraw-mid-round": ("takes_any_withdrawal",),
}
# The identity provider refuses the code by itself; the cell has no part in it.
REFUSED_ELSEWHERE = {"sso-code-reused"}


@pytest.fixture
def broken(world: tuple[World, BlockingSession], request: pytest.FixtureRequest) -> Iterator[BlockingSession]:
    """The canary with the switches of a path thrown, and mended after it."""
    running, session = world
    for thrown in request.param:
        component, _, switch = thrown.rpartition(":")
        running.boards[component or "canary"].throw(Switch(switch))
    yield session
    for board in running.boards.values():
        board.clear()


@pytest.mark.parametrize(
    ("broken", "name"), [(by, name) for name, by in BROKEN_BY.items()], indirect=["broken"], ids=BROKEN_BY
)
def test_a_path_turns_red_where_its_rule_is_broken(broken: BlockingSession, name: str) -> None:
    """Not refused, or refused and paid all the same."""
    ended, _ = play(broken, scenarios()[name], sorted(BROKEN_BY).index(name) + 1)
    assert ended.outcome is RunOutcome.FAILED, ended
    assert ended.blame is Blame.PLATFORM, ended


@pytest.mark.parametrize("broken", [("accepts_bad_webhooks",)], indirect=True)
def test_what_a_forged_cancel_has_posted_is_found_in_the_ledger(broken: BlockingSession) -> None:
    """The payout that was paid comes back to the player, and the PSP's report knows nothing of it."""
    plan, events = scenarios()["callback-bad-signature"], list[Event]()
    row = next(row for row in matrix_rows(plan, broken.cell) if row["call"] == "cancel")
    ended = broken.play(plan, row, number=1, sink=events.append)
    assert (ended.outcome, ended.blame) == (RunOutcome.FAILED, Blame.PLATFORM), ended
    law = [
        event for event in events if isinstance(event, CheckJudged) and event.name == "bad-signature-changes-nothing"
    ]
    assert [event.held for event in law] == [False], law


def test_every_path_is_proven() -> None:
    """By a fault or a defect of the catalogues, or by the table above."""
    paths = {name for name, plan in scenarios().items() if "negative" in plan.tags}
    planted = {fault.scenario for fault in (*DEFECTS.values(), *FAULTS.values())}
    assert paths - planted - BROKEN_BY.keys() == REFUSED_ELSEWHERE
    assert not BROKEN_BY.keys() & planted
