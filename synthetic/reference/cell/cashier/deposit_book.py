"""Deposits in the database: requested once per key, moved by news from the PSP, credited once. Runs in worker threads."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from synthetic.reference.cell.cashier.models import DepositRow, RefundRow
from synthetic.reference.cell.cashier.news import News
from synthetic.reference.cell.cashier.orders import Ask, check_rules, check_source
from synthetic.reference.cell.cashier.payment_book import move, post, recall, requested, write_down
from synthetic.reference.cell.cashier.refund_book import open_refund
from synthetic.reference.cell.cashier.states import DEPOSIT
from synthetic.reference.cell.context import Player
from synthetic.reference.cell.errors import ApiError
from synthetic.reference.ledger import Ledger, LedgerTransaction

AMOUNT_MISMATCH = "amount_mismatch"
_COUNTS_TOWARDS_LIMIT = ("pending", "succeeded")


@dataclass(frozen=True, slots=True)
class Heard:
    """The deposit after the news, and the refund that has to be sent because of it, if any."""

    deposit: DepositRow
    refund: RefundRow | None = None


def request_deposit(ledger: Ledger, player: Player, ask: Ask, key: str) -> tuple[DepositRow, bool]:
    """Write the deposit down before any PSP hears of it; the flag says that this was a replay.

    Raises ApiError 422 `idempotency_mismatch`, `limit_exceeded`, 403 `self_excluded`, `kyc_required`, `geo_blocked`.
    """
    with ledger.transaction() as transaction:
        transaction.lock(player.player_id)
        known = recall(transaction, DepositRow, player.player_id, ask, key)
        if known is not None:
            return known, True
        check_rules(player)
        check_source(player)
        _check_limit(transaction, player, ask.amount_minor)
        row = DepositRow(
            deposit_id=f"dep_{uuid.uuid4().hex}",
            state=DEPOSIT.initial,
            credited_minor=0,
            refunded_minor=0,
            **requested(player, ask, key),
        )
        write_down(transaction, row, row.deposit_id, ask)
        return row, False


def hear_of_deposit(
    transaction: LedgerTransaction, deposit_id: str, news: News, *, credits_again: bool = False
) -> Heard | None:
    """Apply news to a deposit; None for a deposit that we don't know. News that comes again, or late, changes nothing.

    Money that was captured for a deposit which is dead, or in another amount, is not credited: it goes back to its source.
    `credits_again` is the fault `credits_every_webhook`.
    """
    row = transaction.session.get(DepositRow, deposit_id, with_for_update=True, populate_existing=True)
    if row is None:
        return None
    if news.event == "captured" and (news.amount_minor, news.currency) != (row.amount_minor, row.currency):
        move(row, DEPOSIT, replace(news, event="failed", code=AMOUNT_MISMATCH))
        return Heard(row, None if row.credited_minor else _return_uncredited(transaction, row, news))
    if move(row, DEPOSIT, news):
        if news.event == "captured":
            credit(transaction, row)
        return Heard(row)
    if news.event == "captured" and credits_again and row.credited_minor:
        credit(transaction, row)
    elif news.event == "captured" and not row.credited_minor:
        return Heard(row, _return_uncredited(transaction, row, news))
    return Heard(row)


def credit(transaction: LedgerTransaction, row: DepositRow) -> None:
    """Post the deposit's amount to the player's cash."""
    post(transaction, row, row.deposit_id, "deposit", row.amount_minor)
    row.credited_minor = row.amount_minor


def deposited_today(transaction: LedgerTransaction, player_id: str) -> int:
    """What the player has deposited today, in minor units. The day is the UTC day; what was refunded counts no more."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    query = sa.select(sa.func.coalesce(sa.func.sum(DepositRow.amount_minor), 0)).where(
        DepositRow.player_id == player_id,
        DepositRow.created_at >= today,
        DepositRow.created_at < today + timedelta(days=1),
        DepositRow.state.in_(_COUNTS_TOWARDS_LIMIT),
    )
    return int(transaction.session.scalar(query) or 0)


def _check_limit(transaction: LedgerTransaction, player: Player, amount_minor: int) -> None:
    """Raises ApiError 422 `limit_exceeded`."""
    left_minor = player.deposit_day_minor - deposited_today(transaction, player.player_id)
    if amount_minor > left_minor:
        message = f"{max(0, left_minor)} of the day's {player.deposit_day_minor} is left"
        raise ApiError(422, "limit_exceeded", message)


def _return_uncredited(transaction: LedgerTransaction, row: DepositRow, news: News) -> RefundRow | None:
    if not news.psp_reference:
        return None
    return open_refund(transaction, row, "uncredited", news.amount_minor, psp_reference=news.psp_reference)
