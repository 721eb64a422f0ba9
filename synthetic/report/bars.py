"""Bars on the time axis of a waterfall: where an exchange begins, how long it takes, in how many columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from synthetic.core.wording import one_line
from synthetic.report.records import Exchange


@dataclass(frozen=True, slots=True)
class Axis:
    """The time axis: `total_ms` shown in the right part of `width` columns."""

    total_ms: float
    width: int
    ascii_only: bool = False

    @property
    def bar_width(self) -> int:
        """Columns of the axis itself, a quarter of the line."""
        return self.width // 4

    @property
    def bar_at(self) -> int:
        """The column at which the axis begins."""
        return self.width - self.bar_width

    def ruler(self) -> str:
        """The ends of the axis, for the head line."""
        right = f"{self.total_ms:.0f}"
        return "0" + right.rjust(self.bar_width - 1)

    def draw(self, bar: Bar) -> str:
        """The bar: at least one column, and never past the axis; before it, dashed, the opening of its connection."""
        begin = min(self._column(bar.start_ms), self.bar_width - 1)
        opening = begin - min(self._column(bar.start_ms - bar.opening_ms), begin)
        length = max(1, min(self._column(bar.start_ms + bar.took_ms), self.bar_width) - begin)
        dash, line = ("-", "=") if self.ascii_only else ("╌", "━")
        return " " * (begin - opening) + dash * opening + line * length

    def _column(self, at_ms: float) -> int:
        return max(0, int(at_ms / self.total_ms * self.bar_width))


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of the waterfall: an exchange, or `count` polls in a row that all said the same."""

    start_ms: float
    took_ms: float
    status: str
    what: str
    held: bool
    last: Exchange
    count: int = 1
    opening_ms: float = 0.0

    @classmethod
    def of(cls, exchange: Exchange) -> Bar:
        """The bar of one exchange."""
        return cls.of_all([exchange])

    @classmethod
    def of_all(cls, exchanges: Sequence[Exchange]) -> Bar:
        """One bar from the first exchange's beginning to the last one's end."""
        first, last = exchanges[0], exchanges[-1]
        many = f" x{len(exchanges)}" if len(exchanges) > 1 else ""
        return cls(
            start_ms=first.offset_ms,
            took_ms=last.offset_ms + last.latency_ms - first.offset_ms,
            status=_status(last),
            what=_what(last) + many,
            held=last.held,
            last=last,
            count=len(exchanges),
            opening_ms=0.0 if first.phases is None else first.phases.opening_ms,
        )


def group_polls(exchanges: Sequence[Exchange]) -> list[Bar]:
    """Bars in which polls in a row, of one address and with one answer's status, are one."""
    groups: list[list[Exchange]] = []
    for exchange in exchanges:
        if groups and _alike(groups[-1][-1], exchange):
            groups[-1].append(exchange)
        else:
            groups.append([exchange])
    return [Bar.of_all(group) for group in groups]


def _alike(one: Exchange, other: Exchange) -> bool:
    return one.purpose == other.purpose == "poll" and _said(one) == _said(other)


def _said(exchange: Exchange) -> tuple[str, int | None, bool, str]:
    return exchange.request.line, exchange.answer.status, exchange.held, exchange.fault


def _status(exchange: Exchange) -> str:
    if exchange.fault:
        return "FAIL"
    return "" if exchange.answer.status is None else str(exchange.answer.status)


def _what(exchange: Exchange) -> str:
    prefix = "" if exchange.purpose in ("call", "poll") else f"{exchange.purpose}: "
    if exchange.kind in ("ws_send", "ws_receive"):
        return f"{prefix}{exchange.request.line} {one_line(exchange.request.body or exchange.answer.body)}"
    method, _, url = exchange.request.line.partition(" ")
    parts = urlsplit(url)
    return f"{prefix}{method} {parts.path or '/'}{'?' + parts.query if parts.query else ''}"
