"""The PSP simulators as consumers: their real code, in the loop of the exercise, for one merchant that listens at a URL."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from starlette.applications import Starlette

from synthetic.reference.psp.intents import build_intents_psp
from synthetic.reference.psp.merchants import Merchant
from synthetic.reference.psp.notifications import build_notifications_psp
from synthetic.reference.psp.pace import Pace
from synthetic.reference.psp.webhooks import DeliveryPolicy
from synthetic.reference.switchboard import Switch, Switchboard
from synthetic.reference.world.world import PSP_SWITCHES

SECRET = "whsec-of-the-pact"  # noqa: S105 - of a merchant that lives as long as an exercise
PLAYER = "p-1"
ATTEMPTS_MAX = 2  # a PSP that is not answered as it likes asks once more, and then gives up
WITHIN_S = 8.0
_CELL = "pact"
_PACE = Pace(
    capture_s=(0.0, 0.0),
    payout_leaves_s=0.0,
    payout_lands_s=0.0,
    payout_returns_s=0.0,
    dispute_s=0.0,
    three_ds_s=0.0,
    abandoned_s=0.0,
    late_s=0.0,
    redirect_s=0.0,
)
_DELIVERY = DeliveryPolicy(backoff_s=(0.01,), duplicate_every=10**9, jitter_s=0.0)


@dataclass(frozen=True, slots=True)
class PspAtWork:
    """A PSP, and the merchant's access to its API."""

    http: httpx.AsyncClient
    events_path: str

    async def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The merchant asks for something."""
        answer = await self.http.post(path, json=dict(body))
        return dict(answer.json())

    async def get(self, path: str, **query: str) -> dict[str, Any]:
        """The merchant looks something up."""
        return dict((await self.http.get(path, params=query)).json())

    async def told(self, kind: str) -> dict[str, Any]:
        """What the PSP's own log has of the event when it is done with it: the last `status` and the `attempts`."""
        while not (found := await self._logged(kind)):
            await _moment()
        while any(task.get_name() == f"{kind} to {_CELL}" for task in asyncio.all_tasks()):
            await _moment()
        while not found[0]["status"]:
            await _moment()
            found = await self._logged(kind)
        assert len(found) == 1, f"{kind} was delivered {len(found)} times"
        return found[0]

    async def comes_to(self, path: str, field: str, value: str) -> dict[str, Any]:
        """The object at the path, once it has this value."""
        deadline_s = time.monotonic() + WITHIN_S
        while (shown := await self.get(path)).get(field) != value:
            assert time.monotonic() < deadline_s, f"{path} is {shown}, and not {value}, after {WITHIN_S:g} s"
            await _moment()
        return shown

    async def _logged(self, kind: str) -> list[dict[str, Any]]:
        entries = (await self.get(self.events_path))["entries"]
        return [entry for entry in entries if entry["type"] == kind]


async def _moment() -> None:
    await asyncio.sleep(0.003)


@asynccontextmanager
async def intents_at_work(webhook_url: str, *switches: Switch) -> AsyncIterator[PspAtWork]:
    """psp-a."""
    board, merchants = _board("intents", switches), [_merchant(webhook_url)]
    app = build_intents_psp("psp-a", board, merchants=merchants, pace=_PACE, delivery=_DELIVERY)
    async with _at_work(app, "/v1/events") as psp:
        yield psp


@asynccontextmanager
async def notifications_at_work(webhook_url: str, *switches: Switch) -> AsyncIterator[PspAtWork]:
    """psp-b."""
    board, merchants = _board("notifications", switches), [_merchant(webhook_url)]
    app = build_notifications_psp("psp-b", board, merchants=merchants, pace=_PACE, delivery=_DELIVERY)
    async with _at_work(app, "/api/events") as psp:
        yield psp


def _board(style: str, switches: tuple[Switch, ...]) -> Switchboard:
    board = Switchboard(PSP_SWITCHES[style])
    for switch in switches:
        board.throw(switch)
    return board


def _merchant(webhook_url: str) -> Merchant:
    return Merchant("m-1", _CELL, webhook_url, api_key="key", webhook_secret=SECRET)


@asynccontextmanager
async def _at_work(app: Starlette, events_path: str) -> AsyncIterator[PspAtWork]:
    transport, headers = httpx.ASGITransport(app=app), {"Authorization": "Bearer key"}
    client = httpx.AsyncClient(transport=transport, base_url="http://psp.test", headers=headers)
    async with app.router.lifespan_context(app), asyncio.timeout(WITHIN_S), client as http:
        yield PspAtWork(http, events_path)
