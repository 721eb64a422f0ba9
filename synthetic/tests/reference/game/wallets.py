"""An operator's wallet of the tests' own: it notes every call of a provider and answers as it is told."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from synthetic.reference.game import PROVIDER_SWITCHES, Operator, Pace, build_provider_a, build_provider_b
from synthetic.reference.switchboard import Switch, Switchboard
from synthetic.reference.tls import client_tls
from synthetic.tests.reference.cell.running import WALLET_SECRET
from synthetic.tests.reference.game.serving import served

FAST = Pace(settles_after_s=(0.0, 0.0), timeout_s=0.3, retry_pause_s=0.01, owed_attempts=4, owed_pauses_s=(0.01, 0.02))
API_KEY = "operator-key"
KINDS = {"a": "dice", "b": "wheel"}


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a provider: its path after the wallet's root, its raw bytes and its headers."""

    path: str
    raw: bytes
    headers: dict[str, str]

    @property
    def body(self) -> dict[str, Any]:
        """The body, decoded."""
        return dict(json.loads(self.raw))

    @property
    def transaction(self) -> str:
        """The provider's id of the transaction; the empty string where the call has none."""
        body = self.body
        (first,) = body.get("transactions") or [{"id_provider": body.get("transaction_uuid", "")}]
        return str(first["id_provider"])


@dataclass
class Wallet:
    """Answers OK to everything, unless `plan` has something for the path: the next of its answers (None: hangs)."""

    plan: dict[str, list[Response | None]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)

    def app(self) -> Starlette:
        """The wallet as an app."""
        return Starlette(routes=[Route("/wallet/{path:path}", self._answer, methods=["POST"])])

    def told(self) -> list[tuple[str, str]]:
        """Path and transaction of each call."""
        return [(call.path, call.transaction) for call in self.calls]

    async def _answer(self, request: Request) -> Response:
        call = Call(request.path_params["path"], await request.body(), dict(request.headers))
        self.calls.append(call)
        planned = self.plan.get(call.path, [])
        answer = planned.pop(0) if planned else agreed(call)
        if answer is None:
            return await hang(request)
        return answer.made(call) if isinstance(answer, Made) else answer


class Made(Response):
    """An answer that depends on the call: the fields are merged into the agreeing one."""

    def __init__(self, **fields: Any) -> None:
        super().__init__()
        self.fields = fields

    def made(self, call: Call) -> Response:
        """The real answer."""
        return JSONResponse(json.loads(bytes(agreed(call).body)) | self.fields)


async def hang(request: Request) -> Response:
    """Say nothing until the caller is gone."""
    await request.receive()  # the body has been read: what comes next is the disconnection
    return Response(status_code=504)


def agreed(call: Call) -> Response:
    """OK, in the dialect of the call."""
    body = call.body
    if "request_uuid" in body:
        echo = {"user": body["user"], "request_uuid": body["request_uuid"]}
        return JSONResponse(echo | {"status": "RS_OK", "currency": "EUR", "balance": 980_000})
    return JSONResponse({"balance": "9.80", "currency": "EUR", "round_id": body["round_id"]})


def refused(api_code: int) -> Response:
    """A refusal of dialect B."""
    return JSONResponse({"message": "no", "meta": {"api_code": api_code}}, 400)


@dataclass
class Provider:
    """A running provider, the wallet that it calls, and the operator's client."""

    dialect: str
    wallet: Wallet
    board: Switchboard
    client: httpx.AsyncClient
    operator: Operator

    @property
    def kind(self) -> str:
        """What its games are made of."""
        return KINDS[self.dialect]

    def bet_body(self, game: str = "steady", **changes: Any) -> dict[str, Any]:
        """A bet as the gateway sends it."""
        return {
            "operator": self.operator.name,
            "player": "ada",
            "session": "gs-1",
            "game": f"{game}-{self.kind}",
            "round": "r-1",
            "bet_id": "b-1",
            "stake_minor": 20,
            "currency": "EUR",
        } | changes

    async def bet(self, game: str = "steady", **changes: Any) -> dict[str, Any]:
        """Ask for a bet; the provider's answer."""
        answer = await self.client.post("/bets", json=self.bet_body(game, **changes))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def state(self, round_id: str = "r-1") -> str:
        """The state of a round."""
        return str((await self.client.get(f"/rounds/{round_id}")).json()["state"])

    async def ends(self, state: str, round_id: str = "r-1", *, within_s: float = 30.0) -> None:
        """Wait until the round has this state."""
        deadline_s = time.monotonic() + within_s
        while (last := await self.state(round_id)) != state:
            assert time.monotonic() < deadline_s, f"the round is {last}, not {state}"
            await asyncio.sleep(0.005)

    async def void(self, round_id: str = "r-1") -> int:
        """Ask for a cancellation; the status."""
        return (await self.client.post(f"/rounds/{round_id}/void")).status_code

    async def calls(self, count: int, *, within_s: float = 30.0) -> list[Call]:
        """The wallet's calls, once there are so many."""
        deadline_s = time.monotonic() + within_s
        while len(self.wallet.calls) < count:
            assert time.monotonic() < deadline_s, f"only {self.wallet.told()}"
            await asyncio.sleep(0.005)
        return self.wallet.calls

    def throw(self, name: str, **values: Any) -> None:
        """Throw a switch."""
        self.board.throw(Switch(name, **values))

    @property
    def paths(self) -> dict[str, str]:
        """The dialect's calls: of a bet, a win, a lost round, a rollback."""
        if self.dialect == "a":
            names = ("bet", "win", "win", "rollback")
            paths = [f"a/transaction/{name}" for name in names]
        else:
            paths = ["b/betwin", "b/betwin", "b/finish", "b/rollback"]
        return dict(zip(("bet", "win", "loss", "rollback"), paths, strict=True))


@asynccontextmanager
async def provider(
    dialect: str, *, pace: Pace = FAST, plan: dict[str, Iterable[Response | None]] | None = None, **build: Any
) -> AsyncIterator[Provider]:
    """A provider of the dialect with one operator, `op` of the cell `canary`."""
    wallet = Wallet({path: list(answers) for path, answers in (plan or {}).items()})
    board = Switchboard(PROVIDER_SWITCHES)
    make = {"a": build_provider_a, "b": build_provider_b}[dialect]
    async with served(wallet.app()) as wallet_url:
        operator = Operator("op", "canary", API_KEY, f"{wallet_url}/wallet/{dialect}", WALLET_SECRET)
        app = make(f"provider-{dialect}", board, operators=[operator], pace=pace, **build)
        headers = {"Authorization": f"Bearer {API_KEY}"}
        async with (
            served(app) as url,
            httpx.AsyncClient(base_url=url, headers=headers, verify=client_tls(), trust_env=False) as client,
        ):
            yield Provider(dialect, wallet, board, client, operator)
