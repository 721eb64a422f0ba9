"""A cell and both game providers on loopback sockets, and a player with a game socket."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection, connect

from synthetic.reference.cell.app import build_cell
from synthetic.reference.cell.context import CellContext
from synthetic.reference.cell.gateway import CELL_SWITCHES_GATEWAY, gateway_routes
from synthetic.reference.cell.players import seed_players
from synthetic.reference.cell.switches import CELL_SWITCHES_CORE
from synthetic.reference.game import PROVIDER_SWITCHES, Operator, Pace, build_provider_a, build_provider_b
from synthetic.reference.ledger import open_ledger
from synthetic.reference.settings import ProviderAccount
from synthetic.reference.switchboard import Switch, Switchboard
from synthetic.reference.tls import client_tls
from synthetic.tests.reference.cell.running import PLAYERS, WALLET_SECRET, cell_settings, provider_key
from synthetic.tests.reference.game.serving import listen, serving, url_of

API_KEY = "operator-key"
ANSWER_WITHIN_S = 30.0

Frame = dict[str, Any]


@cache
def private_key_pem() -> str:
    """Provider-a's private key."""
    return provider_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@cache
def seeded_database() -> bytes:
    """A cell's database as it is before the first request; migrating and seeding one for each test would cost most of it."""
    with TemporaryDirectory() as folder:
        ledger = open_ledger(f"sqlite:///{folder}/cell.db")
        seed_players(ledger, PLAYERS)
        ledger.close()
        return (Path(folder) / "cell.db").read_bytes()


@dataclass
class Socket:
    """A game socket, read and written as JSON."""

    raw: ClientConnection
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    async def send(self, **frame: Any) -> str:
        """Send a frame; its `req_id` is made where it is not given."""
        frame = {"req_id": f"q{next(self.numbers)}"} | frame
        await self.raw.send(json.dumps(frame))
        return str(frame["req_id"])

    async def receive(self, *kinds: str, within_s: float = ANSWER_WITHIN_S) -> Frame:
        """The next frame, or the next one of these types."""
        async with asyncio.timeout(within_s):
            while True:
                frame: Frame = json.loads(await self.raw.recv())
                if not kinds or frame["type"] in kinds:
                    return frame

    async def ask(self, **frame: Any) -> Frame:
        """Send a frame and take the next one."""
        await self.send(**frame)
        return await self.receive()

    async def bet(self, stake_minor: int = 20, **more: Any) -> Frame:
        """Bet, and take the answer."""
        return await self.ask(type="bet", stake_minor=stake_minor, **({"currency": "EUR"} | more))

    async def closed(self) -> int:
        """The code that the server closes this socket with; frames before it are skipped."""
        async with asyncio.timeout(ANSWER_WITHIN_S):
            await self.raw.wait_closed()
        assert self.raw.close_code is not None
        return self.raw.close_code


@dataclass
class Platform:
    """The running parts, and a client of the cell."""

    cell: Starlette
    url: str
    urls: dict[str, str]
    boards: dict[str, Switchboard]
    client: httpx.AsyncClient

    @property
    def context(self) -> CellContext:
        """The cell's own context."""
        context = self.cell.state.context
        assert isinstance(context, CellContext)
        return context

    def throw(self, component: str, name: str, **values: Any) -> None:
        """Throw a switch of the cell or of a provider."""
        self.boards[component].throw(Switch(name, **values))

    async def login(self, name: str) -> dict[str, str]:
        """The player's headers."""
        answer = await self.client.post("/auth/login", json={"username": name, "password": f"{name}-password"})
        return {"Authorization": f"Bearer {answer.json()['token']}"}

    async def launch(self, name: str, game: str) -> Frame:
        """Launch a game."""
        answer = await self.client.post("/games/launch", json={"game": game}, headers=await self.login(name))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    @asynccontextmanager
    async def socket(self) -> AsyncIterator[Socket]:
        """A game socket that has not said hello."""
        async with connect(f"ws://{self.url.removeprefix('http://')}/ws/game", proxy=None) as raw:
            yield Socket(raw)

    @asynccontextmanager
    async def playing(self, game: str, name: str = "ada") -> AsyncIterator[tuple[Socket, Frame]]:
        """A player at a game: his socket and its welcome."""
        launched = await self.launch(name, game)
        async with self.socket() as socket:
            yield socket, await socket.ask(type="hello", launch_token=launched["launch_token"])

    async def get(self, path: str, name: str = "ada", **params: str) -> Any:
        """A view of the player API."""
        answer = await self.client.get(path, params=params, headers=await self.login(name))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def void(self, round_id: str, name: str = "ada") -> httpx.Response:
        """Ask for the cancellation of a round."""
        return await self.client.post(f"/games/rounds/{round_id}/void", headers=await self.login(name))

    def postings(self, name: str = "ada") -> list[tuple[str, str, int]]:
        """The player's postings after the opening one: kind, reference, amount."""
        rows = self.context.ledger.statement(name)[1:]
        return [(row["kind"], row["reference"], row["amount_minor"]) for row in rows]

    def cash(self, name: str = "ada") -> int:
        """What the ledger says that the player has in cash."""
        return self.context.ledger.balance(name).cash_minor


