"""The withdrawal desk: reserves, starts the payout, cancels it while it has not left, and hears of it from the PSP."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial

from starlette.concurrency import run_in_threadpool

from synthetic.reference.cell.cashier.cashier import Cashier
from synthetic.reference.cell.cashier.charging import AGAIN_SUFFIX
from synthetic.reference.cell.cashier.models import WithdrawalRow
from synthetic.reference.cell.cashier.news import News, withdrawal_news
from synthetic.reference.cell.cashier.orders import Ask
from synthetic.reference.cell.cashier.payment_book import find_payment
from synthetic.reference.cell.cashier.psp_clients import (
    PayoutOrder,
    PspError,
    PspFailed,
    PspPayment,
    PspRejected,
    PspUnknown,
)
from synthetic.reference.cell.cashier.withdrawal_book import hear_of_withdrawal, request_withdrawal
from synthetic.reference.cell.context import Player
from synthetic.reference.cell.errors import ApiError
from synthetic.reference.cell.logs import log_event


class WithdrawalDesk:
    """Takes withdrawals. The reserve is released only on the PSP's word, or when nothing ever left for it."""

    def __init__(self, cashier: Cashier) -> None:
        self._cashier = cashier
        self._context = cashier.context

    async def request(self, player: Player, ask: Ask, key: str) -> tuple[WithdrawalRow, bool]:
        """The withdrawal, and whether this was a replay. Raises ApiError as `request_withdrawal`."""
        requested = partial(request_withdrawal, self._context.ledger, player, ask, key, self._context.acts)
        row, is_replay = await run_in_threadpool(requested)
        if not is_replay:
            async with self._cashier.locks.holding(row.withdrawal_id):
                row = await self._pay_out(row)
        return row, is_replay

    async def cancel(self, player: Player, withdrawal_id: str) -> WithdrawalRow:
        """Stop a withdrawal that has not left. Raises ApiError 404, 409 `too_late`, 502 `psp_unavailable`."""
        await run_in_threadpool(find_payment, self._context.ledger, WithdrawalRow, player.player_id, withdrawal_id)
        async with self._cashier.locks.holding(withdrawal_id):
            row = await run_in_threadpool(
                find_payment, self._context.ledger, WithdrawalRow, player.player_id, withdrawal_id
            )
            if row.state == "pending":
                row = await self.apply_payout(row, await self._cashier.ask(self._cancelled(row)))
        if row.state in {"in_transit", "paid"} and self._context.switch("says_cancelled"):
            return row
        if row.state in {"in_transit", "paid"}:
            raise ApiError(409, "too_late", f"the withdrawal is {row.state}")
        if row.state == "pending":
            raise ApiError(502, "psp_unavailable", f"{row.psp} neither stops the payout nor sends it; ask again")
        return row

    async def hear(self, withdrawal_id: str, news: News) -> WithdrawalRow | None:
        """Apply news. None for a withdrawal that we don't know."""

        def apply() -> WithdrawalRow | None:
            with self._context.ledger.transaction() as transaction:
                return hear_of_withdrawal(transaction, withdrawal_id, news, acts=self._context.acts)

        return await run_in_threadpool(apply)

    async def poll(self, row: WithdrawalRow) -> WithdrawalRow:
        """Ask the PSP what became of the payout, by its key; one that it does not know is sent, under that key."""
        client = self._cashier.clients[row.psp]
        found = await client.find_payout(row.withdrawal_id)
        return await self.apply_payout(row, found or await client.start_payout(payout_order(row)))

    async def apply_payout(self, row: WithdrawalRow, payout: PspPayment) -> WithdrawalRow:
        """Apply what the PSP answered about the withdrawal's payout."""
        return await self.hear(row.withdrawal_id, withdrawal_news(payout)) or row

    async def _pay_out(self, row: WithdrawalRow) -> WithdrawalRow:
        order = payout_order(row)
        try:
            payout = await self._cashier.clients[row.psp].start_payout(order)
            if self._context.switch("pays_out_twice", psp=row.psp):
                await self._cashier.clients[row.psp].start_payout(replace(order, key=order.key + AGAIN_SUFFIX))
        except (PspUnknown, PspFailed) as error:
            # An error answer is no proof that nothing leaves: the reserve stays, and the key is asked again.
            log_event("withdrawal_unknown", withdrawal=row.withdrawal_id, psp=row.psp, code=error.code)
            self._context.background.spawn(self._look_up(row), name=f"look up {row.withdrawal_id}")
            return row
        except PspError as error:
            log_event("withdrawal_failed", withdrawal=row.withdrawal_id, psp=row.psp, code=error.code)
            news = News("failed", "", row.amount_minor, row.currency, error.code)
            return await self.hear(row.withdrawal_id, news) or row
        return await self.apply_payout(row, payout)

    async def _cancelled(self, row: WithdrawalRow) -> PspPayment:
        """Cancel at the PSP; a payout that it does not know yet is sent first, so that no late request can slip by."""
        client = self._cashier.clients[row.psp]
        payout = await client.find_payout(row.withdrawal_id) or await client.start_payout(payout_order(row))
        if payout.state != "pending":
            return payout
        try:
            return await client.cancel_payout(payout.psp_reference)
        except PspRejected:  # it left between our question and our wish
            return await client.find_payout(row.withdrawal_id) or payout

    async def _look_up(self, row: WithdrawalRow) -> None:
        """Look an unknown outcome up until the PSP answers; the safety net goes on after that."""
        for pause_s in self._cashier.timing.look_ups_s:
            await asyncio.sleep(pause_s)
            try:
                await self.poll(row)
            except PspError:
                continue
            return


def payout_order(row: WithdrawalRow) -> PayoutOrder:
    """The order of this withdrawal; our id is the key at the PSP."""
    return PayoutOrder(
        key=row.withdrawal_id,
        reference=row.withdrawal_id,
        player_id=row.player_id,
        amount_minor=row.amount_minor,
        currency=row.currency,
        instrument=row.instrument,
    )
