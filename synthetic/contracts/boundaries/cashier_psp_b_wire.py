"""The wire of the boundary cashier -> psp-b, as its interactions are written: orders, states, transactions, refusals."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
from pact.interaction import HttpInteraction

from synthetic.contracts.interactions import Exercise, State
from synthetic.contracts.matching import one_of, whole
from synthetic.reference.cell.cashier.psp_clients.attempts import RetryPolicy
from synthetic.reference.cell.cashier.psp_clients.notifications import NotificationsClient
from synthetic.reference.cell.cashier.psp_clients.protocol import (
    DepositOrder,
    PayoutOrder,
    PspRejected,
)
from synthetic.reference.settings import PspAccount

MERCHANT = "merchant"
"""A need: the merchant's own endpoint refuses the players that the pact says it refuses."""

TX = "f00d"
_REFERENCE = "dep_1"
_PLAYER = "p-1"
REFUSED_PLAYER = "p-excluded"
_RETURN = "https://casino.test/back"
_BEARER = whole("Bearer key", r"Bearer \S+")
ABANDONED = "card_3ds_abandon"  # its holder never comes back from the redirect page: the deposit stays pending


def _client(url: str) -> NotificationsClient:
    account = PspAccount("psp-b", "notifications", url, merchant="m-1", api_key="key", webhook_secret="unused")  # noqa: S106
    return NotificationsClient(account, retry=RetryPolicy(()))


def with_client(work: Callable[[NotificationsClient], Awaitable[None]]) -> Exercise:
    """Exercise the real client by this work."""

    async def play(url: str) -> None:
        client = _client(url)
        try:
            await work(client)
        finally:
            await client.aclose()

    return lambda url: asyncio.run(play(url))


def rejected(call: Callable[[NotificationsClient], Awaitable[Any]], code: str) -> Exercise:
    """Exercise a call that the client has to understand as refused with this code."""

    async def work(client: NotificationsClient) -> None:
        with pytest.raises(PspRejected) as refused:
            await call(client)
        assert refused.value.code == code

    return with_client(work)


def deposit_order(key: str, instrument: str = "card_ok", amount_minor: int = 100) -> DepositOrder:
    """What the cashier wants of its client."""
    return DepositOrder(key, _REFERENCE, _PLAYER, amount_minor, "EUR", instrument, _RETURN)


def payout_order(key: str, instrument: str = "card_ok", amount_minor: int = 100) -> PayoutOrder:
    """The same for a withdrawal."""
    return PayoutOrder(key, _REFERENCE, _PLAYER, amount_minor, "EUR", instrument)


def ordered(
    key: str, instrument: str = "card_ok", player: str = _PLAYER, amount: str = "1.00", **more: Any
) -> dict[str, Any]:
    """The body of an order, as the client sends it."""
    return {
        "merchantTxId": key,
        "userId": player,
        "amount": amount,
        "currency": "EUR",
        "instrument": instrument,
        "attributes": {"reference": _REFERENCE},
        **more,
    }


def deposit_state(
    key: str, until: str, instrument: str = "card_ok", player: str = _PLAYER, refund_key: str | None = None
) -> State:
    """A deposit that was ordered so, and has come to this state; then given back whole under `refund_key`, where there is one."""
    params = {"order": ordered(key, instrument, player, successUrl=_RETURN), "until": until}
    return State("a deposit", params if refund_key is None else {**params, "refund_key": refund_key})


def withdrawal_state(key: str, until: str, instrument: str = "card_ok") -> State:
    """A withdrawal that was ordered so, and has come to this state."""
    return State("a withdrawal", {"order": ordered(key, instrument), "until": until})


def transaction(kind: str, *states: str, **more: Any) -> dict[str, Any]:
    """What the client reads of a transaction. Its amount is what was asked for, as a decimal string."""
    return {
        "txId": whole(TX, r"[\w-]+"),
        "type": kind,
        "state": one_of(*states),
        "amount": "1.00",
        "currency": "EUR",
        **more,
    }


def asks(upon: HttpInteraction, method: str, path: str, body: Mapping[str, Any] | None = None) -> HttpInteraction:
    """The merchant asks, with its key."""
    upon.with_request(method, path).with_header("Authorization", _BEARER)
    return upon if body is None else upon.with_body(dict(body), "application/json")


def asks_about(upon: HttpInteraction, action: str, body: Mapping[str, Any]) -> HttpInteraction:
    """At verification, the path has the id of the state's transaction."""
    asks(upon, "POST", f"/api/transactions/{TX}/{action}", body)
    path = {"type": "ProviderState", "expression": f"/api/transactions/${{transaction}}/{action}"}
    return upon.with_generators({"path": path}, "Request")


def asks_for_deposit(upon: HttpInteraction, key: str, **how: Any) -> HttpInteraction:
    """`how` as for `ordered`."""
    return asks(upon, "POST", "/api/deposits", ordered(key, **how, successUrl=_RETURN))


def asks_for_withdrawal(upon: HttpInteraction, key: str, **how: Any) -> HttpInteraction:
    """`how` as for `ordered`."""
    return asks(upon, "POST", "/api/withdrawals", ordered(key, **how))


def answers(upon: HttpInteraction, status: int, body: Mapping[str, Any]) -> None:
    """The answer has this status, and at least these fields."""
    upon.will_respond_with(status).with_body(dict(body), "application/json")


def answers_the_same(upon: HttpInteraction, body: Mapping[str, Any]) -> None:
    """With the id that the state's transaction has."""
    answers(upon, 200, {**body, "txId": TX})
    upon.with_generators({"body": {"$.txId": {"type": "ProviderState", "expression": "${transaction}"}}}, "Response")


def refuses(upon: HttpInteraction, status: int, code: str) -> None:
    """The answer is a refusal with this code."""
    answers(upon, status, {"success": False, "errCode": code})
