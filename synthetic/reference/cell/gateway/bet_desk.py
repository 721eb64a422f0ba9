"""Placing a bet: recorded first, then asked of the provider, then answered by what the ledger says.

A bet is acknowledged exactly when the ledger has debited it. Where the provider leaves that open, the bet is rejected here,
in the transaction that finds it not debited: the wallet refuses it from then on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from synthetic.reference.cell import rounds
from synthetic.reference.cell.context import GameSession
from synthetic.reference.cell.gateway.conversation import PlaceBet
from synthetic.reference.cell.gateway.provider_client import Answered, BetReply, ProviderClient
from synthetic.reference.cell.gateway.sessions import GameSessions
from synthetic.reference.cell.logs import log_event
from synthetic.reference.cell.models import BetRow
from synthetic.reference.ledger import Ledger
from synthetic.reference.ledger.models import Account, JournalEntry, Posting

# The provider's codes that a player can do something about; any other means that the game is out of order.
CODES = {
    "insufficient_funds": "insufficient_funds",
    "wrong_currency": "wrong_currency",
    "game_disabled": "game_disabled",
    "player_disabled": "self_excluded",
    "session_expired": "session_expired",
    "wallet_unavailable": "wallet_unavailable",  # nothing that a player can help, but it says where to look
}
UNAVAILABLE = "provider_unavailable"


@dataclass(frozen=True, slots=True)
class Accepted:
    """The bet is debited; `balance_minor` is the player's cash right after it."""

    round_id: str
    bet_id: str
    balance_minor: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The bet does not stand."""

    code: str
    message: str


class BetDesk:
    """The bets of one cell."""

    def __init__(
        self,
        ledger: Ledger,
        sessions: GameSessions,
        providers: Mapping[str, ProviderClient],
        takes_expired: Callable[[], bool] = lambda: False,
    ) -> None:
        self._takes_expired = takes_expired  # whether the defect `takes_bets_on_expired_token` acts
        self._ledger = ledger
        self._sessions = sessions
        self._providers = providers

    async def place(self, session: GameSession, bet: PlaceBet) -> Accepted | Refused:
        """Place a bet; one whose `req_id` this session has used is answered as it was the first time."""
        recorded = await run_in_threadpool(self._record, session, bet)
        if isinstance(recorded, Refused):
            return recorded
        if recorded.bet_id != bet.bet_id:
            return await run_in_threadpool(self._answer_again, recorded, bet)
        answered = await self._providers[session.provider].bet(session, bet)
        return await run_in_threadpool(self._conclude, session, bet, answered)

    def reject_unfinished(self) -> None:
        """At start: a bet that the last process left pending is over, for nobody waits for its answer any more."""
        with self._ledger.transaction() as transaction:
            query = sa.select(BetRow).where(BetRow.state == rounds.PENDING, BetRow.req_id.is_not(None))
            for row in transaction.session.scalars(query).all():
                rounds.reject_bet(transaction.session, row.provider, row.player_id, row.bet_id)

    def _record(self, session: GameSession, bet: PlaceBet) -> BetRow | Refused:
        """The bet's new row, or the one that has its `req_id`."""
        now = self._sessions.find(session.session)
        if now is None or (now.expired and not self._takes_expired()):
            return Refused("session_expired", "launch the game again")
        new = rounds.NewBet(
            provider=session.provider,
            player_id=session.player_id,
            round_id=bet.round_id,
            bet_id=bet.bet_id,
            game=session.game,
            currency=bet.currency,
            stake_minor=bet.stake_minor,
            session=session.session,
            req_id=bet.req_id,
        )
        with self._ledger.transaction() as transaction:
            known = rounds.find_bet(transaction.session, req_id=bet.req_id, game_session=session.session)
            return known or rounds.create_round(transaction.session, new)

    def _conclude(self, session: GameSession, bet: PlaceBet, answered: Answered) -> Accepted | Refused:
        with self._ledger.transaction() as transaction:
            rejected_here = rounds.reject_bet(transaction.session, session.provider, session.player_id, bet.bet_id)
            row = rounds.get_bet(transaction.session, session.provider, session.player_id, bet.bet_id)
            assert row is not None, "the bet was recorded before the provider was asked"
            if answered.reply is not BetReply.REJECTED and not rejected_here:
                return _as_debited(transaction.session, row)
        code = CODES.get(answered.code, UNAVAILABLE)
        log_event("bet_refused", bet=bet.bet_id, provider=session.provider, code=answered.code or answered.reply)
        return _refused(code)

    def _answer_again(self, row: BetRow, bet: PlaceBet) -> Accepted | Refused:
        if row.stake_minor != bet.stake_minor:
            return Refused("idempotency_mismatch", "this req_id was used for another bet")
        with self._ledger.reading() as session:
            return _as_debited(session, row)


def _as_debited(session: Session, row: BetRow) -> Accepted | Refused:
    """A bet that was debited stands, although it may have been settled or rolled back by now."""
    balance_minor = _balance_after(session, row)
    if balance_minor is None:
        return _refused(UNAVAILABLE)
    return Accepted(row.round_id, row.bet_id, balance_minor)


def _balance_after(session: Session, row: BetRow) -> int | None:
    """The player's cash right after the bet's debit, or None where there is none."""
    query = (
        sa.select(Posting.balance_after_minor)
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .join(Account, Account.id == Posting.account_id)
        .where(JournalEntry.player_id == row.player_id, JournalEntry.kind == "bet")
        .where(JournalEntry.reference == row.bet_id, Account.bucket == "cash")
        .order_by(JournalEntry.id.desc())
        .limit(1)
    )
    return session.scalar(query)


def _refused(code: str) -> Refused:
    return Refused(code, f"the bet was not placed: {code.replace('_', ' ')}")
