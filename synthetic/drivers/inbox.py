"""The frames of one WebSocket that have arrived, each with the moment of its arrival, and how the connection ended."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from synthetic.core.effects import FaultKind, TransportFault, WsFrame
from synthetic.drivers.attempt import BUFFERED_BYTES, Attempt
from synthetic.drivers.guard import Limits


@dataclass(frozen=True, slots=True)
class _Arrived:
    text: str
    at_ns: int
    size: int
    stamped: bool


@dataclass(frozen=True, slots=True)
class _Ended:
    kind: FaultKind
    detail: str
    close_code: int | None


class Inbox:
    """A bounded queue. Frames that came before the end are still handed out; after them only the end is."""

    def __init__(self, limits: Limits) -> None:
        self._frames: deque[_Arrived] = deque()
        self._limits = limits
        self._bytes = 0
        self._end: _Ended | None = None

    @property
    def ready(self) -> bool:
        """Whether `take` has something to say."""
        return bool(self._frames) or self._end is not None

    @property
    def ended(self) -> bool:
        """Whether the connection is over."""
        return self._end is not None

    def put(self, message: str | bytes, at_ns: int, *, stamped: bool = False) -> bool:
        """Keep a frame; False where too many are unread, which ends the connection.

        `stamped`: the kernel says when it came. Of a large one it may have come late because we did not read (`BUFFERED_BYTES`).
        """
        if len(self._frames) >= self._limits.unread_frames_max:
            self.end(FaultKind.PROTOCOL, f"over {self._limits.unread_frames_max} frames are unread", None)
            return False
        if self._bytes + len(message) > self._limits.unread_bytes_max:
            self.end(FaultKind.PROTOCOL, f"over {self._limits.unread_bytes_max} bytes of frames are unread", None)
            return False
        self._bytes += len(message)
        text = message if isinstance(message, str) else message.decode("utf-8", "replace")
        was_buffered = len(message) <= BUFFERED_BYTES
        self._frames.append(_Arrived(text, at_ns, len(message), stamped and was_buffered))
        return True

    def end(self, kind: FaultKind, detail: str, close_code: int | None) -> None:
        """The connection is over; the first reason stays."""
        if self._end is None:
            self._end = _Ended(kind, detail, close_code)

    def take(self, attempt: Attempt) -> WsFrame | TransportFault | None:
        """The next frame, or why there is none any more; None where one may still come."""
        if self._frames:
            frame = self._frames.popleft()
            self._bytes -= frame.size
            return WsFrame(frame.text, attempt.times(frame.at_ns, stamped=frame.stamped))
        return self.closed(attempt, maybe_sent=True) if self._end is not None else None

    def closed(self, attempt: Attempt, *, maybe_sent: bool) -> TransportFault:
        """The fault of using a connection that is over. What was sent on it earlier may have had its effect."""
        assert self._end is not None
        return TransportFault(self._end.kind, self._end.detail, maybe_sent, attempt.times(), self._end.close_code)
