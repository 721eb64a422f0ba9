"""A platform in memory that answers the journey's eight calls; its wallet keeps books, so that the checks can judge."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from synthetic.core.effects import Http
from synthetic.drivers.memory import Reply, Wire

RELEASE = (("X-Cell-Version", "2.4.0"), ("X-Rollout-Step", "5%"), ("X-Flag-Variant", "on"))
HISTORY = 30  # postings that the player already has


class CannedPlatform:
    """`drivers.memory.Platform`: every payment is pending in its first answer and over at the first look."""

    def __init__(self) -> None:
        self._balances = {"cash": 0, "locked": 0}
        self._ledger: list[dict[str, Any]] = []
        for number in range(HISTORY):
            self._post("funding", f"f-{number}", "cash", 100)

    def __call__(self, effect: Wire) -> Reply:
        """Answer one request."""
        assert isinstance(effect, Http), "the journey has no WebSocket"
        match effect.method, urlsplit(effect.url).path:
            case "POST", "/auth/login":
                return _json({"token": "canned-token", "player_id": "p-1", "expires_at": "2026-01-01T01:00:00Z"})
            case "GET", "/wallet/balance":
                return _json(self._balance())
            case "GET", "/wallet/ledger":
                return _json({"entries": self._ledger})
            case "POST", "/cashier/deposits":
                return _json({**_payment("d-1", "pending"), "redirect_url": None}, 202)
            case "GET", "/cashier/deposits/d-1":
                self._post("deposit", "d-1", "cash", 100)
                return _json({**_payment("d-1", "succeeded"), "psp_reference": "pi-1", "decline_code": None})
            case "POST", "/cashier/withdrawals":
                self._post("withdraw_reserve", "w-1", "cash", -100)
                self._post("withdraw_reserve", "w-1", "locked", 100)
                return _json(_payment("w-1", "pending"), 202)
            case "GET", "/cashier/withdrawals/w-1":
                self._post("withdraw_paid", "w-1", "locked", -100)
                return _json({**_payment("w-1", "paid"), "psp_reference": "po-1"})
            case _:
                return _json({"error": "not_found"}, 404)

    def _post(self, kind: str, reference: str, bucket: str, amount_minor: int) -> None:
        self._balances[bucket] += amount_minor
        self._ledger.append(
            {
                "id": f"l-{len(self._ledger)}",
                "posted_at": "2026-01-01T00:00:00Z",
                "kind": kind,
                "reference": reference,
                "bucket": bucket,
                "amount_minor": amount_minor,
                "currency": "EUR",
                "balance_after_minor": self._balances[bucket],
                "count": 1,
            }
        )

    def _balance(self) -> dict[str, Any]:
        cash, locked = self._balances["cash"], self._balances["locked"]
        total = {"bonus_minor": 0, "total_minor": cash + locked, "withdrawable_minor": cash}
        return {"currency": "EUR", "cash_minor": cash, "locked_minor": locked, **total}


def _payment(name: str, state: str) -> dict[str, Any]:
    return {"id": name, "state": state, "amount_minor": 100, "currency": "EUR", "psp": "psp-a"}


def _json(body: dict[str, Any], status: int = 200) -> Reply:
    return Reply(status, json.dumps(body).encode(), (*RELEASE, ("Content-Type", "application/json")))
