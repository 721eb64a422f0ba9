"""A PSP of style A: payment intents, refunds and payouts over HTTP with idempotency keys, and signed webhooks (as Stripe)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from synthetic.reference.background import Background
from synthetic.reference.psp.clock import WallClock, utc_now
from synthetic.reference.psp.errors import ApiError, invalid
from synthetic.reference.psp.instruments import INSTRUMENTS, decline_code_of
from synthetic.reference.psp.intent_book import Intent, IntentBook
from synthetic.reference.psp.intent_requests import amount_of, currency_of, instrument_of, json_object, metadata_of
from synthetic.reference.psp.merchants import Merchant, Merchants, merchant_routes
from synthetic.reference.psp.mishaps import CREATION_SWITCHES, Mishaps, is_captured, unreadable
from synthetic.reference.psp.once import OnceExecutor
from synthetic.reference.psp.pace import Pace
from synthetic.reference.psp.payments import PAYMENT_SWITCHES, Payment, Surroundings
from synthetic.reference.psp.payout_book import PayoutBook
from synthetic.reference.psp.settlement import SettlementReport
from synthetic.reference.psp.signing import Seal, sign_stripe
from synthetic.reference.psp.webhooks import WEBHOOK_SWITCHES, Announcement, DeliveryPolicy, Message, WebhookSender
from synthetic.reference.refusal import answer_refusal
from synthetic.reference.skew import DateHeader
from synthetic.reference.switchboard import Switch, Switchboard, switchboard_routes

PSP_INTENTS_SWITCHES = PAYMENT_SWITCHES | CREATION_SWITCHES | WEBHOOK_SWITCHES


class IntentsPsp:
    """One style A PSP: its books and the handlers of its API."""

    def __init__(
        self, board: Switchboard, merchants: Merchants, pace: Pace, delivery: DeliveryPolicy, now: WallClock
    ) -> None:
        self.board = board
        self.merchants = merchants
        self.background = Background()
        self.webhooks = WebhookSender(board, self.background, delivery, now)
        self.background.at_stop(self.webhooks.aclose)
        self.report = SettlementReport()
        self._pace = pace
        self._now = now
        self._once = OnceExecutor()
        self._mishaps = Mishaps(board)

        def switch(name: str, merchant: str) -> Switch | None:
            return board.acting(name, cell=merchants.named(merchant).cell)

        around = Surroundings(pace, self.background, self.report, self._emit, now, switch)
        self._intents = IntentBook(around)
        self._payouts = PayoutBook(around)

    def routes(self) -> list[Route]:
        """The API as docs/reference-platform.md 4 describes it."""
        return [
            Route("/v1/payment_intents", self.create_intent, methods=["POST"]),
            Route("/v1/payment_intents", self.list_intents, methods=["GET"]),
            Route("/v1/payment_intents/{id}", self.show_intent, methods=["GET"]),
            Route("/v1/payment_intents/{id}/confirm", self.confirm_intent, methods=["POST"]),
            Route("/v1/payment_intents/{id}/cancel", self.cancel_intent, methods=["POST"]),
            Route("/v1/refunds", self.create_refund, methods=["POST"]),
            Route("/v1/payouts", self.create_payout, methods=["POST"]),
            Route("/v1/payouts", self.list_payouts, methods=["GET"]),
            Route("/v1/payouts/{id}", self.show_payout, methods=["GET"]),
            Route("/v1/payouts/{id}/cancel", self.cancel_payout, methods=["POST"]),
            Route("/v1/report", self.show_report, methods=["GET"]),
            Route("/v1/events", self.show_events, methods=["GET"]),
        ]

    async def create_intent(self, request: Request) -> Response:
        """`POST /v1/payment_intents`."""
        merchant, facts = self._merchant(request), metadata_of(json_object(await request.body()))
        answer = await self._answer_creation(request, merchant)
        player, reference = facts.get("player", ""), facts.get("reference", "")
        self.webhooks.log.add_request(merchant.name, player, reference, self._now(), answer.status_code)
        return answer

    async def _answer_creation(self, request: Request, merchant: Merchant) -> Response:
        """Where the PSP's own faults sit."""
        key = request.headers.get("idempotency-key", "")
        mishap = self._mishaps.of(merchant, key)
        match mishap and mishap.name:
            case "answers_200_with_error":
                return JSONResponse(ApiError(200, "api_error", "api_error", "something went wrong on our end").body)
            case "answers_500":
                return await self._once.execute(request, merchant, _fails)
            case "answers_200_unreadable" if mishap is not None:
                answer = await self._created(request, merchant) if is_captured(mishap) else Response()
                return unreadable(mishap, bytes(answer.body))
            case "times_out_after_capture" if not self._intents.by_key(merchant.name, key):
                return await self._created(request, merchant, hang_s=self._pace.hang_s)
        return await self._created(request, merchant)

    async def confirm_intent(self, request: Request) -> Response:
        """`POST /v1/payment_intents/{id}/confirm`."""

        def confirm(merchant: Merchant, _key: str, _body: Mapping[str, Any]) -> Mapping[str, Any]:
            intent = self._intents.find(merchant.name, request.path_params["id"])
            return self._confirm(merchant, intent).as_json()

        return await self._once.execute(request, self._merchant(request), confirm)

    async def cancel_intent(self, request: Request) -> Response:
        """`POST /v1/payment_intents/{id}/cancel`."""

        def cancel(merchant: Merchant, _key: str, _body: Mapping[str, Any]) -> Mapping[str, Any]:
            return self._intents.cancel(self._intents.find(merchant.name, request.path_params["id"])).as_json()

        return await self._once.execute(request, self._merchant(request), cancel)

    async def create_refund(self, request: Request) -> Response:
        """`POST /v1/refunds`: the amount, or what is left of it."""

        def refund(merchant: Merchant, key: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
            intent = self._intents.find(merchant.name, str(body.get("payment_intent")))
            amount_minor = amount_of(body, default=max(1, intent.captured_minor - intent.refunded_minor))
            return self._intents.refund(intent, amount_minor, key).as_json()

        return await self._once.execute(request, self._merchant(request), refund)

    async def create_payout(self, request: Request) -> Response:
        """`POST /v1/payouts`."""
        return await self._once.execute(request, self._merchant(request), self._create_payout)

    async def cancel_payout(self, request: Request) -> Response:
        """`POST /v1/payouts/{id}/cancel`."""

        def cancel(merchant: Merchant, _key: str, _body: Mapping[str, Any]) -> Mapping[str, Any]:
            return self._payouts.cancel(self._payouts.find(merchant.name, request.path_params["id"])).as_json()

        return await self._once.execute(request, self._merchant(request), cancel)

    async def show_intent(self, request: Request) -> Response:
        """`GET /v1/payment_intents/{id}`."""
        return JSONResponse(self._intents.find(self._merchant(request).name, request.path_params["id"]).as_json())

    async def show_payout(self, request: Request) -> Response:
        """`GET /v1/payouts/{id}`."""
        return JSONResponse(self._payouts.find(self._merchant(request).name, request.path_params["id"]).as_json())

    async def list_intents(self, request: Request) -> Response:
        """`GET /v1/payment_intents?idempotency_key=K`."""
        found = self._intents.by_key(self._merchant(request).name, _looked_up_key(request))
        return JSONResponse({"object": "list", "data": [intent.as_json() for intent in found], "has_more": False})

    async def list_payouts(self, request: Request) -> Response:
        """`GET /v1/payouts?idempotency_key=K`."""
        found = self._payouts.by_key(self._merchant(request).name, _looked_up_key(request))
        return JSONResponse({"object": "list", "data": [payout.as_json() for payout in found], "has_more": False})

    async def show_report(self, request: Request) -> Response:
        """`GET /v1/report?player=P`: the settlement report."""
        entries = self.report.of(self._merchant(request).name, request.query_params.get("player"))
        return JSONResponse({"entries": [entry.as_json(entry.amount_minor) for entry in entries]})

    async def show_events(self, request: Request) -> Response:
        """`GET /v1/events?player=P`: what was delivered to the merchant, and how it answered."""
        logged = self.webhooks.log.of(self._merchant(request).name, request.query_params.get("player"))
        return JSONResponse({"entries": [delivery.as_json() for delivery in logged]})

    async def _created(self, request: Request, merchant: Merchant, *, hang_s: float | None = None) -> Response:
        def forgets() -> bool:
            return self.board.is_on("prunes_keys", cell=merchant.cell)

        return await self._once.execute(request, merchant, self._create_intent, hang_s=hang_s, forgets=forgets)

    def _create_intent(self, merchant: Merchant, key: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        amount_minor, currency, metadata = amount_of(body), currency_of(body), metadata_of(body)
        method = instrument_of(body, "payment_method")
        intent = self._intents.create(
            merchant.name, key, amount_minor=amount_minor, currency=currency, method=method, metadata=metadata
        )
        return (self._confirm(merchant, intent) if body.get("confirm") is True else intent).as_json()

    def _confirm(self, merchant: Merchant, intent: Intent) -> Intent:
        instrument = INSTRUMENTS[intent.payment_method]
        return self._intents.confirm(intent, decline_code_of(instrument, self.board, merchant.cell))

    def _create_payout(self, merchant: Merchant, key: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        payout = self._payouts.create(
            merchant.name,
            key,
            amount_minor=amount_of(body),
            currency=currency_of(body),
            destination=instrument_of(body, "destination"),
            metadata=metadata_of(body),
        )
        return payout.as_json()

    def _merchant(self, request: Request) -> Merchant:
        merchant = self.merchants.authenticated(request)
        if merchant is None:
            raise ApiError(401, "invalid_request_error", "invalid_api_key", "no merchant has this API key")
        return merchant

    def _emit(self, kind: str, subject: Payment, *, older: tuple[str, Payment] | None = None) -> None:
        before = None if older is None else self._announcement(*older)
        self.webhooks.tell(self._announcement(kind, subject), older=before)

    def _announcement(self, kind: str, subject: Payment) -> Announcement:
        event = {
            "id": f"evt_{secrets.token_hex(12)}",
            "object": "event",
            "type": kind,
            "created": int(self._now().timestamp()),
            "data": {"object": dict(subject.as_json())},
        }
        raw = json.dumps(event).encode()

        def render(seal: Seal) -> Message:
            merchant = self.merchants.named(subject.merchant)
            signed = sign_stripe(seal.secret(merchant.webhook_secret), raw, seal.at(self._now()))
            headers = {"Content-Type": "application/json", "Stripe-Signature": signed.header}
            return Message(merchant.webhook_url, raw, headers, signed)

        cell, facts = self.merchants.named(subject.merchant).cell, subject.metadata
        return Announcement(cell, subject.merchant, facts.get("player", ""), facts.get("reference", ""), kind, render)


def build_intents_psp(
    name: str,
    board: Switchboard,
    *,
    merchants: Iterable[Merchant] = (),
    pace: Pace | None = None,
    delivery: DeliveryPolicy | None = None,
    now: WallClock = utc_now,
) -> Starlette:
    """The ASGI app of a style A PSP. Further merchants register by `PUT /_merchants/{merchant}` over loopback."""
    known = Merchants(merchants)
    psp = IntentsPsp(board, known, pace or Pace(), delivery or DeliveryPolicy(), now)
    app = Starlette(
        routes=[*psp.routes(), *merchant_routes(known), *switchboard_routes(board)],
        middleware=[Middleware(DateHeader, clock=psp.webhooks.clock, cell_of=known.cell_of)],
        exception_handlers={ApiError: answer_refusal},
        lifespan=psp.background.lifespan,
    )
    app.state.name = name
    return app


def _fails(_merchant: Merchant, _key: str, _body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fault `answers_500`: executed, so that the answer is stored."""
    raise ApiError(500, "api_error", "api_error", "something went wrong on our end")


def _looked_up_key(request: Request) -> str:
    key = request.query_params.get("idempotency_key", "")
    if not key:
        raise invalid("parameter_missing", "idempotency_key says which payment is looked up")
    return key
