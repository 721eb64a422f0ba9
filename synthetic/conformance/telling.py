"""An exchange as a person reads it: request line, headers without credentials, body, and what came back."""

from __future__ import annotations

from collections.abc import Iterator

from synthetic.conformance.stories import Exchange
from synthetic.core.effects import HttpReply
from synthetic.core.secrets import MASK, Redactor
from synthetic.core.wording import printable

BODY_SHOWN_MAX = 1500
_CREDENTIALS = ("signature", "sign", "authorization", "cookie", "key", "token")
_PUBLIC = frozenset({"idempotency-key"})
_TOLD_HEADERS = frozenset({"content-type", "idempotent-replayed", "retry-after", "location"})


def exchange_lines(exchange: Exchange, redactor: Redactor) -> Iterator[str]:
    """`# label`, `> request`, `< answer`, a line each; no secret leaves, and no control character."""
    request, result = exchange.request, exchange.result
    lines = [f"# {exchange.label}", f"> {request.method} {request.url}"]
    lines += [f"> {name}: {_shown(name, value)}" for name, value in request.headers]
    lines += [f"> {line}" for line in _body_lines(request.body)]
    if isinstance(result, HttpReply):
        lines.append(f"< {result.status}")
        lines += [f"< {name}: {value}" for name, value in result.headers if name in _TOLD_HEADERS]
        lines += [f"< {line}" for line in _body_lines(result.body)]
    else:
        lines.append(f"< no answer: {result.kind}: {result.detail}")
    return (printable(redactor.redact(line)) for line in lines)


def _shown(name: str, value: str) -> str:
    hidden = any(word in name.lower() for word in _CREDENTIALS) and name.lower() not in _PUBLIC
    return MASK if hidden else value


def _body_lines(body: bytes) -> list[str]:
    text = body[:BODY_SHOWN_MAX].decode(errors="replace")
    more = [f"... and {len(body) - BODY_SHOWN_MAX} bytes more"] if len(body) > BODY_SHOWN_MAX else []
    return [*text.splitlines(), *more]
