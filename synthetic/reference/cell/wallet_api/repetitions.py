"""What a wallet with a defect makes of a transaction id that it has seen: the switches of exactly once (domain reference 6, 10-15).

A sound wallet answers a repetition from memory; every switch here is one way to move the money again, or to mistake a new
transaction for an old one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from synthetic.reference.cell import rounds
from synthetic.reference.cell.wallet_api import bets, rollbacks, wins
from synthetic.reference.cell.wallet_api.calls import Done, Kind, WalletCall
from synthetic.reference.cell.wallet_api.desk import Desk
from synthetic.reference.ledger import Remembered
from synthetic.reference.ledger.models import IdempotencyKey

IDS_KEPT = timedelta(seconds=0.5)  # by the switch `forgets_ids`; a day in life

_ON_RETRY = {
    Kind.BET: "debits_again_on_retry",
    Kind.WIN: "credits_again_on_retry",
    Kind.ROLLBACK: "refunds_again_on_retry",
}


def seen_elsewhere(desk: Desk, call: WalletCall) -> Remembered | None:
    """The id as another player's or another provider's transaction, for a wallet whose keys have too small a scope (13)."""
    thrown = {switch.name for switch in desk.context.board.thrown()}
    for name, scopes in (
        ("shares_ids_between_players", f"wallet:{desk.request.provider}:%"),
        ("shares_ids_between_providers", f"wallet:%:{desk.request.player_id}"),
    ):
        if name not in thrown:
            continue
        query = sa.select(IdempotencyKey).where(
            IdempotencyKey.key == call.transaction, IdempotencyKey.scope.like(scopes)
        )
        row = desk.transaction.session.scalars(query.limit(1)).first()
        if row is not None and desk.context.switch(name):
            return Remembered(row.fingerprint, dict(row.response), row.created_at)
    return None


def moves_again(desk: Desk, call: WalletCall, seen: Remembered, *, is_same: bool) -> bool:
    """Whether a switch makes the wallet move the money of a known id again."""
    if not _has_money(desk, call):
        return False
    return any(desk.context.switch(name) for name in _ways(desk, call, seen, is_same=is_same))


def _ways(desk: Desk, call: WalletCall, seen: Remembered, *, is_same: bool) -> Iterator[str]:
    if not is_same:
        yield "takes_other_body"
        return
    yield _ON_RETRY[call.kind]
    if datetime.now(UTC) - seen.at > IDS_KEPT:
        yield "forgets_ids"
    if seen.at > desk.arrived:  # it was not there yet when this one came in
        yield "posts_concurrent_duplicates"


def _has_money(desk: Desk, call: WalletCall) -> bool:
    """Whether a repetition has anything to move."""
    if call.kind is not Kind.ROLLBACK:
        return call.amount_minor > 0 and not call.free
    bet = desk.bet(call.reference)
    return bet is not None and bet.state == rounds.ROLLED_BACK and bet.debited_minor > 0


def move(desk: Desk, call: WalletCall) -> Done:
    """Move the money of a call as if it were new, whatever its bet and round are by now. Raises InsufficientFunds."""
    match call.kind:
        case Kind.BET:
            return bets.debit(desk, call)
        case Kind.WIN:
            return wins.credit(desk, call, wins.bet_of(desk, call))
        case Kind.ROLLBACK:
            bet = desk.bet(call.reference)
            assert bet is not None, "a repeated rollback has its bet"
            return Done(call, rollbacks.refund(desk, bet))
        case Kind.CLOSE:
            raise AssertionError("the end of a round has no id to repeat")
