"""A merchant of style B: its requests, and what their answers say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from synthetic.conformance.answers import json_object, told
from synthetic.conformance.stories import Exchange, Story, exchange, wait
from synthetic.core.effects import Http, HttpReply
from synthetic.core.money import Money, MoneyError

ATTEMPTS = 3
PAUSE_S = 0.05
UNPROVEN = frozenset({0, 408, 429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Said:
    """A request and its answer."""

    exchange: Exchange

    @property
    def status(self) -> int:
        """The HTTP status; 0 where there was no answer."""
        result = self.exchange.result
        return result.status if isinstance(result, HttpReply) else 0

    @property
    def body(self) -> Mapping[str, Any]:
        """The answer as a JSON object; empty where it is none."""
        result = self.exchange.result
        return json_object(result.body) or {} if isinstance(result, HttpReply) else {}

    @property
    def id(self) -> str:
        """The transaction's id at the PSP, `""` where there is none."""
        return str(self.body.get("txId") or "") if self.status == 200 else ""

    @property
    def code(self) -> str:
        """Why it was refused."""
        return str(self.body.get("errCode") or "")

    @property
    def proves(self) -> bool:
        """Whether the answer is the PSP's own."""
        return self.status not in UNPROVEN and (self.status >= 400 or bool(self.body))

    @property
    def told(self) -> str:
        """The answer in a few words."""
        return told(self.exchange.result, self.code)


@dataclass(frozen=True, slots=True)
class Merchant:
    """Who we are at the PSP. `url`: what `/deposits` is below."""

    url: str
    api_key: str = field(repr=False)
    player: str
    currency: str = "EUR"
    timeout_s: float = 5.0

    def place(self, kind: str, key: str, amount: Money, instrument: str) -> Http:
        """A new deposit or withdrawal under our `merchantTxId`."""
        body = {
            "merchantTxId": key,
            "userId": self.player,
            "amount": amount.decimal(),
            "currency": amount.currency,
            "instrument": instrument,
            "successUrl": "https://shop.example/back",
            "attributes": {"reference": f"ref-{key}"},
        }
        return self.post(f"/{kind}", body)

    def post(self, path: str, body: Mapping[str, Any]) -> Http:
        """A request that changes something."""
        headers = (("Authorization", f"Bearer {self.api_key}"), ("Content-Type", "application/json"))
        return Http("POST", f"{self.url}{path}", headers, json.dumps(body).encode(), self.timeout_s)

    def get(self, path: str, **query: str) -> Http:
        """A read."""
        asked = f"?{urlencode(query)}" if query else ""
        return Http(
            "GET", f"{self.url}{path}{asked}", (("Authorization", f"Bearer {self.api_key}"),), timeout_s=self.timeout_s
        )


def insist(label: str, request: Http) -> Story[Said]:
    """Send a request, again while no answer proves anything: its key makes that safe."""
    said = Said((yield from exchange(label, request)))
    for _ in range(ATTEMPTS - 1):
        if said.proves:
            break
        yield from wait(PAUSE_S)
        said = Said((yield from exchange(f"{label}, sent again", request)))
    return said


def money(amount: object, currency: object) -> Money | None:
    """An amount as the PSP writes it, a decimal text; None where it is none."""
    if not isinstance(amount, str) or not isinstance(currency, str):
        return None
    try:
        return Money.from_decimal(amount, currency)
    except MoneyError:
        return None
