"""The state machine of a cashier that a PSP of style B calls: each rule is one call; and the tour."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from synthetic.contracts.laws.cashier import calls
from synthetic.contracts.laws.cashier.calls import CallsPlay
from synthetic.contracts.laws.cashier.events import SIGNATURES
from synthetic.contracts.laws.cashier.play import KnownPayment
from synthetic.contracts.laws.machine import LawMachine

NUMBERS = st.integers(0, 10)
PAYMENTS_MAX = 3
_HAS_ROOM: Callable[[Any], Any] = precondition(lambda machine: len(machine.play.payments) < PAYMENTS_MAX)
_HAS_DEPOSITS: Callable[[Any], Any] = precondition(lambda machine: bool(machine.play.payments))


class CallsMachine(LawMachine[CallsPlay]):
    """Random calls about the deposits of one player."""

    def _one(self, number: int) -> KnownPayment:
        return self.play.payments[number % len(self.play.payments)]

    @_HAS_ROOM
    @rule()
    def ask(self) -> None:
        """The player asks for a deposit."""
        self.play.ask("deposits")

    @_HAS_DEPOSITS
    @rule(number=NUMBERS, call=st.sampled_from((calls.authorize, calls.transfer, calls.cancel, calls.call_wrongly)))
    def call(self, number: int, call: Callable[[CallsPlay, KnownPayment], None]) -> None:
        """A call, right or out of order, for the first time or again."""
        call(self.play, self._one(number))

    @_HAS_DEPOSITS
    @rule(number=NUMBERS, signature=st.sampled_from(SIGNATURES))
    def forge(self, number: int, signature: str) -> None:
        """A call that is not signed as it has to be."""
        calls.forge(self.play, self._one(number), signature)

    @rule()
    def verify_user(self) -> None:
        """Who is it?"""
        calls.verify_user(self.play)


def tour(play: CallsPlay) -> None:
    """Every rule at least once; ends at the first stop after which a law is broken."""
    for stop in (_deposits, _cancelled, _wrong):
        stop(play)
        if play.findings():
            return


def _deposits(play: CallsPlay) -> None:
    calls.verify_user(play)
    deposit = play.ask("deposits")
    calls.authorize(play, deposit)
    for signature in SIGNATURES:
        calls.forge(play, deposit, signature)
    calls.transfer(play, deposit, late=True)
    calls.transfer(play, deposit)
    calls.cancel(play, deposit)


def _cancelled(play: CallsPlay) -> None:
    deposit = play.ask("deposits")
    calls.authorize(play, deposit)
    calls.cancel(play, deposit)
    calls.cancel(play, deposit)
    calls.transfer(play, deposit)


def _wrong(play: CallsPlay) -> None:
    calls.call_wrongly(play, play.ask("deposits"))
