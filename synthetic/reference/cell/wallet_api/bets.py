"""Taking a stake: who may bet, on which round, and the debit."""

from __future__ import annotations

from synthetic.reference.cell import rounds
from synthetic.reference.cell.models import BetRow, PlayerRow
from synthetic.reference.cell.wallet_api.calls import Done, Reason, Refused, WalletCall
from synthetic.reference.cell.wallet_api.desk import Desk
from synthetic.reference.cell.wallet_api.rollbacks import is_buried
from synthetic.reference.cell.wallet_api.wins import close_with


def place(desk: Desk, call: WalletCall) -> Done:
    """Debit a new bet. Raises Refused, or InsufficientFunds."""
    _check_session(desk)
    if call.amount_minor <= 0 and not call.free:
        raise Refused(Reason.MALFORMED, "a stake has to be above zero")
    bet = desk.bet(call.transaction)
    late = is_buried(desk, call.transaction)
    if late and desk.context.switch("accepts_late_bet"):
        return debit(desk, call)
    if late:
        raise Refused(Reason.ROLLED_BACK, "this bet was rolled back before it came")
    _check_round(desk, call, bet)
    is_charged = not call.free or desk.context.switch("debits_free_bets")
    done = debit(desk, call) if is_charged else Done(call, desk.balance())
    _accept(desk, call, bet)
    return close_with(desk, done, desk.request.round_id) if call.closes else done


def debit(desk: Desk, call: WalletCall) -> Done:
    """Take the stake from cash. Raises InsufficientFunds."""
    is_rounded = call.amount_minor > 1 and desk.context.switch("rounds_debits")
    amount_minor = call.amount_minor - 1 if is_rounded else call.amount_minor
    return Done(call, desk.post("bet", call.transaction, {"cash": -amount_minor}))


def _check_session(desk: Desk) -> None:
    session = desk.game_session
    if session is None and desk.context.switch("takes_unknown_tokens"):
        return
    if session is None:
        raise Refused(Reason.INVALID_TOKEN)
    if session.expired and not desk.context.switch("takes_bets_on_expired_token"):
        raise Refused(Reason.TOKEN_EXPIRED)
    if session.game != desk.request.game and not desk.context.switch("takes_bets_of_any_game"):
        raise Refused(Reason.WRONG_GAME, f"the session plays {session.game!r}")
    is_foreign = {desk.request.currency} != {session.currency, desk.balance().currency}
    if is_foreign and not desk.context.switch("ignores_currency"):
        raise Refused(Reason.WRONG_CURRENCY)
    excluded = desk.transaction.session.get_one(PlayerRow, desk.request.player_id).self_excluded
    if excluded and not desk.context.switch("ignores_self_exclusion"):
        raise Refused(Reason.PLAYER_DISABLED)


def _check_round(desk: Desk, call: WalletCall, bet: BetRow | None) -> None:
    """A bet that the gateway asked for has to be debited as it was asked; a closed round takes none."""
    if bet is not None and bet.state != rounds.PENDING:
        raise Refused(Reason.ROLLED_BACK, f"the bet is {bet.state}")
    if bet is not None and (bet.round_id, bet.stake_minor) != (desk.request.round_id, call.amount_minor):
        raise Refused(Reason.DUPLICATE, "the player staked another amount or in another round")
    round_ = desk.round(desk.request.round_id)
    if round_ is None or round_.state == rounds.OPEN:
        return
    if not desk.context.switch("takes_bets_on_closed_round"):
        raise Refused(Reason.ROUND_CLOSED, f"the round is {round_.state}")


def _accept(desk: Desk, call: WalletCall, bet: BetRow | None) -> None:
    row = bet or rounds.create_round(desk.transaction.session, _new_bet(desk, call))
    row.debited_minor = 0 if call.free else call.amount_minor
    rounds.move_bet(row, rounds.ACCEPTED)


def _new_bet(desk: Desk, call: WalletCall) -> rounds.NewBet:
    request = desk.request
    return rounds.NewBet(
        provider=request.provider,
        player_id=request.player_id,
        round_id=request.round_id,
        bet_id=call.transaction,
        game=request.game,
        currency=request.currency,
        stake_minor=call.amount_minor,
        session=desk.game_session.session if desk.game_session else None,
    )
