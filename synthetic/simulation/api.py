"""The model's HTTP face, as `files/platform.yaml` maps it: JSON, a token from a log-in, the key in a header."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from synthetic.simulation.platform import Cause, Payment, Platform, Refused

_PATHS = {"deposits": "deposit", "bets": "bet", "withdrawals": "withdraw"}
Answer = tuple[int, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived: header names in lower case; `sender` is the life that sent it, at `sent_ns`."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    sender: str
    sent_ns: int

    @property
    def is_lookup(self) -> bool:
        """Whether it asks for a payment by its key."""
        return self.method == "GET" and "?key=" in self.target

    @property
    def key(self) -> str:
        """The key that it bears, or asks for."""
        return self.target.partition("?key=")[2] or self.headers.get("idempotency-key", "")

    @property
    def moves_money(self) -> bool:
        """Whether it has an effect, or takes one back."""
        return self.method == "POST" and not self.target.endswith("/login")


def answer(platform: Platform, asked: Asked) -> Answer:
    """What the platform answers: a status and a JSON object."""
    try:
        return _routed(platform, asked)
    except Refused as refused:
        return 409, {"error": str(refused)}


def _routed(platform: Platform, asked: Asked) -> Answer:
    url = urlsplit(asked.target)
    parts = url.path.strip("/").split("/")
    data = json.loads(asked.body) if asked.body else {}
    if parts == ["login"]:
        return 200, {"token": f"token-{data['player']}", "player": data["player"]}
    account = asked.headers.get("authorization", "").removeprefix("Bearer token-")
    if account not in platform.balances:
        return 401, {"error": "no_session"}
    cause = Cause(asked.sender, asked.sent_ns, asked.headers.get("x-synthetic-run", ""), account, asked.key)
    match parts, asked.method:
        case ["balance"], "GET":
            return 200, {"cash_minor": platform.balances[account]}
        case [collection], "POST":
            return 202, _shown(platform.begin(_PATHS[collection], int(data["amount_minor"]), cause))
        case [_], "GET":
            found = platform.find(asked.key)
            return 200, {"found": found is not None, "payment": _shown(found) if found is not None else None}
        case [_, number], "GET":
            return 200, _shown(platform.payment(int(number)))
        case [collection, number, "undo"], "POST":
            return 200, _shown(platform.undo(int(number), _PATHS[collection], cause))
        case _:
            return 404, {"error": "unknown"}


def _shown(payment: Payment) -> Mapping[str, Any]:
    return {
        "id": str(payment.number), "state": payment.state, "amount_minor": payment.minor, "won_minor": payment.won_minor
    }  # fmt: skip
