"""The seals of PSPs are what a cashier takes for right, or for wrong, by its own rules."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from synthetic.contracts.boundaries import CONTRACTS
from synthetic.contracts.providers.bearer import seal_bearer
from synthetic.contracts.providers.psp_seals import WRONGS, PspSeal, seal_call, seal_event
from synthetic.contracts.sealing import Outgoing
from synthetic.contracts.states import WRONG_SEAL
from synthetic.reference.cell.cashier.signatures import (
    BadSignature,
    check_fresh,
    verify_body_signature,
    verify_stripe_signature,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECRET = "whsec"
HEADERS = {"Content-Type": "application/json", "stripe-signature": "recorded", "x-signature": "recorded"}
REQUEST = Outgoing("POST", "/cashier/webhooks/psp", HEADERS, b'{"txAmount": "1.00", "timestamp": 1}')


def judge_event(sealed: Outgoing) -> None:
    """Raises BadSignature."""
    headers = {name.lower(): value for name, value in sealed.headers.items()}
    verify_stripe_signature(headers.get("stripe-signature", ""), sealed.body, SECRET, NOW)


def judge_call(sealed: Outgoing) -> None:
    """Raises BadSignature."""
    headers = {name.lower(): value for name, value in sealed.headers.items()}
    verify_body_signature(headers.get("x-signature", ""), sealed.body, SECRET)
    check_fresh(json.loads(sealed.body)["timestamp"], NOW)


def test_an_event_is_sealed_as_the_cashier_wants_it() -> None:
    """With a fresh time stamp, over the bytes as they are, in place of what was recorded."""
    sealed = seal_event(REQUEST, SECRET, "", NOW)
    judge_event(sealed)
    assert sealed.body == REQUEST.body
    assert [name for name in sealed.headers if name.lower() == "stripe-signature"] == ["Stripe-Signature"]


def test_a_call_is_sealed_as_the_cashier_wants_it() -> None:
    """Its time stamp is inside the body, and the signature is over both."""
    sealed = seal_call(REQUEST, SECRET, "", NOW)
    judge_call(sealed)
    assert json.loads(sealed.body) == {"txAmount": "1.00", "timestamp": int(NOW.timestamp())}


@pytest.mark.parametrize("wrong", sorted(WRONGS - {""}))
@pytest.mark.parametrize(("seal", "judge"), [(seal_event, judge_event), (seal_call, judge_call)])
def test_a_wrong_seal_is_refused(seal: PspSeal, judge: object, wrong: str) -> None:
    """Whatever is wrong about it."""
    assert callable(judge)
    with pytest.raises(BadSignature):
        judge(seal(REQUEST, SECRET, wrong, NOW))


def test_a_stale_seal_is_wrong_by_its_age_only() -> None:
    """Otherwise its refusal would say nothing about how age is judged."""
    with pytest.raises(BadSignature, match="time stamp is more than"):
        judge_event(seal_event(REQUEST, SECRET, "stale", NOW))
    with pytest.raises(BadSignature, match="time stamp is more than"):
        judge_call(seal_call(REQUEST, SECRET, "stale", NOW))


def test_a_wrong_that_nobody_knows_is_an_error() -> None:
    """A typing error must not pass for a right seal."""
    with pytest.raises(ValueError, match="no seal is wrong by 'stael'"):
        seal_event(REQUEST, SECRET, "stael", NOW)


def test_a_merchant_shows_its_key_or_another() -> None:
    """And anything else that could be wrong is an error: no forgery is taken for another."""
    assert seal_bearer(REQUEST, "mine", "").headers["Authorization"] == "Bearer mine"
    assert seal_bearer(REQUEST, "mine", "another key").headers["Authorization"] != "Bearer mine"
    with pytest.raises(ValueError, match="no API key is wrong by 'stale'"):
        seal_bearer(REQUEST, "mine", "stale")


def test_every_wrong_of_the_pacts_is_known() -> None:
    """Those whose provider is the cashier."""
    states = [
        state
        for contract in CONTRACTS
        if contract.provider == "cashier"
        for one in contract.interactions
        for state in one.given
        if state.name == WRONG_SEAL
    ]
    assert states
    assert {state.params["how"] for state in states} <= WRONGS - {""}
