"""Payment intents and their refunds: what is asked, what is captured, what is given back. States move by `states.INTENT`."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from synthetic.reference.psp.errors import ApiError, unexpected_state
from synthetic.reference.psp.instruments import INSTRUMENTS, THREE_DS_CODES
from synthetic.reference.psp.mishaps import wrong_capture
from synthetic.reference.psp.payments import Payment, PaymentBook, Surroundings
from synthetic.reference.psp.states import INTENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent(Payment):
    """A payment that a merchant wants. `captured_minor` is what was taken in the end, which may not be what was asked for."""

    payment_method: str
    status: str = INTENT.initial
    captured_minor: int = 0
    refunded_minor: int = 0
    last_payment_error: Mapping[str, str] | None = None

    def as_json(self) -> dict[str, Any]:
        """The object of the API and of the webhooks."""
        return {
            "id": self.id,
            "object": "payment_intent",
            "status": self.status,
            "amount": self.amount_minor,
            "amount_received": self.captured_minor,
            "amount_refunded": self.refunded_minor,
            "currency": self.currency,
            "payment_method": self.payment_method,
            "metadata": dict(self.metadata),
            "last_payment_error": None if self.last_payment_error is None else dict(self.last_payment_error),
            "created": int(self.created_at.timestamp()),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute(Payment):
    """A cardholder's bank takes a captured amount back."""

    payment_intent: str
    status: str = "lost"

    def as_json(self) -> dict[str, Any]:
        """The object of the webhooks."""
        return {
            "id": self.id,
            "object": "dispute",
            "status": self.status,
            "amount": self.amount_minor,
            "currency": self.currency,
            "payment_intent": self.payment_intent,
            "metadata": dict(self.metadata),
        }


@dataclass(frozen=True, slots=True)
class Refund:
    """Money given back to its source."""

    id: str
    intent: Intent
    amount_minor: int

    def as_json(self) -> dict[str, Any]:
        """The object of the API."""
        return {
            "id": self.id,
            "object": "refund",
            "status": "succeeded",
            "payment_intent": self.intent.id,
            "amount": self.amount_minor,
            "currency": self.intent.currency,
        }


