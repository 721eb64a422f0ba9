"""Idempotency keys and API keys (https://docs.stripe.com/api/idempotent_requests): invariants 10, 11, 12, 14 and 38 at a PSP."""

from __future__ import annotations

import json
from dataclasses import replace

from synthetic.conformance.laws import Law
from synthetic.conformance.psp.books import captures_of
from synthetic.conformance.psp.merchant import Merchant, Said
from synthetic.conformance.stories import Breach, NotTestable, NotTried, Story

AT_ONCE = 8
INTENTS = "/payment_intents"


def key_moves_once(psp: Merchant) -> Story[Breach | None]:
    """A payment, sent twice under one key: the first answer again, whatever it was, and one capture."""
    first = yield from psp.insist(INTENTS, psp.intent(), "payment")
    if not first.proves:
        raise NotTried(f"a plain payment got no answer that proves anything: {first.told}")
    again = yield from psp.repeat(first, "the same payment again, under its key")
    if not _same(first, again):
        message = f"the first answer under the key was {_shown(first)}, the second {_shown(again)}"
        return Breach(message, (first.exchange, again.exchange))
    if not first.id:
        return None
    captures = yield from captures_of(psp, first)
    if captures is not None and captures > 1:
        return Breach(f"one key made {captures} captures", (first.exchange, again.exchange))
    return None


def refusal_is_stored(psp: Merchant) -> Story[Breach | None]:
    """A declined payment, sent again under its key: the same refusal, of the same intent."""
    if psp.terms.declined is None:
        raise NotTestable("give --card-declined, an instrument that the issuer declines")
    first = yield from psp.insist(
        INTENTS, psp.intent(method=psp.terms.declined), "payment with a card that is declined"
    )
    if first.status != 402:
        raise NotTestable(f"the card that is declined was answered {first.told}")
    again = yield from psp.repeat(first, "the same again, under its key")
    if not _same(first, again):
        message = f"the refusal under the key was {_shown(first)}, then {_shown(again)}"
        return Breach(message, (first.exchange, again.exchange))
    return None


def changed_parameters_are_refused(psp: Merchant) -> Story[Breach | None]:
    """The key of a payment with another amount: HTTP 400 `idempotency_error`, and nothing is made."""
    first = yield from psp.insist(INTENTS, psp.intent(confirm=False), "payment")
    if not first.id:
        raise NotTried(f"a plain payment was answered {first.told}")
    amount = psp.terms.amount + psp.terms.amount
    changed = psp.intent(confirm=False, amount=amount)
    second = yield from psp.insist(INTENTS, changed, "another amount under the same key", key=first.key)
    if second.status == 400 and "idempotency_error" in (second.error.get("type"), second.error.get("code")):
        return None
    message = f"another amount under a used key was answered {second.told}, not HTTP 400 idempotency_error"
    return Breach(message, (first.exchange, second.exchange))


def one_of_many_at_once(psp: Merchant) -> Story[Breach | None]:
    """Eight copies of one payment in parallel: one payment; the others get its answer, or a 409."""
    copies = yield from psp.post_at_once(INTENTS, psp.intent(), f"payment, one of {AT_ONCE} at once", AT_ONCE)
    settled = yield from psp.persist(copies[0], "the payment once more, after the storm")
    made = [said for said in (*copies, settled) if said.id]
    if not made:
        raise NotTried(f"none of {AT_ONCE} payments at once was accepted: {copies[0].told}")
    if len({said.id for said in made}) > 1:
        two = next(said for said in made if said.id != made[0].id)
        return Breach(f"one key made {len({said.id for said in made})} payments", (made[0].exchange, two.exchange))
    odd = next((said for said in copies if said.proves and not said.id and said.status != 409), None)
    if odd is not None:
        return Breach(f"a copy of a payment that was made was answered {odd.told}", (made[0].exchange, odd.exchange))
    captures = yield from captures_of(psp, made[0])
    if captures is not None and captures > 1:
        return Breach(f"{AT_ONCE} copies under one key made {captures} captures", (made[0].exchange,))
    return None


def invalid_is_not_stored(psp: Merchant) -> Story[Breach | None]:
    """A request that does not validate, then a good one under the same key: the good one is executed."""
    invalid = psp.intent(confirm=False) | {"amount": -1}
    first = yield from psp.insist(INTENTS, invalid, "payment with an amount below zero")
    if first.id:
        return Breach("a payment with an amount below zero was accepted", (first.exchange,))
    if not 400 <= first.status < 500:
        raise NotTestable(f"a payment with an amount below zero was answered {first.told}, which is no refusal")
    second = yield from psp.insist(INTENTS, psp.intent(confirm=False), "a good one under its key", key=first.key)
    if second.id:
        return None
    if second.status != first.status:
        raise NotTried(f"a plain payment was answered {second.told}")
    message = f"after a request that did not validate, a good one under its key was answered {second.told}"
    return Breach(message, (first.exchange, second.exchange))


def api_key_is_checked(psp: Merchant) -> Story[Breach | None]:
    """A payment under a wrong API key: HTTP 401 or 403, and nothing is made."""
    stranger = replace(
        psp, api_key=psp.new_id()
    )  # what it is let make is remembered, and given back, with what is ours
    said = yield from stranger.insist(INTENTS, psp.intent(), "payment under a wrong API key")
    if said.status in (401, 403):
        return None
    return Breach(f"a payment under a wrong API key was answered {said.told}", (said.exchange,))


def _same(first: Said, again: Said) -> bool:
    return first.status == again.status and (first.raw == again.raw or _object(first) == _object(again) != "{}")


def _object(said: Said) -> str:
    return json.dumps(said.body, sort_keys=True)


def _shown(said: Said) -> str:
    return f"{said.told} {said.id}".strip()


LAWS: tuple[Law[Merchant], ...] = (
    Law(10, "same-key-pays-once", "one key pays once, and keeps its first answer", key_moves_once),
    Law(11, "refusal-is-stored", "a refusal under a key is kept, too", refusal_is_stored),
    Law(
        12,
        "changed-parameters",
        "a used key with other parameters is an idempotency_error",
        changed_parameters_are_refused,
    ),
    Law(14, "concurrent-key", f"{AT_ONCE} copies at once under one key pay once", one_of_many_at_once),
    Law(0, "invalid-is-not-stored", "what does not validate takes no key", invalid_is_not_stored),
    Law(38, "api-key", "a wrong API key changes nothing", api_key_is_checked),
)
