"""One exchange in full: what was sent, what was expected, what came. Everything is redacted before it gets here."""

from __future__ import annotations

import json

from rich.text import Text

from synthetic.core.machine.reading import NotJson, read_json
from synthetic.core.wording import printable
from synthetic.report.records import Exchange, Headers, Phases

BODY_LINES_MAX = 40
BODY_CHARS_MAX = 1000


def dialogue(exchange: Exchange, *, full: bool = False) -> list[Text]:
    """The exchange as its own small protocol: `>` was sent, `<` came back. `full`: bodies as far as the record has them."""
    frame = exchange.kind in ("ws_send", "ws_receive")  # its line says the direction
    lines = [Text(printable(exchange.request.line if frame else f"> {exchange.request.line}"), style="bold")]
    lines += _headers("> ", exchange.request.headers)
    lines += _body("> ", exchange.request.body, full=full)
    lines.append(Text(f"expected  {exchange.expected or 'no more than an answer'}", style="cyan"))
    lines += _came(exchange, full=full)
    lines.append(Text(_times(exchange), style="dim"))
    return lines


def _came(exchange: Exchange, *, full: bool) -> list[Text]:
    if exchange.fault:
        missed = [Text(printable(f"came      nothing: {exchange.fault}"), style="red")]
        return missed if not exchange.answer.body else [*missed, *_body("but       ", exchange.answer.body, full=full)]
    status = "" if exchange.answer.status is None else f"HTTP {exchange.answer.status}"
    head = Text(f"< {status or 'frame'}", style="bold" if exchange.held else "bold red")
    return [head, *_headers("< ", exchange.answer.headers), *_body("< ", exchange.answer.body, full=full)]


def _headers(mark: str, headers: Headers) -> list[Text]:
    return [Text(printable(f"{mark}{name}: {value}"), style="dim") for name, value in headers]


def _body(mark: str, body: str, *, full: bool) -> list[Text]:
    pretty = _pretty(body)
    shown = pretty if full else "\n".join(pretty[:BODY_CHARS_MAX].splitlines()[:BODY_LINES_MAX])
    lines = [Text(printable(f"{mark}{line}")) for line in shown.splitlines()]
    if len(shown) < len(pretty.rstrip()):
        lines.append(
            Text(f"{mark}... ({len(pretty)} characters; all that is kept of them is shown by --full)", style="dim")
        )
    return lines


def _pretty(body: str) -> str:
    """JSON indented, for a reader; anything else as it came, also what a lenient reader would take for JSON."""
    try:
        return json.dumps(read_json(body), indent=2, ensure_ascii=False)
    except NotJson:
        return body


def _times(exchange: Exchange) -> str:
    parts = [f"left at {exchange.offset_ms:.3f} ms", f"took {exchange.latency_ms:.3f} ms"]
    if exchange.phases is not None:
        parts.append(_phases(exchange.phases))
    if exchange.doubt_ms:
        parts.append(f"of which {exchange.doubt_ms:.3f} ms are in doubt")
    if exchange.harness_lag_ms:
        parts.append(f"our own lag {exchange.harness_lag_ms:.3f} ms")
    if exchange.span_id:
        parts.append(f"span {exchange.span_id}")
    if exchange.key:
        parts.append(f"key {exchange.key}")
    return ", ".join(parts)


def _phases(phases: Phases) -> str:
    opening = (("name", phases.dns_ms), ("connect", phases.connect_ms), ("TLS", phases.tls_ms))
    before = [f"{name} {took:.3f} ms" for name, took in opening if took]
    after = f"first byte {phases.first_byte_ms:.3f} ms, body {phases.body_ms:.3f} ms"
    return f"{after} (before it left: {', '.join(before)})" if before else after
