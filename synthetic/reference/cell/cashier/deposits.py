"""The deposit desk: writes a deposit down, charges it, and hears of it from the PSP, by webhook or by asking."""

from __future__ import annotations

import asyncio

from starlette.concurrency import run_in_threadpool

from synthetic.reference.cell.cashier.cashier import Cashier
from synthetic.reference.cell.cashier.chargebacks import hear_of_chargeback
from synthetic.reference.cell.cashier.charging import REPLAY_SUFFIX, bad_habits, charge_replay, deposit_order
from synthetic.reference.cell.cashier.deposit_book import (
    Heard,
    credit,
    credit_returned,
    hear_of_deposit,
    request_deposit,
)
from synthetic.reference.cell.cashier.models import DepositRow
from synthetic.reference.cell.cashier.news import News, deposit_news
from synthetic.reference.cell.cashier.orders import Ask
from synthetic.reference.cell.cashier.psp_clients import DepositOrder, PspError, PspPayment, PspUnknown
from synthetic.reference.cell.cashier.refunds import RefundSender
from synthetic.reference.cell.context import Player
from synthetic.reference.cell.logs import log_event
from synthetic.reference.ledger import LedgerTransaction


class DepositDesk:
    """Takes deposits. `charge` waits for the PSP's first word; the last word comes by webhook."""

    def __init__(self, cashier: Cashier, refunds: RefundSender) -> None:
        self._cashier = cashier
        self._context = cashier.context
        self._refunds = refunds

    async def request(self, player: Player, ask: Ask, key: str, return_url: str) -> tuple[DepositRow, str, bool]:
        """The deposit, where the player is to be sent ("" for nowhere), and whether this was a replay.

        `return_url` has a `{id}` for the deposit id. Raises ApiError as `request_deposit`.
        """
        row, is_replay = await run_in_threadpool(request_deposit, self._context.ledger, player, ask, key)
        order = deposit_order(row, return_url.format(id=row.deposit_id))
        if not is_replay:
            return *await self._charge(row, order), False
        if self._context.switch("credits_replayed_deposit", psp=row.psp):
            await self._charge_replay(row, order)
        return row, "", True

    async def hear(self, deposit_id: str, news: News, *, is_webhook: bool = False) -> DepositRow | None:
        """Apply news, and send the refund that it may call for. None for a deposit that we don't know."""
        heard = await run_in_threadpool(self._apply, deposit_id, news, is_webhook)
        if heard is not None and heard.refund is not None:
            self._refunds.send_soon(heard.refund, heard.deposit)
        return None if heard is None else heard.deposit

    def hear_in(self, transaction: LedgerTransaction, deposit_id: str, news: News, *, is_webhook: bool) -> Heard | None:
        """Apply news within a transaction of the caller, who then sends the refund that it may call for."""
        if news.key.endswith(REPLAY_SUFFIX) and self._context.switch("credits_replayed_deposit"):
            return _credit_replay(transaction, deposit_id, news)
        return hear_of_deposit(transaction, deposit_id, news, acts=self._context.acts, is_webhook=is_webhook)

    async def come_back(self, deposit_id: str) -> None:
        """A player came back from the PSP's page with success."""

        def apply() -> None:
            with self._context.ledger.transaction() as transaction:
                credit_returned(transaction, deposit_id, self._context.acts)

        await run_in_threadpool(apply)

    async def charge_back(self, deposit_id: str, news: News) -> DepositRow | None:
        """The player's bank took a captured deposit back. None for a deposit that we don't know."""

        def apply() -> DepositRow | None:
            with self._context.ledger.transaction() as transaction:
                return hear_of_chargeback(transaction, deposit_id, news, acts=self._context.acts)

        return await run_in_threadpool(apply)

    async def give_up(self, row: DepositRow, code: str) -> DepositRow:
        """Fail a deposit of which the PSP has nothing. Should it capture after all, the money goes back to its source."""
        return await self.hear(row.deposit_id, News("failed", "", row.amount_minor, row.currency, code)) or row

    async def cancel(self, row: DepositRow) -> DepositRow:
        """The player gave a pending deposit up, and the PSP has nothing of it."""
        return await self.hear(row.deposit_id, News("cancelled", "", row.amount_minor, row.currency)) or row

    async def apply_payment(self, row: DepositRow, payment: PspPayment) -> DepositRow:
        """Apply what the PSP answered about the deposit's payment."""
        return await self.hear(row.deposit_id, deposit_news(payment)) or row

    async def _charge(self, row: DepositRow, order: DepositOrder) -> tuple[DepositRow, str]:
        async with self._cashier.locks.holding(row.deposit_id):
            client = self._cashier.clients[row.psp]
            try:
                payment = await client.start_deposit(order, bad_habits(self._context, client, order, row.psp))
            except PspUnknown as error:
                log_event("deposit_unknown", deposit=row.deposit_id, psp=row.psp, code=error.code)
                self._context.background.spawn(self._look_up(row), name=f"look up {row.deposit_id}")
                return row, ""
            except PspError as error:
                log_event("deposit_failed", deposit=row.deposit_id, psp=row.psp, code=error.code, status=error.status)
                return await self.give_up(row, error.code), ""
            return await self.apply_payment(row, payment), payment.redirect_url

    async def _charge_replay(self, row: DepositRow, order: DepositOrder) -> None:
        try:
            await charge_replay(self._cashier.clients[row.psp], order)
        except PspError as error:
            log_event("replay_failed", deposit=row.deposit_id, psp=row.psp, code=error.code)

    async def _look_up(self, row: DepositRow) -> None:
        """Look an unknown outcome up until the PSP knows the payment; then its webhook, or the safety net, has the last word."""
        for pause_s in self._cashier.timing.look_ups_s:
            await asyncio.sleep(pause_s)
            try:
                found = await self._cashier.clients[row.psp].find_deposit(row.deposit_id)
            except PspError:
                continue
            if found is not None:
                await self.apply_payment(row, found)
                return

    def _apply(self, deposit_id: str, news: News, is_webhook: bool) -> Heard | None:  # noqa: FBT001 - for the thread pool
        with self._context.ledger.transaction() as transaction:
            return self.hear_in(transaction, deposit_id, news, is_webhook=is_webhook)


def _credit_replay(transaction: LedgerTransaction, deposit_id: str, news: News) -> Heard | None:
    row = transaction.session.get(DepositRow, deposit_id, with_for_update=True)
    if row is None or news.event != "captured":
        return None
    if transaction.recall("replayed_deposit", news.psp_reference) is None:
        transaction.remember("replayed_deposit", news.psp_reference, "", {})
        # Whichever of the two payments is told first: each of them is credited, and the deposit's own news then finds it succeeded.
        for _ in range(1 if row.state == "succeeded" else 2):
            credit(transaction, row)
    return Heard(row)
