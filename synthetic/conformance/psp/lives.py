"""The lives of payments and payouts: legal steps, declines, ends that stay, refunds (domain reference 2)."""

from __future__ import annotations

from urllib.parse import quote

from synthetic.conformance.laws import Law
from synthetic.conformance.psp.merchant import SETTLED, Merchant, Said
from synthetic.conformance.psp.states import INTENT, PAYOUT, first_illegal
from synthetic.conformance.stories import Breach, NotTestable, NotTried, Story

INTENTS = "/payment_intents"
RESTS = frozenset({"paid", "failed", "canceled"})


def success_has_its_object(psp: Merchant) -> Story[Breach | None]:
    """An HTTP 200 to a new payment carries that payment: an id, a state, and the amount that was asked for."""
    said = yield from psp.insist(INTENTS, psp.intent(), "payment")
    if said.status != 200:
        raise NotTried(f"a plain payment was answered {said.told}")
    wanted = psp.terms.amount
    told = (said.body.get("amount"), str(said.body.get("currency", "")).upper())
    if said.id and said.state in INTENT and told == (wanted.minor, wanted.currency):
        return None
    return Breach("HTTP 200 without the payment that was asked for", (said.exchange,))


def intent_takes_legal_steps(psp: Merchant) -> Story[Breach | None]:
    """A payment that is confirmed in a request of its own: each state that is seen follows from the one before, to an end."""
    made = yield from psp.insist(INTENTS, psp.intent(confirm=False), "payment, not confirmed")
    if not made.id:
        raise NotTried(f"a plain payment was answered {made.told}")
    confirmed = yield from psp.insist(f"{INTENTS}/{quote(made.id)}/confirm", {}, "confirm")
    if not confirmed.id:
        raise NotTried(f"the confirmation of a payment was answered {confirmed.told}")
    looks = yield from psp.watched("payment_intents", confirmed, SETTLED)
    seen = [made.state, *(look.state for look in looks)]
    illegal = first_illegal(INTENT, seen)
    if illegal is not None:
        return Breach(f"a payment went {illegal}", (made.exchange, confirmed.exchange, looks[-1].exchange))
    if looks[-1].state not in SETTLED | {"requires_action"}:
        message = f"a confirmed payment is still {looks[-1].state} after {psp.terms.settles_within_s:g} s"
        return Breach(message, (confirmed.exchange, looks[-1].exchange))
    return None


def decline_returns(psp: Merchant) -> Story[Breach | None]:
    """A card that the issuer declines: HTTP 402 `card_declined` with a `decline_code`, and the payment wants a method again."""
    if psp.terms.declined is None:
        raise NotTestable("give --card-declined, an instrument that the issuer declines")
    said = yield from psp.insist(INTENTS, psp.intent(method=psp.terms.declined), "payment with a card that is declined")
    if said.status >= 500 or (said.status == 200 and not said.id):
        raise NotTestable(f"the card that is declined was answered {said.told}")
    if said.status != 402 or said.error.get("code") != "card_declined" or not said.error.get("decline_code"):
        return Breach(
            f"a declined card was answered {said.told}, not HTTP 402 card_declined with a code", (said.exchange,)
        )
    if not psp.intents:
        return Breach("the refusal of a declined card does not say which payment it is of", (said.exchange,))
    look = yield from psp.get(f"{INTENTS}/{quote(psp.intents[-1])}", "look at the payment")
    if look.state != "requires_payment_method" or not look.body.get("last_payment_error"):
        return Breach(f"after a decline the payment is {look.state or look.told}", (said.exchange, look.exchange))
    return None


def late_failure_returns(psp: Merchant) -> Story[Breach | None]:
    """A card that fails while it is processed: the payment wants a method again, and says what failed."""
    if psp.terms.failing is None:
        raise NotTestable("give --card-failing, an instrument that fails while it is processed")
    said = yield from psp.insist(INTENTS, psp.intent(method=psp.terms.failing), "payment with a card that fails")
    if not said.id:
        raise NotTestable(f"the card that fails while it is processed was answered {said.told}")
    looks = yield from psp.watched("payment_intents", said, SETTLED)
    last = looks[-1]
    if last.state == "requires_payment_method" and last.body.get("last_payment_error"):
        return None
    if last.state == "requires_action":
        raise NotTestable("the payment wants the player's action, which nobody takes here")
    return Breach(
        f"a payment that fails in processing became {last.state or last.told}", (said.exchange, last.exchange)
    )


def ends_stay(psp: Merchant) -> Story[Breach | None]:
    """A canceled payment can't be confirmed, a succeeded one can't be canceled: both are refused, and stay what they are."""
    made = yield from psp.insist(INTENTS, psp.intent(confirm=False), "payment, not confirmed")
    if not made.id:
        raise NotTried(f"a plain payment was answered {made.told}")
    canceled = yield from psp.insist(f"{INTENTS}/{quote(made.id)}/cancel", {}, "cancel")
    if canceled.state != "canceled":
        return Breach(f"canceling an unconfirmed payment was answered {canceled.told}", (canceled.exchange,))
    found = yield from _refused_and_same(psp, made.id, "confirm", "canceled")
    if found is not None:
        return found
    paid = yield from psp.paid()
    return (yield from _refused_and_same(psp, paid.id, "cancel", "succeeded"))


