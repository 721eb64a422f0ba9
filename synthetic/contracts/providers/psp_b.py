"""psp-b, a redirect and notification PSP: its states are reached through its published API, and by a merchant that answers it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from synthetic.contracts.boundaries.cashier_psp_b_wire import MERCHANT, REFUSED_PLAYER
from synthetic.contracts.keys import Salt, salted, with_salted_keys
from synthetic.contracts.providers.api import Api
from synthetic.contracts.providers.bearer import seal_bearer
from synthetic.contracts.providers.provider import Provider, needed
from synthetic.contracts.sealing import Outgoing
from synthetic.contracts.states import StateHandler
from synthetic.contracts.verifying import Target
from synthetic.reference.psp.merchants import Merchant
from synthetic.reference.psp.notifications import build_notifications_psp
from synthetic.reference.psp.pace import Pace
from synthetic.reference.psp.webhooks import DeliveryPolicy
from synthetic.reference.switchboard import Switchboard
from synthetic.reference.world.in_a_thread import app_in_a_thread
from synthetic.reference.world.world import PSP_SWITCHES

KEY_VARIABLE = "SYNTHETIC_PSP_B_KEY"
_STATES = frozenset("pending authorized successful refunded failed cancelled".split())
# Nobody waits for long, but a withdrawal can still be cancelled, and who leaves the redirect page is waited for.
_PACE = Pace(
    capture_s=(0.0, 0.01),
    redirect_s=0.0,
    payout_leaves_s=0.25,
    payout_lands_s=0.0,
    payout_returns_s=0.0,
    abandoned_s=600.0,
)


class TransactionStates:
    """The states of deposits and withdrawals, as a merchant brings them about."""

    def __init__(self, url: str, api_key: str, salt: Salt) -> None:
        self._api = Api(url, api_key)
        self._salt = salt

    def handlers(self) -> Mapping[str, StateHandler]:
        """By the names that the pacts use."""
        return {"a deposit": self.deposit, "a withdrawal": self.withdrawal}

    def deposit(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """A deposit by `order` that has come to the state `until`; given back whole under `refund_key`, if there is one.

        Its id is `${transaction}`.
        """
        made = self._ordered("/api/deposits", params)
        if "refund_key" in params:
            order = params["order"]
            refund = {
                "amount": order["amount"],
                "currency": order["currency"],
                "merchantTxId": salted(params["refund_key"], self._salt.text),
            }
            self._api.post(f"/api/transactions/{made['transaction']}/refund", refund)
        return made

    def withdrawal(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """A withdrawal by `order` that has come to the state `until`; its id is `${transaction}`."""
        return self._ordered("/api/withdrawals", params)

    def _ordered(self, path: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        order, until = params["order"], str(params["until"])
        made = self._api.post(path, {**order, "merchantTxId": salted(order["merchantTxId"], self._salt.text)})
        if until == "cancelled":
            self._api.post(f"/api/transactions/{made['txId']}/cancel", {})
        id_ = made["txId"]
        self._api.wait(f"/api/transactions/{id_}", "state", until, agreed=_STATES, what=f"transaction {id_}")
        return {"transaction": id_}


def target_at(url: str, api_key: str) -> Target:
    """A style B PSP at this URL, for the merchant with this key."""
    salt = Salt()

    def seal(request: Outgoing, wrong: str) -> Outgoing:
        return seal_bearer(with_salted_keys(request, salt.text), api_key, wrong)

    return Target(url, seal, TransactionStates(url, api_key, salt).handlers(), begin=salt.renew, own=salt.own)


def build_merchant() -> Starlette:
    """A merchant that says yes to every call, and knows one player who may not pay."""

    async def answer(request: Request) -> Response:
        body = await request.json()
        if request.path_params["call"] == "verifyuser" and body["userId"] == REFUSED_PLAYER:
            return JSONResponse({"success": False, "errCode": "SELF_EXCLUDED", "errMsg": "not this one"})
        return JSONResponse({"success": True, "authCode": "auth-1"})

    return Starlette(routes=[Route("/{call}", answer, methods=["POST"])])


@contextmanager
def serving() -> Iterator[Target]:
    """The reference simulator, with a merchant that answers its calls."""
    with app_in_a_thread("merchant", build_merchant()) as merchant_url:
        merchant = Merchant(
            name="pact",
            cell="pact",
            webhook_url=merchant_url,
            api_key=secrets.token_hex(16),
            webhook_secret=secrets.token_hex(16),
        )
        board, delivery = Switchboard(PSP_SWITCHES["notifications"]), DeliveryPolicy(jitter_s=0.0)
        app = build_notifications_psp("psp-b", board, merchants=[merchant], pace=_PACE, delivery=delivery)
        with app_in_a_thread("psp-b", app) as url:
            can = frozenset({MERCHANT})
            yield replace(target_at(url, merchant.api_key), version="reference", can=can)


def at(url: str, environment: Mapping[str, str]) -> Target:
    """A PSP that somebody runs; the endpoint that it has for the merchant has to say yes to the pact's player."""
    return target_at(url, needed(environment, KEY_VARIABLE, "the merchant's API key at this PSP"))


PSP_B = Provider("psp-b", serving, at)
