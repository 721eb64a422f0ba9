"""How a deposit is charged at the PSP: once, under one key; and the wrong ways that the switches turn on."""

from __future__ import annotations

from dataclasses import replace

from synthetic.reference.cell.cashier.models import DepositRow
from synthetic.reference.cell.cashier.psp_clients import DepositOrder, OnUnknown, PspClient, PspPayment, PspUnknown
from synthetic.reference.cell.cashier.states import UNDECIDED
from synthetic.reference.cell.context import CellContext

RETRY_SUFFIX = ":retry"
REPLAY_SUFFIX = ":replay"
AGAIN_SUFFIX = ":again"
SECOND_PAYMENTS = (RETRY_SUFFIX, REPLAY_SUFFIX, AGAIN_SUFFIX)  # keys that only a cell with a defect sends
STORM_REQUESTS = 40
_UNREADABLE = ("not_json", "not_an_object", "unreadable")


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


def bad_habits(context: CellContext, client: PspClient, order: DepositOrder, psp: str) -> OnUnknown:
    """What a cell with a switch thrown does about an outcome that it does not know; a healthy one does nothing of it.

    Each is asked for once in the life of a payment, where its answer makes a difference.
    """
    asked: set[str] = set()

    def acts(name: str) -> bool:
        is_first = name not in asked
        asked.add(name)
        return is_first and context.switch(name, psp=psp)

    async def on_unknown(error: PspUnknown) -> PspPayment | None:
        if error.status == 200:
            if acts("takes_any_200_as_success"):
                return PspPayment("", "succeeded", order.amount_minor, order.currency)
            if error.code in _UNREADABLE and acts("leaves_undecided"):
                return PspPayment("", UNDECIDED, order.amount_minor, order.currency)
        elif error.status == 500 and acts("storms_retries"):
            return await _storm(client, order)
        elif not error.is_answered and acts("retries_under_new_key"):
            return await client.send_deposit(replace(order, key=order.key + RETRY_SUFFIX))
        elif not error.is_answered and acts("retries_without_looking_up"):
            return await _sent_again(client, order)
        return None

    return on_unknown


async def charge_replay(client: PspClient, order: DepositOrder) -> PspPayment:
    """The defect `credits_replayed_deposit`: charge the same deposit once more. Raises any PspError."""
    return await client.start_deposit(replace(order, key=order.key + REPLAY_SUFFIX))


async def _storm(client: PspClient, order: DepositOrder) -> PspPayment | None:
    for _ in range(STORM_REQUESTS):
        sent = await _sent_again(client, order)
        if sent is not None:
            return sent
    return None


async def _sent_again(client: PspClient, order: DepositOrder) -> PspPayment | None:
    try:
        return await client.send_deposit(order)
    except PspUnknown:
        return None
