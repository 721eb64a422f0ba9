"""The settlement report: what really moved at the PSP. Append-only; the reconciliation's second opinion."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class SettlementEntry:
    """One movement. `kind`: capture, refund, payout, or payout_reversal; `amount_minor` is never negative.

    `key` is the idempotency key that moved it, `reference` the merchant's own id, `player` the merchant's player.
    """

    id: str
    merchant: str
    player: str
    kind: str
    amount_minor: int
    currency: str
    key: str
    reference: str
    created_at: datetime

    def as_json(self, amount: int | str) -> dict[str, Any]:
        """The entry as the report's API answers it; `amount` in the notation of the PSP's style."""
        return {
            "id": self.id,
            "kind": self.kind,
            "amount": amount,
            "currency": self.currency,
            "key": self.key,
            "reference": self.reference,
            "created_at": self.created_at.isoformat(),
        }


class SettlementReport:
    """Every movement of a PSP, oldest first."""

    def __init__(self) -> None:
        self._entries: list[SettlementEntry] = []

    def add(self, entry: SettlementEntry) -> None:
        """Append a movement."""
        self._entries.append(entry)

    def of(self, merchant: str, player: str | None) -> tuple[SettlementEntry, ...]:
        """The merchant's movements, of one player or of all."""
        mine = (entry for entry in self._entries if entry.merchant == merchant)
        return tuple(entry for entry in mine if player is None or entry.player == player)
