"""One effect being performed: how far it came and when. Whether a request may have left is decided from this alone."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from enum import IntEnum
from typing import Any

from synthetic.core.altered import altered
from synthetic.core.effects import Done, Phases, Times
from synthetic.core.ports import Clock

BUFFERED_BYTES = 64 << 10
"""So much of an answer the kernel takes in while nobody reads: the first window of Linux, out of a buffer twice as large.

Of what exceeds it the target may have had to wait for us, and it came late because we did not read: a stall of ours is in the
kernel's times as well.
"""


class Phase(IntEnum):
    """How far an exchange came. From EXCHANGING on the target may have seen the request."""

    WAITING = 0  # for a connection of the pool
    CONNECTING = 1
    TO_PROXY = 2  # its name and TCP: nothing has been asked of the target yet, not even through the proxy
    TUNNELLING = 3  # the proxy was asked for the target, and has not answered
    SECURING = 4  # the TLS handshake
    EXCHANGING = 5


# The names of httpcore's `trace` extension.
_PHASES = {
    "connection.connect_tcp.started": Phase.CONNECTING,
    "connection.start_tls.started": Phase.SECURING,
    "http11.send_request_headers.started": Phase.EXCHANGING,
    "http2.send_request_headers.started": Phase.EXCHANGING,
}
_CONNECTED = "connection.connect_tcp.complete"
_SECURED = "connection.start_tls.complete"
_WRITTEN = ("http11.send_request_body.complete", "http2.send_request_body.complete")
_HEAD_CAME = ("http11.receive_response_headers.complete", "http2.receive_response_headers.complete")


class Attempt:
    """The phase and the times of one effect."""

    phase = Phase.WAITING
    left_ns = 0  # when the first byte of the request left, at the earliest; 0 where none has
    progress: Callable[[], str] | None = None  # tells how much of an answer has come, where its head has
    proxy = ""  # host:port of the one on its way
    _sent = _doubt = 0
    _dns = _connect = _tls = 0
    _first_byte = _last_byte = 0
    _stamped = _looked = False
    _took = 0

    def __init__(self, clock: Clock) -> None:
        self._monotonic_ns = clock.monotonic_ns
        self.started = self._since = clock.monotonic_ns()

    def enter(self, phase: Phase) -> None:
        """The attempt came this far. Where it begins to exchange, that moment counts as sent until `written` says better."""
        self.phase = phase
        self._since = self._monotonic_ns()
        if phase is Phase.EXCHANGING:
            self._sent = self._since

    def goes_by(self, proxy: str, phase: Phase) -> None:
        """It is this far on its way by a proxy. The time to connect runs on: the proxy is part of it."""
        self.proxy, self.phase = proxy, phase

    def resolved(self) -> None:
        """The name of the host is known; its connection is next."""
        self._dns, self._since = self._lap()

    def connected(self) -> None:
        """TCP is up."""
        self._connect, self._since = self._lap()

    def secured(self) -> None:
        """TLS is up."""
        self._tls, self._since = self._lap()

    def written(self) -> None:
        """The request has left in full."""
        self._sent = self._monotonic_ns()

    def left(self, before_ns: int, after_ns: int, at_ns: int | None) -> None:
        """A part of the request left between two moments, by the kernel's word `at_ns`.

        Where it has none, the first moment counts, and the time between them is in doubt.
        """
        self.left_ns = self.left_ns or before_ns
        self._sent = at_ns or before_ns
        self._doubt = 0 if at_ns else after_ns - before_ns

    def left_at(self, at_ns: int) -> None:
        """The kernel's word for the last part of the request has come late."""
        if at_ns >= self._sent and not self._first_byte:
            self._sent, self._doubt = at_ns, 0

    def left_through(self, at_ns: int, doubt_ns: int) -> None:
        """What was sent over a socket of somebody else's left at this moment, where that is one of this attempt."""
        if at_ns >= self._sent:
            self._sent, self._doubt = at_ns, doubt_ns

    def came(self, at_ns: int, *, stamped: bool) -> None:
        """A part of the answer came, or its end; `stamped`: as the kernel says."""
        self._first_byte = self._first_byte or at_ns
        self._last_byte = at_ns
        self._stamped = stamped

    def took(self, size: int) -> None:
        """So many bytes of the answer were read, as they travelled."""
        self._took += size

    def looked(self) -> None:
        """The socket was looked at once more, at the end: nothing more had come, however late we looked."""
        self._looked = True

    def trace(self, name: str, _info: dict[str, Any]) -> None:
        """Listen to httpcore's trace of a request."""
        if name in _PHASES:
            self.enter(_PHASES[name])
        elif name == _CONNECTED:
            self.connected()
        elif name == _SECURED:
            self.secured()
        elif name in _WRITTEN:
            self.written()
        elif name in _HEAD_CAME:
            self._first_byte = self._monotonic_ns()

    async def atrace(self, name: str, info: dict[str, Any]) -> None:
        """`trace` for httpcore's asynchronous pool."""
        self.trace(name, info)

    def times(self, received_ns: int | None = None, *, stamped: bool = False) -> Times:
        """The times so far; what was never sent counts as sent when it was started. `handled` is still to come.

        `stamped`: the kernel says when it was received.
        """
        received = self._monotonic_ns() if received_ns is None else received_ns
        return Times(
            self.started,
            self._sent or self.started,
            received,
            received,
            stamped=stamped or (self._looked and self._was_buffered()),
            phases=self._phases(received),
        )

    def answered(self) -> Times:
        """The times of an answer that is complete, to the last byte that came."""
        received = max(self._last_byte, self._sent)
        doubt = max(0, min(self._doubt, self._first_byte - self._sent))  # it had left before its answer came
        return Times(
            self.started,
            self._sent,
            received,
            received,
            doubt_ns=doubt,
            stamped=self._stamped and self._was_buffered(),
            phases=self._phases(received),
        )

    def _was_buffered(self) -> bool:
        """Whether the answer could come without our reading it meanwhile."""
        return self._took <= BUFFERED_BYTES

    def _phases(self, received: int) -> Phases | None:
        if not (self._dns or self._connect or self._first_byte):
            return None
        if not self._first_byte:
            return Phases(self._dns, self._connect, self._tls)
        first = min(self._first_byte, received)  # two stamps are told by two looks at the clocks
        return Phases(self._dns, self._connect, self._tls, max(0, first - self._sent), max(0, received - first))

    def _lap(self) -> tuple[int, int]:
        now = self._monotonic_ns()
        return now - self._since, now

    def done(self) -> Done:
        """The result of an effect that has no answer of its own."""
        return Done(altered(self.times(), doubt_ns=self._doubt))


ATTEMPT: ContextVar[Attempt] = ContextVar("attempt")
"""The one that httpcore is carrying: it hands no state of a request down to what connects."""
