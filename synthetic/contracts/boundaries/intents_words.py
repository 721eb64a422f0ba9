"""The words of a contract with a PSP of payment intents: what is asked, what is answered, and the client that does it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
from pact import match
from pact.interaction import HttpInteraction

from synthetic.contracts.interactions import Exercise, State
from synthetic.reference.cell.cashier.psp_clients.attempts import RetryPolicy
from synthetic.reference.cell.cashier.psp_clients.intents import IntentsClient
from synthetic.reference.cell.cashier.psp_clients.protocol import (
    DepositOrder,
    PayoutOrder,
    PspRejected,
)
from synthetic.reference.settings import PspAccount

INTENT = "pi_1"
PAYOUT = "po_1"
REFERENCE = "dep_1"
PLAYER = "p-1"
BEARER = match.regex("Bearer key", regex=r"Bearer \S+")
PENDING = "requires_confirmation|requires_action|requires_capture|processing"


def client_of(url: str) -> IntentsClient:
    """The cashier's own client of a PSP at this URL; it sends everything once."""
    account = PspAccount("psp-a", "intents", url, merchant="m-1", api_key="key", webhook_secret="unused")  # noqa: S106
    return IntentsClient(account, retry=RetryPolicy(()))


def with_client(work: Callable[[IntentsClient], Awaitable[None]]) -> Exercise:
    """Exercise the client by this work."""

    async def play(url: str) -> None:
        client = client_of(url)
        try:
            await work(client)
        finally:
            await client.aclose()

    return lambda url: asyncio.run(play(url))


def deposit_order(key: str, instrument: str = "card_ok", amount_minor: int = 100) -> DepositOrder:
    """What the cashier charges: 1.00 EUR, if nothing else is said."""
    return DepositOrder(key, REFERENCE, PLAYER, amount_minor, "EUR", instrument)


def payout_order(key: str) -> PayoutOrder:
    """What the cashier pays out: 1.00 EUR."""
    return PayoutOrder(key, REFERENCE, PLAYER, 100, "EUR", "card_ok")


def metadata_of(key: str) -> dict[str, str]:
    """What the cashier attaches to a payment."""
    return {"reference": REFERENCE, "player": PLAYER, "key": key}


def payment_state(key: str, until: str, *, method: str = "card_ok", confirm: bool = True) -> State:
    """A payment of 1.00 EUR under this key that has come to the status `until`."""
    return State(
        "a payment",
        {
            "key": key,
            "amount": 100,
            "currency": "EUR",
            "method": method,
            "confirm": confirm,
            "until": until,
            "metadata": metadata_of(key),
        },
    )


def payout_state(key: str, until: str) -> State:
    """A payout of 1.00 EUR under this key that has come to the status `until`."""
    metadata = metadata_of(key)
    return State(
        "a payout",
        {"key": key, "amount": 100, "currency": "EUR", "destination": "card_ok", "until": until, "metadata": metadata},
    )


def intent_object(status: str, example: str, **more: Any) -> dict[str, Any]:
    """What the client reads of an intent. Its amount is what was asked for, in minor units."""
    return {
        "id": match.regex(INTENT, regex=r"pi_\w+"),
        "status": match.regex(example, regex=status),
        "amount": 100,
        "currency": match.regex("EUR", regex="EUR|eur"),
        **more,
    }


def payout_object(status: str, example: str) -> dict[str, Any]:
    """What the client reads of a payout."""
    return {
        "id": match.regex(PAYOUT, regex=r"po_\w+"),
        "status": match.regex(example, regex=status),
        "amount": 100,
        "currency": match.regex("EUR", regex="EUR|eur"),
    }


def asks(
    upon: HttpInteraction, method: str, path: str, body: Mapping[str, Any] | None = None, key: str | None = None
) -> HttpInteraction:
    """A request of the merchant, with its idempotency key where it has one."""
    upon.with_request(method, path).with_header("Authorization", BEARER)
    if key is not None:
        upon.with_header("Idempotency-Key", key)
    return upon if body is None else upon.with_body(dict(body), "application/json")


def asks_to_charge(upon: HttpInteraction, order: DepositOrder) -> HttpInteraction:
    """The request that creates and confirms an intent."""
    body = {
        "amount": order.amount_minor,
        "currency": order.currency,
        "payment_method": order.instrument,
        "confirm": True,
        "metadata": metadata_of(order.key),
    }
    return asks(upon, "POST", "/v1/payment_intents", body, order.key)


def answers(upon: HttpInteraction, status: int, body: Mapping[str, Any]) -> None:
    """The answer, as JSON."""
    upon.will_respond_with(status).with_body(dict(body), "application/json")


def refuses(upon: HttpInteraction, status: int, code: str) -> None:
    """An error of Stripe's form, by its code."""
    answers(upon, status, {"error": {"type": match.str("invalid_request_error"), "code": code}})


def cancels(upon: HttpInteraction, what: str, id_: str, state_value: str) -> HttpInteraction:
    """At verification, path and key have the id of the state's payment or payout."""
    asks(upon, "POST", f"/v1/{what}/{id_}/cancel", {}, f"{id_}:cancel")
    path = {"type": "ProviderState", "expression": f"/v1/{what}/{state_value}/cancel"}
    key = {"type": "ProviderState", "expression": f"{state_value}:cancel"}
    return upon.with_generators({"path": path, "header": {"Idempotency-Key": key}}, "Request")


def rejected(call: Callable[[IntentsClient], Awaitable[Any]], code: str) -> Exercise:
    """Exercise a call that the client has to report as refused, with this code."""

    async def work(client: IntentsClient) -> None:
        with pytest.raises(PspRejected) as refused:
            await call(client)
        assert refused.value.code == code

    return with_client(work)
