"""A merchant at one PSP of style `intents`: what it asks, what it is answered, and which payments it has to undo."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from synthetic.conformance.answers import json_object, told
from synthetic.conformance.psp.inbox import Inbox
from synthetic.conformance.stories import Exchange, NotTestable, NotTried, Story, exchange, exchanges, wait
from synthetic.core.effects import Http, HttpReply
from synthetic.core.money import Money

ATTEMPTS = 3
IN_USE = 409  # the first request under the key is still being executed
SETTLED = frozenset({"succeeded", "canceled", "requires_payment_method"})
"""Where a confirmed intent comes to rest."""
LOOK_EVERY_S = 0.05
UNPROVEN_STATUSES = frozenset({408, 429, 502, 503, 504})
"""What a gateway in front of the PSP answers: it says nothing of the request behind it."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the operator gives. Instruments that are None: the laws that need them can't be tried."""

    amount: Money
    good: str
    declined: str | None = None
    failing: str | None = None
    payout_to: str | None = None
    form_encoded: bool = False
    timeout_s: float = 10.0
    settles_within_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Said:
    """A request under its idempotency key, and what came back."""

    exchange: Exchange
    key: str = ""

    @property
    def status(self) -> int:
        """The HTTP status; 0 where there was no answer."""
        result = self.exchange.result
        return result.status if isinstance(result, HttpReply) else 0

    @property
    def raw(self) -> bytes:
        """The answer's body."""
        result = self.exchange.result
        return result.body if isinstance(result, HttpReply) else b""

    @property
    def body(self) -> Mapping[str, Any]:
        """The answer as a JSON object; empty where it is none."""
        return json_object(self.raw) or {}

    @property
    def id(self) -> str:
        """The id of the object that was answered, `""` where it was none."""
        return str(self.body.get("id") or "") if self.status == 200 else ""

    @property
    def state(self) -> str:
        """The status of the intent or the payout."""
        return str(self.body.get("status") or "")

    @property
    def error(self) -> Mapping[str, Any]:
        """The error object of a refusal; empty where there is none."""
        error = self.body.get("error")
        return error if isinstance(error, dict) else {}

    @property
    def proves(self) -> bool:
        """Whether the answer is the PSP's own: a page or half an object with HTTP 200 says nothing of the request."""
        if self.status == 0 or self.status in UNPROVEN_STATUSES:
            return False
        return 400 <= self.status < 500 or json_object(self.raw) is not None

    @property
    def told(self) -> str:
        """The answer in a few words: `HTTP 402 card_declined`."""
        return told(self.exchange.result, str(self.error.get("code") or self.error.get("type") or ""))

    @property
    def took_s(self) -> float:
        """How long the answer took, or our waiting for it."""
        times = self.exchange.result.times
        return max(0, times.handled - times.started) / 1e9


