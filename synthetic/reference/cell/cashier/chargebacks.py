"""Chargebacks: a player's bank takes a captured deposit back, and from then on the player owes it to us.

What he owes stands in his bucket `receivable`, below zero. His cash is not touched: it may be long gone.
"""

from __future__ import annotations

from synthetic.reference.cell.cashier.models import DepositRow
from synthetic.reference.cell.cashier.news import News
from synthetic.reference.cell.cashier.payment_book import post
from synthetic.reference.cell.cashier.switches import Acts, healthy
from synthetic.reference.ledger import Entry, LedgerTransaction

_SCOPE = "chargeback"


def hear_of_chargeback(
    transaction: LedgerTransaction, deposit_id: str, news: News, *, acts: Acts = healthy
) -> DepositRow | None:
    """Book a chargeback once, however often it is told. None for a deposit that we don't know."""
    row = transaction.session.get(DepositRow, deposit_id, with_for_update=True, populate_existing=True)
    if row is None:
        return None
    if transaction.recall(_SCOPE, news.psp_reference) is not None:
        return row
    transaction.remember(_SCOPE, news.psp_reference, deposit_id, {"amount_minor": news.amount_minor})
    if acts("charges_back_to_cash", row.psp):
        moves = {"cash": -news.amount_minor}
        entry = Entry("chargeback", row.player_id, deposit_id, moves, f"psp:{row.psp}", row.currency)
        transaction.overdraw(entry)
        return row
    times = 2 if acts("posts_chargeback_twice", row.psp) else 1
    for _ in range(times):
        post(transaction, row, deposit_id, "chargeback", news.amount_minor)
    return row
