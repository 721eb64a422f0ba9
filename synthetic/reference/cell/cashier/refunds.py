"""The refund desk: a player's refund of a deposit, and the return of money that was captured but not credited."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool

from synthetic.reference.cell.cashier.cashier import Cashier
from synthetic.reference.cell.cashier.models import DepositRow, RefundRow
from synthetic.reference.cell.cashier.psp_clients import PspError, PspRejected
from synthetic.reference.cell.cashier.refund_book import settle_refund
from synthetic.reference.cell.logs import log_event


class RefundSender:
    """Sends refunds to the PSP, under the refund's own id for ever."""

    def __init__(self, cashier: Cashier) -> None:
        self._cashier = cashier

    async def send(self, refund: RefundRow, deposit: DepositRow) -> None:
        """Ask the PSP and write down what it said. Raises PspError when that is not known; then it is sent again later."""
        client = self._cashier.clients[deposit.psp]
        try:
            await client.refund_deposit(refund.psp_reference, refund.amount_minor, deposit.currency, refund.refund_id)
        except PspRejected as error:
            log_event("refund_rejected", refund=refund.refund_id, psp=deposit.psp, code=error.code)
            await self._settle(refund, is_done=False)
            return
        await self._settle(refund, is_done=True)

    def send_soon(self, refund: RefundRow, deposit: DepositRow) -> None:
        """Send in the background; the safety net repeats what fails."""

        async def send() -> None:
            try:
                await self.send(refund, deposit)
            except PspError as error:
                log_event("refund_unknown", refund=refund.refund_id, psp=error.psp, code=error.code)

        self._cashier.context.background.spawn(send(), name=f"refund {refund.refund_id}")

    async def _settle(self, refund: RefundRow, **outcome: Any) -> None:
        await run_in_threadpool(settle_refund, self._cashier.context.ledger, refund.refund_id, **outcome)
