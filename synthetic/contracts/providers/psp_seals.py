"""How PSPs and merchants seal what they send, rightly and wrongly: written here again, so that no code is its own judge."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from synthetic.contracts.sealing import Outgoing

_OFF = {"stale": timedelta(seconds=-400), "ahead": timedelta(seconds=400)}
_OTHER_WRONGS = frozenset(("", "another key", "another payload", "missing"))
WRONGS = frozenset(_OFF) | _OTHER_WRONGS
"""How a seal can be wrong; "" for not at all."""

PspSeal = Callable[[Outgoing, str, str, datetime], Outgoing]
"""Request, secret, how it is to be wrong, now. Raises ValueError for a wrong that it does not know."""


def seal_event(request: Outgoing, secret: str, wrong: str, now: datetime) -> Outgoing:
    """`Stripe-Signature: t=<unix s>,v1=<hex HMAC-SHA256 of "{t}.{raw}">` (https://docs.stripe.com/webhooks/signature)."""
    stamp = int(_by_the_clock(wrong, now).timestamp())
    digest = _digest(secret, f"{stamp}.".encode() + request.body, wrong)
    return _signed(request, wrong, "Stripe-Signature", f"t={stamp},v1={digest}")


def seal_call(request: Outgoing, secret: str, wrong: str, now: datetime) -> Outgoing:
    """`X-Signature: <hex HMAC-SHA256 of the raw body>`, whose `timestamp` is the age."""
    body = {**json.loads(request.body), "timestamp": int(_by_the_clock(wrong, now).timestamp())}
    stamped = replace(request, body=json.dumps(body).encode())
    return _signed(stamped, wrong, "X-Signature", _digest(secret, stamped.body, wrong))


def _by_the_clock(wrong: str, now: datetime) -> datetime:
    if wrong not in WRONGS:
        raise ValueError(f"no seal is wrong by {wrong!r}; there are: {', '.join(sorted(WRONGS - {''}))}")
    return now + _OFF.get(wrong, timedelta())


def _digest(secret: str, signed: bytes, wrong: str) -> str:
    key = f"not {secret}" if wrong == "another key" else secret
    text = signed + b" " if wrong == "another payload" else signed
    return hmac.new(key.encode(), text, hashlib.sha256).hexdigest()


def _signed(request: Outgoing, wrong: str, header: str, value: str) -> Outgoing:
    if wrong == "missing":
        kept = {name: text for name, text in request.headers.items() if name.lower() != header.lower()}
        return replace(request, headers=kept)
    return request.having(**{header: value})
