"""How a style B transaction comes to its end: ask the merchant, move the money, tell the merchant."""

from __future__ import annotations

import asyncio

from synthetic.reference.psp.instruments import THREE_DS_CODES, decline_code_of
from synthetic.reference.psp.merchant_calls import MerchantCalls
from synthetic.reference.psp.merchants import Merchants
from synthetic.reference.psp.mishaps import wrong_capture
from synthetic.reference.psp.pace import Pace
from synthetic.reference.psp.transactions import Order, Transaction, TransactionBook
from synthetic.reference.switchboard import Switch, Switchboard


class Completion:
    """Completes deposits and withdrawals by itself: a synthetic player needs no human at the redirect page."""

    def __init__(
        self, book: TransactionBook, calls: MerchantCalls, board: Switchboard, merchants: Merchants, pace: Pace
    ) -> None:
        self._book = book
        self._calls = calls
        self._board = board
        self._merchants = merchants
        self._pace = pace

    async def complete(self, transaction_id: str) -> None:
        """Take a new transaction to its end."""
        order = self._book.get(transaction_id).order
        is_deposit = order.kind == "deposit"
        if is_deposit and self._acting("hangs_in_3ds", order) is not None:
            return  # the player is at the redirect page, for ever
        if is_deposit and order.card.three_ds in THREE_DS_CODES:
            await self._not_authenticated(transaction_id, order.card.three_ds)
            return
        await asyncio.sleep(self._pace.redirect_s if is_deposit else self._pace.payout_leaves_s)
        auth_code = await self._authorized(transaction_id)
        if auth_code is None:
            return
        if (code := self._decline_code(self._book.get(transaction_id))) is not None:
            self._fail(transaction_id, code)
            return
        await asyncio.sleep(self._pace.draw_capture_s() if is_deposit else self._pace.payout_lands_s)
        completed = self._completed(transaction_id)
        if completed is None:
            return  # the merchant cancelled it meanwhile
        self._book.settle(completed, "capture" if is_deposit else "payout")
        self._calls.transfer(completed, auth_code)
        if is_deposit and order.card.is_disputed:
            await asyncio.sleep(self._pace.dispute_s)
            self._book.settle(completed, "chargeback")
            self._calls.debit(completed)
        elif not is_deposit:
            await self._reverse(completed)

    async def _not_authenticated(self, transaction_id: str, three_ds: str) -> None:
        """The player fails at his bank's page, or leaves it."""
        await asyncio.sleep(self._pace.three_ds_s if three_ds == "fails" else self._pace.abandoned_s)
        self._fail(transaction_id, THREE_DS_CODES[three_ds])

    def _completed(self, transaction_id: str) -> Transaction | None:
        """The transaction after its money moved; the fault `captures_wrong` takes another amount, or another currency."""
        transaction = self._book.get(transaction_id)
        order = transaction.order
        may_be_wrong = order.kind == "deposit" and transaction.state == "authorized"
        wrong = self._acting("captures_wrong", order) if may_be_wrong else None
        captured = None if wrong is None else wrong_capture(wrong, order.amount_minor, order.currency)
        return self._book.complete(transaction_id, captured)

    async def _authorized(self, transaction_id: str) -> str | None:
        """The merchant's authorisation code; None when it refused, or the transaction was cancelled while we asked."""
        for ask in (self._calls.verify_user, self._calls.authorize):
            transaction = self._book.get(transaction_id)
            if transaction.state != "pending":
                return None
            answer = await ask(transaction)
            if answer["success"] is not True:
                self._fail(transaction_id, str(answer.get("errCode")))
                return None
        authorized = self._book.move(transaction_id, "authorize")
        if authorized is None:
            self._calls.cancel(self._book.get(transaction_id))
            return None
        return str(answer.get("authCode"))

    def _decline_code(self, transaction: Transaction) -> str | None:
        order = transaction.order
        if order.card.fails:
            return "processing_error"
        if order.kind == "withdrawal":
            return None  # an issuer declines charges, not credits
        return decline_code_of(order.card, self._board, self._merchants.named(order.merchant).cell)

    def _fail(self, transaction_id: str, code: str) -> Transaction | None:
        failed = self._book.move(transaction_id, "fail", code=code)
        if failed is not None:
            self._calls.cancel(failed)
        return failed

    async def _reverse(self, paid: Transaction) -> None:
        if not paid.order.card.returns_payouts and self._acting("reverses_payouts", paid.order) is None:
            return
        await asyncio.sleep(self._pace.payout_returns_s)
        if self._fail(paid.id, "account_closed") is not None:
            self._book.settle(paid, "payout_reversal")

    def _acting(self, name: str, order: Order) -> Switch | None:
        return self._board.acting(name, cell=self._merchants.named(order.merchant).cell)
