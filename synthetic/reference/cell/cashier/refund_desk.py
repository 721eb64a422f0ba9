"""A player takes a deposit back: cancelled at the PSP while it is pending, refunded to its source afterwards."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool

from synthetic.reference.cell.cashier.cashier import Cashier
from synthetic.reference.cell.cashier.deposits import DepositDesk
from synthetic.reference.cell.cashier.models import DepositRow
from synthetic.reference.cell.cashier.payment_book import find_payment
from synthetic.reference.cell.cashier.psp_clients import PspPayment, PspRejected
from synthetic.reference.cell.cashier.refund_book import request_refund
from synthetic.reference.cell.cashier.refunds import RefundSender
from synthetic.reference.cell.context import Player
from synthetic.reference.cell.errors import ApiError


class RefundDesk:
    """Takes refund requests. A deposit is refunded at most once, whatever the keys."""

    def __init__(self, cashier: Cashier, deposits: DepositDesk, sender: RefundSender) -> None:
        self._cashier = cashier
        self._ledger = cashier.context.ledger
        self._deposits = deposits
        self._sender = sender

    async def refund(self, player: Player, deposit_id: str, key: str) -> DepositRow:
        """The deposit after its refund; `refunded_minor` says what went back.

        Raises ApiError 404 `unknown_deposit`, 422 `idempotency_mismatch`, 502 `psp_unavailable` (ask again, same key).
        """
        await run_in_threadpool(find_payment, self._ledger, DepositRow, player.player_id, deposit_id)
        async with self._cashier.locks.holding(deposit_id):
            row = await run_in_threadpool(find_payment, self._ledger, DepositRow, player.player_id, deposit_id)
            if row.state == "pending":
                row = await self._settle_pending(row)
            refund = await run_in_threadpool(request_refund, self._ledger, player.player_id, deposit_id, key)
            if refund is not None and refund.state == "requested":
                await self._cashier.ask(self._sender.send(refund, row))
            return await run_in_threadpool(find_payment, self._ledger, DepositRow, player.player_id, deposit_id)

    async def _settle_pending(self, row: DepositRow) -> DepositRow:
        """Bring a pending deposit to an end, asking the PSP first: what it has captured is credited, the rest cancelled."""
        client = self._cashier.clients[row.psp]
        found = await self._cashier.ask(client.find_deposit(row.deposit_id))
        if found is not None and found.state == "pending":
            found = await self._cashier.ask(self._cancelled(row, found))
        if found is None:
            return await self._deposits.cancel(row)
        row = await self._deposits.apply_payment(row, found)
        if row.state == "pending":
            raise ApiError(502, "psp_unavailable", f"{row.psp} neither completes nor cancels the deposit; ask again")
        return row

    async def _cancelled(self, row: DepositRow, found: PspPayment) -> PspPayment | None:
        client = self._cashier.clients[row.psp]
        try:
            return await client.cancel_deposit(found.psp_reference)
        except PspRejected:  # it was captured between our question and our wish
            return await client.find_deposit(row.deposit_id)
