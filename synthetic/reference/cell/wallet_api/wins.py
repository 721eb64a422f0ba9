"""Paying a win and closing a round; a win of zero closes it too."""

from __future__ import annotations

from dataclasses import replace

from synthetic.reference.cell import rounds
from synthetic.reference.cell.models import BetRow, RoundRow
from synthetic.reference.cell.wallet_api.calls import Done, Reason, Refused, WalletCall
from synthetic.reference.cell.wallet_api.desk import Desk


def pay(desk: Desk, call: WalletCall) -> Done:
    """Credit a win to its bet. Raises Refused. The session's token may have expired since the bet."""
    desk.check_currency()
    if call.amount_minor < 0:
        raise Refused(Reason.MALFORMED, "a win can't be below zero")
    try:
        bet = _paid_bet(desk, call)
    except Refused as refused:
        if call.amount_minor and _is_paid_all_the_same(desk, call, refused):
            return credit(desk, call)
        raise
    is_lost = call.amount_minor == 0 or desk.context.switch("settles_nothing")
    balance = desk.balance() if is_lost else credit(desk, call, bet.bet_id).balance
    round_ = _open_round(desk, bet.round_id)
    bet.payout_minor += call.amount_minor
    round_.payout_minor += call.amount_minor
    done = Done(call, balance)
    return close_with(desk, done, bet.round_id) if call.closes or call.amount_minor == 0 else done


def credit(desk: Desk, call: WalletCall, bet_id: str = "") -> Done:
    """Post the win to cash, for its bet or else for the one that it refers to."""
    reference = bet_id or call.reference or desk.request.round_id
    return Done(call, desk.post("win", reference, {"cash": call.amount_minor}))


def bet_of(desk: Desk, call: WalletCall) -> str:
    """The id of the bet that a win is for, `""` where there is none."""
    bet = desk.bet(call.reference) if call.reference else _last_bet(desk)
    return "" if bet is None else bet.bet_id


def close(desk: Desk, call: WalletCall) -> Done:
    """Close a round by the provider's word; a closed one stays as it is. Raises Refused for an unknown round."""
    round_ = desk.round(desk.request.round_id)
    if round_ is None:
        raise Refused(Reason.UNKNOWN_BET, "there is no such round")
    done = Done(call, desk.balance())
    if round_.state != rounds.OPEN:
        return replace(done, replayed=True)
    if not any(bet.state == rounds.ACCEPTED for bet in rounds.bets_of(desk.transaction.session, round_)):
        raise Refused(Reason.UNKNOWN_BET, "no bet of this round was debited")
    return close_with(desk, done, round_.round_id)


def close_with(desk: Desk, done: Done, round_id: str) -> Done:
    """The call's outcome, with its round closed."""
    round_ = _open_round(desk, round_id)
    if round_.payout_minor == 0 and desk.context.switch("zero_win_leaves_round_open"):
        return done
    if desk.context.switch("leaves_round_open"):
        return done
    rounds.close_round(desk.transaction.session, round_)
    return replace(done, closed=desk.closed(round_))


def _is_paid_all_the_same(desk: Desk, call: WalletCall, refused: Refused) -> bool:
    """Whether a switch pays a win that has to be refused."""
    bet = desk.bet(call.reference) if call.reference else _last_bet(desk)
    is_early = bet is None or bet.state == rounds.PENDING
    switches = {
        Reason.ROLLED_BACK: "pays_rolled_back_bet",
        Reason.UNKNOWN_BET: "pays_win_without_bet" if is_early else "",
    }
    switch = switches.get(refused.reason, "")
    return bool(switch) and desk.context.switch(switch)


def _paid_bet(desk: Desk, call: WalletCall) -> BetRow:
    """The bet that the win belongs to. Raises Refused where it can't be paid."""
    bet = desk.bet(call.reference) if call.reference else _last_bet(desk)
    if bet is None or bet.round_id != desk.request.round_id or bet.state in {rounds.PENDING, rounds.REJECTED}:
        raise Refused(Reason.UNKNOWN_BET)
    if bet.state == rounds.ROLLED_BACK:
        raise Refused(Reason.ROLLED_BACK)
    _open_round(desk, bet.round_id)
    return bet


def _last_bet(desk: Desk) -> BetRow | None:
    """The round's newest live bet, or else its newest."""
    round_ = desk.round(desk.request.round_id)
    bets = [] if round_ is None else rounds.bets_of(desk.transaction.session, round_)
    live = [bet for bet in bets if bet.state == rounds.ACCEPTED]
    return next(reversed(live or bets), None)


def _open_round(desk: Desk, round_id: str) -> RoundRow:
    round_ = desk.round(round_id)
    if round_ is None:
        raise Refused(Reason.UNKNOWN_BET, "there is no such round")
    if round_.state != rounds.OPEN:
        raise Refused(Reason.ROUND_CLOSED, f"the round is {round_.state}")
    return round_
