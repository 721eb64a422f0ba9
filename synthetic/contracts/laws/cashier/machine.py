"""The state machine of a cashier's webhooks: each rule is one thing that a PSP tells; and the tour."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from synthetic.contracts.laws.cashier import acts
from synthetic.contracts.laws.cashier.events import KINDS, SIGNATURES
from synthetic.contracts.laws.cashier.play import CashierPlay, KnownPayment
from synthetic.contracts.laws.machine import LawMachine

NUMBERS = st.integers(0, 10)
PAYMENTS_MAX = 4


def _where(holds: Callable[[CashierPlay], Any]) -> Callable[[Any], Any]:
    return precondition(lambda machine: bool(holds(machine.play)))


def _known(play: CashierPlay, kind: str, *, captured: bool = False) -> list[KnownPayment]:
    return [one for one in play.payments if one.kind == kind and (not captured or one.states == acts.SUCCEEDED)]


_HAS_ROOM = _where(lambda play: len(play.payments) < PAYMENTS_MAX)
_HAS_DEPOSITS = _where(lambda play: _known(play, "deposits"))
_HAS_WITHDRAWALS = _where(lambda play: _known(play, "withdrawals"))


class CashierMachine(LawMachine[CashierPlay]):
    """Random news of payments at one cashier."""

    def _deposit(self, number: int, *, captured: bool = False) -> KnownPayment:
        known = _known(self.play, "deposits", captured=captured)
        return known[number % len(known)]

    def _withdrawal(self, number: int) -> KnownPayment:
        known = _known(self.play, "withdrawals")
        return known[number % len(known)]

    @_HAS_ROOM
    @rule(kind=st.sampled_from(("deposits", "withdrawals")))
    def ask(self, kind: str) -> None:
        """The player asks for a payment."""
        self.play.ask(kind)

    @_HAS_DEPOSITS
    @rule(number=NUMBERS, tell=st.sampled_from((acts.capture, acts.fail, acts.process)))
    def tell(self, number: int, tell: Callable[[CashierPlay, KnownPayment], None]) -> None:
        """News of a deposit, right or out of order."""
        tell(self.play, self._deposit(number))

    @_HAS_DEPOSITS
    @rule(number=NUMBERS, is_currency=st.booleans())
    def capture_wrongly(self, number: int, is_currency: bool) -> None:  # noqa: FBT001 - Hypothesis gives it
        """A capture of what nobody asked for."""
        acts.capture_wrongly(self.play, self._deposit(number), is_currency=is_currency)

    @_where(lambda play: _known(play, "deposits", captured=True))
    @rule(number=NUMBERS)
    def charge_back(self, number: int) -> None:
        """A chargeback."""
        acts.charge_back(self.play, self._deposit(number, captured=True))

    @_HAS_WITHDRAWALS
    @rule(number=NUMBERS, tell=st.sampled_from((acts.pay, acts.fail_payout)))
    def tell_of_payout(self, number: int, tell: Callable[[CashierPlay, KnownPayment], None]) -> None:
        """News of a payout, right or out of order."""
        tell(self.play, self._withdrawal(number))

    @_where(lambda play: any(one.told for one in play.payments))
    @rule(number=NUMBERS, which=NUMBERS)
    def repeat(self, number: int, which: int) -> None:
        """An event again."""
        known = [one for one in self.play.payments if one.told]
        acts.repeat(self.play, known[number % len(known)], which)

    @_where(lambda play: play.payments)
    @rule(number=NUMBERS, signature=st.sampled_from(SIGNATURES))
    def forge(self, number: int, signature: str) -> None:
        """An event that is not signed as it has to be."""
        acts.forge(self.play, self.play.payments[number % len(self.play.payments)], signature)

    @rule(fact=st.sampled_from(tuple(KINDS)))
    def tell_of_nothing(self, fact: str) -> None:
        """An event about a payment that nobody knows."""
        acts.tell_of_nothing(self.play, fact)


def tour(play: CashierPlay) -> None:
    """Every rule at least once; ends at the first stop after which a law is broken."""
    for stop in (_deposits, _failures, _forgeries, _payouts, _nothing, _late):
        stop(play)
        if play.findings():
            return


def _deposits(play: CashierPlay) -> None:
    deposit = play.ask("deposits")
    acts.process(play, deposit)
    acts.capture(play, deposit)
    acts.repeat(play, deposit, 1)
    acts.capture(play, deposit)
    acts.process(play, deposit)
    acts.fail(play, deposit)
    acts.charge_back(play, deposit)
    acts.charge_back(play, deposit)


def _failures(play: CashierPlay) -> None:
    declined = play.ask("deposits")
    acts.fail(play, declined)
    acts.fail(play, declined)
    acts.capture(play, declined)
    for is_currency in (False, True):
        acts.capture_wrongly(play, play.ask("deposits"), is_currency=is_currency)


def _forgeries(play: CashierPlay) -> None:
    deposit = play.ask("deposits")
    for signature in SIGNATURES:
        acts.forge(play, deposit, signature)
    acts.capture(play, deposit)


def _payouts(play: CashierPlay) -> None:
    late, early = play.ask("withdrawals"), play.ask("withdrawals")
    acts.forge(play, late, "bad")
    acts.pay(play, late)
    acts.pay(play, late)
    acts.fail_payout(play, late)
    acts.repeat(play, late, 2)
    acts.fail_payout(play, early)
    acts.fail_payout(play, early)
    acts.pay(play, early)


def _nothing(play: CashierPlay) -> None:
    for fact in KINDS:
        acts.tell_of_nothing(play, fact)


def _late(play: CashierPlay) -> None:
    acts.capture_late(play, play.ask("deposits"))
