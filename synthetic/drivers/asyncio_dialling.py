"""A TCP connection under asyncio, to the first address of a host that takes one."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from typing import TypeVar

from synthetic.drivers.dialling import AddressInfo

S = TypeVar("S", bound=socket.socket)


async def addresses_of(host: str, port: int) -> list[AddressInfo]:
    """What a host may be connected to by; a name is asked for in a thread. Raises OSError, UnicodeError."""
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        return await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)


async def first_connected(
    host: str, addresses: Sequence[AddressInfo], kind: type[S], prepare: Callable[[S], None] | None = None
) -> S:
    """A non-blocking socket of this class; `prepare` is called with each before it connects. Raises OSError where none takes it."""
    failure: OSError = OSError(f"{host} has no address")
    for family, way, protocol, _, address in addresses:
        sock = kind(family, way, protocol)
        try:
            sock.setblocking(False)  # noqa: FBT003 - the name is the argument's meaning
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if prepare is not None:
                prepare(sock)
            await asyncio.get_running_loop().sock_connect(sock, address)
        except OSError as error:
            sock.close()
            failure = error
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise failure
