"""cashier -> psp-a: payment intents, refunds and payouts (Stripe's API: https://docs.stripe.com/api/payment_intents)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
from pact import match
from pact.interaction import HttpInteraction

from synthetic.contracts.interactions import Contract, Exercise, State, interaction
from synthetic.contracts.states import WRONG_SEAL
from synthetic.reference.cell.cashier.psp_clients.attempts import RetryPolicy
from synthetic.reference.cell.cashier.psp_clients.intents import IntentsClient
from synthetic.reference.cell.cashier.psp_clients.protocol import (
    DepositOrder,
    PayoutOrder,
    PspPayment,
    PspRejected,
)
from synthetic.reference.settings import PspAccount

_INTENT = "pi_1"
_PAYOUT = "po_1"
_REFERENCE = "dep_1"
_PLAYER = "p-1"
_BEARER = match.regex("Bearer key", regex=r"Bearer \S+")
_PENDING = "requires_confirmation|requires_action|requires_capture|processing"


def _client(url: str) -> IntentsClient:
    account = PspAccount("psp-a", "intents", url, merchant="m-1", api_key="key", webhook_secret="unused")  # noqa: S106
    return IntentsClient(account, retry=RetryPolicy(()))


def _with_client(work: Callable[[IntentsClient], Awaitable[None]]) -> Exercise:
    async def play(url: str) -> None:
        client = _client(url)
        try:
            await work(client)
        finally:
            await client.aclose()

    return lambda url: asyncio.run(play(url))


def _order(key: str, instrument: str = "card_ok", amount_minor: int = 100) -> DepositOrder:
    return DepositOrder(key, _REFERENCE, _PLAYER, amount_minor, "EUR", instrument)


def _payout_order(key: str) -> PayoutOrder:
    return PayoutOrder(key, _REFERENCE, _PLAYER, 100, "EUR", "card_ok")


def _metadata(key: str) -> dict[str, str]:
    return {"reference": _REFERENCE, "player": _PLAYER, "key": key}


def _payment(key: str, until: str, *, method: str = "card_ok", confirm: bool = True) -> State:
    return State(
        "a payment",
        {
            "key": key,
            "amount": 100,
            "currency": "EUR",
            "method": method,
            "confirm": confirm,
            "until": until,
            "metadata": _metadata(key),
        },
    )


def _payout(key: str, until: str) -> State:
    metadata = _metadata(key)
    return State(
        "a payout",
        {"key": key, "amount": 100, "currency": "EUR", "destination": "card_ok", "until": until, "metadata": metadata},
    )


def _intent(status: str, example: str, **more: Any) -> dict[str, Any]:
    """What the client reads of an intent. Its amount is what was asked for, in minor units."""
    return {
        "id": match.regex(_INTENT, regex=r"pi_\w+"),
        "status": match.regex(example, regex=status),
        "amount": 100,
        "currency": match.regex("EUR", regex="EUR|eur"),
        **more,
    }


def _payout_object(status: str, example: str) -> dict[str, Any]:
    return {
        "id": match.regex(_PAYOUT, regex=r"po_\w+"),
        "status": match.regex(example, regex=status),
        "amount": 100,
        "currency": match.regex("EUR", regex="EUR|eur"),
    }


def _asks(
    upon: HttpInteraction, method: str, path: str, body: Mapping[str, Any] | None = None, key: str | None = None
) -> HttpInteraction:
    upon.with_request(method, path).with_header("Authorization", _BEARER)
    if key is not None:
        upon.with_header("Idempotency-Key", key)
    return upon if body is None else upon.with_body(dict(body), "application/json")


def _asks_to_charge(upon: HttpInteraction, order: DepositOrder) -> HttpInteraction:
    body = {
        "amount": order.amount_minor,
        "currency": order.currency,
        "payment_method": order.instrument,
        "confirm": True,
        "metadata": _metadata(order.key),
    }
    return _asks(upon, "POST", "/v1/payment_intents", body, order.key)


def _answers(upon: HttpInteraction, status: int, body: Mapping[str, Any]) -> None:
    upon.will_respond_with(status).with_body(dict(body), "application/json")


def _refuses(upon: HttpInteraction, status: int, code: str) -> None:
    _answers(upon, status, {"error": {"type": match.str("invalid_request_error"), "code": code}})


def _cancels(upon: HttpInteraction, what: str, id_: str, state_value: str) -> HttpInteraction:
    """At verification, path and key have the id of the state's payment or payout."""
    _asks(upon, "POST", f"/v1/{what}/{id_}/cancel", {}, f"{id_}:cancel")
    path = {"type": "ProviderState", "expression": f"/v1/{what}/{state_value}/cancel"}
    key = {"type": "ProviderState", "expression": f"{state_value}:cancel"}
    return upon.with_generators({"path": path, "header": {"Idempotency-Key": key}}, "Request")


