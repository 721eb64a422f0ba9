"""Withdrawals in the database: reserved at the request, moved by news from the PSP, released once. Runs in worker threads."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import sqlalchemy as sa

from synthetic.reference.cell.cashier.models import WithdrawalRow
from synthetic.reference.cell.cashier.news import News
from synthetic.reference.cell.cashier.orders import Ask, check_rules
from synthetic.reference.cell.cashier.states import MOVES, WITHDRAWAL, WITHDRAWAL_ENTRIES
from synthetic.reference.cell.context import Player
from synthetic.reference.cell.errors import ApiError
from synthetic.reference.ledger import Entry, InsufficientFunds, Ledger, LedgerTransaction


def request_withdrawal(ledger: Ledger, player: Player, ask: Ask, key: str) -> tuple[WithdrawalRow, bool]:
    """Reserve the amount (cash -> locked) and write the withdrawal down; the flag says that this was a replay.

    Raises ApiError 422 `idempotency_mismatch`, 409 `insufficient_funds`, 403 `self_excluded`, `kyc_required`.
    """
    scope = f"withdrawal:{player.player_id}"
    with ledger.transaction() as transaction:
        transaction.lock(player.player_id)
        seen = transaction.recall(scope, key)
        if seen is not None:
            if seen.fingerprint != ask.fingerprint:
                raise ApiError(422, "idempotency_mismatch", "this Idempotency-Key was used with another body")
            return transaction.session.get_one(WithdrawalRow, seen.response["id"]), True
        check_rules(player)
        row = _new_row(player, ask, key)
        transaction.session.add(row)
        transaction.remember(scope, key, ask.fingerprint, {"id": row.withdrawal_id})
        try:
            _post(transaction, row, "withdraw_reserve")
        except InsufficientFunds as error:
            message = f"{error.balance.cash_minor} of cash is there"
            raise ApiError(409, "insufficient_funds", message) from None
        return row, False


def hear_of_withdrawal(transaction: LedgerTransaction, withdrawal_id: str, news: News) -> WithdrawalRow | None:
    """Apply news to a withdrawal; None for one that we don't know. News that comes again, or late, changes nothing."""
    row = transaction.session.get(WithdrawalRow, withdrawal_id, with_for_update=True, populate_existing=True)
    if row is None:
        return None
    if news.psp_reference and row.psp_reference is None:
        row.psp_reference = news.psp_reference
    before, state = row.state, WITHDRAWAL.after(row.state, news.event)
    if state is None:
        return row
    row.state, row.code, row.updated_at = state, news.code, datetime.now(UTC)
    kind = WITHDRAWAL_ENTRIES.get((before, news.event))
    if kind is not None:
        _post(transaction, row, kind)
    return row


def find_withdrawal(ledger: Ledger, player_id: str, withdrawal_id: str) -> WithdrawalRow:
    """The player's withdrawal. Raises ApiError 404 `unknown_withdrawal`."""
    with ledger.reading() as session:
        row = session.get(WithdrawalRow, withdrawal_id)
    if row is None or row.player_id != player_id:
        raise ApiError(404, "unknown_withdrawal", f"there is no withdrawal {withdrawal_id!r}")
    return row


def find_withdrawal_by_key(ledger: Ledger, player_id: str, key: str) -> WithdrawalRow | None:
    """The withdrawal that the player requested under this key, or None."""
    query = sa.select(WithdrawalRow).where(WithdrawalRow.player_id == player_id, WithdrawalRow.idempotency_key == key)
    with ledger.reading() as session:
        return session.scalars(query).first()


def _new_row(player: Player, ask: Ask, key: str) -> WithdrawalRow:
    now = datetime.now(UTC)
    return WithdrawalRow(
        withdrawal_id=f"wd_{uuid.uuid4().hex}",
        player_id=player.player_id,
        idempotency_key=key,
        psp=ask.psp,
        instrument=ask.instrument,
        amount_minor=ask.amount_minor,
        currency=ask.currency,
        state=WITHDRAWAL.initial,
        created_at=now,
        updated_at=now,
    )


def _post(transaction: LedgerTransaction, row: WithdrawalRow, kind: str) -> None:
    moves = {bucket: sign * row.amount_minor for bucket, sign in MOVES[kind].items()}
    transaction.post(Entry(kind, row.player_id, row.withdrawal_id, moves, f"psp:{row.psp}", row.currency))
