"""What PSPs do in life does a healthy cell no harm; with the cell's own switch thrown it does the damage that it is named for."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from synthetic.reference.cell.cashier import deposit_book
from synthetic.reference.cell.cashier.webhook_guard import WebhookGuard
from synthetic.reference.psp.signing import body_signature, stripe_signature
from synthetic.reference.switchboard import Switch
from synthetic.tests.reference.cell.cashier.market import PSPS, SECRET, Market
from synthetic.tests.reference.psp.serving import wait_until

# Their damage is proven by whole runs too; CI plays both.
pytestmark = pytest.mark.slow

both_styles = pytest.mark.parametrize("psp", PSPS)

CUT_OFF = {"form": "truncated", "captured": True}
OLD = {"psp-a": "payment_intent.processing", "psp-b": "deposit.authorize"}
DISPUTED = {"psp-a": "charge.dispute.funds_withdrawn", "psp-b": "deposit.debit"}
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
    """The success comes late, and twice: the deposit has failed, the capture stays where it is."""
    monkeypatch.setattr(deposit_book, "LATE_S", 0.1)
    market.throw(psp, "delays_webhooks", delay_s=0.2)
    market.throw(psp, "duplicates_webhooks")
    market.throw("cell", "gives_up_late_deposits")
    deposit_id = market.deposit(psp).json()["id"]
    market.settled("deposits", deposit_id, "failed")
    wait_until(lambda: len(told(market, psp, LAST[psp])) >= 3)
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


def chargebacks(market: Market) -> list[tuple[str, int]]:
    """The chargebacks in the player's ledger: bucket and amount."""
    return [(entry["bucket"], entry["amount_minor"]) for entry in market.postings("chargeback")]


@both_styles
def test_a_chargeback_is_booked_once_against_what_the_player_owes(market: Market, psp: str) -> None:
    """Told three times; his cash, which may be gone, is not touched."""
    market.throw(psp, "duplicates_webhooks")
    market.deposited(psp, instrument="card_disputed")
    wait_until(lambda: [entry["status"] for entry in told(market, psp, DISPUTED[psp])] == [200] * 3)
    assert (chargebacks(market), market.cash()) == ([("receivable", -100)], 1100)
    assert market.kinds(psp) == ["capture", "chargeback"]


@both_styles
def test_charges_back_to_cash(market: Market, psp: str) -> None:
    """The cash is gone, and is taken all the same: a posting below zero, written off at once."""
    market.throw("cell", "charges_back_to_cash")
    market.deposited(psp, instrument="card_disputed")
    everything = market.withdraw(psp, amount_minor=1100, instrument="card_disputed").json()["id"]
    market.settled("withdrawals", everything, "paid")
    wait_until(lambda: chargebacks(market) == [("cash", -100)])
    assert [entry["balance_after_minor"] for entry in market.postings("chargeback")] == [-100]
    assert (market.cash(), len(market.postings("write_off"))) == (0, 1)


@both_styles
def test_posts_chargeback_twice(market: Market, psp: str) -> None:
    """The PSP took it once."""
    market.throw("cell", "posts_chargeback_twice")
    market.deposited(psp, instrument="card_disputed")
    wait_until(lambda: len(chargebacks(market)) == 2)
    assert market.kinds(psp).count("chargeback") == 1


@both_styles
@pytest.mark.parametrize(
    ("switch", "instrument", "cash_minor"),
    [
        ("forgets_payout_reversal", "card_returns_payouts", 900),
        ("recredits_twice", "card_returns_payouts", 1100),
        ("releases_twice", "card_processing_error", 1100),
        ("", "card_returns_payouts", 1000),
        ("", "card_processing_error", 1000),
    ],
)
def test_what_comes_back_of_a_failed_payout(
    market: Market, psp: str, switch: str, instrument: str, cash_minor: int
) -> None:
    """Once, from a healthy cell."""
    if switch:
        market.throw("cell", switch)
    withdrawal_id = market.withdraw(psp, instrument=instrument).json()["id"]
    market.settled("withdrawals", withdrawal_id, "failed")
    wait_until(lambda: market.cash() == cash_minor)
    assert market.locked() == 0


@both_styles
@pytest.mark.parametrize("params", [{"off_minor": -1}, {"off_minor": 5}, {"currency": "USD"}])
def test_a_wrong_capture_goes_back_to_its_source(market: Market, psp: str, params: dict[str, Any]) -> None:
    """Whatever it is that was captured, it is not what the player asked for."""
    market.throw(psp, "captures_wrong", **params)
    deposit_id = market.deposit(psp).json()["id"]
    market.settled("deposits", deposit_id, "failed")
    wait_until(lambda: market.kinds(psp) == ["capture", "refund"])
    captured, refunded = (amount for _, amount, _ in market.report(psp))
    assert (captured, market.cash()) == (refunded, 1000)


@both_styles
def test_credits_own_amount(market: Market, psp: str) -> None:
    """One cent less was captured."""
    market.throw(psp, "captures_wrong")
    market.throw("cell", "credits_own_amount")
    market.deposited(psp)
    assert (market.cash(), [amount for _, amount, _ in market.report(psp)]) == (
        1100,
        [{"psp-a": "99", "psp-b": "0.99"}[psp]],
    )


