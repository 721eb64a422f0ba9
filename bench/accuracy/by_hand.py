"""The journey's eight calls as somebody writes them by hand: a generator, so that each client brings its own I/O."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

from bench.server.cells import PASSWORD, player_name

AMOUNT = {"amount_minor": 100, "currency": "EUR", "psp": "psp-a", "instrument": "card_ok"}


@dataclass(frozen=True, slots=True)
class Call:
    """One request, with a JSON body or none."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] | None = None


def calls(player: int, run: str) -> Generator[Call, Any, None]:
    """Yields each call and receives its answer's JSON. Raises ValueError where money did not move as it has to."""
    login = yield Call("POST", "/auth/login", {}, {"username": player_name("canary", player), "password": PASSWORD})
    headers = {"Authorization": f"Bearer {login['token']}", "X-Synthetic-Run": run}
    start = yield Call("GET", "/wallet/balance", headers)
    yield Call("GET", "/wallet/ledger", headers)
    deposit = yield Call("POST", "/cashier/deposits", headers | {"Idempotency-Key": f"{run}-deposit"}, AMOUNT)
    funds = yield Call("GET", "/wallet/balance", headers)
    withdrawal = yield Call("POST", "/cashier/withdrawals", headers | {"Idempotency-Key": f"{run}-withdraw"}, AMOUNT)
    end = yield Call("GET", "/wallet/balance", headers)
    ledger = yield Call("GET", "/wallet/ledger", headers)
    moved = (deposit["state"], withdrawal["state"], funds["cash_minor"] - start["cash_minor"])
    told = sum(entry["amount_minor"] for entry in ledger["entries"] if entry["bucket"] == "cash")
    if moved != ("succeeded", "paid", AMOUNT["amount_minor"]) or not end["cash_minor"] == start["cash_minor"] == told:
        raise ValueError(f"the money of {run} did not move as it has to: {moved}, {start}, {end}, {told}")
