"""The gateway, assembled: launches, rounds and the game socket around one set of live sessions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from synthetic.reference.cell.context import CellContext
from synthetic.reference.cell.errors import ApiError
from synthetic.reference.cell.gateway.bet_desk import BetDesk
from synthetic.reference.cell.gateway.catalogue import GAMES, Game
from synthetic.reference.cell.gateway.game_socket import GameSocket
from synthetic.reference.cell.gateway.live import LiveSessions
from synthetic.reference.cell.gateway.provider_client import ProviderClient
from synthetic.reference.cell.gateway.round_routes import round_routes
from synthetic.reference.cell.gateway.sessions import GameSessions
from synthetic.reference.cell.restrictions import check_play
from synthetic.reference.cell.wire import read_json, text


def gateway_routes(context: CellContext) -> list[BaseRoute]:
    """`POST /games/launch`, `/games/rounds/*`, `/games/bets` and `/ws/game`.

    The sessions answer the wallet's look-ups, and the sockets hear of closed rounds; the provider clients close with the cell.
    """
    providers = {account.provider: ProviderClient(account) for account in context.settings.providers}
    sessions = GameSessions(context.ledger, ttl_s=context.settings.token_ttl_s)
    live = LiveSessions(lambda: context.switch("skips_seq"))
    desk = BetDesk(context.ledger, sessions, providers, partial(context.switch, "takes_bets_on_expired_token"))

    async def reject_unfinished() -> None:
        await run_in_threadpool(desk.reject_unfinished)

    context.session_lookups.append(sessions.find)
    context.on_round_closed.append(live.round_closed)
    context.background.at_start(reject_unfinished)
    for provider in providers.values():
        context.background.at_stop(provider.aclose)
    return [
        Route("/games/launch", _launcher(context, sessions), methods=["POST"]),
        *round_routes(context, providers),
        WebSocketRoute("/ws/game", GameSocket(context, sessions, live, desk).serve),
    ]


def _launcher(context: CellContext, sessions: GameSessions) -> Callable[[Request], Awaitable[Response]]:
    async def launch(request: Request) -> Response:
        player = await context.authenticate(request)
        game = _offered(context, text(await read_json(request), "game"))
        check_play(context, request, player)
        launched = await run_in_threadpool(sessions.launch, player, game)
        return JSONResponse(
            {
                "session": launched.session,
                "launch_token": launched.launch_token,
                "ws_url": str(request.url.replace(scheme=_ws_scheme(request), path="/ws/game", query="")),
                "provider": game.provider,
                "currency": player.currency,
                "min_stake_minor": game.min_stake_minor,
                "max_stake_minor": game.max_stake_minor,
            }
        )

    return launch


def _offered(context: CellContext, code: str) -> Game:
    game = GAMES.get(code)
    if game is None or context.provider(game.provider) is None:
        raise ApiError(404, "unknown_game", f"this cell has no game {code!r}")
    return game


def _ws_scheme(request: Request) -> str:
    return "wss" if request.url.scheme == "https" else "ws"
