"""The cell's outermost layer: trace context in, release headers out, one log line and one metric per request.

An unexpected failure ends here as a 500 with these headers, so that a harness sees which release and which trace it was.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from synthetic.reference.cell.logs import log_event, log_failure
from synthetic.reference.cell.metrics import CellMetrics
from synthetic.reference.cell.tracing import Trace, current_trace, read_trace
from synthetic.reference.settings import CellSettings

_FIRST = {"http.response.start", "websocket.accept"}
_RUN_LENGTH_MAX = 200


@dataclass(slots=True)
class _Exchange:
    """One request being answered; `status` is 0 until the answer starts (101 for an accepted WebSocket)."""

    trace: Trace
    status: int = 0
    started_s: float = field(default_factory=time.perf_counter)

    @property
    def duration_s(self) -> float:
        return time.perf_counter() - self.started_s


class Observability:
    """ASGI middleware around the whole cell."""

    def __init__(self, app: ASGIApp, settings: CellSettings, metrics: CellMetrics) -> None:
        self._app = app
        self._settings = settings
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection (ASGI)."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        run = headers.get("x-synthetic-run", "")[:_RUN_LENGTH_MAX]
        exchange = _Exchange(read_trace(headers.get("traceparent", ""), run))
        token = current_trace.set(exchange.trace)
        try:
            await self._answer(exchange, scope, receive, self._labelled(exchange, send))
        finally:
            current_trace.reset(token)
            self._record(exchange, scope)

    async def _answer(self, exchange: _Exchange, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except Exception as error:
            log_failure("request_failed", error, path=scope["path"])
            if scope["type"] != "http" or exchange.status:
                raise
            body = {"error": "internal", "message": "the cell failed; its log has the trace"}
            await JSONResponse(body, 500)(scope, receive, send)

    def _labelled(self, exchange: _Exchange, send: Send) -> Send:
        async def labelled(message: Message) -> None:
            if message["type"] in _FIRST:
                exchange.status = message.get("status", 101)
                headers = MutableHeaders(scope=message) if "headers" in message else _no_headers(message)
                headers["X-Cell-Version"] = self._settings.version
                headers["X-Rollout-Step"] = self._settings.rollout_step
                headers["X-Flag-Variant"] = self._settings.flag_variant
                headers["X-Trace-Id"] = exchange.trace.trace_id
            await send(message)

        return labelled

    def _record(self, exchange: _Exchange, scope: Scope) -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        method = scope.get("method", "WEBSOCKET")
        self._metrics.observe(method, route, exchange.status, exchange.duration_s)
        log_event(
            "request",
            cell=self._settings.name,
            version=self._settings.version,
            trace_id=exchange.trace.trace_id,
            synthetic_run=exchange.trace.synthetic_run,
            method=method,
            route=route,
            status=exchange.status,
            duration_ms=round(exchange.duration_s * 1000, 3),
        )


def _no_headers(message: Message) -> MutableHeaders:
    message["headers"] = []
    return MutableHeaders(scope=message)
