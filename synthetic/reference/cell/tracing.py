"""W3C trace context: taken from a request, kept beside its work, given to the requests that it makes itself."""

from __future__ import annotations

import re
import secrets
from contextvars import ContextVar
from dataclasses import dataclass

_TRACEPARENT = re.compile(r"^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$")


@dataclass(frozen=True, slots=True)
class Trace:
    """The trace that this work belongs to, and `synthetic_run`, the harness's `X-Synthetic-Run`, only passed on."""

    trace_id: str
    synthetic_run: str = ""

    def headers(self) -> dict[str, str]:
        """What an outgoing request carries: `traceparent` with a span of its own, and the run."""
        headers = {"traceparent": f"00-{self.trace_id}-{secrets.token_hex(8)}-01"}
        return headers | ({"X-Synthetic-Run": self.synthetic_run} if self.synthetic_run else {})


current_trace: ContextVar[Trace | None] = ContextVar("current_trace", default=None)


def read_trace(traceparent: str, synthetic_run: str) -> Trace:
    """The caller's trace, or a new one where the header is absent or malformed (W3C Trace Context, 3.2)."""
    match = _TRACEPARENT.match(traceparent.strip())
    if match is None or set(match[1]) == {"0"} or set(match[2]) == {"0"}:
        return Trace(secrets.token_hex(16), synthetic_run)
    return Trace(match[1], synthetic_run)


def outgoing_headers() -> dict[str, str]:
    """The trace headers for a request made on behalf of the current one; empty outside of one."""
    trace = current_trace.get()
    return {} if trace is None else trace.headers()
