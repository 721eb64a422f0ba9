"""One exchange through a transport of httpx, and what it comes to: an answer or a failure, in bounded time."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx

from synthetic.drivers.probe import ProbeTransport

HANG_S = 30.0
"""An exchange that is not over by then is a hang, whatever the machine is busy with. Nothing here takes a second."""

MakeTransport = Callable[[ssl.SSLContext], httpx.AsyncBaseTransport]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a caller sees of an answer: header names in lower case, in order of arrival; the body unpacked."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Failure:
    """What a caller sees where there is no answer: the class of httpx's error, and its message."""

    kind: str
    message: str

    @property
    def before_sending(self) -> bool:
        """Whether it says that nothing can have left."""
        return self.kind in (
            "ConnectError",
            "ConnectTimeout",
            "PoolTimeout",
            "LocalProtocolError",
            "UnsupportedProtocol",
        )


class Hang(Exception):  # noqa: N818 - it is what a transport must not do
    """An exchange was neither answered nor failed."""


def httpx_own(tls: ssl.SSLContext) -> httpx.AsyncBaseTransport:
    """The peer: httpx's transport over httpcore and h11."""
    return httpx.AsyncHTTPTransport(verify=tls)


def ours(tls: ssl.SSLContext) -> httpx.AsyncBaseTransport:
    """The probe transport, with the limits that a driver has."""
    return ProbeTransport(tls=tls)


TRANSPORTS: Mapping[str, MakeTransport] = {"httpx": httpx_own, "ours": ours}


def request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    content: bytes | None = None,
    timeout_s: float = HANG_S,
    connect_s: float | None = None,
) -> httpx.Request:
    """A request that gives every phase so long, connecting maybe longer; no compression unless its headers ask for it."""
    sent = {"accept-encoding": "identity", **(headers or {})}
    extensions = {"timeout": httpx.Timeout(timeout_s, connect=connect_s or timeout_s).as_dict()}
    return httpx.Request(method, url, headers=sent, content=content, extensions=extensions)


async def exchange(transport: httpx.AsyncBaseTransport, asked: httpx.Request) -> Answer | Failure:
    """Send it, read the whole answer, unpack it. Raises Hang, and whatever is no error of httpx."""
    try:
        async with asyncio.timeout(HANG_S):
            return await _answer(transport, asked)
    except (httpx.RequestError, ssl.SSLError) as error:  # the second one is what httpx lets through within TLS
        return Failure(type(error).__name__, str(error))
    except TimeoutError:
        raise Hang(f"{asked.method} {asked.url} was not over within {HANG_S:g} s") from None


async def _answer(transport: httpx.AsyncBaseTransport, asked: httpx.Request) -> Answer:
    response = await transport.handle_async_request(asked)
    response.request = asked
    try:
        body = await response.aread()
    finally:
        await response.aclose()
    headers = tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.headers.raw)
    return Answer(response.status_code, headers, body)
