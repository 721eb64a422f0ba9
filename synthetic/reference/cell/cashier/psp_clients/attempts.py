"""How a request is repeated: under the same key only, and an unknown outcome is looked up before anything is sent again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from synthetic.reference.cell.cashier.psp_clients.protocol import (
    OnUnknown,
    PspError,
    PspFailed,
    PspPayment,
    PspRejected,
    PspUnknown,
    PspUnreachable,
    nothing,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """`pauses_s`: the pauses between attempts; there is one attempt more. With the time-outs it bounds a player's wait."""

    pauses_s: tuple[float, ...] = (0.1,)


async def until_known(
    send: Callable[[], Awaitable[PspPayment]],
    look_up: Callable[[], Awaitable[PspPayment | None]],
    policy: RetryPolicy,
    on_unknown: OnUnknown = nothing,
) -> PspPayment:
    """Send until the payment is known. `send` must use one key for ever.

    Raises PspUnreachable when no attempt left, PspFailed when each was answered with an error and the PSP knows no payment,
    PspUnknown otherwise, PspRejected at once.
    """
    outcome: PspError | None = None
    for pause_s in (*policy.pauses_s, None):
        try:
            return await send()
        except PspUnreachable as error:
            outcome = outcome or error  # an earlier attempt may have arrived: that stays unknown
        except PspUnknown as error:
            if (taken := await on_unknown(error)) is not None:
                return taken
            found, is_absent = await _find(look_up)
            if found is not None:
                return found
            outcome = _worse(outcome, error, is_absent=is_absent)
        if pause_s is not None:
            await asyncio.sleep(pause_s)
    assert outcome is not None
    raise outcome


async def repeated(send: Callable[[], Awaitable[T]], policy: RetryPolicy) -> T:
    """Send an operation that may be repeated without effect until it is answered. Raises the last attempt's PspError."""
    for pause_s in policy.pauses_s:
        try:
            return await send()
        except (PspUnknown, PspUnreachable):
            await asyncio.sleep(pause_s)
    return await send()


async def _find(look_up: Callable[[], Awaitable[PspPayment | None]]) -> tuple[PspPayment | None, bool]:
    """What the look-up found, and whether the PSP said for sure that there is nothing."""
    try:
        found = await look_up()
    except (PspUnknown, PspUnreachable, PspRejected):
        return None, False
    return found, found is None


def _worse(before: PspError | None, now: PspUnknown, *, is_absent: bool) -> PspError:
    if isinstance(before, PspUnknown) or not (now.is_answered and is_absent):
        return PspUnknown(now.psp, now.code, status=now.status)
    return PspFailed(now.psp, now.code, status=now.status)
