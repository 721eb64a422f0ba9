"""Webhooks of style A: verified over the raw bytes, then news about a deposit or a withdrawal."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from synthetic.reference.cell.cashier.cashier import Cashier
from synthetic.reference.cell.cashier.deposits import DepositDesk
from synthetic.reference.cell.cashier.news import News
from synthetic.reference.cell.cashier.signatures import BadSignature, verify_stripe_signature
from synthetic.reference.cell.cashier.webhook_guard import Now, WebhookGuard, utc_now
from synthetic.reference.cell.cashier.withdrawals import WithdrawalDesk
from synthetic.reference.cell.errors import ApiError
from synthetic.reference.cell.logs import log_event
from synthetic.reference.settings import PspAccount


class IntentWebhooks:
    """Receives a style A PSP's events. Any 2xx acknowledges; an event that we have no use for is acknowledged too."""

    def __init__(
        self, cashier: Cashier, deposits: DepositDesk, withdrawals: WithdrawalDesk, now: Now = utc_now
    ) -> None:
        self._context = cashier.context
        self._deposits = deposits
        self._withdrawals = withdrawals
        self._guard = WebhookGuard(cashier.context, now)

    async def receive(self, request: Request) -> Response:
        """`POST /cashier/webhooks/{psp}`. 400 `bad_signature` or `malformed` changes nothing."""
        account = intents_account(self._context.psp(request.path_params["psp"]))
        raw = await request.body()
        try:
            header = request.headers.get("stripe-signature", "")
            now = self._guard.now(hashlib.sha256(raw).hexdigest())
            with self._guard.pardoning(account.psp):
                verify_stripe_signature(header, raw, account.webhook_secret, now)
        except BadSignature as error:
            log_event("webhook_refused", psp=account.psp, why=str(error))
            raise ApiError(400, "bad_signature", str(error)) from None
        kind, subject = _event(raw)
        await self._hear(account.psp, kind, subject)
        return JSONResponse({"received": True})

    async def _hear(self, psp: str, kind: str, subject: dict[str, Any]) -> None:
        reference = str((subject.get("metadata") or {}).get("reference", ""))
        match kind:
            case "payment_intent.succeeded":
                heard: object = await self._deposits.hear(reference, _news("captured", subject), is_webhook=True)
            case "payment_intent.processing":
                heard = await self._deposits.hear(reference, _news("processing", subject), is_webhook=True)
            case "charge.dispute.funds_withdrawn":
                heard = await self._deposits.charge_back(reference, _news("chargeback", subject))
            case "payment_intent.payment_failed":
                failure = subject.get("last_payment_error") or {}
                event = "declined" if failure.get("code") == "card_declined" else "failed"
                news = _news(event, subject, failure.get("decline_code"))
                heard = await self._deposits.hear(reference, news, is_webhook=True)
            case "payout.paid":
                heard = await self._withdrawals.hear(reference, _news("paid", subject))
            case "payout.failed":
                news = _news("failed", subject, subject.get("failure_code"))
                heard = await self._withdrawals.hear(reference, news)
            case _:
                heard = True  # charge.refunded is the echo of our own refund; unknown types come with new PSP versions
        log_event("webhook", psp=psp, type=kind, reference=reference, is_known=heard is not None)


def intents_account(account: PspAccount | None) -> PspAccount:
    """The account, when it is of style A. Raises ApiError 404 `unknown_psp`."""
    if account is None or account.style != "intents":
        raise ApiError(404, "unknown_psp", "no PSP of this cell sends its webhooks here")
    return account


def _event(raw: bytes) -> tuple[str, dict[str, Any]]:
    """The event's type and object. Raises ApiError 400 `malformed`."""
    try:
        event = json.loads(raw)
    except ValueError:
        raise ApiError(400, "malformed", "the event is not JSON") from None
    match event:
        case {"type": str(kind), "data": {"object": dict(subject)}}:
            return kind, subject
    raise ApiError(400, "malformed", "the event has no type or no object")


def _news(event: str, subject: dict[str, Any], code: str | None = None) -> News:
    match subject:
        case {"id": str(id_), "amount": int(amount_minor), "currency": str(currency)}:
            key = str((subject.get("metadata") or {}).get("key", ""))
            taken_minor = subject.get("amount_received", amount_minor) if event == "captured" else amount_minor
            if not isinstance(taken_minor, int):
                raise ApiError(400, "malformed", "amount_received is an integer")
            return News(event, id_, taken_minor, currency.upper(), code, key)
    raise ApiError(400, "malformed", "the object has no id, amount or currency")
