"""Withdrawals in the database: reserved at the request, moved by news from the PSP, released once. Runs in worker threads."""

from __future__ import annotations

import uuid

from synthetic.reference.cell.cashier.announcements import announce_withdrawal
from synthetic.reference.cell.cashier.models import WithdrawalRow
from synthetic.reference.cell.cashier.news import News
from synthetic.reference.cell.cashier.orders import Ask, check_rules
from synthetic.reference.cell.cashier.payment_book import move, post, recall, requested, write_down
from synthetic.reference.cell.cashier.payout_rules import check_payout
from synthetic.reference.cell.cashier.states import WITHDRAWAL, WITHDRAWAL_ENTRIES
from synthetic.reference.cell.cashier.switches import Acts, healthy
from synthetic.reference.cell.context import Player
from synthetic.reference.cell.errors import ApiError
from synthetic.reference.ledger import Entry, InsufficientFunds, Ledger, LedgerTransaction


def request_withdrawal(
    ledger: Ledger, player: Player, ask: Ask, key: str, acts: Acts = healthy
) -> tuple[WithdrawalRow, bool]:
    """Reserve the amount (cash -> locked) and write the withdrawal down; the flag says that this was a replay.

    Raises ApiError 422 `idempotency_mismatch`, 403 `self_excluded`, `kyc_required`, and as `check_payout`.
    """
    with ledger.transaction() as transaction:
        transaction.lock(player.player_id)
        known = recall(transaction, WithdrawalRow, player.player_id, ask, key)
        if known is not None:
            return known, True
        check_rules(player)
        too_much = ask.amount_minor > transaction.balance(player.player_id).cash_minor
        is_hollow = too_much and acts("takes_any_withdrawal", ask.psp)
        if not is_hollow:
            check_payout(transaction, player, ask, acts)
        state = "cancelled" if is_hollow else WITHDRAWAL.initial
        row = WithdrawalRow(withdrawal_id=f"wd_{uuid.uuid4().hex}", state=state, **requested(player, ask, key))
        write_down(transaction, row, row.withdrawal_id, ask)
        if is_hollow:
            return row, True  # nothing is paid out for it, as for a replay
        try:
            post(transaction, row, row.withdrawal_id, "withdraw_reserve", row.amount_minor)
        except InsufficientFunds as error:
            message = f"{error.balance.cash_minor} of cash is there"
            raise ApiError(409, "insufficient_funds", message) from None
        return row, False


def hear_of_withdrawal(
    transaction: LedgerTransaction, withdrawal_id: str, news: News, *, acts: Acts = healthy
) -> WithdrawalRow | None:
    """Apply news to a withdrawal; None for one that we don't know. News that comes again, or late, changes nothing."""
    row = transaction.session.get(WithdrawalRow, withdrawal_id, with_for_update=True, populate_existing=True)
    if row is None:
        return None
    kind = WITHDRAWAL_ENTRIES.get((row.state, news.event))
    has_moved = move(row, WITHDRAWAL, news)
    if has_moved and kind is not None:
        _post(transaction, row, kind, acts)
    if has_moved and row.state == "paid":
        announce_withdrawal(transaction.session, row)
    return row


def _post(transaction: LedgerTransaction, row: WithdrawalRow, kind: str, acts: Acts) -> None:
    if kind == "payout_failed" and acts("forgets_payout_reversal", row.psp):
        return
    post(transaction, row, row.withdrawal_id, kind, row.amount_minor)
    again = {"withdraw_release": "releases_twice", "payout_failed": "recredits_twice"}.get(kind)
    if again is not None and acts(again, row.psp):
        moves = {"cash": row.amount_minor}  # the reserve is empty by now; a second release takes it from nowhere
        transaction.post(Entry(kind, row.player_id, row.withdrawal_id, moves, f"psp:{row.psp}", row.currency))
