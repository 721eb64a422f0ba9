"""PSPs of both styles on real sockets, and a merchant that listens; for the tests of this folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from synthetic.reference.psp.intents import PSP_INTENTS_SWITCHES, build_intents_psp
from synthetic.reference.psp.notifications import PSP_NOTIFICATIONS_SWITCHES, build_notifications_psp
from synthetic.reference.psp.pace import Pace
from synthetic.reference.psp.webhooks import DeliveryPolicy
from synthetic.reference.switchboard import Switch, Switchboard
from synthetic.reference.tls import client_tls
from synthetic.tests.reference.psp.serving import serving, wait_until

SECRET = "whsec"
ONCE = DeliveryPolicy(backoff_s=(0.01, 0.02, 0.04), duplicate_every=10**9, jitter_s=0.001)


@dataclass(frozen=True)
class Call:
    """What the merchant received: the last part of the path, the raw bytes, the headers."""

    name: str
    raw: bytes
    headers: dict[str, str]

    @property
    def body(self) -> dict[str, Any]:
        """The JSON."""
        return dict(json.loads(self.raw))

    @property
    def kind(self) -> str:
        """Style A: the event's type."""
        return str(self.body["type"])


@dataclass
class MerchantServer:
    """A merchant that keeps what it receives. `answers` decides the answer; default: every call succeeds."""

    calls: list[Call] = field(default_factory=list)
    answers: Callable[[Call], Response] = lambda _call: JSONResponse({"success": True, "authCode": "auth-1"})

    def named(self, name: str) -> list[Call]:
        """The calls with this name (style B), or with this event type (style A)."""
        return [call for call in self.calls if name in {call.name, call.body.get("type")}]

    def waits_for(self, name: str, count: int = 1) -> list[Call]:
        """Wait until at least that many came."""
        wait_until(lambda: len(self.named(name)) >= count)
        return self.named(name)


@dataclass
class RunningPsp:
    """A merchant's view of a PSP: its name there, its webhook server, its client, and the PSP's board."""

    name: str
    board: Switchboard
    merchant: MerchantServer
    client: httpx.Client
    webhook_url: str

    def throw(self, switch: str, *, cell: str | None = None, **params: Any) -> None:
        """Throw a switch of the PSP."""
        self.board.throw(Switch(switch, cell=cell, params=params))

    def post(self, path: str, body: dict[str, Any] | None = None, *, key: str | None = None) -> httpx.Response:
        """A call of the merchant."""
        return self.client.post(path, json=body or {}, headers={} if key is None else {"Idempotency-Key": key})

    def get(self, path: str, **params: str) -> dict[str, Any]:
        """A read of the merchant."""
        answer = self.client.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


@dataclass
class ServedPsp:
    """A PSP that listens, and the host of its merchants' webhook addresses."""

    board: Switchboard
    url: str
    webhooks_url: str
    merchants: dict[str, MerchantServer]

    @contextmanager
    def as_merchant(self, name: str) -> Iterator[RunningPsp]:
        """A merchant of its own, so that no call of another test reaches it. No switch is thrown."""
        self.board.clear()
        self.merchants[name] = MerchantServer()
        webhook_url, headers = f"{self.webhooks_url}/{name}", {"Authorization": f"Bearer key-{name}"}
        account = {"cell": "canary", "api_key": f"key-{name}", "webhook_url": webhook_url, "webhook_secret": SECRET}
        with httpx.Client(
            base_url=self.url, headers=headers, timeout=30, verify=client_tls(), trust_env=False
        ) as client:
            assert client.put(f"/_merchants/{name}", json=account).status_code == 200
            yield RunningPsp(name, self.board, self.merchants[name], client, webhook_url)


@contextmanager
def served_psp(style: str, *, pace: Pace | None = None, delivery: DeliveryPolicy = ONCE) -> Iterator[ServedPsp]:
    """Serve a PSP (`intents` or `notifications`) without merchants."""
    board = Switchboard(PSP_INTENTS_SWITCHES if style == "intents" else PSP_NOTIFICATIONS_SWITCHES)
    build = build_intents_psp if style == "intents" else build_notifications_psp
    merchants: dict[str, MerchantServer] = {}
    with serving(_webhook_host(merchants)) as host, serving(build("psp", board, pace=pace, delivery=delivery)) as url:
        yield ServedPsp(board, url, host, merchants)


@contextmanager
def running_psp(style: str, *, pace: Pace | None = None, delivery: DeliveryPolicy = ONCE) -> Iterator[RunningPsp]:
    """Serve a PSP with one merchant."""
    with served_psp(style, pace=pace, delivery=delivery) as psp, psp.as_merchant("m-1") as running:
        yield running


def _webhook_host(merchants: dict[str, MerchantServer]) -> Starlette:
    async def receive(request: Request) -> Response:
        merchant = merchants[request.path_params["merchant"]]
        call = Call(request.path_params.get("call", ""), await request.body(), dict(request.headers))
        merchant.calls.append(call)
        return merchant.answers(call)

    routes = [Route(path, receive, methods=["POST"]) for path in ("/{merchant}", "/{merchant}/{call}")]
    return Starlette(routes=routes)