@dataclass
class Merchant:
    """One story's view of the PSP: every key is fresh, and what was paid or paid out is remembered."""

    url: str
    api_key: str = field(repr=False)
    terms: Terms
    new_id: Callable[[], str]
    inbox: Inbox | None = None
    player: str = ""
    knobs: dict[str, str] = field(default_factory=dict)
    intents: list[str] = field(default_factory=list)
    payouts: dict[str, bool] = field(
        default_factory=dict
    )  # key of a payout that may have left -> an answer came that is no refusal
    unanswered: dict[str, Http] = field(
        default_factory=dict
    )  # payments that left, by key, and no answer says what they became

    # --- what a merchant asks -------------------------------------------------------------------------------------------

    def intent(self, *, method: str | None = None, confirm: bool = True, amount: Money | None = None) -> dict[str, Any]:
        """The parameters of a new intent."""
        money = amount or self.terms.amount
        chosen = method or self.terms.good
        return {
            "amount": money.minor,
            "currency": money.currency,
            "payment_method": chosen,
            "confirm": confirm,
        } | self._about()

    def payout(self) -> dict[str, Any]:
        """The parameters of a new payout. Raises NotTestable where nobody said where to."""
        if self.terms.payout_to is None:
            raise NotTestable("give --payout-to, an instrument that a payout may go to; it is really paid out")
        money = self.terms.amount
        return {"amount": money.minor, "currency": money.currency, "destination": self.terms.payout_to} | self._about()

    def _about(self) -> dict[str, Any]:
        return {"metadata": {"player": self.player, "reference": self.new_id()}}

    # --- saying it ------------------------------------------------------------------------------------------------------

    def post(self, path: str, body: Mapping[str, Any], label: str, *, key: str | None = None) -> Story[Said]:
        """A POST under a fresh key, or under the given one."""
        own = self.new_id() if key is None else key
        return self._heard((yield from exchange(label, self._post(path, body, own))), own)

    def ask_what_became(self) -> Story[None]:
        """Send what was never answered once more under its key, as the PSP keeps the first answer: then its payment is known."""
        for key, request in list(self.unanswered.items()):
            left_s, said = self.terms.settles_within_s, None
            while left_s > 0 and key in self.unanswered and (said is None or not said.proves or said.status == IN_USE):
                said = self._heard((yield from exchange("payment whose answer never came", request)), key)
                if key in self.unanswered:
                    yield from wait(LOOK_EVERY_S)
                left_s -= LOOK_EVERY_S + said.took_s

    def post_at_once(self, path: str, body: Mapping[str, Any], label: str, count: int) -> Story[tuple[Said, ...]]:
        """The same POST so many times at once, under one fresh key."""
        key = self.new_id()
        sent = yield from exchanges(label, (self._post(path, body, key),) * count)
        return tuple(self._heard(one, key) for one in sent)

    def repeat(self, said: Said, label: str) -> Story[Said]:
        """The same request once more, byte for byte and under the same key."""
        return self._heard((yield from exchange(label, said.exchange.request)), said.key)

    def insist(self, path: str, body: Mapping[str, Any], label: str, *, key: str | None = None) -> Story[Said]:
        """A POST that is repeated under its key while a gateway answers for the PSP."""
        said = yield from self.post(path, body, label, key=key)
        return (yield from self.persist(said, label))

    def persist(self, said: Said, label: str) -> Story[Said]:
        """Repeat a request under its key, a few times, until the answer is the PSP's own."""
        for _ in range(ATTEMPTS - 1):
            if said.proves:
                break
            yield from wait(LOOK_EVERY_S)
            said = yield from self.repeat(said, f"{label}, sent again as its answer proves nothing")
        return said

    def get(self, path: str, label: str, **query: str) -> Story[Said]:
        """A read."""
        asked = f"?{urlencode(query)}" if query else ""
        request = Http("GET", f"{self.url}{path}{asked}", self._headers(), timeout_s=self.terms.timeout_s)
        return Said((yield from exchange(label, request)))

    def paid(self, label: str = "payment") -> Story[Said]:
        """An intent that succeeded. Raises NotTestable where it does not."""
        said = yield from self.insist("/payment_intents", self.intent(), label)
        if not said.id:
            raise NotTried(f"a plain payment that this needs was answered {said.told}")
        seen = yield from self.watched("payment_intents", said, SETTLED)
        if seen[-1].state != "succeeded":
            raise NotTried(f"a plain payment that this needs became {seen[-1].state}")
        return seen[-1]

    def watched(self, kind: str, said: Said, ends: frozenset[str]) -> Story[list[Said]]:
        """Look at an intent or a payout until it is in one of these states, or the time is over; every look in order."""
        looks, left_s = [said], self.terms.settles_within_s
        while left_s > 0 and looks[-1].state not in ends:
            yield from wait(LOOK_EVERY_S)
            looks.append((yield from self.get(f"/{kind}/{quote(said.id)}", f"look at the {kind.removesuffix('s')}")))
            left_s -= LOOK_EVERY_S + looks[-1].took_s
        return looks

    # --- writing and reading ----------------------------------------------------------------------------------------------

    def _post(self, path: str, body: Mapping[str, Any], key: str) -> Http:
        form = self.terms.form_encoded
        raw = urlencode(list(_flat(body))).encode() if form else json.dumps(body).encode()
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        headers = (*self._headers(), ("Content-Type", kind), ("Idempotency-Key", key))
        request = Http("POST", f"{self.url}{path}", headers, raw, self.terms.timeout_s)
        if path == "/payment_intents":
            self.unanswered.setdefault(key, request)
        if path == "/payouts":
            self.payouts.setdefault(key, False)
        return request

    def _headers(self) -> tuple[tuple[str, str], ...]:
        return (("Authorization", f"Bearer {self.api_key}"),)

    def _heard(self, sent: Exchange, key: str) -> Said:
        said = Said(sent, key)
        refused = said.error.get("payment_intent")
        made = said.id or (str(refused.get("id") or "") if isinstance(refused, dict) else "")
        if made or (said.proves and said.status not in (200, IN_USE)):
            self.unanswered.pop(key, None)
        if sent.request.url.endswith("/payment_intents") and made:
            self.intents.append(made)
        if sent.request.url.endswith("/payouts"):
            self._count(said)
        return said

    def _count(self, payout: Said) -> None:
        """A payout counts from the moment it leaves, unless its first answer is a refusal: one without an answer may be paid."""
        refused = payout.proves and 400 <= payout.status < 500 and payout.status != IN_USE
        if refused and not self.payouts.get(payout.key):
            self.payouts.pop(payout.key, None)
        else:
            self.payouts[payout.key] = True


def _flat(body: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Stripe's form: `metadata[player]=p`, `confirm=true`."""
    pairs: list[tuple[str, str]] = []
    for name, value in body.items():
        full = f"{prefix}[{name}]" if prefix else name
        if isinstance(value, Mapping):
            pairs += _flat(value, full)
        else:
            pairs.append((full, str(value).lower() if isinstance(value, bool) else str(value)))
    return pairs
