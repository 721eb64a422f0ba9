"""What intents and payouts of style A have in common: found by id or key, moved by a state table, settled once they moved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, TypeVar

from synthetic.reference.background import Background
from synthetic.reference.psp.clock import WallClock
from synthetic.reference.psp.errors import ApiError, unexpected_state
from synthetic.reference.psp.pace import Pace
from synthetic.reference.psp.settlement import SettlementEntry, SettlementReport
from synthetic.reference.state_table import StateTable

Emit = Callable[[str, str, Mapping[str, Any]], None]  # merchant, event type, object


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Money that a merchant wants moved. `key` is the idempotency key that created it, "" where there was none."""

    id: str
    merchant: str
    key: str
    amount_minor: int
    currency: str
    metadata: Mapping[str, str]
    created_at: datetime
    status: str


P = TypeVar("P", bound=Payment)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a book of payments works with: `emit` tells the merchant, `background` runs what happens later."""

    pace: Pace
    background: Background
    report: SettlementReport
    emit: Emit
    now: WallClock


class PaymentBook(Generic[P]):
    """Every payment of one kind. `kind` is the API's word for it, as in `payment_intent`."""

    def __init__(self, kind: str, states: StateTable, around: Surroundings) -> None:
        self._kind = kind
        self._states = states
        self._around = around
        self._payments: dict[str, P] = {}

    def find(self, merchant: str, payment_id: str) -> P:
        """The merchant's payment. Raises ApiError 404, also for a payment of somebody else."""
        payment = self._payments.get(payment_id)
        if payment is None or payment.merchant != merchant:
            what = self._kind.replace("_", " ")
            raise ApiError(404, "invalid_request_error", "resource_missing", f"no {what} {payment_id}")
        return payment

    def by_key(self, merchant: str, key: str) -> list[P]:
        """The payments that were created under this idempotency key (none, or one unless the key was pruned)."""
        return [payment for payment in self._payments.values() if (payment.merchant, payment.key) == (merchant, key)]

    def cancel(self, payment: P) -> P:
        """Cancel while that is possible. Raises ApiError 400 when it is too late; what is canceled stays canceled."""
        return payment if payment.status == "canceled" else self._move(payment, "cancel")

    def _move(self, payment: P, event: str) -> P:
        state = self._states.after(payment.status, event)
        if state is None:
            raise unexpected_state(self._kind, payment.status)
        return self._keep(replace(payment, status=state))

    def _keep(self, payment: P) -> P:
        self._payments[payment.id] = payment
        return payment

    def _settle(self, payment: P, kind: str, entry_id: str, amount_minor: int, key: str) -> None:
        self._around.report.add(
            SettlementEntry(
                id=entry_id,
                merchant=payment.merchant,
                player=payment.metadata.get("player", ""),
                kind=kind,
                amount_minor=amount_minor,
                currency=payment.currency,
                key=key,
                reference=payment.metadata.get("reference", ""),
                created_at=self._around.now(),
            )
        )
