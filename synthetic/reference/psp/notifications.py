"""A PSP of style B: the player is redirected, and the merchant is called back (as PaymentIQ and Trustly)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from synthetic.reference.background import Background
from synthetic.reference.currency import from_decimal, to_decimal
from synthetic.reference.psp.clock import WallClock, utc_now
from synthetic.reference.psp.completion import Completion
from synthetic.reference.psp.instruments import INSTRUMENTS
from synthetic.reference.psp.merchant_calls import MerchantCalls
from synthetic.reference.psp.merchants import Merchant, Merchants, merchant_routes
from synthetic.reference.psp.pace import Pace
from synthetic.reference.psp.settlement import SettlementReport
from synthetic.reference.psp.transactions import Order, Refused, Transaction, TransactionBook
from synthetic.reference.psp.webhooks import DeliveryPolicy, WebhookSender
from synthetic.reference.refusal import answer_refusal
from synthetic.reference.switchboard import Switchboard, switchboard_routes

PSP_NOTIFICATIONS_SWITCHES = {
    "duplicates_webhooks": "every transfer and cancel is called at least three times",
    "withholds_webhooks": "transfer and cancel are never called; the API still tells the truth",
    "times_out_after_capture": "a deposit is placed and captured, but the request hangs and is answered 504",
    "declines_bin": "every card of params.bin is declined with params.decline_code (do_not_honor)",
    "answers_200_with_error": "placing a deposit is answered 200 with success: false, and nothing is captured",
    "reverses_payouts": "a withdrawal is paid, and a moment later it fails after all",
}


class NotificationsPsp:
    """One style B PSP: its book and the handlers of its API."""

    def __init__(
        self, name: str, board: Switchboard, merchants: Merchants, pace: Pace, delivery: DeliveryPolicy, now: WallClock
    ) -> None:
        self.board = board
        self.merchants = merchants
        self.background = Background()
        self.webhooks = WebhookSender(board, self.background, delivery)
        self.background.at_stop(self.webhooks.aclose)
        self.report = SettlementReport()
        self._pace = pace
        self._book = TransactionBook(self.report, now)
        calls = MerchantCalls(name, merchants, self.webhooks, self.background, now)
        self._completion = Completion(self._book, calls, board, merchants, pace)

    def routes(self) -> list[Route]:
        """The API as docs/reference-platform.md 5 describes it."""
        return [
            Route("/api/deposits", self.place_deposit, methods=["POST"]),
            Route("/api/withdrawals", self.place_withdrawal, methods=["POST"]),
            Route("/api/transactions", self.look_up, methods=["GET"]),
            Route("/api/transactions/{id}", self.show, methods=["GET"]),
            Route("/api/transactions/{id}/refund", self.refund, methods=["POST"]),
            Route("/api/transactions/{id}/cancel", self.cancel, methods=["POST"]),
            Route("/api/report", self.show_report, methods=["GET"]),
            Route("/redirect/{id}", self.redirect, methods=["GET"]),
        ]

    async def place_deposit(self, request: Request) -> Response:
        """`POST /api/deposits`: where the PSP's own faults sit."""
        merchant = self._merchant(request)
        if self.board.is_on("answers_200_with_error", cell=merchant.cell):
            return JSONResponse({"success": False, "errCode": "INTERNAL", "errMsg": "something went wrong on our end"})
        response = await self._place(request, merchant, "deposit")
        if self.board.is_on("times_out_after_capture", cell=merchant.cell):
            await asyncio.sleep(self._pace.hang_s)
            return Response("upstream request timeout", 504, media_type="text/plain")
        return response

    async def place_withdrawal(self, request: Request) -> Response:
        """`POST /api/withdrawals`."""
        return await self._place(request, self._merchant(request), "withdrawal")

    async def look_up(self, request: Request) -> Response:
        """`GET /api/transactions?merchantTxId=`: a list of none or one."""
        merchant = self._merchant(request)
        key = request.query_params.get("merchantTxId", "")
        if not key:
            raise Refused(400, "INVALID_REQUEST", "merchantTxId says which transaction is looked up")
        found = self._book.by_key(merchant.name, key)
        return JSONResponse({"transactions": [] if found is None else [found.as_json()]})

    async def show(self, request: Request) -> Response:
        """`GET /api/transactions/{txId}`."""
        return JSONResponse(self._found(request).as_json())

    async def refund(self, request: Request) -> Response:
        """`POST /api/transactions/{txId}/refund {amount, currency, merchantTxId}`; without an amount: all of it."""
        transaction = self._found(request)
        body = await _json_object(request)
        left_minor = transaction.order.amount_minor - transaction.refunded_minor
        amount_minor = _amount(body, transaction.order.currency) if "amount" in body else left_minor
        return JSONResponse(self._book.refund(transaction, amount_minor, str(body.get("merchantTxId", ""))).as_json())

    async def cancel(self, request: Request) -> Response:
        """`POST /api/transactions/{txId}/cancel`."""
        return JSONResponse(self._book.cancel(self._found(request)).as_json())

    async def show_report(self, request: Request) -> Response:
        """`GET /api/report?userId=P`: the settlement report."""
        entries = self.report.of(self._merchant(request).name, request.query_params.get("userId"))
        return JSONResponse(
            {"entries": [entry.as_json(to_decimal(entry.amount_minor, entry.currency)) for entry in entries]}
        )

    async def redirect(self, request: Request) -> Response:
        """`GET /redirect/{txId}`: where the player pays; sends him back at once. What comes back proves nothing."""
        try:
            order = self._book.get(request.path_params["id"]).order
        except KeyError:
            raise Refused(404, "UNKNOWN_TX", "no such transaction") from None
        if not order.success_url:
            return Response("you may close this window", media_type="text/plain")
        separator = "&" if "?" in order.success_url else "?"
        return RedirectResponse(f"{order.success_url}{separator}status=success", 302)

    async def _place(self, request: Request, merchant: Merchant, kind: str) -> Response:
        transaction, is_new = self._book.place(_order(await _json_object(request), merchant, kind))
        if is_new:
            self.background.spawn(self._completion.complete(transaction.id), name=f"completion of {transaction.id}")
        answer = transaction.as_json() | {"redirectUrl": f"{request.base_url}redirect/{transaction.id}"}
        return JSONResponse(answer, headers=None if is_new else {"Idempotent-Replayed": "true"})

    def _found(self, request: Request) -> Transaction:
        return self._book.find(self._merchant(request).name, request.path_params["id"])

    def _merchant(self, request: Request) -> Merchant:
        merchant = self.merchants.authenticated(request)
        if merchant is None:
            raise Refused(401, "INVALID_KEY", "no merchant has this API key")
        return merchant


