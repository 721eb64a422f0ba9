"""The state machine of a PSP of style `intents`: every rule is one thing that a merchant does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from synthetic.contracts.laws.machine import LawMachine
from synthetic.contracts.laws.psp_intents import acts
from synthetic.contracts.laws.psp_intents.model import KnownPayment
from synthetic.contracts.laws.psp_intents.play import IntentsPlay

NUMBERS = st.integers(0, 20)


def _where(holds: Callable[[IntentsPlay], Any]) -> Callable[[Any], Any]:
    return precondition(lambda machine: bool(holds(machine.play)))


def _of(kind: str) -> Callable[[IntentsPlay], list[KnownPayment]]:
    return lambda play: [payment for payment in play.payments if payment.kind == kind]


class IntentsMachine(LawMachine[IntentsPlay]):
    """Random lives of payments at one PSP."""

    def _one(self, number: int, kind: str = "") -> KnownPayment:
        known = [payment for payment in self.play.payments if not kind or payment.kind == kind]
        return known[number % len(known)]

    @rule(confirm=st.booleans())
    def pay(self, confirm: bool) -> None:  # noqa: FBT001 - Hypothesis gives it
        """A payment, confirmed at once or later."""
        acts.pay(self.play, confirm=confirm)

    @_where(lambda play: play.psp.terms.declined)
    @rule()
    def pay_declined(self) -> None:
        """A payment that is declined."""
        acts.pay_declined(self.play)

    @_where(lambda play: play.psp.terms.failing)
    @rule()
    def pay_failing(self) -> None:
        """A payment that fails while it is processed."""
        acts.pay_failing(self.play)

    @_where(lambda play: play.psp.terms.payout_to)
    @rule()
    def pay_out(self) -> None:
        """A payout."""
        acts.pay_out(self.play)

    @_where(_of(acts.INTENTS))
    @rule(number=NUMBERS)
    def confirm(self, number: int) -> None:
        """A confirmation."""
        acts.confirm(self.play, self._one(number, acts.INTENTS))

    @_where(lambda play: play.payments)
    @rule(number=NUMBERS)
    def cancel(self, number: int) -> None:
        """A cancellation of a payment or payout."""
        acts.cancel(self.play, self._one(number))

    @_where(_of(acts.INTENTS))
    @rule(number=NUMBERS, share=st.sampled_from((1, 2, 4)))
    def refund(self, number: int, share: int) -> None:
        """A refund of a quarter, of half, or of all."""
        payment = self._one(number, acts.INTENTS)
        acts.refund(self.play, payment, payment.amount_minor * share // 4)

    @_where(lambda play: play.posts)
    @rule(number=NUMBERS)
    def repeat(self, number: int) -> None:
        """A request again, under its key."""
        acts.repeat(self.play, number)

    @_where(lambda play: play.payments)
    @rule(number=NUMBERS)
    def change(self, number: int) -> None:
        """Another amount under a used key."""
        acts.change(self.play, self._one(number))

    @_where(lambda play: play.payments)
    @rule(number=NUMBERS)
    def look(self, number: int) -> None:
        """A look at a payment."""
        acts.look(self.play, self._one(number))

    @_where(lambda play: play.payments)
    @rule(number=NUMBERS)
    def look_up(self, number: int) -> None:
        """A look-up by key."""
        acts.look_up(self.play, self._one(number))

    @rule()
    def under_wrong_key(self) -> None:
        """A payment under an API key that nobody has."""
        acts.under_wrong_key(self.play)

    @rule()
    def invalid(self) -> None:
        """A request that does not validate."""
        acts.invalid(self.play)

    @_where(lambda play: play.payments and play.inbox)
    @rule(number=NUMBERS)
    def refuse_webhooks(self, number: int) -> None:
        """Webhooks about a payment are not taken at first."""
        acts.refuse_webhooks(self.play, self._one(number))