@interaction("a charge of a good card")
def _charge(upon: HttpInteraction) -> Exercise:
    order = _order("pact-key-charge")
    _answers(_asks_to_charge(upon, order), 200, _intent(f"{_PENDING}|succeeded", "processing"))

    async def work(client: IntentsClient) -> None:
        payment = await client.send_deposit(order)
        assert payment == PspPayment(_INTENT, "pending", 100, "EUR")

    return _with_client(work)


def _declined(code: str, instrument: str) -> Any:
    @interaction(f"a charge of a card that is declined with {code}")
    def declare(upon: HttpInteraction) -> Exercise:
        order = _order(f"pact-key-declined-{code.replace('_', '-')}", instrument)
        failure = {"code": "card_declined", "decline_code": code}
        intent = _intent("requires_payment_method", "requires_payment_method", last_payment_error=failure)
        error = {"type": "card_error", **failure, "payment_intent": intent}
        _answers(_asks_to_charge(upon, order), 402, {"error": error})

        async def work(client: IntentsClient) -> None:
            assert await client.send_deposit(order) == PspPayment(_INTENT, "declined", 100, "EUR", code)

        return _with_client(work)

    return declare


@interaction("a charge that wants the holder to prove that it is he")
def _three_ds(upon: HttpInteraction) -> Exercise:
    order = _order("pact-key-three-ds", "card_3ds_ok")
    _answers(_asks_to_charge(upon, order), 200, _intent("requires_action", "requires_action"))

    async def work(client: IntentsClient) -> None:
        assert (await client.send_deposit(order)).state == "pending"

    return _with_client(work)


@interaction("a charge that is sent again", _payment("pact-key-again", "succeeded"))
def _replay(upon: HttpInteraction) -> Exercise:
    order = _order("pact-key-again")
    body = _intent(f"{_PENDING}|succeeded", "processing")
    _answers(_asks_to_charge(upon, order), 200, body | {"id": _INTENT})
    upon.with_generators({"body": {"$.id": {"type": "ProviderState", "expression": "${payment}"}}}, "Response")

    async def work(client: IntentsClient) -> None:
        assert (await client.send_deposit(order)).psp_reference == _INTENT

    return _with_client(work)


@interaction("a charge under a key of another charge", _payment("pact-key-taken", "succeeded"))
def _other_charge(upon: HttpInteraction) -> Exercise:
    order = _order("pact-key-taken", amount_minor=200)
    _refuses(_asks_to_charge(upon, order), 400, "idempotency_error")
    return _rejected(lambda client: client.send_deposit(order), "idempotency_error")


@interaction("a charge of an instrument that nobody issued")
def _unknown_instrument(upon: HttpInteraction) -> Exercise:
    order = _order("pact-key-no-instrument", "card_of_nobody")
    _refuses(_asks_to_charge(upon, order), 400, "resource_missing")
    return _rejected(lambda client: client.send_deposit(order), "resource_missing")


@interaction("a charge of nothing")
def _nothing(upon: HttpInteraction) -> Exercise:
    order = _order("pact-key-nothing", amount_minor=0)
    _refuses(_asks_to_charge(upon, order), 400, "parameter_invalid_integer")
    return _rejected(lambda client: client.send_deposit(order), "parameter_invalid_integer")


@interaction("a charge by somebody who is no merchant", State(WRONG_SEAL, {"how": "another key"}))
def _stranger(upon: HttpInteraction) -> Exercise:
    order = _order("pact-key-stranger")
    _refuses(_asks_to_charge(upon, order), 401, "invalid_api_key")
    return _rejected(lambda client: client.send_deposit(order), "invalid_api_key")


