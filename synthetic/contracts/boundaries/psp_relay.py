"""Where a PSP's webhooks go while it is exercised: a merchant that watches them, and hands what is under contract to a mock."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import httpx

from synthetic.contracts.sealing import Outgoing
from synthetic.contracts.serving import answering
from synthetic.reference.cell.cashier.signatures import check_fresh, verify_body_signature, verify_stripe_signature
from synthetic.reference.tls import client_tls

AUTH_CODE = "auth-1"
_YES = json.dumps({"success": True, "authCode": AUTH_CODE}).encode()
_KEPT = frozenset(("content-type", "stripe-signature", "x-signature"))

Belongs = Callable[[Outgoing], bool]
Spoil = Callable[[Outgoing], Outgoing]


def as_sent(request: Outgoing) -> Outgoing:
    """Nothing happens to it on the way."""
    return request


def without_signature(request: Outgoing) -> Outgoing:
    """Somebody on the way drops the header."""
    kept = {name: value for name, value in request.headers.items() if not name.endswith("-signature")}
    return replace(request, headers=kept)


def with_other_bytes(request: Outgoing) -> Outgoing:
    """Somebody on the way puts a blank in: the same JSON, but not the bytes that were signed."""
    return replace(request, body=request.body + b" ")


@dataclass(frozen=True, slots=True)
class Arrived:
    """A request of the PSP, as it was sent, and what it was answered."""

    request: Outgoing
    status: int
    answer: bytes

    @property
    def body(self) -> dict[str, Any]:
        """The JSON that was sent."""
        return dict(json.loads(self.request.body))


def only_agreed(sent: Any, agreed: Any) -> Any:
    """What was sent, without the fields that are not agreed on: a PSP may add some at any time."""
    if isinstance(sent, Mapping) and isinstance(agreed, Mapping):
        return {name: only_agreed(sent[name], value) for name, value in agreed.items() if name in sent}
    return sent


class Relay:
    """Forwards what `belongs` to the contract, spoiled or not; says yes to everything else by itself.

    `agreed` has the fields that Pact's mock is shown: it takes a request with any other for a wrong one. `arrived`: as sent.
    """

    def __init__(self, mock_url: str, belongs: Belongs, agreed: Mapping[str, Any], spoil: Spoil = as_sent) -> None:
        self._mock_url = mock_url.rstrip("/")
        self._belongs = belongs
        self._agreed = agreed
        self._spoil = spoil
        self.arrived: list[Arrived] = []

    def serving(self) -> AbstractContextManager[str]:
        """A context in which it listens; its value is the URL for the PSP."""

        def answer(path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
            kept = {name: value for name, value in headers.items() if name in _KEPT}
            return self.take(Outgoing("POST", path, kept, body))

        return answering(answer)

    def take(self, request: Outgoing) -> tuple[int, bytes]:
        """The answer: the mock's, or yes."""
        status, answer = 200, _YES
        if self._belongs(request):
            shown = json.dumps(only_agreed(json.loads(request.body), self._agreed)).encode()
            sent = self._spoil(replace(request, body=shown))
            url, headers = self._mock_url + sent.path, dict(sent.headers)
            got = httpx.post(url, content=sent.body, headers=headers, verify=client_tls(), trust_env=False)
            status, answer = got.status_code, got.content
        self.arrived.append(Arrived(request, status, answer))
        return status, answer

    def check_seals(self, secret: str) -> None:
        """Of all that has arrived, by the cashier's own rules. Raises BadSignature."""
        now = datetime.now(UTC)
        for one in self.arrived:
            headers, raw = one.request.headers, one.request.body
            if "stripe-signature" in headers:
                verify_stripe_signature(headers["stripe-signature"], raw, secret, now)
            else:
                verify_body_signature(headers.get("x-signature", ""), raw, secret)
                check_fresh(one.body["timestamp"], now)
