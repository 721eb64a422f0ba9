"""What deposits and withdrawals have in common in the database: asked for once per key, found by their player, moved by news."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from synthetic.reference.cell.cashier.models import PaymentColumns
from synthetic.reference.cell.cashier.news import News
from synthetic.reference.cell.cashier.orders import Ask
from synthetic.reference.cell.cashier.states import MOVES
from synthetic.reference.cell.cashier.switches import Acts, healthy
from synthetic.reference.cell.context import Player
from synthetic.reference.cell.errors import ApiError
from synthetic.reference.ledger import Entry, Ledger, LedgerTransaction
from synthetic.reference.state_table import StateTable

P = TypeVar("P", bound=PaymentColumns)


def recall(transaction: LedgerTransaction, table: type[P], player_id: str, ask: Ask, key: str) -> P | None:
    """The payment that the player requested under this key before, or None.

    Raises ApiError 422 `idempotency_mismatch` when he asked for something else.
    """
    seen = transaction.recall(_scope(table, player_id), key)
    if seen is None:
        return None
    if seen.fingerprint != ask.fingerprint:
        raise ApiError(422, "idempotency_mismatch", "this Idempotency-Key was used with another body")
    return transaction.session.get_one(table, seen.response["id"])


def requested(player: Player, ask: Ask, key: str) -> dict[str, Any]:
    """The columns of a payment that was just asked for."""
    now = datetime.now(UTC)
    return {
        "player_id": player.player_id,
        "idempotency_key": key,
        "psp": ask.psp,
        "instrument": ask.instrument,
        "amount_minor": ask.amount_minor,
        "currency": ask.currency,
        "created_at": now,
        "updated_at": now,
    }


def write_down(transaction: LedgerTransaction, row: PaymentColumns, payment_id: str, ask: Ask) -> None:
    """Keep a new payment, for `recall` to find."""
    transaction.session.add(row)
    scope = _scope(type(row), row.player_id)
    transaction.remember(scope, row.idempotency_key, ask.fingerprint, {"id": payment_id})


def find_payment(ledger: Ledger, table: type[P], player_id: str, payment_id: str, acts: Acts = healthy) -> P:
    """The player's payment. Raises ApiError 404 `unknown_deposit` or `unknown_withdrawal`."""
    with ledger.reading() as session:
        row = session.get(table, payment_id)
    if row is None or (row.player_id != player_id and not acts("shows_payments_to_anyone", row.psp)):
        raise ApiError(404, f"unknown_{table.noun}", f"there is no {table.noun} {payment_id!r}")
    return row


def find_payment_by_key(ledger: Ledger, table: type[P], player_id: str, key: str) -> P | None:
    """The payment that the player requested under this key, or None."""
    query = sa.select(table).where(table.player_id == player_id, table.idempotency_key == key)
    with ledger.reading() as session:
        return session.scalars(query).first()


def move(row: PaymentColumns, states: StateTable, news: News) -> bool:
    """Note the PSP's reference and take the row to its next state; False where the news has no effect there."""
    if news.psp_reference and row.psp_reference is None:
        row.psp_reference = news.psp_reference
    state = states.after(row.state, news.event)
    if state is None:
        return False
    row.state, row.code, row.updated_at = state, news.code, datetime.now(UTC)
    return True


def post(transaction: LedgerTransaction, row: PaymentColumns, payment_id: str, kind: str, amount_minor: int) -> None:
    """Post an entry of this kind between the player and the payment's PSP."""
    moves = {bucket: sign * amount_minor for bucket, sign in MOVES[kind].items()}
    transaction.post(Entry(kind, row.player_id, payment_id, moves, f"psp:{row.psp}", row.currency))


def _scope(table: type[PaymentColumns], player_id: str) -> str:
    return f"{table.noun}:{player_id}"
