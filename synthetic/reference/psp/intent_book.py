"""Payment intents and their refunds: what is asked, what is captured, what is given back. States move by `states.INTENT`."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from synthetic.reference.background import Background
from synthetic.reference.psp.clock import WallClock
from synthetic.reference.psp.errors import ApiError, unexpected_state
from synthetic.reference.psp.instruments import INSTRUMENTS
from synthetic.reference.psp.pace import Pace
from synthetic.reference.psp.settlement import SettlementEntry, SettlementReport
from synthetic.reference.psp.states import INTENT


@dataclass(frozen=True, slots=True)
class Intent:
    """A payment that a merchant wants. `key` is the idempotency key that created it, "" where there was none."""

    id: str
    merchant: str
    key: str
    amount_minor: int
    currency: str
    payment_method: str
    metadata: Mapping[str, str]
    created_at: datetime
    status: str = INTENT.initial
    refunded_minor: int = 0
    last_payment_error: Mapping[str, str] | None = None

    def as_json(self) -> dict[str, Any]:
        """The object of the API and of the webhooks."""
        return {
            "id": self.id,
            "object": "payment_intent",
            "status": self.status,
            "amount": self.amount_minor,
            "amount_received": self.amount_minor if self.status == "succeeded" else 0,
            "amount_refunded": self.refunded_minor,
            "currency": self.currency,
            "payment_method": self.payment_method,
            "metadata": dict(self.metadata),
            "last_payment_error": None if self.last_payment_error is None else dict(self.last_payment_error),
            "created": int(self.created_at.timestamp()),
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


Emit = Callable[[str, str, Mapping[str, Any]], None]  # merchant, event type, object


class IntentBook:
    """Every intent of the PSP. Captures happen later, in the background, and tell `emit`."""

    def __init__(
        self, *, pace: Pace, background: Background, report: SettlementReport, emit: Emit, now: WallClock
    ) -> None:
        self._pace = pace
        self._background = background
        self._report = report
        self._emit = emit
        self._now = now
        self._intents: dict[str, Intent] = {}

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
            created_at=self._now(),
        )
        return self._move(intent, "attach")

    def confirm(self, intent: Intent, decline_code: str | None) -> Intent:
        """Start the payment: it is `processing`, and captured a moment later. Raises ApiError 402 when the issuer declines."""
        if intent.status == "requires_payment_method":
            intent = self._move(intent, "attach")
        if decline_code is None:
            started = self._move(intent, "confirm")
            self._background.spawn(self._capture_later(started.id), name=f"capture of {started.id}")
            return started
        declined = self._decline(intent, "card_declined", decline_code)
        extra = {"decline_code": decline_code, "payment_intent": declined.as_json()}
        raise ApiError(402, "card_error", "card_declined", "the card was declined", extra=extra)

    def cancel(self, intent: Intent) -> Intent:
        """Cancel what is not captured. Raises ApiError 400 when it is too late; a canceled intent stays canceled."""
        return intent if intent.status == "canceled" else self._move(intent, "cancel")

    def refund(self, intent: Intent, amount_minor: int, key: str) -> Refund:
        """Give a captured amount back, whole or in part. Raises ApiError 400 when there is less left than that."""
        if intent.status != "succeeded":
            raise unexpected_state("payment_intent", intent.status)
        left_minor = intent.amount_minor - intent.refunded_minor
        if amount_minor > left_minor:
            code = "charge_already_refunded" if left_minor == 0 else "amount_too_large"
            raise ApiError(400, "invalid_request_error", code, f"{left_minor} of the charge is left to refund")
        updated = self._keep(replace(intent, refunded_minor=intent.refunded_minor + amount_minor))
        refund = Refund(f"re_{secrets.token_hex(12)}", updated, amount_minor)
        self._settle(updated, "refund", refund.id, amount_minor, key)
        self._emit(updated.merchant, "charge.refunded", updated.as_json())
        return refund

    def find(self, merchant: str, intent_id: str) -> Intent:
        """The merchant's intent. Raises ApiError 404, also for an intent of somebody else."""
        intent = self._intents.get(intent_id)
        if intent is None or intent.merchant != merchant:
            raise ApiError(404, "invalid_request_error", "resource_missing", f"no payment intent {intent_id}")
        return intent

    def by_key(self, merchant: str, key: str) -> list[Intent]:
        """The intents that were created under this idempotency key (none, or one unless the key was pruned)."""
        return [intent for intent in self._intents.values() if (intent.merchant, intent.key) == (merchant, key)]

    async def _capture_later(self, intent_id: str) -> None:
        await asyncio.sleep(self._pace.draw_capture_s())
        intent = self._intents[intent_id]
        if intent.status != "processing":
            return  # canceled meanwhile
        if INSTRUMENTS[intent.payment_method].fails:
            self._decline(intent, "processing_error", "processing_error")
            return
        captured = self._move(intent, "capture")
        self._settle(captured, "capture", f"ch_{secrets.token_hex(12)}", captured.amount_minor, captured.key)
        self._emit(captured.merchant, "payment_intent.succeeded", captured.as_json())

    def _decline(self, intent: Intent, code: str, decline_code: str) -> Intent:
        failure = {"code": code, "decline_code": decline_code, "message": "the payment was not completed"}
        declined = replace(self._move(intent, "decline"), last_payment_error=failure)
        self._keep(declined)
        self._emit(declined.merchant, "payment_intent.payment_failed", declined.as_json())
        return declined

    def _move(self, intent: Intent, event: str) -> Intent:
        state = INTENT.after(intent.status, event)
        if state is None:
            raise unexpected_state("payment_intent", intent.status)
        return self._keep(replace(intent, status=state))

    def _keep(self, intent: Intent) -> Intent:
        self._intents[intent.id] = intent
        return intent

    def _settle(self, intent: Intent, kind: str, entry_id: str, amount_minor: int, key: str) -> None:
        self._report.add(
            SettlementEntry(
                id=entry_id,
                merchant=intent.merchant,
                player=intent.metadata.get("player", ""),
                kind=kind,
                amount_minor=amount_minor,
                currency=intent.currency,
                key=key,
                reference=intent.metadata.get("reference", ""),
                created_at=self._now(),
            )
        )