def _refused_and_same(psp: Merchant, intent: str, verb: str, state: str) -> Story[Breach | None]:
    said = yield from psp.insist(f"{INTENTS}/{quote(intent)}/{verb}", {}, f"{verb} of a payment that is {state}")
    look = yield from psp.get(f"{INTENTS}/{quote(intent)}", "look at it")
    if look.state != state:
        return Breach(f"a {state} payment became {look.state} by {verb}", (said.exchange, look.exchange))
    if said.status == 200:
        return Breach(f"{verb} of a {state} payment was answered {said.told}", (said.exchange,))
    return None


def refunds_at_most_the_payment(psp: Merchant) -> Story[Breach | None]:
    """A refund of a part, one of the whole (refused, for less is left), then the rest: no more than was paid."""
    paid = yield from psp.paid()
    amount = psp.terms.amount.minor
    part = max(1, amount // 2)
    first = yield from _refund(psp, paid, part, "refund of a part")
    if first.status != 200:
        return Breach(f"the refund of a part was answered {first.told}", (first.exchange,))
    again = yield from psp.repeat(first, "the same refund again, under its key")
    if again.proves and again.id != first.id:
        return Breach("a refund that was sent again under its key is another refund", (first.exchange, again.exchange))
    too_much = yield from _refund(psp, paid, amount, "refund of the whole, of which a part is refunded")
    if too_much.status == 200:
        return Breach("more was refunded than was paid", (first.exchange, too_much.exchange))
    rest = yield from psp.insist("/refunds", {"payment_intent": paid.id}, "refund of what is left")
    if rest.status != 200 and amount > part:
        message = f"what is left of a payment could not be refunded ({rest.told})"
        return Breach(message, (first.exchange, rest.exchange))
    return None


def _refund(psp: Merchant, paid: Said, amount_minor: int, label: str) -> Story[Said]:
    return (yield from psp.insist("/refunds", {"payment_intent": paid.id, "amount": amount_minor}, label))


def payout_takes_legal_steps(psp: Merchant) -> Story[Breach | None]:
    """A payout: each state that is seen follows from the one before, to an end. A late failure of a paid one is legal."""
    made = yield from psp.insist("/payouts", psp.payout(), "payout")
    if not made.id:
        raise NotTried(f"a plain payout was answered {made.told}")
    looks = yield from psp.watched("payouts", made, RESTS)
    illegal = first_illegal(PAYOUT, [look.state for look in looks])
    if illegal is not None:
        return Breach(f"a payout went {illegal}", (made.exchange, looks[-1].exchange))
    if looks[-1].state not in RESTS:
        raise NotTestable(
            f"the payout is {looks[-1].state} after {psp.terms.settles_within_s:g} s; raise --settles-within"
        )
    return None


def canceled_payout_stays(psp: Merchant) -> Story[Breach | None]:
    """A payout that is canceled at once: canceled, and canceled it stays; where it is too late for that, it is refused."""
    made = yield from psp.insist("/payouts", psp.payout(), "payout")
    if not made.id:
        raise NotTried(f"a plain payout was answered {made.told}")
    canceled = yield from psp.insist(f"/payouts/{quote(made.id)}/cancel", {}, "cancel")
    if canceled.status == 400:
        raise NotTestable("the payout had left before it could be canceled")
    if canceled.state != "canceled":
        return Breach(f"canceling a payout was answered {canceled.told} {canceled.state}".strip(), (canceled.exchange,))
    # A payout that travels on would be paid after the time that one takes: another one tells how long that is.
    other = yield from psp.insist("/payouts", psp.payout(), "another payout, to know how long one takes")
    if other.id:
        yield from psp.watched("payouts", other, RESTS)
    look = yield from psp.get(f"/payouts/{quote(made.id)}", "look at the canceled payout")
    if look.state != "canceled":
        return Breach(f"a canceled payout became {look.state}", (canceled.exchange, look.exchange))
    return None


LAWS: tuple[Law[Merchant], ...] = (
    Law(0, "success-has-its-object", "a success carries the payment that was asked for", success_has_its_object),
    Law(0, "intent-life", "a payment takes legal steps to its end", intent_takes_legal_steps),
    Law(0, "decline-returns", "a decline is a 402 with its code, and wants another method", decline_returns),
    Law(0, "late-failure-returns", "a failure in processing wants another method", late_failure_returns),
    Law(0, "ends-stay", "succeeded and canceled payments stay so", ends_stay),
    Law(0, "refund-at-most-paid", "refunds give back at most the payment, once a key", refunds_at_most_the_payment),
    Law(0, "payout-life", "a payout takes legal steps to its end", payout_takes_legal_steps),
    Law(0, "canceled-payout-stays", "a canceled payout is never paid", canceled_payout_stays),
)
