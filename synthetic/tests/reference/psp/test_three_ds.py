"""Cards whose holder has to prove at his bank's page that it is he (3DS), in both styles."""

from __future__ import annotations

import pytest

from synthetic.tests.reference.psp import test_notifications as style_b
from synthetic.tests.reference.psp.running import RunningPsp
from synthetic.tests.reference.psp.test_intents import becomes, intent, kinds

CODES = [("card_3ds_fail", "authentication_failed"), ("card_3ds_abandon", "authentication_abandoned")]


def test_a_holder_who_passes_pays(intents: RunningPsp) -> None:
    """First the page, then the capture."""
    answer = intent(intents, key="3ds-ok", payment_method="card_3ds_ok").json()
    assert answer["status"] == "requires_action"
    becomes(intents, f"/v1/payment_intents/{answer['id']}", "succeeded")
    assert kinds(intents, "3ds-ok") == ["capture"]


@pytest.mark.parametrize(("card", "code"), CODES)
def test_a_holder_who_does_not_pass_pays_nothing(intents: RunningPsp, card: str, code: str) -> None:
    """Back to `requires_payment_method`, with the reason, in an event too."""
    answer = intent(intents, key=card, payment_method=card).json()
    assert answer["status"] == "requires_action"
    failed = becomes(intents, f"/v1/payment_intents/{answer['id']}", "requires_payment_method")
    assert failed["last_payment_error"]["decline_code"] == code
    intents.merchant.waits_for("payment_intent.payment_failed")
    assert kinds(intents, card) == []


def test_a_payment_may_succeed_after_it_was_given_up(intents: RunningPsp) -> None:
    """The merchant hears of both, in this order."""
    id_ = intent(intents, key="late", payment_method="card_3ds_late").json()["id"]
    becomes(intents, f"/v1/payment_intents/{id_}", "succeeded")
    intents.merchant.waits_for("payment_intent.succeeded")
    mine = [call.kind for call in intents.merchant.calls if call.body["data"]["object"]["id"] == id_]
    assert mine == ["payment_intent.requires_action", "payment_intent.payment_failed", "payment_intent.succeeded"]
    assert kinds(intents, "late") == ["capture"]


def test_a_payment_that_is_cancelled_meanwhile_stays_so(intents: RunningPsp) -> None:
    """Nobody waits at the bank's page any more."""
    id_ = intent(intents, key="gone", payment_method="card_3ds_ok").json()["id"]
    assert intents.post(f"/v1/payment_intents/{id_}/cancel", key="gone-c").json()["status"] == "canceled"
    other = intent(intents, key="after", payment_method="card_3ds_ok").json()["id"]
    becomes(intents, f"/v1/payment_intents/{other}", "succeeded")  # the later one is through: so would be the first
    assert intents.get(f"/v1/payment_intents/{id_}")["status"] == "canceled"


@pytest.mark.parametrize(("card", "code"), CODES)
def test_style_b_calls_cancel(notifications: RunningPsp, card: str, code: str) -> None:
    """The merchant is never asked to credit."""
    tx = style_b.place(notifications, key=card, instrument=card).json()["txId"]
    style_b.becomes(notifications, tx, "failed")
    (call,) = [call for call in notifications.merchant.waits_for("cancel") if call.body["txId"] == tx]
    assert call.body["statusCode"] == code
    assert style_b.report(notifications, card) == []
