"""What both drivers tell the websockets library: no compression, no proxy, no keepalive pings, our headers."""

from __future__ import annotations

from typing import Final, TypedDict

from websockets.exceptions import InvalidURI
from websockets.frames import CloseCode
from websockets.http11 import Response
from websockets.protocol import Protocol
from websockets.uri import parse_uri

from synthetic.core.effects import Headers, WsOpen
from synthetic.drivers.http_wire import USER_AGENT, with_defaults
from synthetic.drivers.translate import Unsendable


class _Options(TypedDict):
    compression: None
    proxy: None
    ping_interval: None
    user_agent_header: None


# Pings of our own would end a half-open connection before the scenario's deadline does; the peer's pings are answered.
WS_OPTIONS: Final[_Options] = {"compression": None, "proxy": None, "ping_interval": None, "user_agent_header": None}


def handshake_headers(effect: WsOpen) -> list[tuple[str, str]]:
    """The headers of the opening handshake. Raises Unsendable, also where the URL or a subprotocol can't be written."""
    try:
        parse_uri(effect.url)
    except InvalidURI as error:
        raise Unsendable(str(error)) from None
    if not all(name.isprintable() for name in effect.subprotocols):
        raise Unsendable("a subprotocol is not printable")
    return with_defaults(effect.headers, (("user-agent", USER_AGENT),))


def is_over(protocol: Protocol) -> bool:
    """Whether nothing more can come: the peer has closed, or broke the rules.

    The library then waits for the peer to end TCP as well, with no limit, and tells nobody meanwhile; a half-dead peer never does.
    """
    ours = protocol.close_sent
    return protocol.close_rcvd is not None or (ours is not None and ours.code != CloseCode.NORMAL_CLOSURE)


def answer_headers(response: Response | None) -> Headers:
    """The headers of the handshake's answer, names in lower case."""
    assert response is not None, "an open connection has had its answer"
    return tuple((name.lower(), value) for name, value in response.headers.raw_items())
