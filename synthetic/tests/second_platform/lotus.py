"""Lotus: a second platform, as unlike the reference one as platforms are in life. See docs/examples/lotus/platform.yaml."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

PLAYER = ("visitor", "lotus-player-password")
OFFICE = ("auditor", "lotus-office-password")
CSRF, COOKIE, TICKET = "csrf-5e1f0a", "sid-77aa01", "ticket-0c0ffee"
UNITS = 100_000


@dataclass
class Lotus:
    """The platform's state: one purse in units x 100,000, top-ups and wagers by their reference."""

    units: int = 10 * UNITS
    topups: dict[str, Decimal] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    wagers: dict[str, int] = field(default_factory=dict)
    never_books: bool = False
    drops_table: bool = False
    seen_pongs: list[Any] = field(default_factory=list)

    def app(self) -> Starlette:
        """The ASGI app."""
        return Starlette(
            routes=[
                Route("/enter", self.door, methods=["GET"]),
                Route("/enter", self.enter, methods=["POST"]),
                Route("/lobby", self.lobby),
                Route("/purse", self.purse),
                Route("/topups", self.topup, methods=["POST"]),
                Route("/topups/{ref}", self.topup_status),
                Route("/topups/{ref}/reverse", self.reverse, methods=["POST"]),
                Route("/wagers/{id}/cancel", self.cancel, methods=["POST"]),
                Route("/office/topups", self.office_topups),
                Route("/office/wagers", self.office_wagers),
                WebSocketRoute("/table", self.table),
            ]
        )

    async def door(self, _request: Request) -> Response:
        page = f'<form method="post"><input name="csrf" value="{CSRF}"></form>'
        answer = HTMLResponse(page)
        answer.set_cookie("sid", COOKIE, httponly=True, path="/")
        return answer

    async def enter(self, request: Request) -> Response:
        given = await _form(request)
        if request.cookies.get("sid") != COOKIE or given.get("csrf") != CSRF:
            return JSONResponse({"fault": "forged"}, 409)
        if (given.get("nick"), given.get("word")) != PLAYER:
            return JSONResponse({"fault": "who"}, 409)
        answer = RedirectResponse("/lobby", 303)
        answer.set_cookie("in", "yes-indeed", path="/")
        return answer

    async def lobby(self, request: Request) -> Response:
        return _inside(request) or JSONResponse({"nick": PLAYER[0], "ticket": TICKET})

    async def purse(self, request: Request) -> Response:
        if request.headers.get("x-brand") != "lotus":
            return JSONResponse({"fault": "brand"}, 409)
        return _inside(request) or JSONResponse({"units": self.units, "ccy": "KWD"})

    async def topup(self, request: Request) -> Response:
        given = await _form(request)
        ref = given["ref"]
        self.topups.setdefault(ref, Decimal(given["sum"]))
        self.asked.setdefault(ref, 0)
        return _inside(request) or JSONResponse({"ref": ref, "status": "QUEUED"}, 201)

    async def topup_status(self, request: Request) -> Response:
        ref = request.path_params["ref"]
        self.asked[ref] += 1
        if self.asked[ref] == 2 and not self.never_books:
            self.units += int(self.topups[ref] * UNITS)
        booked = self.asked[ref] >= 2 and not self.never_books
        return JSONResponse({"ref": ref, "status": "BOOKED" if booked else "QUEUED"})

    async def reverse(self, request: Request) -> Response:
        amount = self.topups[request.path_params["ref"]]
        back = min(amount, Decimal(self.units) / UNITS)
        self.units -= int(back * UNITS)
        return JSONResponse({"sum": f"{back:.3f}", "ccy": "KWD"})

    async def cancel(self, request: Request) -> Response:
        self.units += self.wagers.pop(request.path_params["id"], 0)
        return JSONResponse({})

    async def office_topups(self, request: Request) -> Response:
        ref = request.query_params["ref"]
        return _audited(request) or JSONResponse({"hits": [{"ref": ref}] if ref in self.topups else []})

    async def office_wagers(self, request: Request) -> Response:
        wager = request.query_params["id"]
        return _audited(request) or JSONResponse({"hits": [{"id": wager}] if wager in self.wagers else []})

    async def table(self, socket: WebSocket) -> None:
        await socket.accept(subprotocol="lotus.v1")
        try:
            while True:
                await self._hear(socket, await socket.receive_json())
        except WebSocketDisconnect:
            return

    async def _hear(self, socket: WebSocket, frame: list[Any]) -> None:
        match frame:
            case ["join", {"ticket": ticket}] if ticket == TICKET:
                await socket.send_json(["ping", 41])
                await socket.send_json(["joined", {"seat": 3}])
            case ["pong", number]:
                self.seen_pongs.append(number)
            case ["wager", {"id": wager, "units": units}]:
                await self._wager(socket, wager, units)
            case _:
                await socket.close(4400)

    async def _wager(self, socket: WebSocket, wager: str, units: int) -> None:
        if units > self.units:
            await socket.send_json(["no", wager, "purse"])
            return
        self.units -= units
        self.wagers[wager] = units
        if self.drops_table:
            await socket.close(1011)
            return
        await socket.send_json(["taken", wager])
        await asyncio.sleep(0.02)
        self.units += units
        await socket.send_json(["outcome", wager, units])


async def _form(request: Request) -> dict[str, str]:
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    return {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}


def _inside(request: Request) -> Response | None:
    return None if request.cookies.get("in") else JSONResponse({"fault": "outside"}, 409)


def _audited(request: Request) -> Response | None:
    wanted = "Basic " + base64.b64encode(":".join(OFFICE).encode()).decode()
    return None if request.headers.get("authorization") == wanted else JSONResponse({"fault": "office"}, 409)
