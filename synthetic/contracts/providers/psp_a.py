"""psp-a, a payment-intent PSP: its states are reached through its published API, so that any sandbox can be verified."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from synthetic.contracts.keys import Salt, salted, with_salted_keys
from synthetic.contracts.providers.api import Api
from synthetic.contracts.providers.bearer import seal_bearer
from synthetic.contracts.providers.provider import Provider, needed
from synthetic.contracts.sealing import Outgoing
from synthetic.contracts.states import StateHandler
from synthetic.contracts.verifying import Target
from synthetic.reference.psp.intents import build_intents_psp
from synthetic.reference.psp.merchants import Merchant
from synthetic.reference.psp.pace import Pace
from synthetic.reference.switchboard import Switchboard
from synthetic.reference.world.in_a_thread import app_in_a_thread
from synthetic.reference.world.world import PSP_SWITCHES

KEY_VARIABLE = "SYNTHETIC_PSP_A_KEY"
_PACE = Pace(payout_leaves_s=0.4, payout_lands_s=0.25)  # long enough to be cancelled and seen, short enough to wait for
_GOES_ON = {"in_transit": ("paid",)}  # its interaction agrees to both


class IntentStates:
    """The states of payments and payouts, as a merchant brings them about."""

    def __init__(self, url: str, api_key: str, salt: Salt) -> None:
        self._api = Api(url, api_key)
        self._salt = salt

    def handlers(self) -> Mapping[str, StateHandler]:
        """By the names that the pacts use."""
        return {"a payment": self.payment, "a payout": self.payout, "a refunded payment": self.refunded}

    def payment(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """A payment under `key` that has come to the status `until`; its id is `${payment}`."""
        body = {
            "amount": params["amount"],
            "currency": params["currency"],
            "payment_method": params["method"],
            "confirm": bool(params.get("confirm", True)),
            "metadata": params.get("metadata", {}),
        }
        made = self._post("/v1/payment_intents", body, str(params["key"]), fine=(200, 402))
        intent = made.get("error", {}).get("payment_intent", made)
        self._bring("/v1/payment_intents", intent["id"], str(params["until"]))
        return {"payment": intent["id"]}

    def refunded(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """The same, given back whole under `refund_key`; the refund's id is `${refund}`."""
        made = self.payment({**params, "until": "succeeded"})
        body = {"payment_intent": made["payment"], "amount": params["amount"]}
        return {**made, "refund": self._post("/v1/refunds", body, params["refund_key"])["id"]}

    def payout(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """A payout under `key` that has come to the status `until`; its id is `${payout}`."""
        body = {
            "amount": params["amount"],
            "currency": params["currency"],
            "destination": params["destination"],
            "metadata": params.get("metadata", {}),
        }
        made = self._post("/v1/payouts", body, str(params["key"]))
        self._bring("/v1/payouts", made["id"], str(params["until"]))
        return {"payout": made["id"]}

    def _post(self, path: str, body: Mapping[str, Any], key: str, fine: tuple[int, ...] = (200,)) -> dict[str, Any]:
        salt = self._salt.text
        return self._api.post(path, _salted_body(body, salt), key=salted(key, salt), fine=fine)

    def _bring(self, path: str, id_: str, status: str) -> None:
        """To the status: by a cancellation, or by patience."""
        if status == "canceled":
            self._post(f"{path}/{id_}/cancel", {}, f"{id_}:cancel")
        self._api.wait(f"{path}/{id_}", "status", status, past=_GOES_ON.get(status, ()))


def _salted_body(body: Mapping[str, Any], salt: str) -> dict[str, Any]:
    metadata = {name: salted(str(value), salt) for name, value in body.get("metadata", {}).items()}
    return {**body, "metadata": metadata} if "metadata" in body else dict(body)


def target_at(url: str, api_key: str) -> Target:
    """A style A PSP at this URL, for the merchant with this key."""
    salt = Salt()

    def seal(request: Outgoing, wrong: str) -> Outgoing:
        return seal_bearer(with_salted_keys(request, salt.text), api_key, wrong)

    return Target(url, seal, IntentStates(url, api_key, salt).handlers(), begin=salt.renew, own=salt.own)


@contextmanager
def serving() -> Iterator[Target]:
    """The reference simulator, with a merchant that listens to nothing."""
    merchant = Merchant(
        name="pact",
        cell="pact",
        webhook_url="http://127.0.0.1:9/nobody",
        api_key=secrets.token_hex(16),
        webhook_secret=secrets.token_hex(16),
    )
    app = build_intents_psp("psp-a", Switchboard(PSP_SWITCHES["intents"]), merchants=[merchant], pace=_PACE)
    with app_in_a_thread("psp-a", app) as url:
        yield replace(target_at(url, merchant.api_key), version="reference")


def at(url: str, environment: Mapping[str, str]) -> Target:
    """A PSP that somebody runs."""
    return target_at(url, needed(environment, KEY_VARIABLE, "the merchant's API key at this PSP"))


PSP_A = Provider("psp-a", serving, at)
