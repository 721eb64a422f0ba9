"""One exchange in full: what was sent, what was expected, what came. Everything is redacted before it gets here."""

from __future__ import annotations

import json

from rich.text import Text

from synthetic.core.wording import printable
from synthetic.report.records import Exchange, Headers


def dialogue(exchange: Exchange) -> list[Text]:
    """The exchange as its own small protocol: `>` was sent, `<` came back."""
    lines = [Text(printable(f"> {exchange.request.line}"), style="bold")]
    lines += _headers("> ", exchange.request.headers)
    lines += _body("> ", exchange.request.body)
    lines.append(Text(f"expected  {exchange.expected or 'no more than an answer'}", style="cyan"))
    lines += _came(exchange)
    lines.append(Text(_times(exchange), style="dim"))
    return lines


def _came(exchange: Exchange) -> list[Text]:
    if exchange.fault:
        return [Text(printable(f"came      nothing: {exchange.fault}"), style="red")]
    status = "" if exchange.answer.status is None else f"HTTP {exchange.answer.status}"
    head = Text(f"< {status or 'frame'}", style="bold" if exchange.held else "bold red")
    return [head, *_headers("< ", exchange.answer.headers), *_body("< ", exchange.answer.body)]


def _headers(mark: str, headers: Headers) -> list[Text]:
    return [Text(printable(f"{mark}{name}: {value}"), style="dim") for name, value in headers]


def _body(mark: str, body: str) -> list[Text]:
    return [Text(printable(f"{mark}{line}")) for line in _pretty(body).splitlines()]


def _pretty(body: str) -> str:
    """JSON indented, for a reader; anything else as it came."""
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return body


def _times(exchange: Exchange) -> str:
    parts = [f"left at {exchange.offset_ms:.3f} ms", f"took {exchange.latency_ms:.3f} ms"]
    if exchange.harness_lag_ms:
        parts.append(f"our own lag {exchange.harness_lag_ms:.3f} ms")
    if exchange.span_id:
        parts.append(f"span {exchange.span_id}")
    if exchange.key:
        parts.append(f"key {exchange.key}")
    return ", ".join(parts)
