"""The cashier's part of the player API (docs/reference-platform.md 1), and the addresses that the PSPs call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from synthetic.reference.cell.cashier.callbacks import NotificationCallbacks
from synthetic.reference.cell.cashier.cashier import Cashier, CashierTiming
from synthetic.reference.cell.cashier.deposits import DepositDesk
from synthetic.reference.cell.cashier.models import DepositRow, WithdrawalRow
from synthetic.reference.cell.cashier.orders import parse_ask
from synthetic.reference.cell.cashier.payment_book import P, find_payment, find_payment_by_key
from synthetic.reference.cell.cashier.psp_clients import client_for
from synthetic.reference.cell.cashier.refund_desk import RefundDesk
from synthetic.reference.cell.cashier.refunds import RefundSender
from synthetic.reference.cell.cashier.safety_net import SafetyNet
from synthetic.reference.cell.cashier.webhooks import IntentWebhooks
from synthetic.reference.cell.cashier.withdrawals import WithdrawalDesk
from synthetic.reference.cell.context import CellContext
from synthetic.reference.cell.errors import ApiError
from synthetic.reference.cell.restrictions import check_country
from synthetic.reference.cell.wire import idempotency_key, read_json


def cashier_routes(context: CellContext, *, timing: CashierTiming | None = None) -> list[BaseRoute]:
    """The cashier, assembled. Its PSP clients close, and its safety net ends, with the cell."""
    clients = {account.psp: client_for(account) for account in context.settings.psps}
    cashier = Cashier(context, clients, timing or CashierTiming())
    sender = RefundSender(cashier)
    deposits, withdrawals = DepositDesk(cashier, sender), WithdrawalDesk(cashier)
    for client in clients.values():
        context.background.at_stop(client.aclose)
    context.background.at_start(SafetyNet(cashier, deposits, withdrawals, sender).start)
    return [
        *_deposit_routes(context, deposits, RefundDesk(cashier, deposits, sender)),
        *_withdrawal_routes(context, withdrawals),
        *_webhook_routes(cashier, deposits, withdrawals, sender),
    ]


def _deposit_routes(context: CellContext, deposits: DepositDesk, refunds: RefundDesk) -> list[BaseRoute]:
    async def create(request: Request) -> Response:
        player = await context.authenticate(request)
        check_country(context, request)
        key, ask = idempotency_key(request), parse_ask(context, player, await read_json(request))
        return_url = f"{request.base_url}cashier/deposits/{{id}}/return"
        row, redirect_url, is_replay = await deposits.request(player, ask, key, return_url)
        body = _without_nulls(deposit_json(row) | {"redirect_url": redirect_url or None})
        return JSONResponse(body, 202, {"Idempotent-Replay": "true"} if is_replay else None)

    async def refund(request: Request) -> Response:
        player, key = await context.authenticate(request), idempotency_key(request)
        row = await refunds.refund(player, request.path_params["id"], key)
        return JSONResponse({"id": row.deposit_id, "refunded_minor": row.refunded_minor, "state": row.state})

    async def come_back(request: Request) -> Response:
        # Where a PSP's page sends the player. It proves nothing: anybody can open this address, so it changes nothing.
        if request.query_params.get("status") == "success":
            await deposits.come_back(request.path_params["id"])
        return JSONResponse({"message": "thank you; the deposit is credited when the PSP confirms it"})

    return [
        Route("/cashier/deposits", create, methods=["POST"]),
        *_read_routes(context, DepositRow, deposit_json),
        Route("/cashier/deposits/{id}/refund", refund, methods=["POST"]),
        Route("/cashier/deposits/{id}/return", come_back, methods=["GET"]),
    ]


def _withdrawal_routes(context: CellContext, withdrawals: WithdrawalDesk) -> list[BaseRoute]:
    async def create(request: Request) -> Response:
        player = await context.authenticate(request)
        key, ask = idempotency_key(request), parse_ask(context, player, await read_json(request))
        row, is_replay = await withdrawals.request(player, ask, key)
        return JSONResponse(withdrawal_json(row), 202, {"Idempotent-Replay": "true"} if is_replay else None)

    async def cancel(request: Request) -> Response:
        player = await context.authenticate(request)
        row = await withdrawals.cancel(player, request.path_params["id"])
        return JSONResponse({"id": row.withdrawal_id, "state": row.state})

    return [
        Route("/cashier/withdrawals", create, methods=["POST"]),
        *_read_routes(context, WithdrawalRow, withdrawal_json),
        Route("/cashier/withdrawals/{id}/cancel", cancel, methods=["POST"]),
    ]


def _read_routes(context: CellContext, table: type[P], as_json: Callable[[P], dict[str, Any]]) -> list[BaseRoute]:
    """A payment by its id, and by the Idempotency-Key that requested it: the player's own only."""
    ledger = context.ledger

    async def show(request: Request) -> Response:
        player = await context.authenticate(request)
        payment_id = request.path_params["id"]
        row = await run_in_threadpool(find_payment, ledger, table, player.player_id, payment_id, context.acts)
        return JSONResponse(as_json(row))

    async def look_up(request: Request) -> Response:
        player, key = await context.authenticate(request), _looked_up_key(request)
        row = await run_in_threadpool(find_payment_by_key, ledger, table, player.player_id, key)
        return JSONResponse({"found": row is not None, table.noun: None if row is None else as_json(row)})

    return [
        Route(f"/cashier/{table.noun}s", look_up, methods=["GET"]),
        Route(f"/cashier/{table.noun}s/{{id}}", show, methods=["GET"]),
    ]


def _webhook_routes(
    cashier: Cashier, deposits: DepositDesk, withdrawals: WithdrawalDesk, sender: RefundSender
) -> list[BaseRoute]:
    webhooks = IntentWebhooks(cashier, deposits, withdrawals)
    callbacks = NotificationCallbacks(cashier, deposits, sender)
    return [
        Route("/cashier/webhooks/{psp}", webhooks.receive, methods=["POST"]),
        Route("/cashier/webhooks/{psp}/{call}", callbacks.receive, methods=["POST"]),
    ]


def deposit_json(row: DepositRow) -> dict[str, Any]:
    """The deposit as `GET /cashier/deposits/{id}` answers it."""
    return {
        "id": row.deposit_id,
        "state": row.state,
        "amount_minor": row.amount_minor,
        "currency": row.currency,
        "psp": row.psp,
        "psp_reference": row.psp_reference,
        "decline_code": row.code,
    }


def withdrawal_json(row: WithdrawalRow) -> dict[str, Any]:
    """The withdrawal as `GET /cashier/withdrawals/{id}` answers it."""
    return {
        "id": row.withdrawal_id,
        "state": row.state,
        "amount_minor": row.amount_minor,
        "currency": row.currency,
        "psp": row.psp,
        "psp_reference": row.psp_reference,
    }


def _without_nulls(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not None}


def _looked_up_key(request: Request) -> str:
    key = request.query_params.get("key", "")
    if not key:
        raise ApiError(400, "malformed", "'key' says which request is looked up: the Idempotency-Key that it had")
    return key
