"""Where one wallet request is served: its transaction, its session, and the few moves that bets, wins and rollbacks share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from synthetic.reference.cell.context import CellContext, GameSession, RoundClosed
from synthetic.reference.cell.models import BetRow, RoundRow
from synthetic.reference.cell.rounds import get_bet, get_round
from synthetic.reference.cell.wallet_api.calls import Reason, Refused, WalletRequest
from synthetic.reference.ledger import Balance, Entry, LedgerTransaction


@dataclass(frozen=True, slots=True)
class Knobs:
    """Where real wallets differ. `rolled_back_again` is about a second rollback of one bet under another id."""

    unknown_rollback: Literal["ok", "not_found"] = "ok"
    duplicate: Literal["ok", "error"] = "ok"
    rolled_back_again: Literal["ok", "refuse"] = "ok"


@dataclass(frozen=True, slots=True)
class Desk:
    """One request being served inside one ledger transaction; the player's money is locked. `arrived`: before it was."""

    context: CellContext
    knobs: Knobs
    transaction: LedgerTransaction
    request: WalletRequest
    game_session: GameSession | None
    arrived: datetime

    def balance(self) -> Balance:
        """The player's balance now."""
        return self.transaction.balance(self.request.player_id)

    def post(self, kind: str, reference: str, moves: Mapping[str, int]) -> Balance:
        """Post an entry against the provider, in the player's currency. Raises InsufficientFunds."""
        counterparty = f"provider:{self.request.provider}"
        entry = Entry(kind, self.request.player_id, reference, moves, counterparty, self.balance().currency)
        return self.transaction.post(entry).balance

    def bet(self, bet_id: str) -> BetRow | None:
        """A bet of this provider and player, or None."""
        return get_bet(self.transaction.session, self.request.provider, self.request.player_id, bet_id)

    def round(self, round_id: str) -> RoundRow | None:
        """A round of this provider and player, or None."""
        return get_round(self.transaction.session, self.request.provider, self.request.player_id, round_id)

    def check_currency(self) -> None:
        """Raises Refused where the request is not in the player's currency."""
        if self.request.currency != self.balance().currency:
            raise Refused(Reason.WRONG_CURRENCY)

    def closed(self, round_: RoundRow) -> RoundClosed:
        """What the listeners are told about a round that has just closed."""
        balance = self.balance()
        return RoundClosed(
            provider=round_.provider,
            player_id=round_.player_id,
            round_id=round_.round_id,
            session=round_.session,
            state=round_.state,
            payout_minor=round_.payout_minor,
            cash_minor=balance.cash_minor,
            currency=balance.currency,
        )