@asynccontextmanager
async def platform(
    folder: Path, *, pace: Pace | None = None, provider_urls: dict[str, str] | None = None, **settings: Any
) -> AsyncIterator[Platform]:
    """A cell `canary` with its two providers. `provider_urls` replaces where the cell looks for them."""
    boards = {
        "cell": Switchboard(CELL_SWITCHES_CORE | CELL_SWITCHES_GATEWAY),
        "provider-a": Switchboard(PROVIDER_SWITCHES),
        "provider-b": Switchboard(PROVIDER_SWITCHES),
    }
    async with AsyncExitStack() as stack:
        listeners = {name: listen(stack) for name in boards}
        addresses = {name: url_of(listener) for name, listener in listeners.items()}
        providers = {name: addresses[name] for name in ("provider-a", "provider-b")} | (provider_urls or {})
        if not (folder / "cell.db").exists():
            (folder / "cell.db").write_bytes(seeded_database())
        db_url = f"sqlite:///{folder / 'cell.db'}"
        ledger = open_ledger(db_url)
        stack.callback(ledger.close)
        known = cell_settings(db_url, **({"providers": accounts(providers)} | settings))
        cell = build_cell(known, ledger, boards["cell"], modules=(gateway_routes,))
        apps = provider_apps(addresses["cell"], boards, pace) | {"cell": cell}
        await stack.enter_async_context(serving({listeners[name]: app for name, app in apps.items()}))
        client = httpx.AsyncClient(base_url=addresses["cell"], timeout=30, verify=client_tls(), trust_env=False)
        await stack.enter_async_context(client)
        yield Platform(cell, addresses["cell"], addresses, boards, client)


def provider_apps(cell_url: str, boards: dict[str, Switchboard], pace: Pace | None) -> dict[str, Starlette]:
    """Both providers, with the cell as operator `op`."""
    return {
        "provider-a": build_provider_a(
            "provider-a",
            boards["provider-a"],
            operators=[operator(f"{cell_url}/wallet/a")],
            private_key_pem=private_key_pem(),
            pace=pace,
        ),
        "provider-b": build_provider_b(
            "provider-b", boards["provider-b"], operators=[operator(f"{cell_url}/wallet/b")], pace=pace
        ),
    }


def operator(wallet_url: str) -> Operator:
    """The cell as operator of a provider."""
    return Operator("op", "canary", API_KEY, wallet_url, WALLET_SECRET)


def accounts(urls: dict[str, str]) -> tuple[ProviderAccount, ...]:
    """The providers as the cell knows them."""
    known = {account.provider: account for account in cell_settings("").providers}
    return tuple(
        ProviderAccount(
            provider=name,
            dialect=known[name].dialect,
            url=url,
            operator="op",
            api_key=API_KEY,
            wallet_public_key_pem=known[name].wallet_public_key_pem,
            wallet_secret=known[name].wallet_secret,
        )
        for name, url in urls.items()
    )


async def until(claim: Callable[[], bool], *, within_s: float = ANSWER_WITHIN_S) -> None:
    """Poll until the claim holds; fail at the deadline."""
    deadline_s = time.monotonic() + within_s
    while not claim():
        assert time.monotonic() < deadline_s, "not within the deadline"
        await asyncio.sleep(0.005)
