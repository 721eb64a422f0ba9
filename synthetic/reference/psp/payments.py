"""What intents and payouts of style A have in common: found by id or key, moved by a state table, settled once they moved."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from synthetic.reference.background import Background
from synthetic.reference.psp.clock import WallClock
from synthetic.reference.psp.errors import ApiError, unexpected_state
from synthetic.reference.psp.pace import Pace
from synthetic.reference.psp.settlement import SettlementEntry, SettlementReport
from synthetic.reference.state_table import StateTable
from synthetic.reference.switchboard import Switch

PAYMENT_SWITCHES = {
    "declines_bin": "every card of params.bin is declined with params.decline_code (do_not_honor)",
    "prunes_keys": "the answer that is stored under an idempotency key is forgotten: a repetition is a new payment",
    "hangs_in_3ds": "every payment wants the player's action, and never comes to know that it was done",
    "captures_wrong": "captures params.off_minor (-1) more than was asked for, or in params.currency",
    "reverses_payouts": "a payout is paid, and a moment later it fails after all",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment(ABC):
    """Money that a merchant wants moved. `key` is the idempotency key that created it, "" where there was none."""

    id: str
    merchant: str
    key: str
    amount_minor: int
    currency: str
    metadata: Mapping[str, str]
    created_at: datetime
    status: str

    @abstractmethod
    def as_json(self) -> Mapping[str, Any]:
        """The object of the API and of the webhooks."""


class Emit(Protocol):
    """Tells the merchant of an event: its type, its subject, and an earlier event about the same payment."""

    def __call__(self, kind: str, subject: Payment, *, older: tuple[str, Payment] | None = None) -> None:
        """Tell it in the background."""


P = TypeVar("P", bound=Payment)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a book of payments works with: `emit` tells the merchant, `background` runs what happens later.

    `switch(name, merchant)` is the fault that acts on this occasion, or None.
    """

    pace: Pace
    background: Background
    report: SettlementReport
    emit: Emit
    now: WallClock
    switch: Callable[[str, str], Switch | None]


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

    def _settle(self, payment: Payment, kind: str, entry_id: str, amount_minor: int, key: str) -> None:
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
