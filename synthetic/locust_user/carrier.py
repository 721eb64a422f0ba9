"""HTTP of load users: geventhttpclient's client and parser, as Locust's `FastHttpUser` has them, under our rules.

One request is one connection and at most one sending: geventhttpclient itself would send a GET again after a lost answer. One
deadline covers all of it, every byte that comes is counted, and TLS is verified. When an answer came is what the kernel says,
where it says so, which is without TLS: a greenlet learns of it only when its turn comes, and under load that is late. When a
request left is what our own clock says, before and after the send.
"""

from __future__ import annotations

import ssl
import time
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import httpcore
from gevent.monkey import get_original
from geventhttpclient.client import HTTPClient, HTTPClientPool
from geventhttpclient.connectionpool import ConnectionPool
from geventhttpclient.header import Headers
from geventhttpclient.response import HTTPParseError
from geventhttpclient.url import URL

from synthetic.core.effects import Http, HttpReply
from synthetic.drivers.attempt import Attempt, Phase
from synthetic.drivers.blocking_pool import DEADLINE
from synthetic.drivers.clocks import SystemClock
from synthetic.drivers.dialling import Deadline, dial
from synthetic.drivers.guard import Limits
from synthetic.drivers.http_wire import AnswerReader, with_defaults
from synthetic.drivers.intake import INTAKE, READ_BYTES_MAX, Intake
from synthetic.drivers.places import Target, place_of
from synthetic.drivers.probe.stamps import ANCILLARY_BYTES, Stamps, stamp_what_comes
from synthetic.drivers.translate import Unsendable

# gevent's own poll goes through its hub, and what is asked here is answered at once.
_poll = get_original("select", "poll")
_POLLIN = 0x001
_PLAIN_TIMEOUT_S = 60.0  # of a request of `self.client`, which has no effect behind it


@dataclass(slots=True)
class _Under:
    """The request that a greenlet performs. `at_end`: the peer has ended its connection."""

    attempt: Attempt
    sent_ns: int = 0
    at_end: bool = False


# geventhttpclient hands no state of a request down to its sockets, and one greenlet performs one request at a time.
_UNDER: ContextVar[_Under | None] = ContextVar("under", default=None)


class SharedClients(HTTPClientPool):
    """The connections of one user, by origin: those of its scenarios, and of `self.client` in tasks written by hand."""

    def __init__(self, tls: ssl.SSLContext, limits: Limits) -> None:
        super().__init__()
        self._tls = tls
        self._limits = limits
        self._by_origin: dict[tuple[str, int, bool], HTTPClient] = {}

    def get_client(self, url: str | URL) -> HTTPClient:
        """The client of a URL's origin, as Locust's session asks for it."""
        parsed = url if isinstance(url, URL) else URL(url)
        secure = parsed.scheme == "https"
        return self.client_of(parsed.host, parsed.port or (443 if secure else 80), secure=secure)

    def client_of(self, host: str, port: int, *, secure: bool) -> HTTPClient:
        """The client of an origin."""
        origin = (host, port, secure)
        if origin not in self._by_origin:
            self._by_origin[origin] = _Client(host, port, self._tls if secure else None, self._limits)
        return self._by_origin[origin]

    def close(self) -> None:
        """Close all of them."""
        for client in self._by_origin.values():
            client.close()
        self._by_origin.clear()


class GeventCarrier:
    """`drivers.blocking_driver.Carrier` over `SharedClients`."""

    def __init__(self, clients: SharedClients, limits: Limits) -> None:
        self._clients = clients
        self._limits = limits

    def exchange(self, effect: Http, target: Target, attempt: Attempt) -> HttpReply:
        """Send it, at most once, and read its answer. Raises one of `TRANSPORT_ERRORS`."""
        uri, headers = _uri_and_headers(effect)
        client = self._clients.client_of(target.host, target.port, secure=target.secure)
        under = _Under(attempt)
        token = _UNDER.set(under)
        try:
            response = client.request(effect.method, uri, body=effect.body, headers=headers)
            try:
                INTAKE.get().expect_body()
                answer = AnswerReader(effect.method, response.get_code(), _lowered(response), self._limits, attempt)
                while chunk := response.read(READ_BYTES_MAX):
                    answer.feed(chunk)
            finally:
                response.release()
        except HTTPParseError as error:
            if under.at_end:
                raise ConnectionResetError(str(error)) from error
            raise httpcore.RemoteProtocolError(str(error)) from error
        except ValueError as error:
            if attempt.phase is Phase.WAITING:
                raise Unsendable(str(error)) from error
            raise
        finally:
            _UNDER.reset(token)
        return answer.reply(attempt.answered())

    def close(self) -> None:
        """Close the connections."""
        self._clients.close()


