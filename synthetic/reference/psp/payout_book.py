"""Payouts of style A: pending, then in transit, then paid, and sometimes failed afterwards. States move by `states.PAYOUT`."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from synthetic.reference.psp.instruments import INSTRUMENTS
from synthetic.reference.psp.payments import Payment, PaymentBook, Surroundings
from synthetic.reference.psp.states import PAYOUT


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout(Payment):
    """Money on its way out."""

    destination: str
    status: str = PAYOUT.initial
    failure_code: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The object of the API and of the webhooks."""
        return {
            "id": self.id,
            "object": "payout",
            "status": self.status,
            "amount": self.amount_minor,
            "currency": self.currency,
            "destination": self.destination,
            "metadata": dict(self.metadata),
            "failure_code": self.failure_code,
            "created": int(self.created_at.timestamp()),
        }


class PayoutBook(PaymentBook[Payout]):
    """Every payout of the PSP."""

    def __init__(self, around: Surroundings) -> None:
        super().__init__("payout", PAYOUT, around)

    def create(
        self,
        merchant: str,
        key: str,
        *,
        amount_minor: int,
        currency: str,
        destination: str,
        metadata: Mapping[str, str],
    ) -> Payout:
        """A new payout; it can be cancelled until it leaves."""
        payout = Payout(
            id=f"po_{secrets.token_hex(12)}",
            merchant=merchant,
            key=key,
            amount_minor=amount_minor,
            currency=currency,
            destination=destination,
            metadata=metadata,
            created_at=self._around.now(),
        )
        self._keep(payout)
        self._around.background.spawn(self._travel(payout.id), name=f"way of {payout.id}")
        return payout

    async def _travel(self, payout_id: str) -> None:
        pace = self._around.pace
        await asyncio.sleep(pace.payout_leaves_s)
        payout = self._payments[payout_id]
        if payout.status == "canceled":
            return
        if INSTRUMENTS[payout.destination].fails:
            self._fail(payout, "could_not_process")
            return
        left = self._move(payout, "leave")  # from now on nobody can cancel it: only we move it
        await asyncio.sleep(pace.payout_lands_s)
        paid = self._move(left, "land")
        self._settle(paid, "payout", paid.id, paid.amount_minor, paid.key)
        self._around.emit("payout.paid", paid)
        if self._is_returned(paid):
            await asyncio.sleep(pace.payout_returns_s)
            self._fail(paid, "account_closed")
            self._settle(paid, "payout_reversal", f"{paid.id}_reversal", paid.amount_minor, paid.key)

    def _is_returned(self, paid: Payout) -> bool:
        """Whether the beneficiary's bank sends the money back after all."""
        if INSTRUMENTS[paid.destination].returns_payouts:
            return True
        return self._around.switch("reverses_payouts", paid.merchant) is not None

    def _fail(self, payout: Payout, failure_code: str) -> None:
        failed = self._keep(replace(self._move(payout, "fail"), failure_code=failure_code))
        self._around.emit("payout.failed", failed)
