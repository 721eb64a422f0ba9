"""The players' books: what each has, what was posted, and under which key. Payments are over at once.

A book is folded when its player signs in: what earlier journeys left becomes one posting. So a journey costs the server, and who
reads its ledger, the same at the end of a benchmark as at its beginning.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

HISTORY = 30  # postings that every player already has
HISTORY_MINOR = 100  # each of them
CURRENCY = "EUR"
_AT = "2026-01-01T00:00:00Z"


def posting(number: int, kind: str, reference: str, bucket: str, amount_minor: int, after_minor: int) -> dict[str, Any]:
    """One row of a ledger as the wire has it."""
    return {
        "id": f"l-{number}",
        "posted_at": _AT,
        "kind": kind,
        "reference": reference,
        "bucket": bucket,
        "amount_minor": amount_minor,
        "currency": CURRENCY,
        "balance_after_minor": after_minor,
        "count": 1,
    }


def _dumped(rows: list[dict[str, Any]]) -> bytes:
    return json.dumps(rows, separators=(",", ":"))[1:-1].encode()


_HISTORY = _dumped(
    [
        posting(number, "funding", f"f-{number}", "cash", HISTORY_MINOR, (number + 1) * HISTORY_MINOR)
        for number in range(HISTORY)
    ]
)


@dataclass(slots=True)
class Payment:
    """A deposit or a withdrawal; it is over as soon as it is there."""

    name: str
    state: str
    amount_minor: int
    psp: str

    def told(self) -> dict[str, Any]:
        """As the wire has it."""
        return {
            "id": self.name,
            "state": self.state,
            "amount_minor": self.amount_minor,
            "currency": CURRENCY,
            "psp": self.psp,
            "psp_reference": f"ref-{self.name}",
            "decline_code": None,
        }


@dataclass(slots=True)
class Book:
    """One player's. `payments` by their keys, and by their names."""

    player: str
    cash_minor: int = HISTORY * HISTORY_MINOR
    payments: dict[str, Payment] = field(default_factory=dict)
    _rows: list[bytes] = field(default_factory=list)
    _payments_made: int = 0

    def fold(self) -> None:
        """Forget what earlier journeys did, but for what it came to."""
        self.payments.clear()
        self._rows.clear()
        excess = self.cash_minor - HISTORY * HISTORY_MINOR
        if excess:
            self._rows.append(_dumped([posting(HISTORY, "funding", "folded", "cash", excess, self.cash_minor)]))

    def ledger(self) -> bytes:
        """The answer to whoever asks for the ledger."""
        return b'{"entries":[' + b",".join((_HISTORY, *self._rows)) + b"]}"

    def balance(self) -> bytes:
        """The answer to whoever asks for the balance."""
        cash = self.cash_minor
        return (
            b'{"currency":"EUR","cash_minor":%d,"locked_minor":0,"bonus_minor":0,"total_minor":%d,"withdrawable_minor":%d}'
            % (cash, cash, cash)
        )

    def deposit(self, key: str, amount_minor: int, psp: str) -> Payment:
        """Credit a deposit, once for each key."""
        if (known := self.payments.get(key)) is not None:
            return known
        made = self._payment("d", key, "succeeded", amount_minor, psp)
        self._post("deposit", made.name, "cash", amount_minor, self.cash_minor + amount_minor)
        self.cash_minor += amount_minor
        return made

    def withdraw(self, key: str, amount_minor: int, psp: str) -> Payment | None:
        """Pay out, once for each key; None where the player has not so much."""
        if (known := self.payments.get(key)) is not None:
            return known
        if amount_minor > self.cash_minor:
            return None
        made = self._payment("w", key, "paid", amount_minor, psp)
        self.cash_minor -= amount_minor
        self._post("withdraw_reserve", made.name, "cash", -amount_minor, self.cash_minor)
        self._post("withdraw_reserve", made.name, "locked", amount_minor, amount_minor)
        self._post("withdraw_paid", made.name, "locked", -amount_minor, 0)
        return made

    def refund(self, name: str) -> Payment | None:
        """Give a deposit back, once; None where there is none."""
        found = self.named(name)
        if found is not None and found.state == "succeeded":
            found.state = "refunded"
            self.cash_minor -= found.amount_minor
            self._post("deposit_refund", name, "cash", -found.amount_minor, self.cash_minor)
        return found

    def named(self, name: str) -> Payment | None:
        """The payment of that name."""
        return next((payment for payment in self.payments.values() if payment.name == name), None)

    def _payment(self, prefix: str, key: str, state: str, amount_minor: int, psp: str) -> Payment:
        self._payments_made += 1
        made = Payment(f"{prefix}-{self.player}-{self._payments_made}", state, amount_minor, psp)
        self.payments[key] = made
        return made

    def _post(self, kind: str, reference: str, bucket: str, amount_minor: int, after_minor: int) -> None:
        number = HISTORY + 1 + len(self._rows)
        self._rows.append(_dumped([posting(number, kind, reference, bucket, amount_minor, after_minor)]))
