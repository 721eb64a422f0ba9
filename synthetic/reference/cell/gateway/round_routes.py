"""The player's rounds and bets: `GET /games/rounds/{round}`, `GET /games/bets?req_id=`, and the cancellation of an open round."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from synthetic.reference.cell import rounds
from synthetic.reference.cell.context import CellContext
from synthetic.reference.cell.errors import ApiError
from synthetic.reference.cell.gateway.provider_client import ProviderClient, VoidReply
from synthetic.reference.cell.logs import log_event
from synthetic.reference.cell.models import RoundRow


def round_routes(context: CellContext, providers: Mapping[str, ProviderClient]) -> list[BaseRoute]:
    """The views, and `POST /games/rounds/{round}/void`."""

    async def show(request: Request) -> Response:
        player, round_id = await context.authenticate(request), request.path_params["round"]
        view = await run_in_threadpool(_view, context, player.player_id, round_id)
        if view is None:
            raise _unknown_round(round_id)
        return JSONResponse(view | {"wallet_calls": context.wallet_calls.of(player.player_id, round_id)})

    async def look_up(request: Request) -> Response:
        player, req_id = await context.authenticate(request), request.query_params.get("req_id", "")
        if not req_id:
            raise ApiError(400, "malformed", "'req_id' says which bet is looked up: the one that its frame had")
        bet = await run_in_threadpool(_bet, context, player.player_id, req_id)
        return JSONResponse({"found": bet is not None, "bet": bet})

    async def void(request: Request) -> Response:
        player, round_id = await context.authenticate(request), request.path_params["round"]
        round_ = await run_in_threadpool(_round, context, player.player_id, round_id)
        if round_ is None:
            raise _unknown_round(round_id)
        if round_.state == rounds.OPEN:
            await _cancel(providers.get(round_.provider), round_id)
        elif round_.state != rounds.VOID:
            raise _round_closed(round_id)
        return JSONResponse({"round": round_id, "state": round_.state}, 202)

    return [
        Route("/games/rounds/{round}", show, methods=["GET"]),
        Route("/games/rounds/{round}/void", void, methods=["POST"]),
        Route("/games/bets", look_up, methods=["GET"]),
    ]


async def _cancel(provider: ProviderClient | None, round_id: str) -> None:
    reply = VoidReply.NONE if provider is None else await provider.void(round_id)
    if reply is VoidReply.CLOSED:
        raise _round_closed(round_id)
    if reply is not VoidReply.CANCELLING:
        log_event("void_not_taken", round=round_id, reply=reply)
        raise ApiError(502, "provider_unavailable", "the game provider did not take the cancellation; ask again")


def _view(context: CellContext, player_id: str, round_id: str) -> dict[str, Any] | None:
    with context.ledger.reading() as session:
        own = rounds.round_view(session, player_id, round_id)
        other = None if own else session.scalars(sa.select(RoundRow).where(RoundRow.round_id == round_id)).first()
        if other is None or not context.switch("shows_rounds_to_anyone"):
            return own
        return rounds.round_view(session, other.player_id, round_id)


def _bet(context: CellContext, player_id: str, req_id: str) -> dict[str, Any] | None:
    with context.ledger.reading() as session:
        bet = rounds.find_bet(session, req_id=req_id, player_id=player_id)
        return None if bet is None else rounds.bet_view(bet)


def _round(context: CellContext, player_id: str, round_id: str) -> RoundRow | None:
    query = sa.select(RoundRow).where(RoundRow.player_id == player_id, RoundRow.round_id == round_id)
    with context.ledger.reading() as session:
        return session.scalars(query.order_by(RoundRow.opened_at)).first()


def _unknown_round(round_id: str) -> ApiError:
    return ApiError(404, "unknown_round", f"this player has no round {round_id!r}")


def _round_closed(round_id: str) -> ApiError:
    return ApiError(409, "round_closed", f"round {round_id!r} is decided")
