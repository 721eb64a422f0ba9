"""The merchant's tour: every rule at least once, in an order that lets each law be judged in every run."""

from __future__ import annotations

from synthetic.contracts.laws.psp_intents import acts
from synthetic.contracts.laws.psp_intents.play import IntentsPlay


def tour(play: IntentsPlay) -> None:
    """Walk it; ends at the first stop after which a law is broken."""
    for stop in (_makes, _repeats, _ends, _refunds, _wrongs):
        stop(play)
        if play.findings():
            return


def _makes(play: IntentsPlay) -> None:
    """Everything is started first, so that it comes to rest side by side."""
    acts.pay(play, confirm=True)
    later = acts.pay(play, confirm=False)
    if later is not None:
        acts.refuse_webhooks(play, later)
        acts.confirm(play, later)
    acts.pay(play, confirm=False)
    if play.psp.terms.declined is not None:
        acts.pay_declined(play)
    if play.psp.terms.failing is not None:
        acts.pay_failing(play)
    if play.psp.terms.payout_to is not None:
        acts.pay_out(play)
        canceled = acts.pay_out(play)
        if canceled is not None:
            acts.cancel(play, canceled)


def _repeats(play: IntentsPlay) -> None:
    for number in range(len(play.posts)):
        acts.repeat(play, number)
    for payment in play.payments[:3]:
        acts.look_up(play, payment)
        acts.look(play, payment)
    for payment in (*play.payments[:1], *play.payments[-1:]):
        acts.change(play, payment)


def _ends(play: IntentsPlay) -> None:
    """What is at its end stays there."""
    first, unconfirmed = play.payments[0], play.payments[2]
    play.watch(first)
    acts.confirm(play, first)
    acts.cancel(play, first)
    acts.cancel(play, unconfirmed)
    acts.confirm(play, unconfirmed)
    acts.cancel(play, unconfirmed)
    acts.refund(play, unconfirmed, unconfirmed.amount_minor)


def _refunds(play: IntentsPlay) -> None:
    paid = play.payments[0]
    part = paid.amount_minor // 4
    acts.refund(play, paid, part)
    acts.repeat(play, len(play.posts) - 1)
    acts.refund(play, paid, paid.amount_minor)
    acts.refund(play, paid, paid.amount_minor - part)
    acts.refund(play, paid, 1)


def _wrongs(play: IntentsPlay) -> None:
    acts.under_wrong_key(play)
    acts.invalid(play)
