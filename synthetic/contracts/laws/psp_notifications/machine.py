"""The state machine of a PSP of style B: each rule is one thing that a merchant does; and the tour."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from synthetic.contracts.laws.machine import LawMachine
from synthetic.contracts.laws.psp_notifications import acts
from synthetic.contracts.laws.psp_notifications.play import AMOUNT_MINOR, KnownPayment, NotificationsPlay

NUMBERS = st.integers(0, 10)
KINDS = st.sampled_from(("deposits", "withdrawals"))
_HAS_PAYMENTS: Callable[[Any], Any] = precondition(lambda machine: bool(machine.play.payments))


class NotificationsMachine(LawMachine[NotificationsPlay]):
    """Random lives of transactions at one PSP."""

    def _one(self, number: int) -> KnownPayment:
        return self.play.payments[number % len(self.play.payments)]

    @rule(kind=KINDS, failures=st.sampled_from((0, 0, acts.FAILURES)))
    def place(self, kind: str, failures: int) -> None:
        """A deposit or a withdrawal."""
        acts.place(self.play, kind, failures=failures)

    @rule(kind=KINDS)
    def place_and_refuse(self, kind: str) -> None:
        """One that we will not authorize."""
        acts.place(self.play, kind, refused=True)

    @rule(instrument=st.sampled_from((acts.DECLINED, acts.FAILING)))
    def place_in_vain(self, instrument: str) -> None:
        """A deposit that will not succeed."""
        acts.place(self.play, "deposits", instrument)

    @_HAS_PAYMENTS
    @rule(number=NUMBERS)
    def repeat(self, number: int) -> None:
        """The same request again."""
        acts.repeat(self.play, self._one(number))

    @_HAS_PAYMENTS
    @rule(number=NUMBERS)
    def change(self, number: int) -> None:
        """Another amount under a used key."""
        acts.change(self.play, self._one(number))

    @_HAS_PAYMENTS
    @rule(number=NUMBERS)
    def look(self, number: int) -> None:
        """A look at a payment."""
        acts.look(self.play, self._one(number))

    @_HAS_PAYMENTS
    @rule(number=NUMBERS)
    def look_up(self, number: int) -> None:
        """A look-up by key."""
        acts.look_up(self.play, self._one(number))

    @_HAS_PAYMENTS
    @rule(number=NUMBERS)
    def cancel(self, number: int) -> None:
        """A cancellation."""
        acts.cancel(self.play, self._one(number))

    @_HAS_PAYMENTS
    @rule(number=NUMBERS, share=st.sampled_from((1, 2, 4)))
    def refund(self, number: int, share: int) -> None:
        """A refund of a quarter, of half, or of all."""
        acts.refund(self.play, self._one(number), AMOUNT_MINOR * share // 4)

    @rule()
    def under_wrong_key(self) -> None:
        """A deposit under an API key that nobody has."""
        acts.under_wrong_key(self.play)

    @rule()
    def look_for_nothing(self) -> None:
        """A transaction that nobody made."""
        acts.look_for_nothing(self.play)


def tour(play: NotificationsPlay) -> None:
    """Every rule at least once; ends at the first stop after which a law is broken."""
    for stop in (_makes, _repeats, _ends, _wrongs):
        stop(play)
        if play.findings():
            return


def _makes(play: NotificationsPlay) -> None:
    """Everything is started first, so that it comes to rest side by side."""
    acts.place(play, "deposits", failures=acts.FAILURES)
    acts.place(play, "withdrawals", failures=acts.FAILURES)
    for instrument in (acts.DECLINED, acts.FAILING):
        acts.place(play, "deposits", instrument)
    for kind in ("deposits", "withdrawals"):
        acts.place(play, kind, refused=True)
        cancelled = acts.place(play, kind)
        if cancelled is not None:
            acts.cancel(play, cancelled)


def _repeats(play: NotificationsPlay) -> None:
    for payment in play.payments[:3]:
        acts.repeat(play, payment)
        acts.change(play, payment)
        acts.look_up(play, payment)


def _ends(play: NotificationsPlay) -> None:
    paid = play.payments[0]
    part = AMOUNT_MINOR // 4
    acts.refund(play, paid, part)
    acts.refund(play, paid, AMOUNT_MINOR)
    acts.refund(play, paid, AMOUNT_MINOR - part)
    for payment in play.payments:
        play.watch(payment)
        acts.cancel(play, payment)
        acts.refund(play, payment, AMOUNT_MINOR)
    for payment in play.payments[:2]:
        acts.repeat(play, payment)


def _wrongs(play: NotificationsPlay) -> None:
    acts.under_wrong_key(play)
    acts.look_for_nothing(play)
