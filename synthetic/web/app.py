"""The app of `synthetic serve`: metrics for Prometheus, health for the platform it runs on, and calls for operators and gates."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from synthetic.report.metrics import RunnerMetrics
from synthetic.report.metrics.exposition import Format, format_for, pieces
from synthetic.runner.health import MENDED_BY_RESTART, Health, Reason
from synthetic.web.calls import Calls

_FRESH = {"Cache-Control": "no-store"}


def build_app(
    *,
    metrics: RunnerMetrics,
    health: Callable[[], Health],
    calls: Calls | None = None,
    more: Sequence[BaseRoute] = (),
) -> Starlette:
    """The app. Without `calls` (no token is configured) it can only be read: the calls answer 404. `more`: the gate's routes."""
    reading = Reading(metrics, health)
    routes: list[BaseRoute] = [
        Route("/metrics", reading.tell_metrics),
        Route("/healthz", reading.tell_alive),
        Route("/readyz", reading.tell_ready),
    ]
    if calls is not None:
        routes += [
            Route("/v1/kill", calls.kill, methods=["POST"]),
            Route("/v1/resume", calls.resume, methods=["POST"]),
            Route("/v1/suspect", calls.suspect, methods=["POST"]),
        ]
    return Starlette(routes=[*routes, *more])


class Reading:
    """What anybody may read who can reach the port."""

    def __init__(self, metrics: RunnerMetrics, health: Callable[[], Health]) -> None:
        self._metrics = metrics
        self._health = health

    async def tell_metrics(self, request: Request) -> Response:
        """`GET /metrics`: Prometheus' text format, or OpenMetrics with exemplars for whoever accepts it."""
        health = self._health()
        self._metrics.unhealthy(health.reasons, all_reasons=Reason)
        written = format_for(request.headers.get("accept", ""))
        return StreamingResponse(self._stream(written), headers=_FRESH | {"Content-Type": written.content_type})

    async def _stream(self, written: Format) -> AsyncIterator[bytes]:
        """Piece by piece, with the event loop free in between: a scrape must taint no run."""
        for piece in pieces(self._metrics, written):
            yield piece
            await asyncio.sleep(0)

    async def tell_alive(self, request: Request) -> Response:  # noqa: ARG002 - Starlette passes it
        """`GET /healthz`: 503 only for what a restart mends."""
        health = self._health()
        return _told(health, ok=health.alive)

    async def tell_ready(self, request: Request) -> Response:  # noqa: ARG002 - Starlette passes it
        """`GET /readyz`: 503 while its numbers or its schedule can't be trusted."""
        health = self._health()
        return _told(health, ok=health.ready)


def _told(health: Health, *, ok: bool) -> Response:
    status = "ok" if health.ready else "not_ready" if health.alive else "broken"
    reasons = [
        {
            "reason": trouble.reason,
            "message": trouble.message,
            "mended_by_restart": trouble.reason in MENDED_BY_RESTART,
        }
        for trouble in health.troubles
    ]
    return JSONResponse({"status": status, "reasons": reasons}, 200 if ok else 503, headers=_FRESH)
