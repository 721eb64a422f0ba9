"""The player's view of his money: `GET /wallet/balance` and `GET /wallet/ledger`."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from synthetic.reference.cell.context import CellContext
from synthetic.reference.cell.models import BetRow
from synthetic.reference.ledger import Balance


def wallet_routes(context: CellContext) -> list[BaseRoute]:
    """`GET /wallet/balance` and `GET /wallet/ledger`."""
    read: dict[str, tuple[int, int]] = {}  # the newest posting that each player has read, and how often he has
    shown: dict[str, Balance] = {}  # what was shown last, and the switch `caches_balance` shows again

    async def balance(request: Request) -> Response:
        player = await context.authenticate(request)
        fresh = await run_in_threadpool(context.ledger.balance, player.player_id)
        cached = shown.get(player.player_id, fresh)
        is_stale = cached != fresh and context.switch("caches_balance")
        shown[player.player_id] = cached if is_stale else fresh
        view = balance_view(shown[player.player_id], player.wagering_minor)
        off = {"total_minor": view["cash_minor"] + 1} if context.switch("miscounts_total") else {}
        return JSONResponse(view | off)

    async def ledger(request: Request) -> Response:
        player = await context.authenticate(request)
        entries = await run_in_threadpool(statement_view, context, player.player_id)
        last_read, times = read.get(player.player_id, (0, 0))
        read[player.player_id] = max([last_read, *(entry["id"] for entry in entries)]), times + 1
        known = [entry for entry in entries if entry["id"] <= last_read]
        if known and context.switch("rewrites_postings"):
            known[-1]["reference"] += f"-corrected-{times}"
        return JSONResponse({"entries": entries})

    return [Route("/wallet/balance", balance, methods=["GET"]), Route("/wallet/ledger", ledger, methods=["GET"])]


def statement_view(context: CellContext, player_id: str) -> list[dict[str, Any]]:
    """The player's postings, those of bets with the round and the client's own id (`key`) of the bet."""
    query = sa.select(BetRow.bet_id, BetRow.round_id, BetRow.req_id).where(BetRow.player_id == player_id)
    with context.ledger.reading() as session:
        bets = {bet_id: {"round": round_id, "key": req_id or ""} for bet_id, round_id, req_id in session.execute(query)}
    return [entry | bets.get(entry["reference"], {}) for entry in context.ledger.statement(player_id)]


def balance_view(balance: Balance, wagering_minor: int) -> dict[str, Any]:
    """The balance in the form of `GET /wallet/balance`; what is still to be played through can't be withdrawn."""
    return {
        "currency": balance.currency,
        "cash_minor": balance.cash_minor,
        "bonus_minor": balance.bonus_minor,
        "locked_minor": balance.locked_minor,
        "total_minor": balance.total_minor,
        "withdrawable_minor": max(0, balance.cash_minor - wagering_minor),
    }
