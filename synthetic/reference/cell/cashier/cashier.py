"""What the desks of a cashier share: the cell's context, one client per PSP, one lock per payment, and its timing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from synthetic.reference.cell.cashier.psp_clients import PspClient, PspError
from synthetic.reference.cell.context import CellContext
from synthetic.reference.cell.errors import ApiError
from synthetic.reference.cell.logs import log_event

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CashierTiming:
    """`look_ups_s`: the pauses before the look-ups of a payment whose outcome is unknown.

    `net_after_s`: how long a payment is pending before the safety net asks the PSP; `net_every_s`: how often it looks.
    It is slow on purpose: a PSP that withholds its webhooks has to show as stuck deposits, not as a little delay.
    """

    look_ups_s: tuple[float, ...] = (0.5, 1.0, 2.0, 4.0, 8.0)
    net_after_s: float = 30.0
    net_every_s: float = 5.0


class PaymentLocks:
    """One lock per payment, so that a refund or a cancellation waits until its start at the PSP is answered.

    They order the calls of this process. Correctness across processes rests on the rows' locks and the PSP's idempotency.
    """

    def __init__(self) -> None:
        self._locks: dict[str, asyncio.Lock] = {}
        self._waiting: dict[str, int] = {}

    @asynccontextmanager
    async def holding(self, payment_id: str) -> AsyncIterator[None]:
        """Hold the payment's lock."""
        lock = self._locks.setdefault(payment_id, asyncio.Lock())
        self._waiting[payment_id] = self._waiting.get(payment_id, 0) + 1
        try:
            async with lock:
                yield
        finally:
            self._waiting[payment_id] -= 1
            if self._waiting[payment_id] == 0:
                del self._locks[payment_id], self._waiting[payment_id]


@dataclass(frozen=True, slots=True)
class Cashier:
    """The shared ground of the desks."""

    context: CellContext
    clients: Mapping[str, PspClient]
    timing: CashierTiming
    locks: PaymentLocks = field(default_factory=PaymentLocks)

    async def ask(self, call: Awaitable[T]) -> T:
        """Await a call to a PSP on a player's behalf. Raises ApiError 502 `psp_unavailable` when its outcome is not known."""
        try:
            return await call
        except PspError as error:
            log_event("psp_unavailable", psp=error.psp, code=error.code, status=error.status)
            message = f"{error.psp} gave no answer ({error.code}); nothing was changed here, ask again"
            raise ApiError(502, "psp_unavailable", message) from error
