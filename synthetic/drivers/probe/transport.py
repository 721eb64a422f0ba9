"""The probe transport for users of httpx: `httpx.AsyncClient(transport=ProbeTransport())`.

Each answer is read whole, within the limits, before the client gets it, and tells when it came:
`response.extensions["synthetic.times"]` holds `core.effects.Times`. Proxies, HTTP/2 and answers that stream are the business of
httpx's own transport.
"""

from __future__ import annotations

import ssl
from dataclasses import replace

import httpx

from synthetic.core.ports import Clock
from synthetic.drivers.attempt import Attempt, Phase
from synthetic.drivers.clocks import SystemClock
from synthetic.drivers.guard import Limits
from synthetic.drivers.intake import refuse_crumbs, refuse_size
from synthetic.drivers.places import NotAllowed, Place, Target
from synthetic.drivers.probe.client import ProbeClient
from synthetic.drivers.probe.connection import ClosedEarly
from synthetic.drivers.probe.parser import Answer
from synthetic.drivers.probe.unpacking import check_unpacked
from synthetic.drivers.request_wire import says_close, written
from synthetic.drivers.tls import client_context
from synthetic.drivers.translate import BadAnswer, NotHttp, Unsendable

TIMES = "synthetic.times"
_NO_TIMEOUT_S = 86_400.0


class ProbeTransport(httpx.AsyncBaseTransport):
    """For one event loop. `tls`: as httpx's `verify`; `limits`: what is taken of a target; `clock`: of the times.

    Of httpx's time-outs `connect` and `pool` together bound the opening of a connection, `read` and `write` together the exchange.
    """

    def __init__(
        self, *, tls: ssl.SSLContext | None = None, limits: Limits | None = None, clock: Clock | None = None
    ) -> None:
        self._limits = limits or Limits()
        self._clock = clock or SystemClock()
        self._client = ProbeClient(tls or client_context(), self._limits, self._clock.monotonic_ns)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The complete answer. Raises httpx's exceptions, as its own transport does."""
        attempt = Attempt(self._clock)
        method, last = request.method.upper(), says_close(request.headers.items())
        open_s, exchange_s = _patience(request)
        try:
            answer = await self._client.ask(
                _target(request),
                _written(request, await request.aread()),
                lambda: Answer(method, self._limits, lambda head: _Packed(head, self._limits), last=last),
                attempt,
                open_s,
                exchange_s,
            )
            content = answer.body.content()
        except (OSError, UnicodeError, NotHttp, BadAnswer, Unsendable) as error:
            raise _as_httpx(error, attempt, request) from error
        times = replace(attempt.answered(), handled=self._clock.monotonic_ns())
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=httpx.ByteStream(content),
            extensions={
                "http_version": f"HTTP/{answer.http_version}".encode(),
                "reason_phrase": answer.reason,
                TIMES: times,
            },
        )

    async def aclose(self) -> None:
        """Close the connections that are kept alive."""
        self._client.close()


class _Packed:
    """A body as it travelled; httpx unpacks it. That it will not be too large by then is made sure of here."""

    def __init__(self, answer: Answer[_Packed], limits: Limits) -> None:
        self._headers = answer.headers
        self._limits = limits
        self._chunks: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> None:
        """Take the next part. Raises BadAnswer."""
        self._chunks.append(chunk)
        self._size += len(chunk)
        refuse_crumbs(len(self._chunks), self._size, self._limits)
        refuse_size(self._size, self._limits)

    def content(self) -> bytes:
        """All of it. Raises BadAnswer where it is larger unpacked than may be, or stops short."""
        packed = b"".join(self._chunks)
        codings = b",".join(value for name, value in self._headers if name.lower() == b"content-encoding")
        if codings:
            check_unpacked(packed, codings.decode("latin-1"), self._limits.body_bytes_max)
        return packed


def _target(request: httpx.Request) -> Target:
    try:
        target = Target.of(str(request.url))
    except NotAllowed as error:
        raise httpx.UnsupportedProtocol(str(error), request=request) from None
    if target.scheme not in ("http", "https"):
        raise httpx.UnsupportedProtocol(f"the scheme {target.scheme!r} is not HTTP", request=request)
    return target


def _written(request: httpx.Request, body: bytes) -> bytes:
    url = request.url
    place = Place(_target(request), url.netloc.decode("ascii"), url.raw_path.decode("ascii"))
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw)
    return written(request.method.upper(), place, headers, body, encoding="latin-1")


def _patience(request: httpx.Request) -> tuple[float, float]:
    asked = request.extensions.get("timeout", {})
    open_s, exchange_s = (
        sum(_NO_TIMEOUT_S if asked.get(name) is None else float(asked[name]) for name in names)
        for names in (("pool", "connect"), ("read", "write"))
    )
    return open_s, exchange_s


def _as_httpx(error: Exception, attempt: Attempt, request: httpx.Request) -> httpx.TransportError:
    """What httpx's own transport would raise."""
    message = str(error) or type(error).__name__
    exchanging = attempt.phase is Phase.EXCHANGING
    match error:
        case Unsendable():
            return httpx.LocalProtocolError(message, request=request)
        case TimeoutError() if exchanging:
            return httpx.ReadTimeout(message, request=request)
        case TimeoutError():
            kind = httpx.PoolTimeout if attempt.phase is Phase.WAITING else httpx.ConnectTimeout
            return kind(message, request=request)
        case NotHttp() | BadAnswer() | ClosedEarly() if exchanging:
            return httpx.RemoteProtocolError(f"the server {_told(error, message)}", request=request)
        case _ if exchanging:
            return httpx.ReadError(message, request=request)
        case _:
            return httpx.ConnectError(message, request=request)


def _told(error: Exception, message: str) -> str:
    return f"sent what is not HTTP: {message}" if isinstance(error, NotHttp) else message
