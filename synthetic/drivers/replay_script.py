"""The target's part of a recording, read from its exchanges: which request gets which answer. No I/O."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field

import httpx

from synthetic.core.effects import (
    Answers,
    Effect,
    FaultKind,
    Http,
    HttpReply,
    Result,
    Times,
    Together,
    TransportFault,
    WsClose,
    WsOpen,
    WsReceive,
    WsSend,
)
from synthetic.core.errors import HarnessError
from synthetic.drivers.recording import Recording

NO_TIMES = Times(0, 0, 0, 0)
_PLAYABLE = {FaultKind.READ_TIMEOUT, FaultKind.RESET, FaultKind.PROTOCOL, FaultKind.WS_REJECTED, FaultKind.WS_CLOSED}
_MISMATCH_STATUS = 409


def path_of(url: str) -> str:
    """Path and query as they travel."""
    return httpx.URL(url).raw_path.decode("ascii")


@dataclass(slots=True)
class Session:
    """One WebSocket of the recording: how its handshake ended, and what followed on it."""

    opened: Result
    turns: list[tuple[Effect, Result]] = field(default_factory=list)


class Script:
    """What is still to be played: HTTP requests in their order, WebSockets in the order of their opening."""

    def __init__(self, recording: Recording) -> None:
        self._lock = threading.Lock()
        self._requests: deque[tuple[Http, Result]] = deque()
        self._sessions: deque[tuple[WsOpen, Session]] = deque()
        self._mistakes: list[str] = []
        self._read(recording)

    def _read(self, recording: Recording) -> None:
        named: dict[str, Session] = {}
        for index, (effect, result) in enumerate(recording.exchanges):
            if isinstance(result, TransportFault) and result.kind not in _PLAYABLE:
                raise HarnessError(
                    f"exchange {index} of the recording ended in {result.kind}, which no server can play"
                )
            match effect:
                case Http():
                    self._requests.append((effect, result))
                case Together() if isinstance(result, Answers):
                    self._requests.extend(zip(effect.requests, result.results, strict=True))
                case WsOpen():
                    named[effect.connection] = Session(result)
                    self._sessions.append((effect, named[effect.connection]))
                case WsSend() | WsReceive() | WsClose() if effect.connection in named:
                    named[effect.connection].turns.append((effect, result))

    def answer(self, method: str, path: str, body: bytes) -> Result:
        """The recorded answer of the next request; 409 where this is not that request."""
        with self._lock:
            expected, result = self._requests.popleft() if self._requests else (None, None)
        if expected is None or result is None:
            return self._wrong(f"the recording has no further request, but {method} {path} came")
        if (expected.method, path_of(expected.url)) != (method, path):
            return self._wrong(f"recorded is {expected.method} {path_of(expected.url)}, but {method} {path} came")
        if expected.body != body:
            return self._wrong(f"the body of {method} {path} is not the recorded one")
        return result

    def session(self, path: str) -> Session:
        """The next WebSocket of the recording; one that is rejected with 409 where it is for another path."""
        with self._lock:
            expected, session = self._sessions.popleft() if self._sessions else (None, None)
        if expected is not None and session is not None and path_of(expected.url) == path:
            return session
        return Session(self._wrong(f"the recording has no WebSocket for {path} here"))

    def _wrong(self, mistake: str) -> HttpReply:
        self.complain(mistake)
        return HttpReply(_MISMATCH_STATUS, (("content-type", "text/plain"),), mistake.encode(), NO_TIMES)

    def complain(self, mistake: str) -> None:
        """Remember what went otherwise than recorded."""
        with self._lock:
            self._mistakes.append(mistake)

    @property
    def mistakes(self) -> tuple[str, ...]:
        """What went otherwise than recorded, and what was never asked for."""
        with self._lock:
            left = [f"never asked: {effect.method} {path_of(effect.url)}" for effect, _ in self._requests]
            unopened = [f"never opened: {path_of(effect.url)}" for effect, _ in self._sessions]
            return (*self._mistakes, *left, *unopened)
