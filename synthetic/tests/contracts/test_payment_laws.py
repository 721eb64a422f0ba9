"""The laws of PSPs and of cashier webhooks find the planted defects and mishaps that these boundaries show, and name the law."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from synthetic.contracts.laws.examining import examine
from synthetic.contracts.laws.reference import cashier_target, intents_target, notifications_target
from synthetic.reference.cell.cashier.switches import CELL_SWITCHES_CASHIER
from synthetic.reference.psp.intents import PSP_INTENTS_SWITCHES
from synthetic.reference.psp.notifications import PSP_NOTIFICATIONS_SWITCHES
from synthetic.reference.switchboard import Switch
from synthetic.reference.world import World, WorldSettings
from synthetic.reference.world.in_a_thread import world_in_a_thread
from synthetic.tests.representative import combination, one_in

# Whole providers are started and asked; the suites in contracts/ keep the contracts themselves in the default suite.
pytestmark = pytest.mark.slow

PSP_BREAKS: dict[str, str] = {
    "prunes_keys": "replay-returns-stored-id",
    "captures_wrong": "refund-at-most-paid",
    "declines_bin": "success-has-its-object",
    "answers_200_with_error": "success-has-its-object",
    "answers_200_unreadable": "answers-can-be-read",
    "answers_500": "success-has-its-object",
    "withholds_webhooks": "webhook-comes",
    "rotates_webhook_key": "raw-bytes-are-signed",
    "skews_clock": "raw-bytes-are-signed",
}
"""Each switch of the PSP that breaks its contract, and a law that finds it."""
NOTIFICATIONS_BREAKS: dict[str, str] = {
    "prunes_keys": "replay-returns-stored-id",
    "captures_wrong": "success-has-its-object",
    "declines_bin": "instruments-do-what-they-do",
    "hangs_in_3ds": "payments-come-to-rest",
    "answers_200_with_error": "success-has-its-object",
    "answers_200_unreadable": "answers-can-be-read",
    "answers_500": "success-has-its-object",
    "withholds_webhooks": "webhook-comes",
    "rotates_webhook_key": "raw-bytes-are-signed",
    "skews_clock": "raw-bytes-are-signed",
}
"""The same for the PSP of style B."""
PSP_MAY = {
    "hangs_in_3ds",
    "reverses_payouts",
    "times_out_after_capture",
    "duplicates_webhooks",
    "delays_webhooks",
    "repeats_old_events",
}
"""What a PSP may do, and a merchant has to live with."""
CASHIER_BREAKS: dict[str, str] = {
    "credits_every_webhook": "one-credit-per-deposit",
    "gives_up_late_deposits": "told-is-what-is-credited",
    "obeys_old_events": "final-state-stays",
    "accepts_bad_webhooks": "bad-signature-changes-nothing",
    "forgets_payout_reversal": "late-failure-recredits-once",
    "charges_back_to_cash": "told-is-what-is-credited",
    "credits_own_amount": "told-is-what-is-credited",
    "skews_clock": "genuine-events-are-acknowledged",
    "takes_declines_for_success": "told-is-what-is-credited",
    "credits_dead_deposits": "one-credit-per-deposit",
    "credits_before_capture": "told-is-what-is-credited",
    "credits_with_fees": "credit-is-capture-less-fees",
    "releases_twice": "reserved-and-released-once",
    "recredits_twice": "late-failure-recredits-once",
    "posts_chargeback_twice": "chargeback-posts-once",
}
"""Each switch of the cashier that its webhooks show, and a law that finds it."""
CALLS_BREAK: dict[str, str] = {
    "credits_every_webhook": "told-is-what-is-credited",
    "gives_up_late_deposits": "told-is-what-is-credited",
    "accepts_bad_webhooks": "bad-signature-changes-nothing",
    "skews_clock": "genuine-events-are-acknowledged",
    "credits_dead_deposits": "one-credit-per-deposit",
    "credits_before_capture": "told-is-what-is-credited",
    "credits_with_fees": "credit-is-capture-less-fees",
}
"""Those of them that the calls of a PSP of style B show, too."""
CASHIER_UNSEEN = {
    # How the cell asks a PSP, which one that only tells does not see ...
    "retries_under_new_key",
    "storms_retries",
    "retries_without_looking_up",
    "takes_any_200_as_success",
    "leaves_undecided",
    "credits_replayed_deposit",
    "pays_out_twice",
    "says_cancelled",
    # ... and what it lets players do.
    "ignores_wagering_at_payout",
    "pays_to_any_instrument",
    "takes_any_withdrawal",
    "credits_on_redirect",
    "shows_payments_to_anyone",
}


@pytest.fixture(scope="module")
def module_world() -> Iterator[World]:
    """One cell and its PSPs."""
    with world_in_a_thread(WorldSettings(cells=1)) as world:
        yield world


@pytest.fixture
def world(module_world: World) -> Iterator[World]:
    """Without a defect before and after."""
    boards = [module_world.boards[name] for name in ("canary", "psp-a", "psp-b")]
    for board in boards:
        board.clear()
    yield module_world
    for board in boards:
        board.clear()


@pytest.mark.parametrize("switch", one_in(2, PSP_BREAKS))
def test_a_psp_that_breaks_its_contract_is_found(world: World, switch: str) -> None:
    """By the tour alone, so in every run."""
    world.boards["psp-a"].throw(Switch(switch))
    examined = examine(intents_target(world), examples=0)
    assert PSP_BREAKS[switch] in examined.laws, examined.told()


@pytest.mark.parametrize("switch", one_in(2, reversed(NOTIFICATIONS_BREAKS)))
def test_a_psp_of_style_b_that_breaks_its_contract_is_found(world: World, switch: str) -> None:
    """The same claim for redirects and notifications."""
    world.boards["psp-b"].throw(Switch(switch))
    examined = examine(notifications_target(world), examples=0)
    assert NOTIFICATIONS_BREAKS[switch] in examined.laws, examined.told()


@pytest.mark.slow
@pytest.mark.parametrize("switch", one_in(2, sorted(PSP_MAY)))
def test_what_a_psp_may_do_is_no_finding(world: World, switch: str) -> None:
    """Late, doubled and old events, time-outs and payouts that come back are life."""
    world.boards["psp-a"].throw(Switch(switch))
    examined = examine(intents_target(world), examples=3)
    assert not examined.findings, examined.told()


@pytest.mark.slow
@pytest.mark.parametrize("switch", one_in(2, sorted(PSP_MAY - {"hangs_in_3ds"}, reverse=True)))
def test_what_a_psp_of_style_b_may_do_is_no_finding(world: World, switch: str) -> None:
    """The same claim; but a player whom the bank's page never lets go is a payment that never ends."""
    world.boards["psp-b"].throw(Switch(switch))
    examined = examine(notifications_target(world), examples=3)
    assert not examined.findings, examined.told()


