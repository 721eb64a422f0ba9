"""The cashier as the consumer of a PSP of any style: what it orders, and how its client is exercised."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import pytest
from pact.interaction import HttpInteraction

from synthetic.contracts.interactions import Exercise
from synthetic.reference.cell.cashier.psp_clients.attempts import RetryPolicy
from synthetic.reference.cell.cashier.psp_clients.protocol import DepositOrder, PayoutOrder, PspClient, PspRejected

REFERENCE = "dep_1"
PLAYER = "p-1"
RETURN = "https://casino.test/back"
ONCE = RetryPolicy(())
"""A client under contract sends everything once."""

_C = TypeVar("_C", bound=PspClient)


def exercised(client_of: Callable[[str], _C], work: Callable[[_C], Awaitable[None]]) -> Exercise:
    """Exercise the client of a PSP by this work."""

    async def play(url: str) -> None:
        client = client_of(url)
        try:
            await work(client)
        finally:
            await client.aclose()

    return lambda url: asyncio.run(play(url))


def exercised_in_vain(client_of: Callable[[str], _C], call: Callable[[_C], Awaitable[Any]], code: str) -> Exercise:
    """Exercise a call that the client has to report as refused, with this code."""

    async def work(client: _C) -> None:
        with pytest.raises(PspRejected) as refused:
            await call(client)
        assert refused.value.code == code

    return exercised(client_of, work)


def deposit_order(key: str, instrument: str = "card_ok", amount_minor: int = 100) -> DepositOrder:
    """What the cashier charges: 1.00 EUR, if nothing else is said."""
    return DepositOrder(key, REFERENCE, PLAYER, amount_minor, "EUR", instrument, RETURN)


def payout_order(key: str, instrument: str = "card_ok", amount_minor: int = 100) -> PayoutOrder:
    """What the cashier pays out: 1.00 EUR, if nothing else is said."""
    return PayoutOrder(key, REFERENCE, PLAYER, amount_minor, "EUR", instrument)


def answers(upon: HttpInteraction, status: int, body: Mapping[str, Any]) -> None:
    """The answer has this status, and at least these fields."""
    upon.will_respond_with(status).with_body(dict(body), "application/json")
