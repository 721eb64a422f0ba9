"""Opening a connection: the name, TCP and TLS, each with the time it took."""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import suppress
from typing import TypeVar

from synthetic.drivers.asyncio_dialling import addresses_of, first_connected
from synthetic.drivers.attempt import Attempt, Phase
from synthetic.drivers.intake import READ_BYTES_MAX
from synthetic.drivers.places import Target
from synthetic.drivers.probe.secured import Secured
from synthetic.drivers.probe.stamps import stamp_what_comes

S = TypeVar("S", bound=socket.socket)


async def opened(target: Target, tls: ssl.SSLContext, attempt: Attempt) -> tuple[socket.socket, Secured | None]:
    """A socket, with TLS where the target speaks it. Raises OSError, UnicodeError."""
    attempt.enter(Phase.CONNECTING)
    sock = await connected(target, attempt, socket.socket)
    try:
        if not target.secure:
            return sock, None
        attempt.enter(Phase.SECURING)
        secured = await _secured(sock, Secured(tls, target.host))
        attempt.secured()
    except BaseException:
        sock.close()
        raise
    return sock, secured


async def connected(target: Target, attempt: Attempt, kind: type[S]) -> S:
    """A non-blocking TCP connection to the first address that takes one, of this class. Raises OSError, UnicodeError."""
    addresses = await addresses_of(target.host, target.port)
    attempt.resolved()
    sock = await first_connected(target.host, addresses, kind, stamp_what_comes)
    attempt.connected()
    return sock


async def _secured(sock: socket.socket, secured: Secured) -> Secured:
    loop = asyncio.get_running_loop()
    try:
        while not secured.handshake():
            if out := secured.outgoing():
                await loop.sock_sendall(sock, out)
            secured.received(await loop.sock_recv(sock, READ_BYTES_MAX))
    except ssl.SSLError:
        with suppress(OSError):  # whether it still wants to know or not, we say what was wrong
            if out := secured.outgoing():  # the alert that says why
                await loop.sock_sendall(sock, out)
        raise
    if out := secured.outgoing():
        await loop.sock_sendall(sock, out)
    return secured
