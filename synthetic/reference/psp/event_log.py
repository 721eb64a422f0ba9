"""A PSP's own log: what its merchants asked for, what it told them, how that was signed, and how it was answered."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

REQUEST = "request"  # the kind of what a merchant asked of us; everything else is what we told him
LOGGED_MAX = 20_000  # the oldest are forgotten, as in a PSP's dashboard


@dataclass(slots=True)
class Delivery:
    """One delivery of one event. `status`: the last answer's, 0 while nobody answered; `signed`: the text that was signed."""

    id: str
    merchant: str
    player: str
    reference: str
    kind: str
    created_at: datetime
    status: int = 0
    attempts: int = 0
    signed: str = ""
    signature: str = ""
    signed_at: int = 0

    def as_json(self) -> Mapping[str, Any]:
        """The form of the API."""
        return {
            "id": self.id,
            "type": self.kind,
            "reference": self.reference,
            "created_at": self.created_at.isoformat(),
            "created": int(self.created_at.timestamp()),
            "status": self.status,
            "attempts": self.attempts,
            "signed": self.signed,
            "signature": self.signature,
            "signed_at": self.signed_at,
        }


@dataclass(slots=True)
class EventLog:
    """Every request for a payment, and every delivery that was begun, oldest first. An event that was never sent is not in it."""

    _deliveries: deque[Delivery] = field(default_factory=lambda: deque(maxlen=LOGGED_MAX))

    def add(self, delivery: Delivery) -> None:
        """Note a delivery; its attempts are written into it."""
        self._deliveries.append(delivery)

    def add_request(self, merchant: str, player: str, reference: str, at: datetime, status: int) -> None:
        """Note that the merchant asked for a payment, and what we answered."""
        self.add(Delivery(f"req_{secrets.token_hex(8)}", merchant, player, reference, REQUEST, at, status, attempts=1))

    def of(self, merchant: str, player: str | None) -> list[Delivery]:
        """The merchant's deliveries, about one player or all."""
        mine = (delivery for delivery in self._deliveries if delivery.merchant == merchant)
        return [delivery for delivery in mine if player is None or delivery.player == player]
