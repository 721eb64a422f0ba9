"""A PSP of style B: the player is redirected, and the merchant is called back (as PaymentIQ and Trustly)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from synthetic.reference.background import Background
from synthetic.reference.currency import from_decimal, to_decimal
from synthetic.reference.psp.clock import WallClock, utc_now
from synthetic.reference.psp.completion import Completion
from synthetic.reference.psp.instruments import INSTRUMENTS
from synthetic.reference.psp.merchant_calls import MerchantCalls, is_answer
from synthetic.reference.psp.merchants import Merchant, Merchants, merchant_routes
from synthetic.reference.psp.mishaps import CREATION_SWITCHES, Mishaps, is_captured, unreadable
from synthetic.reference.psp.pace import Pace
from synthetic.reference.psp.payments import PAYMENT_SWITCHES
from synthetic.reference.psp.settlement import SettlementReport
from synthetic.reference.psp.transactions import Order, Refused, Transaction, TransactionBook
from synthetic.reference.psp.webhooks import WEBHOOK_SWITCHES, DeliveryPolicy, WebhookSender
from synthetic.reference.refusal import answer_refusal
from synthetic.reference.skew import DateHeader
from synthetic.reference.switchboard import Switchboard, switchboard_routes

PSP_NOTIFICATIONS_SWITCHES = PAYMENT_SWITCHES | CREATION_SWITCHES | WEBHOOK_SWITCHES


class NotificationsPsp:
    """One style B PSP: its book and the handlers of its API."""

    def __init__(
        self, name: str, board: Switchboard, merchants: Merchants, pace: Pace, delivery: DeliveryPolicy, now: WallClock
    ) -> None:
        self.board = board
        self.merchants = merchants
        self.background = Background()
        self.webhooks = WebhookSender(board, self.background, delivery, now, accepts=is_answer)
        self.background.at_stop(self.webhooks.aclose)
        self.report = SettlementReport()
        self._pace = pace
        self._now = now
        self._book = TransactionBook(self.report, now)
        self._mishaps = Mishaps(board)
        calls = MerchantCalls(name, merchants, self.webhooks, now)
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
            Route("/api/events", self.show_events, methods=["GET"]),
            Route("/redirect/{id}", self.redirect, methods=["GET"]),
        ]

    async def place_deposit(self, request: Request) -> Response:
        """`POST /api/deposits`."""
        merchant, body = self._merchant(request), await _json_object(request)
        order = _order(body, merchant, "deposit")
        answer = await self._answer_placing(request, merchant, body)
        self.webhooks.log.add_request(merchant.name, order.player, order.reference, self._now(), answer.status_code)
        return answer

    async def _answer_placing(self, request: Request, merchant: Merchant, body: Mapping[str, Any]) -> Response:
        """Where the PSP's own faults sit."""
        key = str(body.get("merchantTxId", ""))
        mishap, is_known = self._mishaps.of(merchant, key), self._book.by_key(merchant.name, key) is not None
        match mishap and mishap.name:
            case "answers_200_with_error":
                return JSONResponse(_failure())
            case "answers_500":
                return JSONResponse(_failure(), 500)
            case "answers_200_unreadable" if mishap is not None:
                answer = self._place(request, merchant, "deposit", body) if is_captured(mishap) else Response()
                return unreadable(mishap, bytes(answer.body))
        answer = self._place(request, merchant, "deposit", body)
        if mishap is not None and not is_known:  # times_out_after_capture: the edge in front of us gives up
            await asyncio.sleep(self._pace.hang_s)
            return Response("upstream request timeout", 504, media_type="text/plain")
        return answer

    async def place_withdrawal(self, request: Request) -> Response:
        """`POST /api/withdrawals`."""
        return self._place(request, self._merchant(request), "withdrawal", await _json_object(request))

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
        amount_minor = _amount(body, transaction.moved[1]) if "amount" in body else transaction.left_minor
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

    async def show_events(self, request: Request) -> Response:
        """`GET /api/events?userId=P`: what was called at the merchant, and how it answered."""
        logged = self.webhooks.log.of(self._merchant(request).name, request.query_params.get("userId"))
        return JSONResponse({"entries": [delivery.as_json() for delivery in logged]})

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

    def _place(self, request: Request, merchant: Merchant, kind: str, body: Mapping[str, Any]) -> Response:
        def forgets() -> bool:
            return self.board.is_on("prunes_keys", cell=merchant.cell)

        transaction, is_new = self._book.place(_order(body, merchant, kind), forgets=forgets)
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
        middleware=[Middleware(DateHeader, clock=psp.webhooks.clock, cell_of=known.cell_of)],
        exception_handlers={Refused: answer_refusal},
        lifespan=psp.background.lifespan,
    )


def _failure() -> dict[str, Any]:
    return {"success": False, "errCode": "INTERNAL", "errMsg": "something went wrong on our end"}


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
