"""A player who talks to a reference platform with plain clients."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self

import httpx
import pyotp
from websockets.sync.client import ClientConnection, connect

from synthetic.reference.settings import CellSettings, PlayerSeed
from synthetic.reference.tls import client_tls
from synthetic.reference.world import World

WITHIN_S = 30.0


def cell_of(world: World, name: str = "canary") -> CellSettings:
    """A cell's settings by its name."""
    return next(cell for cell in world.cells if cell.name == name)


def player_of(cell: CellSettings, pool: str, number: int = 0) -> PlayerSeed:
    """The n-th player of a pool."""
    return [player for player in cell.players if player.segment == pool][number]


@dataclass
class Table:
    """A player's WebSocket to a game; `seqs` are the numbers of the frames that came."""

    socket: ClientConnection
    seqs: list[int] = field(default_factory=list)

    def ask(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Send a frame; the frame that answers it."""
        req_id = fields.pop("req_id", None) or uuid.uuid4().hex
        self.socket.send(json.dumps({"type": kind, "req_id": req_id, **fields}))
        return self.await_frame(lambda frame: frame.get("req_id") == req_id)

    def await_frame(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The next frame that is wanted."""
        deadline_s = time.monotonic() + WITHIN_S
        while True:
            frame = json.loads(self.socket.recv(timeout=max(0.0, deadline_s - time.monotonic())))
            if "seq" in frame:
                self.seqs.append(frame["seq"])
            if wanted(frame):
                return dict(frame)


class Client:
    """One player with plain HTTP and WebSocket clients; knows the documented API and nothing of the platform's code."""

    def __init__(self, world: World, cell: CellSettings, player: PlayerSeed) -> None:
        self._ws_url = f"{world.listeners[cell.name].ws_url}/ws/game"
        self._cell = cell
        self.player = player
        self.http = httpx.Client(
            base_url=world.listeners[cell.name].url, timeout=WITHIN_S, verify=client_tls(), trust_env=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.http.close()

    def login(self) -> Self:
        """Log in, with the second factor where there is one."""
        body = {"username": self.player.username, "password": self.player.password}
        granted = self.post("/auth/login", body)
        if granted.get("mfa"):
            code = pyotp.TOTP(self.player.totp_secret).now()
            granted = self.post("/auth/totp", {"challenge": granted["challenge"], "code": code})
        self.http.headers["Authorization"] = f"Bearer {granted['token']}"
        return self

    def post(self, path: str, body: Any = None, *, status: int = 200, key: str = "") -> dict[str, Any]:
        """POST, and the answer's body; the test fails on another status."""
        headers = {"Idempotency-Key": key} if key else {}
        answer = self.http.post(path, json=body, headers=headers)
        assert answer.status_code == status, answer.text
        return dict(answer.json())

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """GET, and the answer's body."""
        answer = self.http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def cash(self) -> int:
        """The cash that the cell shows, which has to be what the ledger's entries add up to."""
        shown = int(self.get("/wallet/balance")["cash_minor"])
        entries = self.get("/wallet/ledger")["entries"]
        assert shown == sum(entry["amount_minor"] for entry in entries if entry["bucket"] == "cash")
        return shown

    def deposit(self, amount_minor: int, psp: str, instrument: str = "card_ok") -> dict[str, Any]:
        """Deposit, and wait until the deposit is decided."""
        return self._pay("deposits", amount_minor, psp, instrument, {"succeeded", "declined", "failed", "refunded"})

    def withdraw(self, amount_minor: int, psp: str) -> dict[str, Any]:
        """Withdraw, and wait until the payout is decided."""
        return self._pay("withdrawals", amount_minor, psp, "card_ok", {"paid", "failed", "cancelled"})

    def launch(self, game: str) -> dict[str, Any]:
        """Open a game."""
        return self.post("/games/launch", {"game": game})

    @contextmanager
    def table(self, game: str) -> Iterator[Table]:
        """Launch a game and sit down at it: the WebSocket after its welcome."""
        launched = self.launch(game)
        assert launched["ws_url"] == self._ws_url
        with connect(launched["ws_url"], proxy=None) as socket:
            table = Table(socket)
            welcome = table.ask("hello", launch_token=launched["launch_token"])
            assert (welcome["type"], welcome["session"]) == ("welcome", launched["session"]), welcome
            yield table

    def settled(self, round_id: str) -> dict[str, Any]:
        """The round, once it is over."""
        return self._until(f"/games/rounds/{round_id}", {"WON", "LOST", "VOID"})

    def psp_entries(self, psp: str, reference: str) -> list[tuple[str, str]]:
        """What the PSP's own report says about one payment: (kind, amount in the PSP's form)."""
        account = next(account for account in self._cell.psps if account.psp == psp)
        path, who = ("/api/report", "userId") if account.style == "notifications" else ("/v1/report", "player")
        answer = httpx.get(
            f"{account.url}{path}",
            params={who: self.player.player_id},
            headers={"Authorization": f"Bearer {account.api_key}"},
            trust_env=False,
        )
        entries = answer.json()["entries"]
        return [(entry["kind"], str(entry["amount"])) for entry in entries if entry["reference"] == reference]

    def _pay(self, kind: str, amount_minor: int, psp: str, instrument: str, ends: set[str]) -> dict[str, Any]:
        body = {"amount_minor": amount_minor, "currency": self.player.currency, "psp": psp, "instrument": instrument}
        asked = self.post(f"/cashier/{kind}", body, status=202, key=uuid.uuid4().hex)
        return self._until(f"/cashier/{kind}/{asked['id']}", ends)

    def _until(self, path: str, states: set[str]) -> dict[str, Any]:
        deadline_s = time.monotonic() + WITHIN_S
        while (body := self.get(path))["state"] not in states:
            assert time.monotonic() < deadline_s, body
            time.sleep(0.02)
        return body
