"""What PSPs do in life does a healthy cell no harm; with the cell's own switch thrown it does the damage that it is named for."""

from __future__ import annotations

from typing import Any

import pytest

from synthetic.reference.cell.cashier import deposit_book
from synthetic.tests.reference.cell.cashier.market import PSPS, Market
from synthetic.tests.reference.psp.serving import wait_until

both_styles = pytest.mark.parametrize("psp", PSPS)

CUT_OFF = {"form": "truncated", "captured": True}
OLD = {"psp-a": "payment_intent.processing", "psp-b": "deposit.authorize"}
LAST = {"psp-a": "payment_intent.succeeded", "psp-b": "deposit.transfer"}


def log(market: Market, psp: str) -> list[dict[str, Any]]:
    """The PSP's own log about the player."""
    path, name = ("/v1/events", "player") if psp == "psp-a" else ("/api/events", "userId")
    return list(market.at_psp(psp, path, **{name: market.player})["entries"])


def told(market: Market, psp: str, kind: str) -> list[dict[str, Any]]:
    """What the PSP has told of this kind, and was answered."""
    return [entry for entry in log(market, psp) if entry["type"] == kind and entry["status"]]


def wait_for_old_event(market: Market, psp: str) -> None:
    """Until the old event has come after the last one."""
    kinds = {"psp-a": 1, "psp-b": 2}[psp]  # style B has asked for the authorisation before
    wait_until(lambda: len(told(market, psp, OLD[psp])) == kinds)


@both_styles
@pytest.mark.parametrize(
    ("triggers", "params"),
    [
        (["duplicates_webhooks"], {}),
        (["delays_webhooks"], {"delay_s": 0.2}),
        (["repeats_old_events"], {}),
        (["times_out_after_capture"], {}),
        (["times_out_after_capture", "prunes_keys"], {}),
        (["answers_200_unreadable"], CUT_OFF),
        (["answers_200_unreadable"], {"captured": True}),
    ],
    ids=lambda given: "+".join(given) if isinstance(given, list) else "",
)
def test_a_healthy_cell_credits_once_whatever_the_psp_does(
    market: Market, psp: str, triggers: list[str], params: dict[str, Any]
) -> None:
    """One capture, one credit, and it stays that way."""
    for trigger in triggers:
        market.throw(psp, trigger, **params)
    deposit_id = market.deposited(psp)
    if "repeats_old_events" in triggers:
        wait_for_old_event(market, psp)
    wait_until(lambda: len(told(market, psp, LAST[psp])) >= (3 if "duplicates_webhooks" in triggers else 1))
    assert (market.kinds(psp), market.cash()) == (["capture"], 1100)
    assert market.state("deposits", deposit_id) == "succeeded"


@both_styles
@pytest.mark.parametrize("trigger", ["answers_500", "answers_200_unreadable", "answers_200_with_error"])
def test_a_healthy_cell_gives_up_what_the_psp_never_took(market: Market, psp: str, trigger: str) -> None:
    """Two requests, then the deposit has failed; nothing was captured, nothing credited."""
    market.throw(psp, trigger)
    answer = market.deposit(psp).json()
    assert answer["state"] == "failed"
    assert (market.report(psp), market.cash()) == ([], 1000)
    assert len(told(market, psp, "request")) == 2


@both_styles
def test_gives_up_late_deposits(market: Market, psp: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The success comes late: the deposit has failed, the capture stays where it is."""
    monkeypatch.setattr(deposit_book, "LATE_S", 0.1)
    market.throw(psp, "delays_webhooks", delay_s=0.2)
    market.throw("cell", "gives_up_late_deposits")
    deposit_id = market.deposit(psp).json()["id"]
    market.settled("deposits", deposit_id, "failed")
    assert (market.kinds(psp), market.cash()) == (["capture"], 1000)


@both_styles
def test_obeys_old_events(market: Market, psp: str) -> None:
    """A deposit that had succeeded is pending again."""
    market.throw(psp, "repeats_old_events")
    market.throw("cell", "obeys_old_events")
    deposit_id = market.deposited(psp)
    market.settled("deposits", deposit_id, "pending")
    assert market.cash() == 1100


@both_styles
def test_storms_retries(market: Market, psp: str) -> None:
    """The same request dozens of times."""
    market.throw(psp, "answers_500")
    market.throw("cell", "storms_retries")
    market.deposit(psp)
    assert len(told(market, psp, "request")) > 40


@both_styles
def test_retries_without_looking_up(market: Market, psp: str) -> None:
    """The key is forgotten: a second payment is captured under it."""
    market.throw(psp, "times_out_after_capture")
    market.throw(psp, "prunes_keys")
    market.throw("cell", "retries_without_looking_up")
    deposit_id = market.deposit(psp).json()["id"]
    wait_until(lambda: market.kinds(psp) == ["capture", "capture"])
    assert {reference for _, _, reference in market.report(psp)} == {deposit_id}


@both_styles
def test_leaves_undecided(market: Market, psp: str) -> None:
    """The webhook of the capture is acknowledged, and nothing comes of it."""
    market.throw(psp, "answers_200_unreadable", **CUT_OFF)
    market.throw("cell", "leaves_undecided")
    deposit_id = market.deposit(psp).json()["id"]
    wait_until(lambda: [entry["status"] for entry in told(market, psp, LAST[psp])] == [200])
    assert (market.state("deposits", deposit_id), market.kinds(psp)) == ("pending", ["capture"])


@both_styles
def test_a_key_that_was_rotated_alone_is_rejected(market: Market, psp: str) -> None:
    """The PSP's log has the rejection; the deposit stays pending, whatever is tried."""
    market.throw(psp, "rotates_webhook_key")
    deposit_id = market.deposit(psp).json()["id"]
    rejected = {"psp-a": 400, "psp-b": 403}[psp]
    wait_until(lambda: {entry["status"] for entry in log(market, psp) if entry["type"] != "request"} == {rejected})
    assert market.state("deposits", deposit_id) == "pending"


@both_styles
def test_three_ds_that_hangs_captures_nothing(market: Market, psp: str) -> None:
    """No capture, and the merchant hears of no end."""
    market.throw(psp, "hangs_in_3ds")
    deposit_id = market.deposit(psp).json()["id"]
    wait_until(lambda: len(told(market, psp, "request")) == 1)
    assert (market.state("deposits", deposit_id), market.report(psp)) == ("pending", [])


@both_styles
def test_a_bin_that_declines_is_not_asked_about_other_cards(market: Market, psp: str) -> None:
    """What does not concern a card has not acted on it."""
    before = market.boards[psp].acted()
    market.throw(psp, "declines_bin", bin="999999")
    market.deposited(psp)
    assert market.boards[psp].acted() == before


@both_styles
@pytest.mark.parametrize(
    "habit",
    ["retries_under_new_key", "takes_any_200_as_success", "storms_retries", "obeys_old_events", "leaves_undecided"],
)
def test_a_switch_that_changes_nothing_has_not_acted(market: Market, psp: str, habit: str) -> None:
    """The counts are what a bench holds detections against."""
    before = market.cell.context.board.acted()
    market.throw("cell", habit)
    market.deposited(psp)
    assert market.cell.context.board.acted() == before
