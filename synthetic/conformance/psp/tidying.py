"""Bringing the money of a story home: what was captured is refunded, what is open is cancelled."""

from __future__ import annotations

from urllib.parse import quote

from synthetic.conformance.psp.merchant import SETTLED, Merchant
from synthetic.conformance.stories import Story


def give_back(psp: Merchant) -> Story[tuple[str, ...]]:
    """Refund or cancel every intent of this story; those that would be neither, and those that no answer tells us the id of."""
    yield from psp.ask_what_became()
    left = [f"under key {key}" for key in psp.unanswered]
    for intent in dict.fromkeys(psp.intents):
        returned = yield from _give_one_back(psp, intent)
        if not returned:
            left.append(intent)
    psp.intents.clear()
    psp.unanswered.clear()
    return tuple(left)


def _give_one_back(psp: Merchant, intent: str) -> Story[bool]:
    first = yield from psp.get(f"/payment_intents/{quote(intent)}", "look that clears up")
    looks = [first]
    if first.state == "processing":
        looks = yield from psp.watched("payment_intents", first, SETTLED)
    match looks[-1].state:
        case "succeeded":
            refund = yield from psp.insist("/refunds", {"payment_intent": intent}, "refund that clears up")
            return refund.status == 200 or refund.error.get("code") == "charge_already_refunded"
        case "canceled":
            return True
        case _:
            canceled = yield from psp.insist(f"/payment_intents/{quote(intent)}/cancel", {}, "cancel that clears up")
            return canceled.state == "canceled"
