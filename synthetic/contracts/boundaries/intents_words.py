"""The words of a contract with a PSP of payment intents: what is asked, what is answered, and the client that does it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pact import match
from pact.interaction import HttpInteraction

from synthetic.contracts.boundaries.cashier_as_client import (
    ONCE,
    PLAYER,
    REFERENCE,
    answers,
    exercised,
    exercised_in_vain,
)
from synthetic.contracts.holes import from_state
from synthetic.contracts.interactions import Exercise, State
from synthetic.reference.cell.cashier.psp_clients.intents import IntentsClient
from synthetic.reference.cell.cashier.psp_clients.protocol import DepositOrder
from synthetic.reference.settings import PspAccount

INTENT = "pi_1"
PAYOUT = "po_1"
REFUND = "re_1"
BEARER = match.regex("Bearer key", regex=r"Bearer \S+")
PENDING = "requires_confirmation|requires_action|requires_capture|processing"


def client_of(url: str) -> IntentsClient:
    """The cashier's own client of a PSP at this URL; it sends everything once."""
    account = PspAccount("psp-a", "intents", url, merchant="m-1", api_key="key", webhook_secret="unused")  # noqa: S106
    return IntentsClient(account, retry=ONCE)


def with_client(work: Callable[[IntentsClient], Awaitable[None]]) -> Exercise:
    """Exercise the cashier's own client by this work."""
    return exercised(client_of, work)


def rejected(call: Callable[[IntentsClient], Awaitable[Any]], code: str) -> Exercise:
    """Exercise a call that the client has to report as refused, with this code."""
    return exercised_in_vain(client_of, call, code)


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


def payout_state(key: str, until: str, destination: str = "card_ok") -> State:
    """A payout of 1.00 EUR under this key that has come to the status `until`."""
    metadata = metadata_of(key)
    return State(
        "a payout",
        {
            "key": key,
            "amount": 100,
            "currency": "EUR",
            "destination": destination,
            "until": until,
            "metadata": metadata,
        },
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


def payout_object(status: str, example: str, **more: Any) -> dict[str, Any]:
    """What the client reads of a payout."""
    return {
        "id": match.regex(PAYOUT, regex=r"po_\w+"),
        "status": match.regex(example, regex=status),
        "amount": 100,
        "currency": match.regex("EUR", regex="EUR|eur"),
        **more,
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


def refuses(upon: HttpInteraction, status: int, code: str) -> None:
    """An error of Stripe's form, by its code."""
    answers(upon, status, {"error": {"type": match.str("invalid_request_error"), "code": code}})


def cancels(upon: HttpInteraction, what: str, id_: str, state_value: str) -> HttpInteraction:
    """At verification, path and key have the id of the state's payment or payout."""
    asks(upon, "POST", f"/v1/{what}/{id_}/cancel", {}, f"{id_}:cancel")
    path = from_state(f"/v1/{what}/{state_value}/cancel")
    key = from_state(f"{state_value}:cancel")
    return upon.with_generators({"path": path, "header": {"Idempotency-Key": key}}, "Request")
