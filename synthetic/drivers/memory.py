"""Effects in memory under virtual time: a platform is a function, a minute costs nothing. For simulations and users' own tests.

Real implementations of the ports, not mocks: the rules of the socket drivers hold here as well (an intent before its request, a
deadline for every exchange, WebSockets by name).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from synthetic.core.effects import (
    Done,
    Effect,
    FaultKind,
    Headers,
    Http,
    HttpReply,
    Intent,
    Resolve,
    Result,
    Sleep,
    Times,
    Together,
    TransportFault,
    WsClose,
    WsFrame,
    WsOpen,
    WsOpened,
    WsReceive,
    WsSend,
)
from synthetic.core.errors import HarnessError
from synthetic.core.ports import EventSink, Journal
from synthetic.drivers.attempt import Attempt, Phase
from synthetic.drivers.course import Course, Scenario, handed_over
from synthetic.drivers.together import answers_of
from synthetic.drivers.translate import not_journaled, refusal

T = TypeVar("T")
_EPOCH_NS = 1_767_225_600_000_000_000  # 2026-01-01T00:00:00Z


class VirtualClock:
    """Time that passes only when it is told to (`core.ports.Clock`)."""

    def __init__(self, monotonic_ns: int = 0, wall_ns: int = _EPOCH_NS) -> None:
        self._monotonic_ns = monotonic_ns
        self._offset_ns = wall_ns - monotonic_ns

    def monotonic_ns(self) -> int:
        """Nanoseconds of the virtual clock."""
        return self._monotonic_ns

    def wall_ns(self) -> int:
        """Nanoseconds since the Unix epoch that belong to it."""
        return self._monotonic_ns + self._offset_ns

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        assert seconds >= 0, "time does not go back"
        self._monotonic_ns += round(seconds * 1e9)


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer after `latency_s` (None: the transport's own)."""

    status: int = 200
    body: bytes = b""
    headers: Headers = ()
    latency_s: float | None = None


@dataclass(frozen=True, slots=True)
class Accept:
    """The frame was sent, or the handshake succeeded."""

    headers: Headers = ()
    latency_s: float | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """The next frame of a WebSocket, `latency_s` after it was asked for."""

    text: str
    latency_s: float | None = None


@dataclass(frozen=True, slots=True)
class Break:
    """No answer, for this reason. A READ_TIMEOUT takes as long as the effect's time-out."""

    kind: FaultKind
    maybe_sent: bool = True
    detail: str = ""
    close_code: int | None = None
    status: int | None = None
    latency_s: float | None = None


Answer = Reply | Accept | Frame | Break
Wire = Http | WsOpen | WsSend | WsReceive
Platform = Callable[[Wire], Answer]
"""A platform as a function: `Reply` to Http, `Accept` to WsOpen and WsSend, `Frame` to WsReceive, and `Break` to any of them."""

_FITTING: dict[type[Wire], type[Reply | Accept | Frame]] = {
    Http: Reply,
    WsOpen: Accept,
    WsSend: Accept,
    WsReceive: Frame,
}


class InMemoryTransport:
    """Asks the platform, and lets as much virtual time pass as its answer takes. An answer after the time-out is none."""

    def __init__(self, platform: Platform, clock: VirtualClock, latency_s: float = 0.001) -> None:
        self._platform = platform
        self._clock = clock
        self._latency_s = latency_s

    def exchange(self, effect: Wire, attempt: Attempt) -> Result:
        """Perform one exchange."""
        attempt.enter(Phase.EXCHANGING)
        answer = self._platform(effect)
        fits = _FITTING[type(effect)]
        if not isinstance(answer, Break | fits):
            raise TypeError(f"{type(effect).__name__} is answered by {fits.__name__} or Break, not by {answer!r}")
        late = isinstance(answer, Break) and answer.kind is FaultKind.READ_TIMEOUT
        latency_s = self._latency_s if answer.latency_s is None else answer.latency_s
        if late or latency_s > effect.timeout_s:
            self._clock.advance(effect.timeout_s)
            detail = f"no answer within {effect.timeout_s:g} s"
            return TransportFault(FaultKind.READ_TIMEOUT, detail, maybe_sent=True, times=attempt.times())
        self._clock.advance(latency_s)
        return _result(answer, effect, attempt.times())


def _result(answer: Answer, effect: Wire, times: Times) -> Result:
    match answer:
        case Reply():
            headers = tuple((name.lower(), value) for name, value in answer.headers)
            return HttpReply(answer.status, headers, answer.body, times)
        case Accept():
            return WsOpened(times, answer.headers) if isinstance(effect, WsOpen) else Done(times)
        case Frame():
            return WsFrame(answer.text, times)
        case Break():
            detail = answer.detail or str(answer.kind).replace("_", " ")
            return TransportFault(answer.kind, detail, answer.maybe_sent, times, answer.close_code, answer.status)


class MemoryDriver:
    """Plays a run against an in-memory transport. Nothing here knows the machine's time, so a run is the same every time."""

    def __init__(self, transport: InMemoryTransport, clock: VirtualClock) -> None:
        self._transport = transport
        self._clock = clock

    def run(self, scenario: Scenario[T], *, sink: EventSink, journal: Journal) -> T:
        """Play a scenario to its end and return what it returns."""
        course = Course(scenario, sink)
        opened: set[str] = set()
        try:
            effect = course.advance()
            while effect is not None:
                result = self._perform(effect, opened, journal)
                effect = course.advance(handed_over(result, self._clock.monotonic_ns()))
            return course.value
        finally:
            course.close()

    def _perform(self, effect: Effect, opened: set[str], journal: Journal) -> Result:
        attempt = Attempt(self._clock)
        try:
            match effect:
                case Http() | WsOpen():
                    return self._exchange(effect, opened, journal, attempt)
                case Together():
                    for request in effect.requests:
                        if request.moves is not None:
                            journal.intend(request.moves)
                    attempts = ((request, Attempt(self._clock)) for request in effect.requests)
                    return answers_of([self._transport.exchange(*one) for one in attempts])
                case WsSend() | WsReceive() if effect.connection in opened:
                    return self._exchange(effect, opened, journal, attempt)
                case WsSend() | WsReceive():
                    return refusal(FaultKind.WS_CLOSED, f"the connection {effect.connection!r} is not open", attempt)
                case WsClose():
                    opened.discard(effect.connection)
                case Sleep():
                    self._clock.advance(effect.seconds)
                case Resolve():
                    journal.resolve(effect.key, effect.state)
        except HarnessError as error:
            return not_journaled(error, attempt)
        return attempt.done()

    def _exchange(self, effect: Wire, opened: set[str], journal: Journal, attempt: Attempt) -> Result:
        intent: Intent | None = None if isinstance(effect, WsOpen | WsReceive) else effect.moves
        if intent is not None:
            journal.intend(intent)
        result = self._transport.exchange(effect, attempt)
        if isinstance(effect, WsOpen):
            (opened.add if isinstance(result, WsOpened) else opened.discard)(effect.connection)
        elif isinstance(result, TransportFault) and result.kind is FaultKind.WS_CLOSED and not isinstance(effect, Http):
            opened.discard(effect.connection)
        return result