def _looked_up(description: str, key: str, status: str, state: str, method: str = "card_ok", **more: Any) -> Any:
    @interaction(description, _payment(key, status, method=method))
    def declare(upon: HttpInteraction) -> Exercise:
        _asks(upon, "GET", "/v1/payment_intents").with_query_parameter("idempotency_key", key)
        _answers(upon, 200, {"data": [_intent(status, status, **more)]})

        async def work(client: IntentsClient) -> None:
            found = await client.find_deposit(key)
            assert found is not None
            assert (found.state, found.amount_minor) == (state, 100)

        return _with_client(work)

    return declare


@interaction("a look-up of a payment that never was")
def _absent(upon: HttpInteraction) -> Exercise:
    _asks(upon, "GET", "/v1/payment_intents").with_query_parameter("idempotency_key", "pact-key-absent")
    _answers(upon, 200, {"data": []})

    async def work(client: IntentsClient) -> None:
        assert await client.find_deposit("pact-key-absent") is None

    return _with_client(work)


@interaction(
    "a cancellation of a payment that is not captured",
    _payment("pact-key-cancel", "requires_confirmation", confirm=False),
)
def _cancel(upon: HttpInteraction) -> Exercise:
    _cancels(upon, "payment_intents", _INTENT, "${payment}")
    _answers(upon, 200, _intent("canceled", "canceled"))

    async def work(client: IntentsClient) -> None:
        assert (await client.cancel_deposit(_INTENT)).state == "cancelled"

    return _with_client(work)


@interaction("a cancellation of a payment that is captured", _payment("pact-key-cancel-late", "succeeded"))
def _cancel_late(upon: HttpInteraction) -> Exercise:
    _cancels(upon, "payment_intents", _INTENT, "${payment}")
    _refuses(upon, 400, "payment_intent_unexpected_state")
    return _rejected(lambda client: client.cancel_deposit(_INTENT), "payment_intent_unexpected_state")


def _asks_to_refund(upon: HttpInteraction, amount_minor: int, key: str) -> HttpInteraction:
    _asks(upon, "POST", "/v1/refunds", {"payment_intent": _INTENT, "amount": amount_minor}, key)
    return upon.with_generators({"body": {"$.payment_intent": {"type": "ProviderState", "expression": "${payment}"}}})


def _refund(description: str, key: str, *given: State) -> Any:
    @interaction(description, *given)
    def declare(upon: HttpInteraction) -> Exercise:
        _asks_to_refund(upon, 100, key)
        _answers(upon, 200, {"status": match.regex("succeeded", regex="succeeded|pending"), "amount": 100})

        async def work(client: IntentsClient) -> None:
            await client.refund_deposit(_INTENT, 100, "EUR", key)

        return _with_client(work)

    return declare


def _refused_refund(description: str, key: str, amount_minor: int, code: str, given: State) -> Any:
    @interaction(description, given)
    def declare(upon: HttpInteraction) -> Exercise:
        _refuses(_asks_to_refund(upon, amount_minor, key), 400, code)
        return _rejected(lambda client: client.refund_deposit(_INTENT, amount_minor, "EUR", key), code)

    return declare


def _refunded(key: str, refund_key: str) -> State:
    return State("a refunded payment", {**_payment(key, "succeeded").params, "refund_key": refund_key})


def _asks_to_pay_out(upon: HttpInteraction, order: PayoutOrder) -> HttpInteraction:
    body = {
        "amount": order.amount_minor,
        "currency": order.currency,
        "destination": order.instrument,
        "metadata": _metadata(order.key),
    }
    return _asks(upon, "POST", "/v1/payouts", body, order.key)


@interaction("a payout")
def _pay_out(upon: HttpInteraction) -> Exercise:
    order = _payout_order("pact-key-payout")
    _answers(_asks_to_pay_out(upon, order), 200, _payout_object("pending|in_transit|paid", "pending"))

    async def work(client: IntentsClient) -> None:
        assert await client.start_payout(order) == PspPayment(_PAYOUT, "pending", 100, "EUR")

    return _with_client(work)


