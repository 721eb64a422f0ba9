"""The wallet's tour: every rule at least once, in an order that lets each law be judged in every run."""

from __future__ import annotations

from synthetic.conformance.dialects.protocol import Action
from synthetic.contracts.laws.wallet import acts, wrongs
from synthetic.contracts.laws.wallet.machine import BATCHES, COPIES, FREE_BETS
from synthetic.contracts.laws.wallet.model import BetState, KnownBet
from synthetic.contracts.laws.wallet.play import WalletPlay


def tour(play: WalletPlay) -> None:
    """Walk it; ends at the first stop after which a law is broken, since nothing after it would be as expected."""
    for stop in (_first, _lives, _repetitions, _ends, _wrongs, _signatures, _tokens, _scopes, _storms, _late):
        stop(play)
        if play.findings():
            return


def _open(play: WalletPlay) -> KnownBet:
    """A plain bet; where the wallet refuses it, one that it does not know, and the finding is made already."""
    return acts.bet(play) or KnownBet(play.wallet.bet(), BetState.NEVER_PLACED, 0)


def _first(play: WalletPlay) -> None:
    acts.look(play)
    acts.win(play, _open(play), 2)


def _lives(play: WalletPlay) -> None:
    acts.rollback(play, _open(play))
    acts.close(play, _open(play))
    partly = _open(play)
    acts.win(play, partly, 1, closes=False)
    acts.win(play, partly, 1, closes=False)
    acts.close(play, partly)


def _repetitions(play: WalletPlay) -> None:
    """Everything of the lives before, sent again; then one that has been overtaken."""
    for number in range(len(play.done)):
        acts.repeat(play, number)
    for number in range(min(4, len(play.done))):
        wrongs.change(play, number, moves_round=False)
        wrongs.change(play, number, moves_round=True)


def _ends(play: WalletPlay) -> None:
    for bet in (*play.known(BetState.ROLLED_BACK)[:1], *play.known(BetState.CLOSED)[:1]):
        acts.rollback(play, bet)
        acts.win(play, bet, 1)
    for bet in play.known(BetState.CLOSED):
        wrongs.bet_in_closed_round(play, bet)
    acts.rollback(play, acts.rollback_of_nothing(play))
    acts.late_bet(play)
    wrongs.win_without_bet(play)


def _wrongs(play: WalletPlay) -> None:
    wrongs.bet_above_balance(play)
    wrongs.bet_in_other_currency(play)
    bet = _open(play)
    wrongs.win_in_other_currency(play, bet)
    acts.rollback(play, bet)
    if FREE_BETS not in play.wallet.dialect.untestable:
        free = acts.free_bet(play)
        if free is not None:
            acts.close(play, free)
    if BATCHES not in play.wallet.dialect.untestable:
        acts.batch(play, is_payable=False)
        acts.batch(play, is_payable=True)


def _signatures(play: WalletPlay) -> None:
    bet = _open(play)
    for signature in wrongs.SIGNATURES:
        for action in (Action.BET, Action.WIN, Action.ROLLBACK):
            wrongs.badly_signed(play, action, signature, bet)
    acts.win(play, bet, 1)


def _tokens(play: WalletPlay) -> None:
    if play.wallet.given.expired_token is not None:
        wrongs.bet_with_expired_token(play)
        wrongs.win_with_expired_token(play, _open(play))
        wrongs.rollback_with_expired_token(play, _open(play))
        wrongs.close_with_expired_token(play, _open(play))


def _scopes(play: WalletPlay) -> None:
    if play.wallet.given.second is not None:
        wrongs.bet_with_foreign_token(play, play.second)
        bet = _open(play)
        wrongs.same_id_of_another_player(play, bet, play.second)
        acts.rollback(play, bet)


def _storms(play: WalletPlay) -> None:
    for _ in range(2):
        acts.bet_at_once(play, COPIES)
        bet = play.bets[-1] if play.known(BetState.OPEN) else _open(play)
        acts.win_at_once(play, bet, COPIES)


def _late(play: WalletPlay) -> None:
    after_s = play.wallet.given.retry_window_s
    if after_s is not None:
        win = next((number for number, said in enumerate(play.done) if said.ask.action is Action.WIN), 0)
        acts.repeat_late(play, win, after_s)
