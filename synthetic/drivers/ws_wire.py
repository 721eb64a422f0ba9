"""What both drivers tell the websockets library: no compression, no proxy, no keepalive pings, our headers, and when to end it."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, TypedDict

from websockets.asyncio.connection import Connection as AsyncConnection
from websockets.exceptions import InvalidURI
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import Event, Protocol
from websockets.sync.connection import Connection as BlockingConnection
from websockets.uri import parse_uri

from synthetic.core.effects import Headers, WsOpen
from synthetic.drivers.guard import CRUMB_BYTES
from synthetic.drivers.http_wire import USER_AGENT, with_defaults
from synthetic.drivers.translate import Unsendable


class _Options(TypedDict):
    compression: None
    proxy: None
    ping_interval: None
    user_agent_header: None
    logger: logging.Logger


def _mute() -> logging.Logger:
    """A logger of nobody's: the library logs a peer's misbehaviour with a traceback, and what it is, we say ourselves."""
    logger = logging.Logger("synthetic.websockets")
    logger.addHandler(logging.NullHandler())
    return logger


# Pings of our own would end a half-open connection before the scenario's deadline does; the peer's pings are answered.
WS_OPTIONS: Final[_Options] = {
    "compression": None,
    "proxy": None,
    "ping_interval": None,
    "user_agent_header": None,
    "logger": _mute(),
}


def handshake_headers(effect: WsOpen) -> list[tuple[str, str]]:
    """The headers of the opening handshake. Raises Unsendable, also where the URL or a subprotocol can't be written."""
    try:
        parse_uri(effect.url)
    except InvalidURI as error:
        raise Unsendable(str(error)) from None
    if not all(name.isprintable() for name in effect.subprotocols):
        raise Unsendable("a subprotocol is not printable")
    return with_defaults(effect.headers, (("user-agent", USER_AGENT),))


@contextmanager
def tls_told(connection: AsyncConnection | BlockingConnection) -> Iterator[None]:
    """Tell why TLS ended in a handshake, as TLS 1.3 does late: the library only says that no answer came."""
    try:
        yield
    except Exception as error:
        if isinstance(connection.connection_exc, ssl.SSLError):
            raise error from connection.connection_exc
        raise


def is_over(protocol: Protocol) -> bool:
    """Whether nothing more can come: the peer has closed, or broke the rules, of the handshake or later.

    The library then waits for the peer to end TCP as well, with no limit, and tells nobody meanwhile; a half-dead peer never does.
    """
    ours = protocol.close_sent
    return (
        protocol.handshake_exc is not None
        or protocol.close_rcvd is not None
        or (ours is not None and ours.code != CloseCode.NORMAL_CLOSURE)
    )


class CrumbCount:
    """Counts a peer's frames in a row that bring nobody anything: pings, which the library answers, and tiny fragments."""

    def __init__(self, crumbs_max: int) -> None:
        self._crumbs_max = crumbs_max
        self._count = 0

    def is_over(self, event: Event) -> bool:
        """Take the next event; whether it is one crumb too many."""
        if isinstance(event, Frame):
            self._count = self._count + 1 if _is_crumb(event) else 0
        return self._count > self._crumbs_max

    def fail(self, protocol: Protocol) -> None:
        """End the connection because of it."""
        protocol.fail(CloseCode.POLICY_VIOLATION, f"over {self._crumbs_max} pings or tiny fragments in a row")


def _is_crumb(frame: Frame) -> bool:
    return frame.opcode in (Opcode.PING, Opcode.PONG) or (not frame.fin and len(frame.data) < CRUMB_BYTES)


def answer_headers(response: Response | None) -> Headers:
    """The headers of the handshake's answer, names in lower case."""
    assert response is not None, "an open connection has had its answer"
    return tuple((name.lower(), value) for name, value in response.headers.raw_items())
