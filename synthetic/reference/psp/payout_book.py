"""Payouts of style A: pending, then in transit, then paid, and sometimes failed afterwards. States move by `states.PAYOUT`."""

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
from synthetic.reference.psp.intent_book import Emit
from synthetic.reference.psp.pace import Pace
from synthetic.reference.psp.settlement import SettlementEntry, SettlementReport
from synthetic.reference.psp.states import PAYOUT


@dataclass(frozen=True, slots=True)
class Payout:
    """Money on its way out. `key` is the idempotency key that created it, "" where there was none."""

    id: str
    merchant: str
    key: str
    amount_minor: int
    currency: str
    destination: str
    metadata: Mapping[str, str]
    created_at: datetime
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


class PayoutBook:
    """Every payout of the PSP. `is_reversed(merchant)` tells whether the beneficiary's bank sends this one back after all."""

    def __init__(
        self,
        *,
        pace: Pace,
        background: Background,
        report: SettlementReport,
        emit: Emit,
        now: WallClock,
        is_reversed: Callable[[str], bool],
    ) -> None:
        self._pace = pace
        self._background = background
        self._report = report
        self._emit = emit
        self._now = now
        self._is_reversed = is_reversed
        self._payouts: dict[str, Payout] = {}

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
            created_at=self._now(),
        )
        self._payouts[payout.id] = payout
        self._background.spawn(self._travel(payout.id), name=f"way of {payout.id}")
        return payout

    def cancel(self, payout: Payout) -> Payout:
        """Stop a payout that has not left. Raises ApiError 400 when it has; a canceled payout stays canceled."""
        return payout if payout.status == "canceled" else self._move(payout.id, "cancel")

    def find(self, merchant: str, payout_id: str) -> Payout:
        """The merchant's payout. Raises ApiError 404, also for a payout of somebody else."""
        payout = self._payouts.get(payout_id)
        if payout is None or payout.merchant != merchant:
            raise ApiError(404, "invalid_request_error", "resource_missing", f"no payout {payout_id}")
        return payout

    def by_key(self, merchant: str, key: str) -> list[Payout]:
        """The payouts that were created under this idempotency key (none, or one unless the key was pruned)."""
        return [payout for payout in self._payouts.values() if (payout.merchant, payout.key) == (merchant, key)]

    async def _travel(self, payout_id: str) -> None:
        await asyncio.sleep(self._pace.payout_leaves_s)
        payout = self._payouts[payout_id]
        if payout.status == "canceled":
            return
        if INSTRUMENTS[payout.destination].fails:
            self._fail(payout_id, "could_not_process")
            return
        self._move(payout_id, "leave")
        await asyncio.sleep(self._pace.payout_lands_s)
        paid = self._move(payout_id, "land")
        self._settle(paid, "payout", paid.id)
        self._emit(paid.merchant, "payout.paid", paid.as_json())
        if self._is_reversed(paid.merchant):
            await asyncio.sleep(self._pace.payout_returns_s)
            self._settle(self._fail(payout_id, "account_closed"), "payout_reversal", f"{paid.id}_reversal")

    def _fail(self, payout_id: str, failure_code: str) -> Payout:
        failed = replace(self._move(payout_id, "fail"), failure_code=failure_code)
        self._payouts[payout_id] = failed
        self._emit(failed.merchant, "payout.failed", failed.as_json())
        return failed

    def _move(self, payout_id: str, event: str) -> Payout:
        payout = self._payouts[payout_id]
        state = PAYOUT.after(payout.status, event)
        if state is None:
            raise unexpected_state("payout", payout.status)
        self._payouts[payout_id] = replace(payout, status=state)
        return self._payouts[payout_id]

    def _settle(self, payout: Payout, kind: str, entry_id: str) -> None:
        self._report.add(
            SettlementEntry(
                id=entry_id,
                merchant=payout.merchant,
                player=payout.metadata.get("player", ""),
                kind=kind,
                amount_minor=payout.amount_minor,
                currency=payout.currency,
                key=payout.key,
                reference=payout.metadata.get("reference", ""),
                created_at=self._now(),
            )
        )
