"""Undoing a bet once, whatever the rollback's id; a rollback before its bet leaves a tombstone that the late bet meets."""

from __future__ import annotations

from datetime import UTC, datetime

from synthetic.reference.cell import rounds
from synthetic.reference.cell.context import RoundClosed
from synthetic.reference.cell.models import BetRow, Tombstone
from synthetic.reference.cell.wallet_api.calls import Done, Reason, Refused, WalletCall
from synthetic.reference.cell.wallet_api.desk import Desk
from synthetic.reference.ledger import Balance

UNKNOWN_STAKE_MINOR = 20  # what the switch `refunds_unknown_bet` takes a bet for that it never saw


def undo(desk: Desk, call: WalletCall) -> Done:
    """Give a bet's stake back. Raises Refused for a settled bet, and where the knobs say so. No token is needed."""
    bet = desk.bet(call.reference)
    if bet is not None and bet.state == rounds.ROLLED_BACK:
        return _undo_again(desk, call, bet)
    if is_buried(desk, call.reference):
        return _nothing_left(desk, call)
    if bet is None or bet.state in {rounds.PENDING, rounds.REJECTED}:
        return _undo_unknown(desk, call)
    if bet.state == rounds.SETTLED or bet.payout_minor:
        if desk.context.switch("refunds_settled_bet"):
            return Done(call, refund(desk, bet))
        raise Refused(Reason.ROUND_CLOSED, "the bet is settled")
    is_kept = bet.debited_minor == 0 or desk.context.switch("forgets_rollback")
    balance = desk.balance() if is_kept else refund(desk, bet)
    return Done(call, balance, closed=_void(desk, bet))


def is_buried(desk: Desk, bet_id: str) -> bool:
    """Whether a rollback of this bet came before the bet."""
    return desk.transaction.session.get(Tombstone, _grave(desk, bet_id)) is not None


def bury(desk: Desk, bet_id: str) -> RoundClosed | None:
    """Refuse this bet from now on. One that the gateway still waits for is over; its round is returned when it is VOID now."""
    provider, player_id, _ = _grave(desk, bet_id)
    if not is_buried(desk, bet_id):
        stone = Tombstone(provider=provider, player_id=player_id, bet_id=bet_id, created_at=datetime.now(UTC))
        desk.transaction.session.add(stone)
    bet = desk.bet(bet_id)
    return _void(desk, bet) if bet is not None and bet.state == rounds.PENDING else None


def _undo_unknown(desk: Desk, call: WalletCall) -> Done:
    if desk.knobs.unknown_rollback == "not_found":
        raise Refused(Reason.UNKNOWN_BET, bury=call.reference)
    if desk.context.switch("refuses_unknown_rollback"):
        raise Refused(Reason.UNKNOWN_BET)
    closed = bury(desk, call.reference)
    if desk.context.switch("refunds_unknown_bet"):
        return Done(call, desk.post("rollback", call.reference, {"cash": UNKNOWN_STAKE_MINOR}), closed=closed)
    return Done(call, desk.balance(), closed=closed)


def _undo_again(desk: Desk, call: WalletCall, bet: BetRow) -> Done:
    if bet.debited_minor and desk.context.switch("refunds_every_rollback_id"):
        return Done(call, refund(desk, bet))
    return _nothing_left(desk, call)


def _nothing_left(desk: Desk, call: WalletCall) -> Done:
    if desk.knobs.rolled_back_again == "refuse":
        raise Refused(Reason.ROLLED_BACK)
    return Done(call, desk.balance())


def refund(desk: Desk, bet: BetRow) -> Balance:
    """Post the bet's stake back, where it was debited."""
    if not bet.debited_minor:
        return desk.balance()
    return desk.post("rollback", bet.bet_id, {"cash": bet.debited_minor})


def _void(desk: Desk, bet: BetRow) -> RoundClosed | None:
    rounds.move_bet(bet, rounds.ROLLED_BACK)
    if not rounds.void_if_dead(desk.transaction.session, bet):
        return None
    round_ = desk.round(bet.round_id)
    assert round_ is not None, "a bet has a round"
    return desk.closed(round_)


def _grave(desk: Desk, bet_id: str) -> tuple[str, str, str]:
    return desk.request.provider, desk.request.player_id, bet_id
