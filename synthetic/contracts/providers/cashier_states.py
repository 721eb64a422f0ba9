"""The states of a cashier's deposits and withdrawals, reached as a player and as the PSPs do: by its published API."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from synthetic.contracts.holes import filled
from synthetic.contracts.sealing import Outgoing, Seal
from synthetic.contracts.states import StateHandler
from synthetic.reference.tls import client_tls

AMOUNT_MINOR = 100
_INSTRUMENTS = {"deposit": "card_3ds_abandon", "withdrawal": "card_ok"}


@dataclass(frozen=True, slots=True)
class PlayerAccess:
    """A player of the cashier whom the states may use. `excluded_id`: another one, who has excluded himself."""

    player_id: str
    username: str
    excluded_id: str = ""
    password: str = field(default="", repr=False)


class CashierStates:
    """Brings payments about. `seal` is a PSP's seal, by the path that it calls.

    A state's `told` is what the PSP has said about the payment already: events of style A, or `{call, body}` of style B,
    with holes for `deposit` or `withdrawal`, `payment` and `transaction` (the PSP's id), `player`, and `auth_code`.
    """

    def __init__(self, url: str, player: PlayerAccess, seal: Seal) -> None:
        self._url = url.rstrip("/")
        self._player = player
        self._seal = seal
        self._token = ""

    def handlers(self) -> Mapping[str, StateHandler]:
        """By the names that the pacts use."""
        return {
            "a player": lambda _params: {"player": self._player.player_id},
            "a player who has excluded himself": lambda _params: {"player": self._player.excluded_id},
            "a deposit": lambda params: self._payment("deposit", params),
            "a withdrawal": lambda params: self._payment("withdrawal", params),
        }

    def _payment(self, kind: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """A payment that is pending, and then told of; its values fill the holes of the pact's request."""
        body = {
            "amount_minor": params.get("amount_minor", AMOUNT_MINOR),
            "currency": "EUR",
            "psp": params["psp"],
            "instrument": _INSTRUMENTS[kind],
        }
        made = self._as_player("POST", f"/cashier/{kind}s", body)
        if made["state"] != "pending":
            raise RuntimeError(f"the {kind} is {made['state']} at once; the cashier's PSPs have to leave it alone")
        values = {kind: made["id"], "player": self._player.player_id}
        values |= dict.fromkeys(("payment", "transaction"), made["psp_reference"])
        for said in params.get("told", ()):
            values |= self._tell(str(params["psp"]), filled(said, values))
        return values

    def _tell(self, psp: str, said: Mapping[str, Any]) -> dict[str, str]:
        """Say it as the PSP does; what the answer gave for later."""
        path, body = f"/cashier/webhooks/{psp}", said
        if "call" in said:
            path, body = f"{path}/{said['call']}", said["body"]
        headers = {"Content-Type": "application/json"}
        sealed = self._seal(Outgoing("POST", path, headers, json.dumps(body).encode()), "")
        answer = httpx.post(
            self._url + sealed.path,
            content=sealed.body,
            headers=dict(sealed.headers),
            verify=client_tls(),
            trust_env=False,
        )
        got = answer.json()
        if answer.status_code != 200 or got.get("success") is False:
            raise RuntimeError(f"POST {path} was answered with {answer.status_code}: {answer.text[:200]}")
        return {"auth_code": got["authCode"]} if "authCode" in got else {}

    def _as_player(self, method: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._logged_in()}", "Idempotency-Key": secrets.token_hex(16)}
        answer = httpx.request(
            method, self._url + path, json=dict(body), headers=headers, verify=client_tls(), trust_env=False
        )
        if not answer.is_success:
            raise RuntimeError(f"{method} {path} was answered with {answer.status_code}: {answer.text[:200]}")
        return dict(answer.json())

    def _logged_in(self) -> str:
        if not self._token:
            credentials = {"username": self._player.username, "password": self._player.password}
            answer = httpx.post(f"{self._url}/auth/login", json=credentials, verify=client_tls(), trust_env=False)
            if not answer.is_success:
                raise RuntimeError(f"POST /auth/login was answered with {answer.status_code}: {answer.text[:200]}")
            self._token = str(answer.json()["token"])
        return self._token
