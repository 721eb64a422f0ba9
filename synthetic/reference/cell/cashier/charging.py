"""How a deposit is charged at the PSP: once, under one key; and the wrong ways that the switches turn on."""

from __future__ import annotations

from dataclasses import replace

from synthetic.reference.cell.cashier.models import DepositRow
from synthetic.reference.cell.cashier.psp_clients import DepositOrder, PspClient, PspPayment, PspUnknown
from synthetic.reference.cell.context import CellContext

RETRY_SUFFIX = ":retry"
REPLAY_SUFFIX = ":replay"


def deposit_order(row: DepositRow, return_url: str) -> DepositOrder:
    """The order of this deposit; our id is the key at the PSP."""
    return DepositOrder(
        key=row.deposit_id,
        reference=row.deposit_id,
        player_id=row.player_id,
        amount_minor=row.amount_minor,
        currency=row.currency,
        instrument=row.instrument,
        return_url=return_url,
    )


async def charge(context: CellContext, client: PspClient, order: DepositOrder) -> PspPayment:
    """Charge the order. Raises any PspError."""
    if context.switch("takes_any_200_as_success"):
        return await _trusting_any_200(client, order)
    if context.switch("retries_under_new_key"):
        return await _retrying_under_new_key(client, order)
    return await client.start_deposit(order)


async def charge_replay(client: PspClient, order: DepositOrder) -> PspPayment:
    """The defect `credits_replayed_deposit`: charge the same deposit once more. Raises any PspError."""
    return await client.start_deposit(replace(order, key=order.key + REPLAY_SUFFIX))


async def _trusting_any_200(client: PspClient, order: DepositOrder) -> PspPayment:
    try:
        return await client.send_deposit(order)
    except PspUnknown as error:
        if error.status != 200:
            raise
        return PspPayment("", "succeeded", order.amount_minor, order.currency)


async def _retrying_under_new_key(client: PspClient, order: DepositOrder) -> PspPayment:
    try:
        return await client.send_deposit(order)
    except PspUnknown:
        return await client.send_deposit(replace(order, key=order.key + RETRY_SUFFIX))
