"""The wallet's state machine: every rule is one thing that a provider does, and the model says what has to come of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from synthetic.conformance.dialects.protocol import Action
from synthetic.contracts.laws.machine import LawMachine
from synthetic.contracts.laws.wallet import acts, wrongs
from synthetic.contracts.laws.wallet.model import BetState, KnownBet
from synthetic.contracts.laws.wallet.play import WalletPlay

NUMBERS = st.integers(0, 30)
COPIES = 4
OPEN, PAID, CLOSED, UNDONE = BetState.OPEN, BetState.PAID_IN_PART, BetState.CLOSED, BetState.ROLLED_BACK
BATCHES, FREE_BETS = 16, 25
"""The laws that a dialect without batches, or without free bets, names as untestable."""


def _where(holds: Callable[[WalletPlay], Any]) -> Callable[[Any], Any]:
    return precondition(lambda machine: bool(holds(machine.play)))


def _has(*states: BetState) -> Callable[[Any], Any]:
    return _where(lambda play: play.known(*states))


def _speaks_of(law: int) -> Callable[[Any], Any]:
    return _where(lambda play: law not in play.wallet.dialect.untestable)


_CAN_EXPIRE = _where(lambda play: play.wallet.given.expired_token is not None)
_HAS_SECOND = _where(lambda play: play.wallet.given.second is not None)


class WalletMachine(LawMachine[WalletPlay]):
    """Random lives of bets at one wallet."""

    def _one(self, number: int, *states: BetState) -> KnownBet:
        known = self.play.known(*states)
        return known[number % len(known)]

    # --- rounds -------------------------------------------------------------------------------------------------------------

    @rule()
    def bet(self) -> None:
        """A plain bet."""
        acts.bet(self.play)

    @_speaks_of(FREE_BETS)
    @rule()
    def free_bet(self) -> None:
        """A bet that is not the player's money."""
        acts.free_bet(self.play)

    @_has(OPEN, PAID)
    @rule(number=NUMBERS, times=st.integers(1, 3), closes=st.booleans())
    def win(self, number: int, times: int, closes: bool) -> None:  # noqa: FBT001 - Hypothesis gives it
        """A win of an open bet."""
        acts.win(self.play, self._one(number, OPEN, PAID), times, closes=closes)

    @_has(OPEN, PAID)
    @rule(number=NUMBERS)
    def close(self, number: int) -> None:
        """The end of an open round."""
        acts.close(self.play, self._one(number, OPEN, PAID))

    @_has(*BetState)
    @rule(number=NUMBERS)
    def rollback(self, number: int) -> None:
        """A rollback of any bet, wherever it is by now."""
        acts.rollback(self.play, self._one(number, *BetState))

    @rule()
    def rollback_of_nothing(self) -> None:
        """The rollback of a bet that never was."""
        acts.rollback_of_nothing(self.play)

    @rule()
    def late_bet(self) -> None:
        """A rollback, and then its bet."""
        acts.late_bet(self.play)

    @_where(lambda play: play.done)
    @rule(number=NUMBERS)
    def repeat(self, number: int) -> None:
        """Something that was done, sent again."""
        acts.repeat(self.play, number)

    @rule()
    def bet_at_once(self) -> None:
        """Copies of one bet in the same moment."""
        acts.bet_at_once(self.play, COPIES)

    @_has(OPEN)
    @rule(number=NUMBERS)
    def win_at_once(self, number: int) -> None:
        """Copies of one win in the same moment."""
        acts.win_at_once(self.play, self._one(number, OPEN), COPIES)

    @_speaks_of(BATCHES)
    @rule(is_payable=st.booleans())
    def batch(self, is_payable: bool) -> None:  # noqa: FBT001 - Hypothesis gives it
        """Two bets in one request."""
        acts.batch(self.play, is_payable=is_payable)

    @rule()
    def look(self) -> None:
        """A balance call."""
        acts.look(self.play)

    # --- what must not go through -------------------------------------------------------------------------------------------

    @_has(CLOSED)
    @rule(number=NUMBERS)
    def bet_in_closed_round(self, number: int) -> None:
        """Another bet in a round that is over."""
        wrongs.bet_in_closed_round(self.play, self._one(number, CLOSED))

    @_has(CLOSED, UNDONE)
    @rule(number=NUMBERS)
    def win_after_the_end(self, number: int) -> None:
        """A win of a bet that is settled or rolled back."""
        acts.win(self.play, self._one(number, CLOSED, UNDONE), 1)

    @rule()
    def win_without_bet(self) -> None:
        """The win of a bet that never was."""
        wrongs.win_without_bet(self.play)

    @_where(lambda play: play.done)
    @rule(number=NUMBERS, moves_round=st.booleans())
    def change(self, number: int, moves_round: bool) -> None:  # noqa: FBT001 - Hypothesis gives it
        """A used id with other parameters."""
        wrongs.change(self.play, number, moves_round=moves_round)

    @rule()
    def bet_above_balance(self) -> None:
        """A bet of more than there is."""
        wrongs.bet_above_balance(self.play)

    @rule()
    def bet_in_other_currency(self) -> None:
        """A bet in another currency."""
        wrongs.bet_in_other_currency(self.play)

    @_has(OPEN, PAID)
    @rule(number=NUMBERS)
    def win_in_other_currency(self, number: int) -> None:
        """A win in another currency."""
        wrongs.win_in_other_currency(self.play, self._one(number, OPEN, PAID))

    @_CAN_EXPIRE
    @rule()
    def bet_with_expired_token(self) -> None:
        """A bet with a token that has expired."""
        wrongs.bet_with_expired_token(self.play)

    @_CAN_EXPIRE
    @_has(OPEN, PAID)
    @rule(number=NUMBERS, end=st.sampled_from((wrongs.win_with_expired_token, wrongs.close_with_expired_token)))
    def end_with_expired_token(self, number: int, end: Callable[[WalletPlay, KnownBet], None]) -> None:
        """A win or the end of a round, with a token that has expired since."""
        end(self.play, self._one(number, OPEN, PAID))

    @_CAN_EXPIRE
    @_has(OPEN)
    @rule(number=NUMBERS)
    def rollback_with_expired_token(self, number: int) -> None:
        """A rollback with a token that has expired since."""
        wrongs.rollback_with_expired_token(self.play, self._one(number, OPEN))

    @rule(
        action=st.sampled_from((Action.BET, Action.WIN, Action.ROLLBACK)),
        signature=st.sampled_from(wrongs.SIGNATURES),
        number=NUMBERS,
    )
    def badly_signed(self, action: Action, signature: str, number: int) -> None:
        """A call that is not signed as it has to be."""
        bet = self._one(number, OPEN) if self.play.known(OPEN) else None
        wrongs.badly_signed(self.play, action, signature, bet)

    @_HAS_SECOND
    @rule()
    def bet_with_foreign_token(self) -> None:
        """A bet with another player's token."""
        wrongs.bet_with_foreign_token(self.play, self.play.second)

    @_HAS_SECOND
    @_has(OPEN)
    @rule(number=NUMBERS)
    def same_id_of_another_player(self, number: int) -> None:
        """Another player's bet under an id of this one's."""
        wrongs.same_id_of_another_player(self.play, self._one(number, OPEN), self.play.second)
