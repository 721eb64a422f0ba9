"""The transactions of a style B PSP, and what may be asked of them. States move by `states`, one table per kind."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from synthetic.reference.currency import to_decimal
from synthetic.reference.psp.clock import WallClock
from synthetic.reference.psp.instruments import INSTRUMENTS, Instrument
from synthetic.reference.psp.settlement import SettlementEntry, SettlementReport
from synthetic.reference.psp.states import DEPOSIT_TRANSACTION, WITHDRAWAL_TRANSACTION
from synthetic.reference.refusal import RequestRefused

TABLES = {"deposit": DEPOSIT_TRANSACTION, "withdrawal": WITHDRAWAL_TRANSACTION}


class Refused(RequestRefused):
    """The PSP's refusal of a merchant's call."""

    def __init__(self, status: int, code: str, message: str) -> None:
        body = {"success": False, "errCode": code, "errMsg": message}
        super().__init__(status, body, f"{status} {code}: {message}")


@dataclass(frozen=True, slots=True)
class Order:
    """What a merchant asks for. `key` is its `merchantTxId`, `reference` its own id of the deposit or withdrawal."""

    kind: str  # deposit | withdrawal
    merchant: str
    key: str
    reference: str
    player: str
    amount_minor: int
    currency: str
    instrument: str
    success_url: str = ""

    @property
    def card(self) -> Instrument:
        """The instrument that was named."""
        return INSTRUMENTS[self.instrument]


@dataclass(frozen=True, slots=True)
class Transaction:
    """An order on its way. `code` says why it failed."""

    id: str
    order: Order
    created_at: datetime
    state: str = "pending"
    refunded_minor: int = 0
    code: str | None = None
    captured: tuple[int, str] | None = None  # what was taken in the end, where it is not what was ordered

    @property
    def moved(self) -> tuple[int, str]:
        """The amount in minor units and the currency that were taken or paid."""
        return self.captured or (self.order.amount_minor, self.order.currency)

    @property
    def left_minor(self) -> int:
        """What of a deposit can still be given back."""
        return self.moved[0] - self.refunded_minor

    def as_json(self) -> dict[str, Any]:
        """The form of the merchant API."""
        order, (amount_minor, currency) = self.order, self.moved
        return {
            "txId": self.id,
            "merchantTxId": order.key,
            "type": order.kind,
            "userId": order.player,
            "state": self.state,
            "amount": to_decimal(amount_minor, currency),
            "refunded": to_decimal(self.refunded_minor, currency),
            "currency": currency,
            "statusCode": self.code,
        }


class TransactionBook:
    """Every transaction of the PSP, and the settlement of what moved."""

    def __init__(self, report: SettlementReport, now: WallClock) -> None:
        self._report = report
        self._now = now
        self._transactions: dict[str, Transaction] = {}
        self._by_key: dict[tuple[str, str], str] = {}
        self._refunds: dict[tuple[str, str], int] = {}

    def place(self, order: Order, *, forgets: Callable[[], bool] = lambda: False) -> tuple[Transaction, bool]:
        """The transaction of this order and whether it is new. Raises Refused 409 for a known key with another order.

        `forgets`: whether the PSP no longer knows a key that it has seen; then the order is a new one.
        """
        known = self.by_key(order.merchant, order.key)
        if known is not None and not forgets():
            if known.order != order:
                raise Refused(409, "DUPLICATE_TX", "this merchantTxId was used with other parameters")
            return known, False
        transaction = Transaction(secrets.token_hex(12), order, self._now())
        self._by_key[order.merchant, order.key] = transaction.id
        self._transactions[transaction.id] = transaction
        return transaction, True

    def get(self, transaction_id: str) -> Transaction:
        """A transaction as it is now."""
        return self._transactions[transaction_id]

    def find(self, merchant: str, transaction_id: str) -> Transaction:
        """The merchant's transaction. Raises Refused 404, also for a transaction of somebody else."""
        transaction = self._transactions.get(transaction_id)
        if transaction is None or transaction.order.merchant != merchant:
            raise Refused(404, "UNKNOWN_TX", f"no transaction {transaction_id}")
        return transaction

    def by_key(self, merchant: str, key: str) -> Transaction | None:
        """The transaction that this merchantTxId made, or None."""
        transaction_id = self._by_key.get((merchant, key))
        return None if transaction_id is None else self._transactions[transaction_id]

    def move(self, transaction_id: str, event: str, *, code: str | None = None) -> Transaction | None:
        """Take the transaction to its next state; None where the event has no effect there (it was cancelled meanwhile)."""
        transaction = self.get(transaction_id)
        state = TABLES[transaction.order.kind].after(transaction.state, event)
        if state is None:
            return None
        self._transactions[transaction_id] = replace(transaction, state=state, code=code or transaction.code)
        return self.get(transaction_id)

    def complete(self, transaction_id: str, captured: tuple[int, str] | None) -> Transaction | None:
        """Move the money: of the order, or what was `captured` instead. None where it was cancelled meanwhile."""
        completed = self.move(transaction_id, "complete")
        if completed is not None:
            self._transactions[transaction_id] = replace(completed, captured=captured)
        return None if completed is None else self.get(transaction_id)

    def cancel(self, transaction: Transaction) -> Transaction:
        """Cancel at the merchant's wish. Raises Refused 409 when it is too late; a cancelled one stays cancelled."""
        if transaction.state == "cancelled":
            return transaction
        moved = self.move(transaction.id, "cancel")
        if moved is None:
            raise Refused(409, "TOO_LATE", f"the transaction is {transaction.state}")
        return moved

    def refund(self, transaction: Transaction, amount_minor: int, key: str) -> Transaction:
        """Give a deposit back, whole or in part, once per key. Raises Refused 409 when there is less left than that."""
        merchant = transaction.order.merchant
        if key and (merchant, key) in self._refunds:
            if self._refunds[merchant, key] != amount_minor:
                raise Refused(409, "DUPLICATE_TX", "this refund's merchantTxId was used with another amount")
            return transaction
        left_minor = transaction.left_minor
        if amount_minor > left_minor or self.move(transaction.id, "refund") is None:
            raise Refused(409, "NOT_REFUNDABLE", f"the transaction is {transaction.state}, {left_minor} is left")
        refunded = replace(self.get(transaction.id), refunded_minor=transaction.refunded_minor + amount_minor)
        self._transactions[transaction.id] = refunded
        if key:
            self._refunds[merchant, key] = amount_minor
        self.settle(refunded, "refund", amount_minor=amount_minor, key=key)
        return refunded

    def settle(
        self, transaction: Transaction, kind: str, *, amount_minor: int | None = None, key: str | None = None
    ) -> None:
        """Put a movement into the settlement report; its own amount and key unless others are given."""
        order, (moved_minor, currency) = transaction.order, transaction.moved
        self._report.add(
            SettlementEntry(
                id=f"{kind}_{secrets.token_hex(8)}",
                merchant=order.merchant,
                player=order.player,
                kind=kind,
                amount_minor=moved_minor if amount_minor is None else amount_minor,
                currency=currency,
                key=order.key if key is None else key,
                reference=order.reference,
                created_at=self._now(),
            )
        )