def _uri_and_headers(effect: Http) -> tuple[str, Headers]:
    place = place_of(effect.url)
    given = [("host", place.host), *with_defaults(effect.headers)]
    if not (effect.method.isascii() and all((name + value).isascii() for name, value in given)):
        raise Unsendable("method and headers have to be ASCII")
    if any(name.lower() == "host" for name, _ in effect.headers):
        given = given[1:]
    return place.path, Headers(given)


def _lowered(response: Any) -> tuple[tuple[str, str], ...]:
    return tuple([(name.lower(), value) for name, value in response.headers])


class _Client(HTTPClient):
    DEFAULT_HEADERS = Headers()

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None, limits: Limits) -> None:
        super().__init__(host, port, block_size=READ_BYTES_MAX, concurrency=limits.connections_max)
        self._connection_pool = _Lines(host, port, tls, limits)


class _Lines(ConnectionPool):
    """The connections to one origin."""

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None, limits: Limits) -> None:
        super().__init__(host, port, host, port, size=limits.connections_max)
        self._tls = tls
        self._limits = limits

    def get_socket(self) -> Any:
        """A connection, once for each request. Raises ConnectionResetError where its sending has begun before."""
        under = _UNDER.get()
        if under is not None and under.attempt.phase is Phase.EXCHANGING:
            raise ConnectionResetError("the connection was closed before its answer was complete")
        return super().get_socket()

    def return_socket(self, sock: Any) -> None:
        """Keep a connection for the next request."""
        sock.idle_since_s = time.monotonic()
        super().return_socket(sock)

    def _is_socket_alive(self, sock: Any) -> bool:
        return sock is not None and sock.is_idle(self._limits.keepalive_s)

    def _create_socket(self) -> Any:
        under = _UNDER.get()
        attempt = Attempt(SystemClock()) if under is None else under.attempt
        deadline = DEADLINE.get(None) or Deadline(_PLAIN_TIMEOUT_S)
        attempt.enter(Phase.CONNECTING)
        sock = dial(self._request_host, self._request_port, deadline)
        if self._tls is not None:
            attempt.enter(Phase.SECURING)
            sock.settimeout(deadline.remaining_s())
            try:
                sock = self._tls.wrap_socket(sock, server_hostname=self._request_host)
            except BaseException:
                sock.close()
                raise
        stamp_what_comes(sock)
        return _Line(sock, stamped=self._tls is None)


class _Line:
    """A socket that obeys the deadline and the intake of the request that uses it, and tells its attempt how far it came."""

    def __init__(self, sock: Any, *, stamped: bool) -> None:
        self._sock = sock
        self._stamps = Stamps(time.monotonic_ns) if stamped else None
        self.idle_since_s = 0.0

    def is_idle(self, keepalive_s: float) -> bool:
        """Whether nothing has come since it was last used, not even its end, and that is not too long ago."""
        if self._sock.fileno() < 0 or time.monotonic() - self.idle_since_s > keepalive_s:
            return False
        poll = _poll()
        poll.register(self._sock.fileno(), _POLLIN)
        return not poll.poll(0)

    def sendall(self, data: bytes) -> None:
        """Send all of it in time."""
        under, view = _UNDER.get(), memoryview(data)
        if under is not None:
            under.attempt.enter(Phase.EXCHANGING)
        while view:
            self._in_time()
            before_ns = time.monotonic_ns()
            view = view[self._sock.send(view) :]
            if under is not None:
                under.sent_ns = before_ns
                under.attempt.left(before_ns, time.monotonic_ns(), None)

    def recv(self, bytes_max: int) -> bytes:
        """What has come, in time and counted."""
        self._in_time()
        under = _UNDER.get()
        data = self._came(min(bytes_max, READ_BYTES_MAX), under)
        intake: Intake | None = INTAKE.get(None)
        if intake is not None:
            intake.take(len(data))
        if under is not None and not data:
            under.at_end = True
        return data

    def fileno(self) -> int:
        """For pollers; -1 after `close`."""
        number: int = self._sock.fileno()
        return number

    def close(self) -> None:
        """Close it."""
        self._sock.close()

    def _came(self, bytes_max: int, under: _Under | None) -> bytes:
        data: bytes
        if self._stamps is None:
            data, at_ns, stamped = self._sock.recv(bytes_max), time.monotonic_ns(), False
        else:
            data, ancillary, _, _ = self._sock.recvmsg(bytes_max, ANCILLARY_BYTES)
            at_ns, stamped = self._stamps.came(ancillary, under.sent_ns if under is not None else 0)
        if under is not None and data:
            under.attempt.took(len(data))
            under.attempt.came(at_ns, stamped=stamped)
        return data

    def _in_time(self) -> None:
        deadline = DEADLINE.get(None)
        self._sock.settimeout(_PLAIN_TIMEOUT_S if deadline is None else deadline.remaining_s())
