"""What a scenario asks of the world, and what comes back. Plain frozen data; a driver performs them.

A scenario is a generator: it yields an effect and receives a result. Each result carries its `Times`, so a scenario needs no
clock of its own, and feeding recorded results replays a run exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from synthetic.core.money import Money
from synthetic.core.outcome import IntentState
from synthetic.core.quick import quick

Headers = tuple[tuple[str, str], ...]


@quick
@dataclass(frozen=True, slots=True)
class Phases:
    """What the time of an HTTP exchange went to, each part in nanoseconds; 0 where it was not needed or is not known.

    `dns`, `connect` and `tls` only where a connection had to be opened, before `sent`. `first_byte`: from `sent` to the first byte
    of the answer; `body`: from there to its last one.
    """

    dns: int = 0
    connect: int = 0
    tls: int = 0
    first_byte: int = 0
    body: int = 0


@quick
@dataclass(frozen=True, slots=True)
class Times:
    """When an exchange happened, in nanoseconds of one monotonic clock.

    `started`: the driver took the effect; `sent`: the request had left; `received`: the answer was complete;
    `handled`: the scenario got it. `lag_ns`: the longest stall of the harness's own event loop that may be in them (0: none seen).
    `doubt_ns`: by how much `sent` may be too early: we were interrupted while we sent. `stamped`: `received` is the kernel's word,
    and no stall of ours is in it (of a time-out: that by then nothing had come); never of an answer so large that the target may
    have had to wait until we read on.
    """

    started: int
    sent: int
    received: int
    handled: int
    lag_ns: int = 0
    doubt_ns: int = 0
    stamped: bool = False
    phases: Phases | None = None

    @property
    def latency_ns(self) -> int:
        """The target's time: received - sent."""
        return self.received - self.sent

    @property
    def harness_lag_ns(self) -> int:
        """Our own time: how long an answer that was asked for and had come lay unhandled, or a stall of our loop."""
        return max(self.handled - max(self.received, self.started), self.lag_ns)


@quick
@dataclass(frozen=True, slots=True)
class Intent:
    """The durable record of a money effect, written before its request leaves.

    `key` is the idempotency key: the same for every attempt, for ever. `kind` says which limit covers it. `args`: the arguments of
    the operation as JSON, without those that hold a secret: another process looks the effect up and undoes it with them.
    """

    run_id: str
    step: str
    operation: str
    kind: str
    amount: Money
    key: str
    source: str
    target: str
    cell: str = ""
    player: str = ""
    args: str = ""


@quick
@dataclass(frozen=True, slots=True)
class Http:
    """One HTTP request. `url` is absolute, `body` the exact bytes; redirects are the scenario's business, never the driver's."""

    method: str
    url: str
    headers: Headers = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)
    timeout_s: float = 10.0
    moves: Intent | None = None


@dataclass(frozen=True, slots=True)
class Together:
    """HTTP requests that leave at the same moment; every intent among them is durable before the first one does."""

    requests: tuple[Http, ...]


@dataclass(frozen=True, slots=True)
class WsOpen:
    """Open the WebSocket `connection` (a name within the run). An open one of that name is closed first."""

    connection: str
    url: str
    headers: Headers = field(default=(), repr=False)
    subprotocols: tuple[str, ...] = ()
    timeout_s: float = 10.0


@quick
@dataclass(frozen=True, slots=True)
class WsSend:
    """Send one text frame."""

    connection: str
    text: str = field(repr=False)
    timeout_s: float = 5.0
    moves: Intent | None = None


@quick
@dataclass(frozen=True, slots=True)
class WsReceive:
    """Wait for the next frame."""

    connection: str
    timeout_s: float = 10.0


@dataclass(frozen=True, slots=True)
class WsClose:
    """Close a WebSocket; closing one that is not open is no fault."""

    connection: str


@dataclass(frozen=True, slots=True)
class Sleep:
    """Let time pass."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Resolve:
    """Tell the journal what became of an intent.

    Not `awaited`: it may be written a little later, with the next thing that is; losing it costs an idempotent query.
    """

    key: str
    state: IntentState
    awaited: bool = True


Effect = Http | Together | WsOpen | WsSend | WsReceive | WsClose | Sleep | Resolve


class FaultKind(StrEnum):
    """Why an exchange has no answer. `maybe_sent` of a `TransportFault` says whether it may have had an effect."""

    CONNECT_REFUSED = "connect_refused"
    CONNECT_TIMEOUT = "connect_timeout"
    NAME_UNKNOWN = "name_unknown"
    TLS_FAILED = "tls_failed"
    OUR_CERTIFICATE = "our_certificate"  # the server wants a client certificate and got none, or ours has run out
    CERTIFICATE_REFUSED = "certificate_refused"  # it does not take ours, and nobody can tell whose mistake that is
    READ_TIMEOUT = "read_timeout"
    RESET = "reset"
    PROTOCOL = "protocol"  # what came is not HTTP or WebSocket, or over the size limit
    WS_REJECTED = "ws_rejected"  # the handshake was answered with an HTTP status
    WS_CLOSED = "ws_closed"
    PROXY_FAILED = "proxy_failed"  # the proxy on the way, which is ours, takes no connection or passes nothing on
    OFF_ALLOW_LIST = "off_allow_list"
    FENCED_OFF = "fenced_off"  # the journal says that the run is another worker's by now, so nothing was sent
    NOT_JOURNALED = "not_journaled"  # the intent could not be made durable, so nothing was sent


@quick
@dataclass(frozen=True, slots=True)
class HttpReply:
    """An HTTP answer; `headers` as they came, names in lower case."""

    status: int
    headers: Headers = field(repr=False)
    body: bytes = field(repr=False)
    times: Times


@dataclass(frozen=True, slots=True)
class WsOpened:
    """The handshake succeeded."""

    times: Times
    headers: Headers = field(default=(), repr=False)


@quick
@dataclass(frozen=True, slots=True)
class WsFrame:
    """One text frame (a binary frame comes decoded as UTF-8 with replacement). `received` is when it arrived, not when asked."""

    text: str = field(repr=False)
    times: Times


@quick
@dataclass(frozen=True, slots=True)
class Done:
    """A send, close, sleep or resolve was performed."""

    times: Times


@dataclass(frozen=True, slots=True)
class TransportFault:
    """No answer. `maybe_sent` is False only where the request certainly never reached the target."""

    kind: FaultKind
    detail: str
    maybe_sent: bool
    times: Times
    close_code: int | None = None
    status: int | None = None  # of a rejected WebSocket handshake


@dataclass(frozen=True, slots=True)
class Answers:
    """What each request of a `Together` came to, in their order. `times`: from the first that was sent to the last answer."""

    results: tuple[HttpReply | TransportFault, ...]
    times: Times


Result = HttpReply | Answers | WsOpened | WsFrame | Done | TransportFault