@pytest.mark.parametrize("switch", one_in(2, CASHIER_BREAKS))
def test_a_defect_of_the_cashier_is_found(world: World, switch: str) -> None:
    """By what the player's account shows after we have told it this and that."""
    world.boards["canary"].throw(Switch(switch))
    examined = examine(cashier_target(world), examples=0)
    assert CASHIER_BREAKS[switch] in examined.laws, examined.told()


@pytest.mark.slow
@pytest.mark.parametrize(
    "switch",
    # All are found by what style A tells, too: one of webhooks and one of money stand for them.
    [
        combination(switch, played=switch in {"accepts_bad_webhooks", "credits_before_capture"}, id=switch)
        for switch in sorted(CALLS_BREAK)
    ],
)
def test_a_defect_of_the_cashier_is_found_by_calls(world: World, switch: str) -> None:
    """By a PSP of style B that authorizes, transfers and cancels."""
    world.boards["canary"].throw(Switch(switch))
    examined = examine(cashier_target(world, psp="psp-b", number=7), examples=0)
    assert CALLS_BREAK[switch] in examined.laws, examined.told()


def test_the_tables_have_every_switch() -> None:
    """A new mishap of the PSP or defect of the cashier is either found here, or it is said why not."""
    assert set(PSP_BREAKS) | PSP_MAY == set(PSP_INTENTS_SWITCHES)
    assert set(NOTIFICATIONS_BREAKS) | PSP_MAY == set(PSP_NOTIFICATIONS_SWITCHES)
    assert set(CASHIER_BREAKS) | CASHIER_UNSEEN == set(CELL_SWITCHES_CASHIER)


def test_the_psp_speaks_again_after_an_examination(world: World) -> None:
    """It is kept silent only as long as the examination takes."""
    with cashier_target(world).opened():
        assert world.boards["psp-a"].thrown()
    assert not world.boards["psp-a"].thrown()