@interaction("a payout that is sent again", _payout("pact-key-payout-again", "paid"))
def _pay_out_again(upon: HttpInteraction) -> Exercise:
    order = _payout_order("pact-key-payout-again")
    body = _payout_object("pending|in_transit|paid", "pending") | {"id": _PAYOUT}
    _answers(_asks_to_pay_out(upon, order), 200, body)
    upon.with_generators({"body": {"$.id": {"type": "ProviderState", "expression": "${payout}"}}}, "Response")

    async def work(client: IntentsClient) -> None:
        assert (await client.start_payout(order)).psp_reference == _PAYOUT

    return _with_client(work)


def _looked_up_payout(description: str, key: str, status: str, state: str) -> Any:
    @interaction(description, _payout(key, status))
    def declare(upon: HttpInteraction) -> Exercise:
        _asks(upon, "GET", "/v1/payouts").with_query_parameter("idempotency_key", key)
        _answers(upon, 200, {"data": [_payout_object(status, status)]})

        async def work(client: IntentsClient) -> None:
            found = await client.find_payout(key)
            assert found is not None
            assert (found.state, found.amount_minor) == (state, 100)

        return _with_client(work)

    return declare


@interaction("a cancellation of a payout that has not left", _payout("pact-key-payout-cancel", "pending"))
def _cancel_payout(upon: HttpInteraction) -> Exercise:
    _cancels(upon, "payouts", _PAYOUT, "${payout}")
    _answers(upon, 200, _payout_object("canceled", "canceled"))

    async def work(client: IntentsClient) -> None:
        assert (await client.cancel_payout(_PAYOUT)).state == "cancelled"

    return _with_client(work)


@interaction("a cancellation of a payout that is paid", _payout("pact-key-payout-late", "paid"))
def _cancel_payout_late(upon: HttpInteraction) -> Exercise:
    _cancels(upon, "payouts", _PAYOUT, "${payout}")
    _refuses(upon, 400, "payout_unexpected_state")
    return _rejected(lambda client: client.cancel_payout(_PAYOUT), "payout_unexpected_state")


def _rejected(call: Callable[[IntentsClient], Awaitable[Any]], code: str) -> Exercise:
    async def work(client: IntentsClient) -> None:
        with pytest.raises(PspRejected) as refused:
            await call(client)
        assert refused.value.code == code

    return _with_client(work)


_FAILURE = {"last_payment_error": {"code": "processing_error", "decline_code": "processing_error"}}

CONTRACT = Contract(
    "cashier",
    "psp-a",
    (
        _charge,
        _declined("insufficient_funds", "card_insufficient_funds"),
        _declined("do_not_honor", "card_do_not_honor"),
        _declined("card_velocity_exceeded", "card_exhausted"),
        _three_ds,
        _replay,
        _other_charge,
        _unknown_instrument,
        _nothing,
        _stranger,
        _looked_up(
            "a look-up of a captured payment", "pact-key-captured", "succeeded", "succeeded", amount_received=100
        ),
        _looked_up(
            "a look-up of a payment that the PSP could not process",
            "pact-key-failed",
            "requires_payment_method",
            "failed",
            "card_processing_error",
            **_FAILURE,
        ),
        _absent,
        _cancel,
        _cancel_late,
        _refund("a refund of a captured payment", "pact-key-refund", _payment("pact-key-to-refund", "succeeded")),
        _refund(
            "a refund that is sent again",
            "pact-key-refund-again",
            _refunded("pact-key-refunded-once", "pact-key-refund-again"),
        ),
        _refused_refund(
            "a refund of more than was captured",
            "pact-key-refund-more",
            200,
            "amount_too_large",
            _payment("pact-key-to-refund-more", "succeeded"),
        ),
        _refused_refund(
            "a second refund of a payment",
            "pact-key-refund-second",
            100,
            "charge_already_refunded",
            _refunded("pact-key-refunded", "pact-key-refund-first"),
        ),
        _pay_out,
        _pay_out_again,
        _looked_up_payout("a look-up of a paid payout", "pact-key-payout-paid", "paid", "paid"),
        _cancel_payout,
        _cancel_payout_late,
    ),
)
