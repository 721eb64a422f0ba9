"""The peer: the same journey as somebody would write it by hand with httpx. It checks nothing and writes nothing down."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx

from synthetic.core.plan import CellPlan

AMOUNT = {"amount_minor": 100, "currency": "EUR", "psp": "psp-a", "instrument": "card_ok"}
POLL_EVERY_S = 0.1  # as the mapping does
POLLED_WITHIN_S = 10.0


class Peer:
    """Plays journeys with one client and remembers how long each balance took it, in nanoseconds."""

    def __init__(self, cell: CellPlan, client: httpx.AsyncClient) -> None:
        self._base = cell.endpoints["api"]
        self._client = client
        self.requests = 0
        self.balances_ns: list[int] = []

    async def play(self, username: str, password: str, run: str) -> None:
        """One journey. Raises httpx.HTTPStatusError at a refusal, TimeoutError where money does not arrive."""
        login = await self._call("POST", "/auth/login", json={"username": username, "password": password})
        headers = {"Authorization": f"Bearer {login['token']}", "X-Synthetic-Run": run}
        await self._balance(headers)
        await self._call("GET", "/wallet/ledger", headers=headers)
        await self._move("/cashier/deposits", "succeeded", headers | {"Idempotency-Key": f"{run}-deposit"})
        await self._balance(headers)
        await self._move("/cashier/withdrawals", "paid", headers | {"Idempotency-Key": f"{run}-withdraw"})
        await self._balance(headers)
        await self._call("GET", "/wallet/ledger", headers=headers)

    async def _balance(self, headers: dict[str, str]) -> None:
        started_ns = time.monotonic_ns()
        await self._call("GET", "/wallet/balance", headers=headers)
        self.balances_ns.append(time.monotonic_ns() - started_ns)

    async def _move(self, path: str, wanted: str, headers: dict[str, str]) -> None:
        payment = await self._call("POST", path, json=AMOUNT, headers=headers)
        async with asyncio.timeout(POLLED_WITHIN_S):
            while payment["state"] != wanted:
                await asyncio.sleep(POLL_EVERY_S)
                payment = await self._call("GET", f"{path}/{payment['id']}", headers=headers)

    async def _call(self, method: str, path: str, **parts: Any) -> Any:
        self.requests += 1
        response = await self._client.request(method, self._base + path, **parts)
        return response.raise_for_status().json()
