"""Refunds in the database: the cash is taken first, then the PSP is asked, and a refusal gives it back. Runs in worker threads."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import sqlalchemy as sa

from synthetic.reference.cell.cashier.models import DepositRow, RefundRow
from synthetic.reference.cell.cashier.payment_book import post
from synthetic.reference.cell.cashier.states import DEPOSIT
from synthetic.reference.cell.errors import ApiError
from synthetic.reference.ledger import Ledger, LedgerTransaction


def request_refund(ledger: Ledger, player_id: str, deposit_id: str, key: str) -> RefundRow | None:
    """Take what is left of a succeeded deposit, min(deposit, cash), off the player's cash; None when that is nothing.

    A deposit is refunded once: under another key the first refund is answered. Raises ApiError 422 `idempotency_mismatch`.
    """
    scope = f"refund:{player_id}"
    with ledger.transaction() as transaction:
        seen = transaction.recall(scope, key)
        if seen is not None and seen.fingerprint != deposit_id:
            raise ApiError(422, "idempotency_mismatch", "this Idempotency-Key refunded another deposit")
        row = transaction.session.get_one(DepositRow, deposit_id, with_for_update=True, populate_existing=True)
        balance = transaction.lock(
            player_id
        )  # after the deposit, as whoever hears of it: the other order could deadlock
        refund = _live_refund(transaction, deposit_id, "player")
        amount_minor = min(row.credited_minor, balance.cash_minor)
        if refund is None and row.state == "succeeded" and amount_minor > 0:
            refund = open_refund(transaction, row, "player", amount_minor, psp_reference=row.psp_reference or "")
            post(transaction, row, deposit_id, "refund", amount_minor)
        if refund is not None and seen is None:
            transaction.remember(scope, key, deposit_id, {"refund_id": refund.refund_id})
        return refund


def open_refund(
    transaction: LedgerTransaction, row: DepositRow, reason: str, amount_minor: int, *, psp_reference: str
) -> RefundRow:
    """The refund of this deposit for this reason, written down before the PSP is asked; there is at most one that lives."""
    known = _live_refund(transaction, row.deposit_id, reason)
    if known is not None:
        return known
    now = datetime.now(UTC)
    refund = RefundRow(
        refund_id=f"ref_{uuid.uuid4().hex}",
        deposit_id=row.deposit_id,
        reason=reason,
        psp_reference=psp_reference,
        amount_minor=amount_minor,
        state="requested",
        created_at=now,
        updated_at=now,
    )
    transaction.session.add(refund)
    transaction.session.flush()
    return refund


def settle_refund(ledger: Ledger, refund_id: str, *, is_done: bool) -> None:
    """The PSP has refunded, or refused to: then the player gets his cash back. Once; a second call changes nothing."""
    with ledger.transaction() as transaction:
        session = transaction.session
        refund = session.get_one(RefundRow, refund_id)
        row = session.get_one(DepositRow, refund.deposit_id, with_for_update=True, populate_existing=True)
        session.refresh(refund)
        if refund.state != "requested":
            return
        refund.state, refund.updated_at = "done" if is_done else "failed", datetime.now(UTC)
        if refund.reason != "player":
            return
        if not is_done:
            post(transaction, row, row.deposit_id, "refund_failed", refund.amount_minor)
            return
        state = DEPOSIT.after(row.state, "refunded")
        assert state is not None, f"deposit {row.deposit_id} was refunded while {row.state}"
        row.state, row.refunded_minor, row.updated_at = state, refund.amount_minor, datetime.now(UTC)


def requested_refunds(ledger: Ledger, before: datetime) -> list[tuple[RefundRow, DepositRow]]:
    """The refunds that no PSP has confirmed since then."""
    query = (
        sa.select(RefundRow, DepositRow)
        .join(DepositRow, DepositRow.deposit_id == RefundRow.deposit_id)
        .where(RefundRow.state == "requested", RefundRow.updated_at < before)
    )
    with ledger.reading() as session:
        return [(refund, row) for refund, row in session.execute(query)]


def _live_refund(transaction: LedgerTransaction, deposit_id: str, reason: str) -> RefundRow | None:
    query = sa.select(RefundRow).where(
        RefundRow.deposit_id == deposit_id, RefundRow.reason == reason, RefundRow.state != "failed"
    )
    return transaction.session.scalars(query).first()
