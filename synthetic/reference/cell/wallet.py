"""The player's view of his money: `GET /wallet/balance` and `GET /wallet/ledger`."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from synthetic.reference.cell.context import CellContext
from synthetic.reference.ledger import Balance


def wallet_routes(context: CellContext) -> list[BaseRoute]:
    """`GET /wallet/balance` and `GET /wallet/ledger`."""
    stale: dict[str, Balance] = {}  # what the switch `caches_balance` serves

    async def balance(request: Request) -> Response:
        player = await context.authenticate(request)
        fresh = await run_in_threadpool(context.ledger.balance, player.player_id)
        if not context.switch("caches_balance"):
            stale.pop(player.player_id, None)
            return JSONResponse(balance_view(fresh))
        return JSONResponse(balance_view(stale.setdefault(player.player_id, fresh)))

    async def ledger(request: Request) -> Response:
        player = await context.authenticate(request)
        return JSONResponse({"entries": await run_in_threadpool(context.ledger.statement, player.player_id)})

    return [Route("/wallet/balance", balance, methods=["GET"]), Route("/wallet/ledger", ledger, methods=["GET"])]


def balance_view(balance: Balance) -> dict[str, Any]:
    """The balance in the form of `GET /wallet/balance`."""
    return {
        "currency": balance.currency,
        "cash_minor": balance.cash_minor,
        "bonus_minor": balance.bonus_minor,
        "locked_minor": balance.locked_minor,
        "total_minor": balance.total_minor,
    }
