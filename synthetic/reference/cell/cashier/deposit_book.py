"""Deposits in the database: requested once per key, moved by news from the PSP, credited once. Runs in worker threads."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from synthetic.reference.cell.cashier.announcements import announce_deposit
from synthetic.reference.cell.cashier.models import DepositRow, RefundRow
from synthetic.reference.cell.cashier.news import News
from synthetic.reference.cell.cashier.orders import Ask, check_rules, check_source
from synthetic.reference.cell.cashier.payment_book import move, post, recall, requested, write_down
from synthetic.reference.cell.cashier.refund_book import open_refund
from synthetic.reference.cell.cashier.states import DEPOSIT, UNDECIDED
from synthetic.reference.cell.cashier.switches import Acts, healthy
from synthetic.reference.cell.context import Player
from synthetic.reference.cell.errors import ApiError
from synthetic.reference.ledger import Ledger, LedgerTransaction

AMOUNT_MISMATCH = "amount_mismatch"
GIVEN_UP = "expired"
LATE_S = 1.0  # what is late for the fault `gives_up_late_deposits`
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
    transaction: LedgerTransaction, deposit_id: str, news: News, *, acts: Acts = healthy, is_webhook: bool = False
) -> Heard | None:
    """Apply news to a deposit; None for a deposit that we don't know. News that comes again, or late, changes nothing.

    Money that was captured for a deposit which is dead, or in another amount, is not credited: it goes back to its source.
    """
    row = transaction.session.get(DepositRow, deposit_id, with_for_update=True, populate_existing=True)
    if row is None:
        return None
    if news.event == "declined" and acts("takes_declines_for_success", row.psp):
        news = replace(news, event="captured")
    if UNDECIDED in (news.event, row.code):
        row.code = UNDECIDED
    elif news.event == "captured" and is_webhook and _gives_up(row, acts):
        move(row, DEPOSIT, replace(news, event="failed", code=GIVEN_UP))
    elif news.event == "captured" and row.code == GIVEN_UP and acts("gives_up_late_deposits", row.psp):
        pass  # the PSP tells it twice, and the money is kept all the same
    elif news.event == "captured":
        return _hear_of_capture(transaction, row, news, acts, is_webhook=is_webhook)
    elif not move(row, DEPOSIT, news):
        _hear_in_vain(transaction, row, news, acts)
    return Heard(row)


def hear_again(transaction: LedgerTransaction, deposit_id: str, news: News, *, acts: Acts) -> None:
    """Webhooks that were heard before: a healthy cell does nothing about them."""
    row = transaction.session.get(DepositRow, deposit_id, with_for_update=True, populate_existing=True)
    if row is None:
        return
    if news.event == "captured" and row.credited_minor and acts("credits_every_webhook", row.psp):
        credit(transaction, row, acts)
    elif news.event == "processing":
        _hear_in_vain(transaction, row, news, acts)


def _hear_of_capture(
    transaction: LedgerTransaction, row: DepositRow, news: News, acts: Acts, *, is_webhook: bool
) -> Heard:
    is_other = (news.amount_minor, news.currency) != (row.amount_minor, row.currency)
    if is_other and not (row.state == DEPOSIT.initial and acts("credits_own_amount", row.psp)):
        move(row, DEPOSIT, replace(news, event="failed", code=AMOUNT_MISMATCH))
        return Heard(row, None if row.credited_minor else _return_uncredited(transaction, row, news))
    has_moved = move(row, DEPOSIT, news)
    if not has_moved and not row.credited_minor and not acts("credits_dead_deposits", row.psp):
        return Heard(row, _return_uncredited(transaction, row, news))
    is_new, is_repeated = not row.credited_minor, is_webhook and not has_moved
    if is_new or (is_repeated and acts("credits_every_webhook", row.psp)):
        credit(transaction, row, acts)
    return Heard(row)


def _gives_up(row: DepositRow, acts: Acts) -> bool:
    """The fault `gives_up_late_deposits`."""
    is_late = row.created_at < datetime.now(UTC) - timedelta(seconds=LATE_S)
    return row.state == DEPOSIT.initial and is_late and acts("gives_up_late_deposits", row.psp)


def _hear_in_vain(transaction: LedgerTransaction, row: DepositRow, news: News, acts: Acts) -> None:
    """News that has no effect on a healthy deposit: of something that it has left behind, or that is no end."""
    if news.event == "processing" and row.state == "succeeded" and acts("obeys_old_events", row.psp):
        row.state = DEPOSIT.initial
    elif news.event == "pending" and row.state == DEPOSIT.initial and acts("credits_before_capture", row.psp):
        row.state = "succeeded"
        credit(transaction, row, acts)


def credit(transaction: LedgerTransaction, row: DepositRow, acts: Acts = healthy) -> None:
    """Post the deposit's amount to the player's cash, and announce it."""
    fee_minor = 1 if acts("credits_with_fees", row.psp) else 0
    post(transaction, row, row.deposit_id, "deposit", row.amount_minor + fee_minor)
    row.credited_minor = row.amount_minor
    announce_deposit(transaction.session, row)


def credit_returned(transaction: LedgerTransaction, deposit_id: str, acts: Acts) -> None:
    """A player came back from the PSP's page, which said success. That proves nothing, so a healthy cell does nothing."""
    row = transaction.session.get(DepositRow, deposit_id, with_for_update=True, populate_existing=True)
    if row is not None and not row.credited_minor and acts("credits_on_redirect", row.psp):
        row.state = "succeeded"
        credit(transaction, row, acts)


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
