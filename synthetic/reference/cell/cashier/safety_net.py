"""The slow safety net: payments that stay pending are asked for at the PSP, refunds that nobody confirmed are sent again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool

from synthetic.reference.cell.cashier.cashier import Cashier
from synthetic.reference.cell.cashier.deposits import DepositDesk
from synthetic.reference.cell.cashier.models import DepositRow, WithdrawalRow
from synthetic.reference.cell.cashier.psp_clients import PspError
from synthetic.reference.cell.cashier.refund_book import requested_refunds
from synthetic.reference.cell.cashier.refunds import RefundSender
from synthetic.reference.cell.cashier.withdrawals import WithdrawalDesk
from synthetic.reference.cell.logs import log_event

_BATCH_MAX = 100


class SafetyNet:
    """Catches what webhooks, answers or a crash of this cell have let fall."""

    def __init__(
        self, cashier: Cashier, deposits: DepositDesk, withdrawals: WithdrawalDesk, refunds: RefundSender
    ) -> None:
        self._cashier = cashier
        self._deposits = deposits
        self._withdrawals = withdrawals
        self._refunds = refunds

    async def start(self) -> None:
        """Run beside the cell until it stops."""
        self._cashier.context.background.spawn(self._run(), name="cashier safety net")

    async def sweep(self, before: datetime) -> None:
        """Ask for everything that has not moved since then."""
        for deposit in await run_in_threadpool(self._pending_deposits, before):
            await self._tolerant(self._resolve_deposit(deposit), deposit.deposit_id)
        for withdrawal in await run_in_threadpool(self._pending_withdrawals, before):
            await self._tolerant(self._withdrawals.poll(withdrawal), withdrawal.withdrawal_id)
        for refund, deposit in await run_in_threadpool(requested_refunds, self._cashier.context.ledger, before):
            await self._tolerant(self._refunds.send(refund, deposit), refund.refund_id)

    async def _run(self) -> None:
        timing = self._cashier.timing
        while True:
            await asyncio.sleep(timing.net_every_s)
            await self.sweep(datetime.now(UTC) - timedelta(seconds=timing.net_after_s))

    async def _resolve_deposit(self, row: DepositRow) -> None:
        """A deposit that the PSP does not know after all this time never reached it."""
        async with self._cashier.locks.holding(row.deposit_id):
            found = await self._cashier.clients[row.psp].find_deposit(row.deposit_id)
            if found is None:
                await self._deposits.give_up(row, "never_reached_psp")
            else:
                await self._deposits.apply_payment(row, found)

    async def _tolerant(self, work: Awaitable[object], payment_id: str) -> None:
        try:
            await work
        except PspError as error:
            log_event("safety_net_unanswered", payment=payment_id, psp=error.psp, code=error.code)

    def _pending_deposits(self, before: datetime) -> list[DepositRow]:
        query = (
            sa.select(DepositRow)
            .where(DepositRow.state == "pending", DepositRow.updated_at < before)
            .order_by(DepositRow.updated_at)
            .limit(_BATCH_MAX)
        )
        with self._cashier.context.ledger.reading() as session:
            return list(session.scalars(query))

    def _pending_withdrawals(self, before: datetime) -> list[WithdrawalRow]:
        query = (
            sa.select(WithdrawalRow)
            .where(WithdrawalRow.state.in_(("pending", "in_transit")), WithdrawalRow.updated_at < before)
            .order_by(WithdrawalRow.updated_at)
            .limit(_BATCH_MAX)
        )
        with self._cashier.context.ledger.reading() as session:
            return list(session.scalars(query))
