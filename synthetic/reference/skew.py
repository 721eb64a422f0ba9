"""A component's wall clock that can go wrong: the switch `skews_clock` moves its signatures' time stamps and its `Date` alike."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from synthetic.reference.switchboard import Switch, Switchboard

SWITCH = "skews_clock"
SKEW_S_DEFAULT = 360  # six minutes: just above the tolerance that everybody has (300 s)


class SkewedClock:
    """How far the clock is off for one cell. Each `draw` decides anew; what `Date` shows in between is the last draw."""

    def __init__(self, board: Switchboard) -> None:
        self._board = board
        self._drawn_s: dict[str, int] = {}

    def draw_s(self, cell: str) -> int:
        """The seconds that the clock is ahead while something is stamped or judged by it. Counts as a time that it acted."""
        self._drawn_s[cell] = _seconds(self._board.acting(SWITCH, cell=cell))
        return self._drawn_s[cell]

    def is_off(self, cell: str) -> bool:
        """Whether the clock may be off for the cell, now."""
        return any(switch.name == SWITCH and switch.cell in (None, cell) for switch in self._board.thrown())

    def shown_s(self, cell: str) -> int:
        """The seconds that the clock is ahead for whoever only looks at it."""
        thrown = [switch for switch in self._board.thrown() if switch.name == SWITCH and switch.cell in (None, cell)]
        if not thrown:
            return 0
        always = next((switch for switch in thrown if switch.rate >= 1.0), None)
        return self._drawn_s.get(cell, 0) if always is None else _seconds(always)


class DateHeader:
    """ASGI middleware: answers carry `Date` by this clock (the server in front must not add its own)."""

    def __init__(self, app: ASGIApp, clock: SkewedClock, cell_of: Callable[[Scope], str]) -> None:
        self._app = app
        self._clock = clock
        self._cell_of = cell_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                now = datetime.now(UTC) + timedelta(seconds=self._clock.shown_s(self._cell_of(scope)))
                MutableHeaders(scope=message)["Date"] = format_datetime(now, usegmt=True)
            await send(message)

        await self._app(scope, receive, dated)


def _seconds(switch: Switch | None) -> int:
    return 0 if switch is None else int(switch.params.get("skew_s", SKEW_S_DEFAULT))
