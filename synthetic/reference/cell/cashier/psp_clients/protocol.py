"""What the cashier wants of a PSP, whatever its style: orders, payments, and the ways in which a call can end badly.

PspError
+-- PspUnreachable   nothing was sent: nothing can have moved
+-- PspRejected      the PSP refused the request itself: nothing has moved
+-- PspFailed        the PSP answered every attempt with an error, and knows no payment under the key
+-- PspUnknown       sent, and no answer that can be trusted: it may have moved; look it up later
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class DepositOrder:
    """Charge an instrument. `key` is the idempotency key at the PSP, `reference` our deposit id."""

    key: str
    reference: str
    player_id: str
    amount_minor: int
    currency: str
    instrument: str
    return_url: str = ""


@dataclass(frozen=True, slots=True)
class PayoutOrder:
    """Pay out to an instrument. `key` is the idempotency key at the PSP, `reference` our withdrawal id."""

    key: str
    reference: str
    player_id: str
    amount_minor: int
    currency: str
    instrument: str


@dataclass(frozen=True, slots=True)
class PspPayment:
    """A payment or a payout as the PSP knows it.

    `state` of a payment: pending, succeeded, declined, failed, cancelled. Of a payout: pending, in_transit, paid, failed,
    cancelled. `code` says why it was declined or failed.
    """

    psp_reference: str
    state: str
    amount_minor: int
    currency: str
    code: str | None = None
    redirect_url: str = ""


@dataclass(frozen=True, slots=True)
class PspRefund:
    """Money that a PSP gives back. `psp_reference`: its id of the refund; at style B, which has none, of the transaction."""

    psp_reference: str
    amount_minor: int


class PspError(Exception):
    """A call to a PSP that did not end in a payment. `code` is the PSP's word for it, `status` its HTTP status or None."""

    def __init__(self, psp: str, code: str, *, status: int | None = None) -> None:
        super().__init__(f"{psp}: {code}" + ("" if status is None else f" (HTTP {status})"))
        self.psp = psp
        self.code = code
        self.status = status


class PspUnreachable(PspError):  # noqa: N818 - the outcome's name
    """No connection: the request never left."""


class PspRejected(PspError):  # noqa: N818 - the outcome's name
    """The PSP understood the request and refused it."""


class PspFailed(PspError):  # noqa: N818 - the outcome's name
    """Every attempt was answered with an error, and no payment exists under the key."""


class PspUnknown(PspError):  # noqa: N818 - the outcome's name
    """The request left and no trustworthy answer came.

    `is_answered` is true for an error of the PSP itself (500, an error body), false where the request may still be
    under way: a time-out, a broken connection, a gateway's 502, 503 or 504, or a twin in progress.
    """

    def __init__(self, psp: str, code: str, *, status: int | None = None, is_answered: bool = False) -> None:
        super().__init__(psp, code, status=status)
        self.is_answered = is_answered


OnUnknown = Callable[[PspUnknown], Awaitable[PspPayment | None]]
"""What is done about an unknown outcome before it is looked up; None: nothing."""


async def nothing(_error: PspUnknown) -> PspPayment | None:
    """The sane way: the look-up decides."""
    return None


class PspClient(Protocol):
    """One cell's client of one PSP."""

    async def start_deposit(self, order: DepositOrder, on_unknown: OnUnknown = nothing) -> PspPayment:
        """Charge, with retries under the order's key and look-ups by it. Raises any PspError."""

    async def send_deposit(self, order: DepositOrder) -> PspPayment:
        """Charge, one attempt. Raises any PspError but PspFailed."""

    async def find_deposit(self, key: str) -> PspPayment | None:
        """The payment under this key, None when the PSP knows none. Raises PspUnreachable, PspRejected, PspUnknown."""

    async def cancel_deposit(self, psp_reference: str) -> PspPayment:
        """Cancel what is not captured. Raises PspRejected when it is too late."""

    async def refund_deposit(self, psp_reference: str, amount_minor: int, currency: str, key: str) -> PspRefund:
        """Return a captured amount, once per key. Raises PspRejected when less is left, PspUnknown for another amount."""

    async def start_payout(self, order: PayoutOrder) -> PspPayment:
        """Pay out, with retries under the order's key and look-ups by it. Raises any PspError."""

    async def find_payout(self, key: str) -> PspPayment | None:
        """The payout under this key, None when the PSP knows none. Raises PspUnreachable, PspRejected, PspUnknown."""

    async def cancel_payout(self, psp_reference: str) -> PspPayment:
        """Stop a payout that has not left. Raises PspRejected when it has."""

    async def aclose(self) -> None:
        """Close the connections."""
