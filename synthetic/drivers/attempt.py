"""One effect being performed: how far it came and when. Whether a request may have left is decided from this alone."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from synthetic.core.effects import Done, Times
from synthetic.core.ports import Clock


class Phase(IntEnum):
    """How far an exchange came. From EXCHANGING on the target may have seen the request."""

    WAITING = 0  # for a connection of the pool
    CONNECTING = 1
    SECURING = 2  # the TLS handshake
    EXCHANGING = 3


# The names of httpcore's `trace` extension.
_PHASES = {
    "connection.connect_tcp.started": Phase.CONNECTING,
    "connection.start_tls.started": Phase.SECURING,
    "http11.send_request_headers.started": Phase.EXCHANGING,
}
_WRITTEN = "http11.send_request_body.complete"


class Attempt:
    """The phase and the times of one effect."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sent = 0
        self.started = clock.monotonic_ns()
        self.phase = Phase.WAITING
        self.progress = ""  # how much of an answer has come, where its head has: `HTTP 200 and 3 of 10 bytes had come`

    def enter(self, phase: Phase) -> None:
        """The attempt came this far. Where it begins to exchange, that moment counts as sent until `written` says better."""
        self.phase = phase
        if phase is Phase.EXCHANGING:
            self._sent = self._clock.monotonic_ns()

    def written(self) -> None:
        """The request has left in full."""
        self._sent = self._clock.monotonic_ns()

    def trace(self, name: str, _info: dict[str, Any]) -> None:
        """Listen to httpcore's trace of a request."""
        if name in _PHASES:
            self.enter(_PHASES[name])
        elif name == _WRITTEN:
            self.written()

    async def atrace(self, name: str, info: dict[str, Any]) -> None:
        """`trace` for httpcore's asynchronous pool."""
        self.trace(name, info)

    def times(self, received_ns: int | None = None) -> Times:
        """The times so far; what was never sent counts as sent when it was started. `handled` is still to come."""
        received = self._clock.monotonic_ns() if received_ns is None else received_ns
        return Times(self.started, self._sent or self.started, received, received)

    def done(self) -> Done:
        """The result of an effect that has no answer of its own."""
        return Done(self.times())
