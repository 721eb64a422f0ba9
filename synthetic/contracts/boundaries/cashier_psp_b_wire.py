"""The wire of the boundary cashier -> psp-b, as its interactions are written: orders, states, transactions, refusals."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pact.interaction import HttpInteraction

from synthetic.contracts.boundaries.cashier_as_client import (
    ONCE,
    PLAYER,
    REFERENCE,
    RETURN,
    answers,
    exercised,
    exercised_in_vain,
)
from synthetic.contracts.holes import body_from_state, from_state
from synthetic.contracts.interactions import Exercise, Interaction, State, interaction
from synthetic.contracts.matching import one_of, whole
from synthetic.reference.cell.cashier.psp_clients.notifications import NotificationsClient
from synthetic.reference.cell.cashier.psp_clients.protocol import PspPayment
from synthetic.reference.settings import PspAccount

MERCHANT = "merchant"
"""A need: the merchant's own endpoint refuses the players that the pact says it refuses."""

TX = "f00d"
REFUSED_PLAYER = "p-excluded"
_BEARER = whole("Bearer key", r"Bearer \S+")
ABANDONED = "card_3ds_abandon"  # its holder never comes back from the redirect page: the deposit stays pending


def _client(url: str) -> NotificationsClient:
    account = PspAccount("psp-b", "notifications", url, merchant="m-1", api_key="key", webhook_secret="unused")  # noqa: S106
    return NotificationsClient(account, retry=ONCE)


def with_client(work: Callable[[NotificationsClient], Awaitable[None]]) -> Exercise:
    """Exercise the cashier's own client by this work."""
    return exercised(_client, work)


def rejected(call: Callable[[NotificationsClient], Awaitable[Any]], code: str) -> Exercise:
    """Exercise a call that the client has to report as refused, with this code."""
    return exercised_in_vain(_client, call, code)


def ordered(
    key: str, instrument: str = "card_ok", player: str = PLAYER, amount: str = "1.00", **more: Any
) -> dict[str, Any]:
    """The body of an order, as the client sends it."""
    return {
        "merchantTxId": key,
        "userId": player,
        "amount": amount,
        "currency": "EUR",
        "instrument": instrument,
        "attributes": {"reference": REFERENCE},
        **more,
    }


def deposit_state(
    key: str, until: str, instrument: str = "card_ok", player: str = PLAYER, refund_key: str | None = None
) -> State:
    """A deposit that was ordered so, and has come to this state; then given back whole under `refund_key`, where there is one."""
    params = {"order": ordered(key, instrument, player, successUrl=RETURN), "until": until}
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
    path = from_state(f"/api/transactions/${{transaction}}/{action}")
    return upon.with_generators({"path": path}, "Request")


def asks_for_deposit(upon: HttpInteraction, key: str, **how: Any) -> HttpInteraction:
    """`how` as for `ordered`."""
    return asks(upon, "POST", "/api/deposits", ordered(key, **how, successUrl=RETURN))


def asks_for_withdrawal(upon: HttpInteraction, key: str, **how: Any) -> HttpInteraction:
    """`how` as for `ordered`."""
    return asks(upon, "POST", "/api/withdrawals", ordered(key, **how))


def answers_the_same(upon: HttpInteraction, body: Mapping[str, Any]) -> None:
    """With the id that the state's transaction has."""
    answers(upon, 200, {**body, "txId": TX})
    upon.with_generators(body_from_state({"$.txId": "${transaction}"}), "Response")


def refuses(upon: HttpInteraction, status: int, code: str) -> None:
    """The answer is a refusal with this code."""
    answers(upon, status, {"success": False, "errCode": code})


def looked_up(description: str, key: str, given: State, shown: dict[str, Any], expected: PspPayment) -> Interaction:
    """A look-up by the key, of what was brought about before."""

    @interaction(description, given, needs=(MERCHANT,) if given.params["order"]["userId"] == REFUSED_PLAYER else ())
    def declare(upon: HttpInteraction) -> Exercise:
        asks(upon, "GET", "/api/transactions").with_query_parameter("merchantTxId", key)
        answers(upon, 200, {"transactions": [shown]})
        find = "find_deposit" if shown["type"] == "deposit" else "find_payout"

        async def work(client: NotificationsClient) -> None:
            assert await getattr(client, find)(key) == expected

        return with_client(work)

    return declare