def build_notifications_psp(
    name: str,
    board: Switchboard,
    *,
    merchants: Iterable[Merchant] = (),
    pace: Pace | None = None,
    delivery: DeliveryPolicy | None = None,
    now: WallClock = utc_now,
) -> Starlette:
    """The ASGI app of a style B PSP. Further merchants register by `PUT /_merchants/{merchant}` over loopback."""
    known = Merchants(merchants)
    psp = NotificationsPsp(name, board, known, pace or Pace(), delivery or DeliveryPolicy(), now)
    return Starlette(
        routes=[*psp.routes(), *merchant_routes(known), *switchboard_routes(board)],
        exception_handlers={Refused: answer_refusal},
        lifespan=psp.background.lifespan,
    )


async def _json_object(request: Request) -> dict[str, Any]:
    raw = await request.body()
    try:
        body = json.loads(raw) if raw else {}
    except ValueError:
        raise Refused(400, "INVALID_REQUEST", "the body is not JSON") from None
    if not isinstance(body, dict):
        raise Refused(400, "INVALID_REQUEST", "the body is not a JSON object")
    return body


def _order(body: Mapping[str, Any], merchant: Merchant, kind: str) -> Order:
    """The order in the body. Raises Refused 400 naming the first field that is wrong."""
    for name in ("merchantTxId", "userId", "amount", "currency", "instrument"):
        if not isinstance(body.get(name), str) or not body[name]:
            raise Refused(400, "INVALID_REQUEST", f"{name} is a text")
    if body["instrument"] not in INSTRUMENTS:
        raise Refused(400, "INVALID_REQUEST", f"instrument is one of {', '.join(sorted(INSTRUMENTS))}")
    attributes = body.get("attributes") or {}
    if not isinstance(attributes, dict):
        raise Refused(400, "INVALID_REQUEST", "attributes is an object")
    return Order(
        kind=kind,
        merchant=merchant.name,
        key=body["merchantTxId"],
        reference=str(attributes.get("reference") or body["merchantTxId"]),
        player=body["userId"],
        amount_minor=_amount(body, body["currency"]),
        currency=body["currency"],
        instrument=body["instrument"],
        success_url=str(body.get("successUrl") or ""),
    )


def _amount(body: Mapping[str, Any], currency: str) -> int:
    try:
        amount_minor = from_decimal(body.get("amount"), currency)
    except ValueError as error:
        raise Refused(400, "INVALID_AMOUNT", str(error)) from None
    if amount_minor < 1:
        raise Refused(400, "INVALID_AMOUNT", "the amount is above zero")
    return amount_minor
