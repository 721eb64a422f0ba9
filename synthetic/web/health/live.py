"""The stream that keeps a page up to date: server-sent events, the document when it has changed and a beat otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sse_starlette.event import ServerSentEvent
from sse_starlette.sse import EventSourceResponse
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from synthetic.core.wording import json_escaped
from synthetic.report.health import ReleaseHealth
from synthetic.web.health.releases import Releases
from synthetic.web.listening import closing_of

BEAT_EVERY_S = 10.0
LOOK_EVERY_S = 1.0
STREAMS_MAX = 24
"""Pages that are kept up to date at a time. A stream holds a connection, and polls of controllers need some, too."""


@dataclass(frozen=True, slots=True)
class _Written:
    health: ReleaseHealth
    tells: str
    whole: str


class _Stream(EventSourceResponse):
    """A stream that tells when it is over, also where nobody ever read of it."""

    def __init__(self, closed: Callable[[], None], *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self._closed = closed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._closed()


class Live:
    """The open streams of one service."""

    def __init__(
        self,
        releases: Releases,
        *,
        look_every_s: float = LOOK_EVERY_S,
        beat_every_s: float = BEAT_EVERY_S,
        streams_max: int = STREAMS_MAX,
    ) -> None:
        self._releases = releases
        self._look_every_s = look_every_s
        self._beat_every_s = beat_every_s
        self._streams_max = streams_max
        self._open = 0
        self._written: dict[str, _Written] = {}

    async def events(self, request: Request, rollout: str) -> Response:
        """The stream of one rollout: 404 where there is none, 503 where too many pages are open. It ends when the app is closed."""
        health = await self._releases.health(rollout)
        if health is None:
            return PlainTextResponse("no such rollout\n", 404)
        if self._open >= self._streams_max:
            return PlainTextResponse("too many pages are open\n", 503, headers={"Retry-After": "30"})
        self._open += 1  # here, where nobody comes between: what is counted later lets everybody in who came at once
        return _Stream(
            self._closed,
            self._told(rollout, health, closing_of(request.app)),
            ping=self._beat_every_s,
            ping_message_factory=lambda: ServerSentEvent(event="beat", data="-"),
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    async def _told(
        self, rollout: str, health: ReleaseHealth | None, closing: asyncio.Event
    ) -> AsyncIterator[ServerSentEvent]:
        shown = ""
        while health is not None and not closing.is_set():
            written = self._write(rollout, health)
            if written.tells != shown:
                shown = written.tells
                yield ServerSentEvent(event="health", data=written.whole)
            with suppress(TimeoutError):
                await asyncio.wait_for(closing.wait(), self._look_every_s)
            health = await self._releases.health(rollout)

    def _closed(self) -> None:
        self._open -= 1
        if not self._open:
            self._written.clear()

    def _write(self, rollout: str, health: ReleaseHealth) -> _Written:
        """Once for all pages that are open: this is the loop that probes are played on, too."""
        written = self._written.get(rollout)
        if written is None or written.health is not health:
            written = self._written[rollout] = _Written(
                health, what_it_tells(health), json_escaped(health.model_dump_json())
            )
        return written


def what_it_tells(health: ReleaseHealth) -> str:
    """The document without the instants that change with every look: a page counts those on by itself."""
    verdict = health.verdict.model_copy(update={"ready_at": None})
    return health.model_copy(update={"verdict": verdict}).model_dump_json(exclude={"generated_at"})