@both_styles
@pytest.mark.parametrize("where", ["psp", "cell"])
@pytest.mark.parametrize("skew_s", [360, -360])
def test_a_clock_that_is_six_minutes_off_makes_good_signatures_stale(
    market: Market, psp: str, where: str, skew_s: int
) -> None:
    """All attempts; and whose clock it is shows in the `Date` of its answers."""
    market.throw(psp if where == "psp" else "cell", "skews_clock", skew_s=skew_s)
    deposit_id = market.deposit(psp).json()["id"]
    rejected = {"psp-a": 400, "psp-b": 403}[psp]
    wait_until(lambda: {entry["status"] for entry in log(market, psp) if entry["type"] != "request"} == {rejected})
    assert market.state("deposits", deposit_id) == "pending"
    answers = {
        "psp": market.cell.client.get(
            market.accounts[psp].url + "/v1/report", headers={"Authorization": f"Bearer {market.accounts[psp].api_key}"}
        ),
        "cell": market.cell.client.get("/healthz"),
    }
    ahead_s = {
        side: (parsedate_to_datetime(answer.headers["date"]) - datetime.now(UTC)).total_seconds()
        for side, answer in answers.items()
    }
    other = "cell" if where == "psp" else "psp"
    assert abs(ahead_s[where] - skew_s) < 5
    assert abs(ahead_s[other]) < 5


def test_at_a_rate_the_cell_reads_its_clock_once_an_event(market: Market) -> None:
    """Else the PSP's next attempt would be judged by another time."""
    guard = WebhookGuard(market.cell.context, lambda: datetime(2026, 1, 1, tzinfo=UTC))
    market.cell.context.board.throw(Switch("skews_clock", rate=0.5))
    read = [[guard.now(f"event-{number}") for _ in range(5)] for number in range(30)]
    assert all(len(set(times)) == 1 for times in read)
    assert len({times[0] for times in read}) == 2
    market.cell.context.board.clear()
    right = {guard.now(f"event-{number}") for number in range(30)}
    assert right == {datetime(2026, 1, 1, tzinfo=UTC)}, "a clock that was mended is right for every event"


@both_styles
@pytest.mark.parametrize("stale", [True, False])
def test_accepts_bad_webhooks(slow_market: Market, psp: str, stale: bool) -> None:  # noqa: FBT001 - a parameter
    """An event that nobody signed, or long ago, is obeyed."""
    market = slow_market
    deposit_id = market.deposit(psp).json()["id"]
    market.throw("cell", "accepts_bad_webhooks")
    then = datetime.now(UTC) - timedelta(seconds=3600 if stale else 0)
    secret = SECRET if stale else "guessed"
    if psp == "psp-a":
        facts = {"metadata": {"reference": deposit_id}, "id": "pi_1", "amount": 100, "currency": "EUR"}
        raw = json.dumps({"id": "evt_1", "type": LAST[psp], "data": {"object": facts}}).encode()
        answer = market.deliver(psp, raw, {"Stripe-Signature": stripe_signature(secret, raw, then)})
    else:
        facts = {"userId": market.player, "txAmount": "1.00", "txAmountCy": "EUR", "timestamp": int(then.timestamp())}
        facts |= {"txId": f"tx-{deposit_id}", "merchantTxId": deposit_id, "authCode": f"auth-{deposit_id}"}
        raw = json.dumps(facts).encode()
        answer = market.deliver(f"{psp}/transfer", raw, {"X-Signature": body_signature(secret, raw)})
    assert (answer.status_code, market.state("deposits", deposit_id), market.cash()) == (200, "succeeded", 1100)


@both_styles
@pytest.mark.parametrize("switch", ["credits_before_capture", "credits_on_redirect"])
def test_credits_without_a_capture(market: Market, psp: str, switch: str) -> None:
    """Too early, or on the word of a browser."""
    market.throw("cell", switch)
    deposit_id = market.deposit(psp, instrument="card_processing_error").json()["id"]
    if switch == "credits_on_redirect":
        market.settled("deposits", deposit_id, "failed")
        market.cell.client.get(f"/cashier/deposits/{deposit_id}/return", params={"status": "success"})
    assert (market.state("deposits", deposit_id), market.cash(), market.report(psp)) == ("succeeded", 1100, [])


@both_styles
def test_credits_with_fees(market: Market, psp: str) -> None:
    """One minor unit more than was captured."""
    market.throw("cell", "credits_with_fees")
    market.deposited(psp)
    assert market.cash() == 1101


def test_a_switch_of_the_cell_can_be_thrown_for_one_psp(market: Market) -> None:
    """What concerns psp-b leaves psp-a alone."""
    market.cell.context.board.throw(Switch("credits_with_fees", psp="psp-b"))
    market.deposited("psp-a", key="k-a")
    assert market.cash() == 1100
    market.deposited("psp-b", key="k-b")
    assert market.cash() == 1201
