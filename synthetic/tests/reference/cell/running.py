"""A real cell on a real loopback socket, with game providers that can sign; for the tests of this folder."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import uvicorn
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from starlette.applications import Starlette

from synthetic.reference.cell.app import build_cell
from synthetic.reference.cell.context import CellContext, GameSession
from synthetic.reference.cell.rounds import round_view
from synthetic.reference.cell.switches import CELL_SWITCHES_CORE
from synthetic.reference.ledger import open_ledger
from synthetic.reference.settings import CellSettings, PlayerSeed, ProviderAccount
from synthetic.reference.switchboard import Switch, Switchboard
from synthetic.reference.tls import client_tls

WALLET_SECRET = "b-secret"
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@cache
def provider_key() -> rsa.RSAPrivateKey:
    """The key that provider-a signs with; made once, RSA keys are slow to make."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def sign_a(raw: bytes) -> dict[str, str]:
    """Provider-a's header over the raw bytes."""
    return {"X-Hub88-Signature": base64.b64encode(provider_key().sign(raw, padding.PKCS1v15(), SHA256())).decode()}


def sign_b(raw: bytes) -> dict[str, str]:
    """Provider-b's header over the raw bytes."""
    return {"X-REQUEST-SIGN": hmac.new(WALLET_SECRET.encode(), raw, hashlib.sha256).hexdigest()}


def player(name: str, **changes: Any) -> PlayerSeed:
    """A verified EUR player with 10.00 in cash, unless the test says otherwise."""
    values: dict[str, Any] = {"market": "mt", "brand": "aurora", "currency": "EUR", "cash_minor": 1000} | changes
    return PlayerSeed(player_id=name, username=name, password=f"{name}-password", **values)


PLAYERS = (
    player("ada"),
    player("bob"),
    player("tess", totp_secret=TOTP_SECRET),
    player("eve", self_excluded=True),
    player("ken", kyc="pending"),
    player("yui", currency="JPY", cash_minor=5000),
)


def cell_settings(db_url: str, **changes: Any) -> CellSettings:
    """A canary with both game providers and the players above."""
    pem = provider_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    providers = (
        ProviderAccount("provider-a", "a", "http://127.0.0.1:1", "op", "key", wallet_public_key_pem=pem),
        ProviderAccount("provider-b", "b", "http://127.0.0.1:1", "op", "key", wallet_secret=WALLET_SECRET),
    )
    values: dict[str, Any] = {
        "name": "canary",
        "track": "canary",
        "version": "2.0.0",
        "rollout_step": "2",
        "flag_variant": "on",
        "market": "mt",
        "brand": "aurora",
        "currency": "EUR",
        "db_url": db_url,
        "providers": providers,
        "players": PLAYERS,
        "lockout_s": 0.3,
    }
    return CellSettings(**(values | changes))


@dataclass
class RunningCell:
    """A cell that listens, and a client to it."""

    app: Starlette
    client: httpx.Client
    sessions: dict[str, GameSession] = field(default_factory=dict)

    @property
    def context(self) -> CellContext:
        """The cell's own context."""
        context = self.app.state.context
        assert isinstance(context, CellContext)
        return context

    def session_of(self, token: str) -> GameSession | None:
        """What the gateway would answer the wallet about a token."""
        return self.sessions.get(token)

    def throw(self, switch: str, *, is_on: bool = True) -> None:
        """Throw a switch of the cell, or leave it where the test shows the sound one."""
        if is_on:
            self.context.board.throw(Switch(switch))

    def login(self, name: str) -> dict[str, str]:
        """Log a player in; the header that authenticates him."""
        answer = self.client.post("/auth/login", json={"username": name, "password": f"{name}-password"})
        assert answer.status_code == 200, answer.text
        return {"Authorization": f"Bearer {answer.json()['token']}"}

    def open_game(self, name: str, provider: str = "provider-a", **changes: Any) -> str:
        """A game session as the gateway would have one; the wallet token."""
        token = f"token-{name}-{len(self.sessions)}"
        values: dict[str, Any] = {"game": "dice", "currency": "EUR", "expired": False} | changes
        self.sessions[token] = GameSession(session=f"s-{token}", player_id=name, provider=provider, **values)
        return token

    def call_a(self, path: str, **body: Any) -> dict[str, Any]:
        """A signed call of provider-a."""
        raw = json.dumps({"request_uuid": "r-1", **body}).encode()
        answer = self.client.post(f"/wallet/a/{path}", content=raw, headers=sign_a(raw))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def call_b(self, path: str, **body: Any) -> httpx.Response:
        """A signed call of provider-b."""
        raw = json.dumps(body).encode()
        return self.client.post(f"/wallet/b/{path}", content=raw, headers=sign_b(raw))

    def cash(self, name: str) -> int:
        """What the ledger says that the player has in cash."""
        return self.context.ledger.balance(name).cash_minor

    def round(self, name: str, round_id: str) -> dict[str, Any]:
        """The player's round as the player API shows it."""
        with self.context.ledger.reading() as session:
            view = round_view(session, name, round_id)
        assert view is not None
        return view

    def kinds(self, name: str) -> list[str]:
        """The kinds of the player's postings after the opening one."""
        return [row["kind"] for row in self.context.ledger.statement(name)][1:]


@cache
def migrated_database() -> bytes:
    """A cell's database without a player in it; migrating one for each test costs more than most tests."""
    with TemporaryDirectory() as folder:
        open_ledger(f"sqlite:///{folder}/cell.db").close()
        return Path(folder, "cell.db").read_bytes()


def fresh_database(folder: Path, name: str = "cell.db") -> str:
    """The address of a SQLite database in `folder` whose schema is up to date; what is there is left as it is."""
    path = folder / name
    if not path.exists():
        path.write_bytes(migrated_database())
    return f"sqlite:///{path}"


@contextmanager
def running_cell(folder: Path, *, settings: dict[str, Any] | None = None, **build: Any) -> Iterator[RunningCell]:
    """Build a cell over a SQLite file in `folder`, and serve it."""
    db_url = fresh_database(folder)
    ledger = open_ledger(db_url)
    app = build_cell(cell_settings(db_url, **(settings or {})), ledger, Switchboard(CELL_SWITCHES_CORE), **build)
    with serving(app) as url, httpx.Client(base_url=url, timeout=30, verify=client_tls()) as client:
        cell = RunningCell(app, client)
        cell.context.session_lookups.append(cell.session_of)
        yield cell
    ledger.close()


class _PromptServer(uvicorn.Server):
    """Uvicorn looks every 100 ms whether it should stop; over a hundred tests that adds up."""

    async def main_loop(self) -> None:
        while not self.should_exit:  # noqa: ASYNC110 - uvicorn's flag is set from another thread
            await asyncio.sleep(0.005)


@contextmanager
def serving(app: Starlette) -> Iterator[str]:
    """Serve an app on a free loopback port, in a thread; its address."""
    # With the protocol named, asyncio sets TCP_NODELAY; without it every answer waits 40 ms for a delayed ACK.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_config=None, access_log=False, ws="none", lifespan="on")
        server = _PromptServer(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        wait_until(lambda: server.started)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=10)
    assert not thread.is_alive()


def wait_until(claim: Callable[[], bool], *, within_s: float = 30.0) -> None:
    """Poll until the claim holds; fail at the deadline."""
    deadline_s = time.monotonic() + within_s
    while not claim():
        assert time.monotonic() < deadline_s, "not within the deadline"
        time.sleep(0.005)