class IntentBook(PaymentBook[Intent]):
    """Every intent of the PSP. Captures happen later, in the background."""

    def __init__(self, around: Surroundings) -> None:
        super().__init__("payment_intent", INTENT, around)

    def create(
        self, merchant: str, key: str, *, amount_minor: int, currency: str, method: str, metadata: Mapping[str, str]
    ) -> Intent:
        """A new intent with its payment method attached, not yet confirmed."""
        intent = Intent(
            id=f"pi_{secrets.token_hex(12)}",
            merchant=merchant,
            key=key,
            amount_minor=amount_minor,
            currency=currency,
            payment_method=method,
            metadata=metadata,
            created_at=self._around.now(),
        )
        return self._move(intent, "attach")

    def confirm(self, intent: Intent, decline_code: str | None) -> Intent:
        """Start the payment: it is `processing`, and captured a moment later. Raises ApiError 402 when the issuer declines."""
        if intent.status == "requires_payment_method":
            intent = self._move(intent, "attach")
        if decline_code is None and self._around.switch("hangs_in_3ds", intent.merchant) is not None:
            waiting = self._move(intent, "require_action")
            self._around.emit("payment_intent.requires_action", waiting)
            return waiting
        if decline_code is None and INSTRUMENTS[intent.payment_method].three_ds:
            waiting = self._move(intent, "require_action")
            self._around.emit("payment_intent.requires_action", waiting)
            self._around.background.spawn(self._authenticate(waiting.id), name=f"3DS of {waiting.id}")
            return waiting
        if decline_code is None:
            return self._start(intent)
        declined = self._decline(intent, "card_declined", decline_code)
        extra = {"decline_code": decline_code, "payment_intent": declined.as_json()}
        raise ApiError(402, "card_error", "card_declined", "the card was declined", extra=extra)

    def refund(self, intent: Intent, amount_minor: int, key: str) -> Refund:
        """Give a captured amount back, whole or in part. Raises ApiError 400 when there is less left than that."""
        if intent.status != "succeeded":
            raise unexpected_state("payment_intent", intent.status)
        left_minor = intent.captured_minor - intent.refunded_minor
        if amount_minor > left_minor:
            code = "charge_already_refunded" if left_minor == 0 else "amount_too_large"
            raise ApiError(400, "invalid_request_error", code, f"{left_minor} of the charge is left to refund")
        updated = self._keep(replace(intent, refunded_minor=intent.refunded_minor + amount_minor))
        refund = Refund(f"re_{secrets.token_hex(12)}", updated, amount_minor)
        self._settle(updated, "refund", refund.id, amount_minor, key)
        self._around.emit("charge.refunded", updated)
        return refund

    def _start(self, intent: Intent) -> Intent:
        started = self._move(intent, "confirm")
        self._around.background.spawn(self._capture_later(started.id), name=f"capture of {started.id}")
        return started

    async def _authenticate(self, intent_id: str) -> None:
        """What the holder does at his bank's page."""
        pace, three_ds = self._around.pace, INSTRUMENTS[self._payments[intent_id].payment_method].three_ds
        await asyncio.sleep(pace.three_ds_s if three_ds in ("passes", "fails") else pace.abandoned_s)
        if self._payments[intent_id].status != "requires_action":
            return  # canceled meanwhile
        if three_ds == "passes":
            self._start(self._payments[intent_id])
            return
        self._decline(self._payments[intent_id], "card_declined", THREE_DS_CODES[three_ds])
        if three_ds == "late":
            await asyncio.sleep(pace.late_s)
            self._start(self._move(self._payments[intent_id], "attach"))

    async def _capture_later(self, intent_id: str) -> None:
        await asyncio.sleep(self._around.pace.draw_capture_s())
        intent = self._payments[intent_id]
        if intent.status != "processing":
            return  # canceled meanwhile
        if INSTRUMENTS[intent.payment_method].fails:
            self._decline(intent, "processing_error", "processing_error")
            return
        captured = self._captured(intent)
        self._settle(captured, "capture", f"ch_{secrets.token_hex(12)}", captured.captured_minor, captured.key)
        older = ("payment_intent.processing", intent)
        self._around.emit("payment_intent.succeeded", captured, older=older)
        if INSTRUMENTS[intent.payment_method].is_disputed:
            await asyncio.sleep(self._around.pace.dispute_s)
            self._dispute(captured)

    def _captured(self, intent: Intent) -> Intent:
        """The intent with what was taken; the fault `captures_wrong` takes another amount, or another currency."""
        wrong = self._around.switch("captures_wrong", intent.merchant)
        captured = self._move(intent, "capture")
        if wrong is None:
            return self._keep(replace(captured, captured_minor=intent.amount_minor))
        amount_minor, currency = wrong_capture(wrong, intent.amount_minor, intent.currency)
        return self._keep(replace(captured, captured_minor=amount_minor, currency=currency))

    def _dispute(self, captured: Intent) -> None:
        dispute = Dispute(
            id=f"dp_{secrets.token_hex(12)}",
            merchant=captured.merchant,
            key=captured.key,
            amount_minor=captured.captured_minor,
            currency=captured.currency,
            metadata=captured.metadata,
            created_at=self._around.now(),
            payment_intent=captured.id,
        )
        self._settle(dispute, "chargeback", dispute.id, dispute.amount_minor, dispute.key)
        self._around.emit("charge.dispute.funds_withdrawn", dispute)

    def _decline(self, intent: Intent, code: str, decline_code: str) -> Intent:
        failure = {"code": code, "decline_code": decline_code, "message": "the payment was not completed"}
        declined = replace(self._move(intent, "decline"), last_payment_error=failure)
        self._keep(declined)
        self._around.emit("payment_intent.payment_failed", declined)
        return declined
