"""`/auth/*` over HTTP, and the bearer token that the other modules authenticate by."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from synthetic.reference.cell.auth import Auth, Grant
from synthetic.reference.cell.context import Authenticate, CellContext, Player
from synthetic.reference.cell.errors import ApiError
from synthetic.reference.cell.restrictions import check_country
from synthetic.reference.cell.wire import read_json, text


def authenticator(auth: Auth) -> Authenticate:
    """The `CellContext.authenticate` of this cell."""

    async def authenticate(request: HTTPConnection) -> Player:
        return await run_in_threadpool(auth.player_of, _bearer(request))

    return authenticate


def auth_routes(context: CellContext, auth: Auth) -> list[BaseRoute]:
    """`POST /auth/login | totp | refresh | logout`."""

    async def login(request: Request) -> Response:
        check_country(context, request)
        body = await read_json(request)
        presented = request.headers.get("authorization", "").removeprefix("Bearer ")
        outcome = await run_in_threadpool(auth.login, text(body, "username"), text(body, "password"), presented)
        if isinstance(outcome, Grant):
            return JSONResponse(outcome.as_json())
        return JSONResponse({"mfa": "totp", "challenge": outcome.challenge})

    async def totp(request: Request) -> Response:
        body = await read_json(request)
        grant = await run_in_threadpool(auth.confirm_totp, text(body, "challenge"), text(body, "code"))
        return JSONResponse(grant.as_json())

    async def refresh(request: Request) -> Response:
        grant = await run_in_threadpool(auth.refresh, _bearer(request))
        return JSONResponse(grant.as_json())

    async def logout(request: Request) -> Response:
        await run_in_threadpool(auth.logout, _bearer(request))
        return Response(status_code=204)

    handlers = {"login": login, "totp": totp, "refresh": refresh, "logout": logout}
    return [Route(f"/auth/{name}", handler, methods=["POST"]) for name, handler in handlers.items()]


def _bearer(request: HTTPConnection) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise ApiError(401, "invalid_token", "send `Authorization: Bearer <token>`")
    return token.strip()
