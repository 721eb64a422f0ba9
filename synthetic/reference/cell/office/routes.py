"""`/office/*`: to loopback only, and under the office's own key."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from synthetic.reference.cell.context import CellContext
from synthetic.reference.cell.errors import ApiError
from synthetic.reference.cell.events import PAGE_MAX
from synthetic.reference.cell.office import actions, statements
from synthetic.reference.cell.wire import read_json
from synthetic.reference.switchboard import LOOPBACK

_DIGITS_MAX = 18  # what every database takes for a number

Handler = Callable[[Request], Awaitable[Response]]

ACTIONS: Mapping[str, Callable[[CellContext, str], dict[str, Any]]] = {
    "expire-sessions": actions.expire,
    "log-out": actions.log_out,
    "forget-promos": actions.forget_promos,
}


def office_routes(context: CellContext) -> list[BaseRoute]:
    """The back office of a cell; without a key in its settings there is none."""
    if not context.settings.office_key:
        return []
    desk = _Desk(context)
    return [
        Route("/office/players/{player}", desk.opened(desk.show), methods=["GET"]),
        Route("/office/players/{player}", desk.opened(desk.change), methods=["PUT"]),
        Route("/office/players/{player}/{action}", desk.opened(desk.act), methods=["POST"]),
        Route("/office/double-entry", desk.opened(desk.double_entry), methods=["GET"]),
        Route("/office/open-items", desk.opened(desk.open_items), methods=["GET"]),
        Route("/office/sinks/{sink}", desk.opened(desk.sink), methods=["GET"]),
        Route("/office/events", desk.opened(desk.events), methods=["GET"]),
    ]


class _Desk:
    def __init__(self, context: CellContext) -> None:
        self._context = context

    def opened(self, handler: Handler) -> Handler:
        """The handler behind the office's door. A broken lock is told as a missing page is: nobody learns that it is here."""

        async def open_door(request: Request) -> Response:
            presented = request.headers.get("authorization", "").removeprefix("Bearer ")
            is_near = request.client is not None and request.client.host in LOOPBACK
            if not is_near or not hmac.compare_digest(presented.encode(), self._context.settings.office_key.encode()):
                raise ApiError(404, "not_found", "there is nothing here")
            return await handler(request)

        return open_door

    async def show(self, request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(actions.describe, self._context, request.path_params["player"]))

    async def change(self, request: Request) -> Response:
        player_id, wanted = request.path_params["player"], await read_json(request)
        return JSONResponse(await run_in_threadpool(actions.change, self._context, player_id, wanted))

    async def act(self, request: Request) -> Response:
        action = ACTIONS.get(request.path_params["action"])
        if action is None:
            raise ApiError(404, "unknown_action", f"there are: {', '.join(ACTIONS)}")
        return JSONResponse(await run_in_threadpool(action, self._context, request.path_params["player"]))

    async def double_entry(self, request: Request) -> Response:
        return await _entries(partial(statements.double_entry, self._context, _player(request)))

    async def open_items(self, request: Request) -> Response:
        return await _entries(partial(statements.open_items, self._context, _player(request)))

    async def sink(self, request: Request) -> Response:
        exported = partial(statements.exported, self._context, request.path_params["sink"], _player(request))
        return await _entries(exported)

    async def events(self, request: Request) -> Response:
        after, limit = _whole(request, "after", 0), _whole(request, "limit", PAGE_MAX)
        return await _entries(partial(statements.published, self._context, after, min(limit, PAGE_MAX)))


async def _entries(read: Callable[[], list[dict[str, Any]]]) -> Response:
    return JSONResponse({"entries": await run_in_threadpool(read)})


def _player(request: Request) -> str:
    player_id = request.query_params.get("player", "")
    if not player_id:
        raise ApiError(400, "malformed", "'player' says whose statement this is")
    return player_id


def _whole(request: Request, name: str, otherwise: int) -> int:
    given = request.query_params.get(name, str(otherwise))
    if not given.isascii() or not given.isdigit() or len(given) > _DIGITS_MAX:
        raise ApiError(400, "malformed", f"{name!r} has to be a whole number from 0 on")
    return int(given)
