"""Real play on a reference platform: a deposit at each style of PSP, rounds that end in different ways, a withdrawal.

What the cell told by its player API and what it published meanwhile are both brought home, for a test to compare.
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.asyncio.client import connect

from synthetic.reference.settings import CellSettings
from synthetic.reference.world import WorldSettings, running_world

WITHIN_S = 20.0
GAMES = ("steady-dice", "steady-wheel", "void-dice", "low-variance-dice")
STAKE_MINOR = 20

View = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Published:
    """An event as the office gives it out."""

    position: int
    type: str
    message: str
    content_type: str
    content: bytes

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Published:
        """From an entry of `GET /office/events`."""
        content = base64.b64decode(entry["content"], validate=True)
        return cls(entry["id"], entry["type"], entry["message"], entry["content_type"], content)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one player did at a cell: the API's views by id, the player's postings, and the events of the whole cell.

    `later` are the events again, read from behind the first one.
    """

    cell: CellSettings
    player_id: str
    deposits: dict[str, View] = field(default_factory=dict)
    rounds: dict[str, View] = field(default_factory=dict)
    games: dict[str, str] = field(default_factory=dict)
    withdrawals: dict[str, View] = field(default_factory=dict)
    ledger: list[View] = field(default_factory=list)
    events: list[Published] = field(default_factory=list)
    later: list[Published] = field(default_factory=list)


def play() -> Evidence:
    """Start a platform, play on it, stop it. Raises TimeoutError where something does not come to its end."""
    return asyncio.run(_play())


async def _play() -> Evidence:
    async with running_world(WorldSettings(cells=1)) as world:
        cell = world.cells[0]
        seed = next(seed for seed in cell.players if seed.segment == "standard")
        evidence = Evidence(cell, seed.player_id)
        async with httpx.AsyncClient(base_url=world.listeners[cell.name].url, timeout=10, trust_env=False) as client:
            logged_in = await _ask(client, "POST", "/auth/login", username=seed.username, password=seed.password)
            client.headers["Authorization"] = f"Bearer {logged_in['token']}"
            await _pay(client, evidence)
            for game in GAMES:
                await _play_round(client, evidence, game)
            await _withdraw(client, evidence)
            evidence.ledger.extend((await _ask(client, "GET", "/wallet/ledger"))["entries"])
            office = {"Authorization": f"Bearer {cell.office_key}"}
            for events, after in ((evidence.events, 0), (evidence.later, 1)):
                answer = await client.get("/office/events", params={"after": after}, headers=office)
                events.extend(Published.of(entry) for entry in answer.raise_for_status().json()["entries"])
        return evidence


async def _pay(client: httpx.AsyncClient, evidence: Evidence) -> None:
    for psp, amount_minor in (("psp-a", 1000), ("psp-b", 2000)):
        body = {"amount_minor": amount_minor, "currency": "EUR", "psp": psp, "instrument": "card_ok"}
        asked = await _ask(client, "POST", "/cashier/deposits", key=f"deposit-{psp}", **body)
        path = f"/cashier/deposits/{asked['id']}"
        evidence.deposits[asked["id"]] = await _until(client, path, lambda view: view["state"] == "succeeded")
    declined = {"amount_minor": 700, "currency": "EUR", "psp": "psp-a", "instrument": "card_do_not_honor"}
    asked = await _ask(client, "POST", "/cashier/deposits", key="declined", **declined)
    path = f"/cashier/deposits/{asked['id']}"
    evidence.deposits[asked["id"]] = await _until(client, path, lambda view: view["state"] != "pending")


async def _withdraw(client: httpx.AsyncClient, evidence: Evidence) -> None:
    body = {"amount_minor": 500, "currency": "EUR", "psp": "psp-a", "instrument": "card_ok"}
    asked = await _ask(client, "POST", "/cashier/withdrawals", key="withdrawal", **body)
    path = f"/cashier/withdrawals/{asked['id']}"
    evidence.withdrawals[asked["id"]] = await _until(client, path, lambda view: view["state"] == "paid")


async def _play_round(client: httpx.AsyncClient, evidence: Evidence, game: str) -> None:
    launched = await _ask(client, "POST", "/games/launch", game=game)
    async with asyncio.timeout(WITHIN_S), connect(launched["ws_url"], proxy=None) as socket:
        frames = [
            {"type": "hello", "req_id": "1", "launch_token": launched["launch_token"]},
            {"type": "bet", "req_id": "2", "stake_minor": STAKE_MINOR, "currency": "EUR"},
        ]
        for frame in frames:
            await socket.send(json.dumps(frame))
        async for raw in socket:
            frame = json.loads(raw)
            if frame["type"] == "round_result":
                evidence.games[frame["round"]] = game
                evidence.rounds[frame["round"]] = await _ask(client, "GET", f"/games/rounds/{frame['round']}")
                return
            if frame["type"] == "error":
                raise RuntimeError(f"the bet on {game} was not taken: {frame}")


async def _ask(client: httpx.AsyncClient, method: str, path: str, *, key: str = "", **body: Any) -> View:
    headers = {"Idempotency-Key": key} if key else {}
    answer = await client.request(method, path, json=body if method == "POST" else None, headers=headers)
    view: View = answer.raise_for_status().json()
    return view


async def _until(client: httpx.AsyncClient, path: str, claim: Callable[[View], bool]) -> View:
    deadline_s = time.monotonic() + WITHIN_S
    while not claim(view := await _ask(client, "GET", path)):
        if time.monotonic() > deadline_s:
            raise TimeoutError(f"{path} did not come to its end: {view}")
        await asyncio.sleep(0.02)
    return view
