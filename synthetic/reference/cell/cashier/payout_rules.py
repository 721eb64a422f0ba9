"""What may be paid out, and where to: cash that is cleared, back to where money came from."""

from __future__ import annotations

import sqlalchemy as sa

from synthetic.reference.cell.cashier.models import DepositRow
from synthetic.reference.cell.cashier.orders import Ask
from synthetic.reference.cell.cashier.switches import Acts
from synthetic.reference.cell.context import Player
from synthetic.reference.cell.errors import ApiError
from synthetic.reference.ledger import LedgerTransaction

ON_FILE = frozenset({"card_ok", "card_ok_bin2", "card_processing_error", "card_returns_payouts"})
"""Cards whose holder the brand has verified to be the player."""

_CAME_IN = ("succeeded", "refunded")


def check_payout(transaction: LedgerTransaction, player: Player, ask: Ask, acts: Acts) -> None:
    """Raises ApiError 409 `insufficient_funds`, `funds_not_cleared`, 422 `instrument_not_allowed`."""
    cash_minor = transaction.balance(player.player_id).cash_minor
    if ask.amount_minor > cash_minor:
        raise ApiError(409, "insufficient_funds", f"{cash_minor} of cash is there")
    is_cleared = ask.amount_minor <= cash_minor - player.wagering_minor
    if not is_cleared and not acts("ignores_wagering_at_payout", ask.psp):
        raise ApiError(409, "funds_not_cleared", f"{player.wagering_minor} of the cash is still to be played through")
    if not _is_his(transaction, player, ask.instrument) and not acts("pays_to_any_instrument", ask.psp):
        message = "money goes back to an instrument that it came from, or to one that is verified"
        raise ApiError(422, "instrument_not_allowed", message)


def _is_his(transaction: LedgerTransaction, player: Player, instrument: str) -> bool:
    used = sa.select(DepositRow.deposit_id).where(
        DepositRow.player_id == player.player_id,
        DepositRow.instrument == instrument,
        DepositRow.state.in_(_CAME_IN),
    )
    return instrument in ON_FILE or transaction.session.scalar(used.limit(1)) is not None
