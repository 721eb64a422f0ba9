"""An exchange as a person reads it: request line, headers without credentials, body, and what came back."""

from __future__ import annotations

from collections.abc import Iterator

from synthetic.conformance.stories import Exchange
from synthetic.core.effects import HttpReply
from synthetic.core.secrets import MASK, Redactor
from synthetic.core.wording import printable

BODY_SHOWN_MAX = 1500
"""Characters."""
_CREDENTIALS = ("signature", "sign", "authorization", "cookie", "key", "token")
_PUBLIC = frozenset({"idempotency-key"})
_TOLD_HEADERS = frozenset({"content-type", "idempotent-replayed", "retry-after", "location"})


def exchange_lines(exchange: Exchange, redactor: Redactor) -> Iterator[str]:
    """`# label`, `> request`, `< answer`, a line each; no secret leaves, and no control character."""
    request, result = exchange.request, exchange.result
    lines = [f"# {exchange.label}", f"> {request.method} {request.url}"]
    lines += [f"> {name}: {_shown(name, value)}" for name, value in request.headers]
    lines += [f"> {line}" for line in _body_lines(request.body, redactor)]
    if isinstance(result, HttpReply):
        lines.append(f"< {result.status}")
        lines += [f"< {name}: {value}" for name, value in result.headers if name in _TOLD_HEADERS]
        lines += [f"< {line}" for line in _body_lines(result.body, redactor)]
    else:
        lines.append(f"< no answer: {result.kind}: {result.detail}")
    return (printable(redactor.redact(line)) for line in lines)


def _shown(name: str, value: str) -> str:
    hidden = any(word in name.lower() for word in _CREDENTIALS) and name.lower() not in _PUBLIC
    return MASK if hidden else value


def _body_lines(body: bytes, redactor: Redactor) -> list[str]:
    """The body as far as anybody reads. Masked before it is cut: a cut through a secret would show its first half."""
    shown, is_all = redactor.beginning(body.decode(errors="replace"), BODY_SHOWN_MAX)
    return shown.splitlines() if is_all else [*shown.splitlines(), f"... the beginning of {len(body)} bytes"]
