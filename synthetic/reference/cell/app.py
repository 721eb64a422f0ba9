"""A cell, assembled: the modules' routes around one context, under one layer of observability."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from synthetic.reference.background import Background
from synthetic.reference.cell.auth import Auth
from synthetic.reference.cell.auth_routes import auth_routes, authenticator
from synthetic.reference.cell.context import CellContext
from synthetic.reference.cell.errors import ApiError
from synthetic.reference.cell.health import health_routes
from synthetic.reference.cell.limiter import Limiter
from synthetic.reference.cell.logs import log_failure
from synthetic.reference.cell.metrics import CellMetrics
from synthetic.reference.cell.observability import Observability
from synthetic.reference.cell.office import office_routes
from synthetic.reference.cell.players import player_routes, seed_players
from synthetic.reference.cell.promo import promo_routes
from synthetic.reference.cell.sso import sso_routes
from synthetic.reference.cell.wallet import wallet_routes
from synthetic.reference.cell.wallet_api.desk import Knobs
from synthetic.reference.cell.wallet_api.dialect_a import KNOBS_A
from synthetic.reference.cell.wallet_api.dialect_b import KNOBS_B
from synthetic.reference.cell.wallet_api.routes import wallet_api_routes
from synthetic.reference.ledger import Ledger, Origin
from synthetic.reference.refusal import answer_refusal
from synthetic.reference.settings import CellSettings
from synthetic.reference.skew import DateHeader, SkewedClock
from synthetic.reference.switchboard import Switchboard, switchboard_routes

RouteModule = Callable[[CellContext], Sequence[BaseRoute]]

CORE_MODULES: tuple[RouteModule, ...] = (
    player_routes,
    wallet_routes,
    promo_routes,
    office_routes,
    health_routes,
)


def build_cell(
    settings: CellSettings,
    ledger: Ledger,
    board: Switchboard,
    *,
    modules: Sequence[RouteModule] = (),
    knobs_a: Knobs = KNOBS_A,
    knobs_b: Knobs = KNOBS_B,
) -> Starlette:
    """The cell as an ASGI app; its players are seeded before this returns. `app.state.context` is its CellContext.

    `modules` are the route modules beside the core: `cashier_routes`, `gateway_routes`. `board` knows at least
    `CELL_SWITCHES_CORE`. `knobs_a` and `knobs_b` set the wallet dialects. The ledger stays the caller's, to be closed
    after the app.
    """
    seed_players(ledger, settings.players)
    ledger.switch = partial(board.is_on, cell=settings.name)
    ledger.origin = Origin(settings.name, settings.version)
    auth = Auth(ledger, settings, ledger.switch)
    context = CellContext(
        settings=settings,
        ledger=ledger,
        board=board,
        authenticate=authenticator(auth),
        background=Background(_log_failed_task),
        metrics=CellMetrics(settings),
        clock=SkewedClock(board),
    )
    routes = [
        *auth_routes(context, auth),
        *sso_routes(context, auth),
        *switchboard_routes(board),
        *wallet_api_routes(context, knobs_a, knobs_b),
    ]
    for module in (*CORE_MODULES, *modules):
        routes.extend(module(context))
    app = Starlette(
        routes=routes,
        middleware=[
            Middleware(Observability, settings=settings, metrics=context.metrics),
            Middleware(DateHeader, clock=context.clock, cell_of=lambda _scope: settings.name),
            Middleware(Limiter, settings=settings, board=board),
        ],
        exception_handlers={ApiError: answer_refusal},
        lifespan=context.background.lifespan,
    )
    app.state.context = context
    return app


def _log_failed_task(name: str, error: BaseException) -> None:
    log_failure("background_failed", error, task=name)
