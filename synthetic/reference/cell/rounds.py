"""Rounds and bets: what the gateway opens, what the wallet debits and settles, what the player reads.

A round is OPEN until its last word: WON or LOST by the provider's closing win, VOID by a roll-back or a refused bet.
The last word is published as `round.settled`.
A bet is PENDING (asked of the provider) -> ACCEPTED (debited) -> SETTLED | ROLLED_BACK, or PENDING -> REJECTED | ROLLED_BACK.
All functions take the session of a `LedgerTransaction`, so that states and postings commit together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from synthetic.reference.cell.events import Money, RoundOutcome, RoundSettled, Timestamp, header, publish
from synthetic.reference.cell.models import BetRow, RoundRow

OPEN, WON, LOST, VOID = "OPEN", "WON", "LOST", "VOID"
PENDING, ACCEPTED, REJECTED, SETTLED, ROLLED_BACK = "PENDING", "ACCEPTED", "REJECTED", "SETTLED", "ROLLED_BACK"

BET_MOVES = {
    PENDING: {ACCEPTED, REJECTED, ROLLED_BACK},
    ACCEPTED: {SETTLED, ROLLED_BACK},
    REJECTED: set[str](),
    SETTLED: set[str](),
    ROLLED_BACK: set[str](),
}


@dataclass(frozen=True, slots=True)
class NewBet:
    """A bet to be made in a round of its own or an open one. `session` and `req_id` are None where the provider began it."""

    provider: str
    player_id: str
    round_id: str
    bet_id: str
    game: str
    currency: str
    stake_minor: int
    session: str | None = None
    req_id: str | None = None


def create_round(session: Session, bet: NewBet) -> BetRow:
    """Open the bet's round (or join the open one) with the bet PENDING, before the provider is asked to take it."""
    round_ = session.get(RoundRow, (bet.provider, bet.player_id, bet.round_id))
    now = datetime.now(UTC)
    if round_ is None:
        round_ = RoundRow(
            provider=bet.provider,
            player_id=bet.player_id,
            round_id=bet.round_id,
            session=bet.session,
            game=bet.game,
            currency=bet.currency,
            state=OPEN,
            stake_minor=0,
            payout_minor=0,
            opened_at=now,
        )
        session.add(round_)
    row = BetRow(
        provider=bet.provider,
        player_id=bet.player_id,
        bet_id=bet.bet_id,
        round_id=bet.round_id,
        session=bet.session,
        req_id=bet.req_id,
        state=PENDING,
        stake_minor=bet.stake_minor,
        debited_minor=0,
        payout_minor=0,
        placed_at=now,
    )
    round_.stake_minor += bet.stake_minor
    session.add(row)
    session.flush()
    return row


def reject_bet(session: Session, provider: str, player_id: str, bet_id: str) -> bool:
    """The provider refused the bet: REJECTED, and its round VOID. False where the bet is no longer PENDING."""
    bet = get_bet(session, provider, player_id, bet_id)
    if bet is None or bet.state != PENDING:
        return False
    move_bet(bet, REJECTED)
    void_if_dead(session, bet)
    return True


def move_bet(bet: BetRow, state: str) -> None:
    """Take a bet to its next state; the table says which moves there are."""
    assert state in BET_MOVES[bet.state], f"bet {bet.bet_id} can't go from {bet.state} to {state}"
    bet.state = state


def close_round(session: Session, round_: RoundRow) -> None:
    """The last word of a round that was played: its accepted bets are SETTLED, it is WON when it paid, else LOST."""
    for bet in bets_of(session, round_):
        if bet.state == ACCEPTED:
            move_bet(bet, SETTLED)
    _end_round(session, round_, WON if round_.payout_minor > 0 else LOST)


def void_if_dead(session: Session, bet: BetRow) -> bool:
    """VOID the bet's open round once none of its bets is alive. True where it is VOID now."""
    round_ = session.get_one(RoundRow, (bet.provider, bet.player_id, bet.round_id))
    alive = any(other.state in {PENDING, ACCEPTED} for other in bets_of(session, round_))
    if round_.state != OPEN or alive or round_.payout_minor > 0:
        return False
    _end_round(session, round_, VOID)
    return True


def _end_round(session: Session, round_: RoundRow, state: str) -> None:
    closed_at = datetime.now(UTC)
    round_.state, round_.closed_at = state, closed_at
    event = RoundSettled(
        header=header(session, round_.player_id, closed_at),
        round_id=round_.round_id,
        provider=round_.provider,
        player_id=round_.player_id,
        game=round_.game,
        outcome=RoundOutcome[state],
        stake=Money(round_.stake_minor, round_.currency),
        payout=Money(round_.payout_minor, round_.currency),
        opened_at=Timestamp.of(round_.opened_at),
    )
    publish(session, event, f"{round_.provider}/{round_.player_id}/{round_.round_id}")


def get_round(session: Session, provider: str, player_id: str, round_id: str) -> RoundRow | None:
    """The round, or None."""
    return session.get(RoundRow, (provider, player_id, round_id))


def get_bet(session: Session, provider: str, player_id: str, bet_id: str) -> BetRow | None:
    """The bet by the provider's transaction id, or None."""
    return session.get(BetRow, (provider, player_id, bet_id))


def find_bet(
    session: Session, *, req_id: str, game_session: str | None = None, player_id: str | None = None
) -> BetRow | None:
    """The newest bet with the client's `req_id`, in one game session or among all of a player's."""
    query = sa.select(BetRow).where(BetRow.req_id == req_id).order_by(BetRow.placed_at.desc())
    if game_session is not None:
        query = query.where(BetRow.session == game_session)
    if player_id is not None:
        query = query.where(BetRow.player_id == player_id)
    return session.scalars(query.limit(1)).first()


def bets_of(session: Session, round_: RoundRow) -> Sequence[BetRow]:
    """The bets of a round, oldest first."""
    query = sa.select(BetRow).where(
        BetRow.provider == round_.provider, BetRow.player_id == round_.player_id, BetRow.round_id == round_.round_id
    )
    return session.scalars(query.order_by(BetRow.placed_at, BetRow.bet_id)).all()


def bet_view(bet: BetRow) -> dict[str, Any]:
    """The bet in the form of `GET /games/bets`."""
    return {"id": bet.bet_id, "round": bet.round_id, "state": bet.state, "stake_minor": bet.stake_minor}


def round_view(session: Session, player_id: str, round_id: str) -> dict[str, Any] | None:
    """The player's round in the form of `GET /games/rounds/{round}`, or None."""
    query = sa.select(RoundRow).where(RoundRow.player_id == player_id, RoundRow.round_id == round_id)
    round_ = session.scalars(query.order_by(RoundRow.opened_at)).first()
    if round_ is None:
        return None
    return {
        "round": round_.round_id,
        "state": round_.state,
        "stake_minor": round_.stake_minor,
        "payout_minor": round_.payout_minor,
        "bets": [
            {"id": bet.bet_id, "state": bet.state, "amount_minor": bet.stake_minor} for bet in bets_of(session, round_)
        ],
    }
