"""What a provider must not get through with: closed rounds, used ids, expired and foreign tokens, bad signatures, currencies."""

from __future__ import annotations

import json
from dataclasses import replace

from synthetic.conformance.dialects.protocol import Action, Ask, Seat
from synthetic.contracts.laws.wallet import acts, model
from synthetic.contracts.laws.wallet.facts import Circumstances
from synthetic.contracts.laws.wallet.model import BetState, Expected, KnownBet
from synthetic.contracts.laws.wallet.play import WalletPlay, Way
from synthetic.core.money import Money

SIGNATURES = ("bad", "missing", "reformatted")


def bet_in_closed_round(play: WalletPlay, closed: KnownBet) -> None:
    """Another bet in a round that is over."""
    ask = play.wallet.bet(round_id=closed.ask.round)
    play.say(ask, "bet in a closed round", model.refused("no-bet-on-closed-round", "a bet in a closed round"))


def win_without_bet(play: WalletPlay) -> None:
    """The win of a bet that never was."""
    acts.win(play, KnownBet(play.wallet.bet(), BetState.NEVER_PLACED, 0), 1)


def change(play: WalletPlay, number: int, *, moves_round: bool) -> None:
    """The id of a bet or win that was done, with another amount, or in another round."""
    first = play.done[number % len(play.done)].ask
    if first.action not in (Action.BET, Action.WIN) or first.free or not first.moves[0].amount.minor:
        return
    ask = replace(first, round=play.wallet.new_id()) if moves_round else _doubled(first)
    how = "in another round" if moves_round else "with another amount"
    expected = model.refused("changed-replay-is-rejected", f"a {first.action} under a used id, {how},")
    play.say(ask, f"the same id {how}", expected)


def bet_above_balance(play: WalletPlay) -> None:
    """A bet of more than there is."""
    ask = play.wallet.bet(stake=play.cash + play.stake)
    play.say(ask, "bet above the balance", model.refused("cash-never-negative", "a bet above the balance"))


def bet_in_other_currency(play: WalletPlay) -> None:
    """A bet in another currency than the session's."""
    ask = play.wallet.bet(stake=_foreign(play))
    expected = model.refused("bet-in-session-currency", "a bet in another currency")
    play.say(ask, "bet in another currency", expected)


def win_in_other_currency(play: WalletPlay, bet: KnownBet) -> None:
    """A win of an open bet in another currency."""
    ask = play.wallet.win(bet.ask, _foreign(play))
    expected = model.refused("bet-in-session-currency", "a win in another currency")
    play.say(ask, "win in another currency", expected)


def bet_with_expired_token(play: WalletPlay) -> None:
    """A bet with a token that has expired."""
    expected = model.refused("expired-token-blocks-bets-only", "a bet with an expired token")
    play.say(play.wallet.bet(seat=_stale(play)), "bet with an expired token", expected, _EXPIRED)


def win_with_expired_token(play: WalletPlay, bet: KnownBet) -> None:
    """The win of a bet whose token has expired since: paid all the same."""
    acts.win(play, _reseated(play, bet), 1, way=_EXPIRED)
    _seat_again(play, bet)


def rollback_with_expired_token(play: WalletPlay, bet: KnownBet) -> None:
    """The rollback of a bet whose token has expired since: done all the same."""
    acts.rollback(play, _reseated(play, bet), _EXPIRED)
    _seat_again(play, bet)


def close_with_expired_token(play: WalletPlay, bet: KnownBet) -> None:
    """The end of a round whose token has expired since."""
    acts.close(play, _reseated(play, bet), _EXPIRED)
    _seat_again(play, bet)


def badly_signed(play: WalletPlay, action: Action, signature: str, bet: KnownBet | None) -> None:
    """A bet, or the win or the rollback of an open bet, under a signature that is none for these bytes."""
    match action:
        case Action.WIN if bet is not None:
            ask = play.wallet.win(bet.ask, play.stake)
        case Action.ROLLBACK if bet is not None:
            ask = play.wallet.rollback(bet.ask)
        case _:
            ask = play.wallet.bet()
    law = "raw-bytes-are-signed" if signature == "reformatted" else "bad-signature-changes-nothing"
    what = f"a {ask.action} with a {signature} signature"

    def signed(raw: bytes) -> str | None:
        match signature:
            case "missing":
                return None
            case "bad":
                return play.wallet.dialect.sign(raw + b" ")
            case _:
                return play.wallet.dialect.sign(json.dumps(json.loads(raw)).encode())

    play.say(ask, what, model.refused(law, what), Way(Circumstances(signature=signature), signed))


def bet_with_foreign_token(play: WalletPlay, second: Seat) -> None:
    """A bet with the token of another player."""
    seat = replace(play.wallet.given.seat, token=second.token)
    expected = model.refused("token-bound-to-player", "a bet with the token of another player")
    play.say(play.wallet.bet(seat=seat), "bet with another player's token", expected, _FOREIGN)


def same_id_of_another_player(play: WalletPlay, bet: KnownBet, second: Seat) -> None:
    """The id of a bet of this player, used by another one for a bet of his own, once: both stakes are taken."""
    if bet.id in play.shared:
        return
    play.shared.add(bet.id)
    # A refusal of its repetition would say nothing of scopes any more, so it is not repeated.
    play.done = [said for said in play.done if all(move.id != bet.id for move in said.ask.moves)]
    before = play.other_cash(second)
    ask = replace(bet.ask, seat=second, round=play.wallet.new_id(), free=False)
    said = play.say(
        ask, "the same id for another player", Expected("keys-are-scoped", "a bet of another player", model.DONE)
    )
    after = play.other_cash(second)
    if said.done and after != before - bet.ask.moves[0].amount:
        told = f"another player's bet under the same id was done, and his balance went from {before} to {after}"
        play.evidence.breach("keys-are-scoped", told, said.exchange)


_EXPIRED = Way(Circumstances(token="expired"))  # noqa: S106 - a state, not a secret
_FOREIGN = Way(Circumstances(token="foreign"))  # noqa: S106 - a state, not a secret


def _doubled(ask: Ask) -> Ask:
    move = ask.moves[0]
    return replace(ask, moves=(replace(move, amount=move.amount + move.amount),))


def _foreign(play: WalletPlay) -> Money:
    return Money(play.stake.minor, play.wallet.given.other_currency)


def _stale(play: WalletPlay) -> Seat:
    assert play.wallet.given.expired_token is not None, "rules of expired tokens have one"
    return replace(play.wallet.given.seat, token=play.wallet.given.expired_token)


def _reseated(play: WalletPlay, bet: KnownBet) -> KnownBet:
    """The bet, to be ended under the expired token."""
    bet.ask = replace(bet.ask, seat=_stale(play))
    return bet


def _seat_again(play: WalletPlay, bet: KnownBet) -> None:
    bet.ask = replace(bet.ask, seat=play.wallet.given.seat)
