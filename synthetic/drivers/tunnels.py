"""A TCP connection to a target, straight or through a proxy's tunnel: for WebSockets, and to see whether it can be reached."""

from __future__ import annotations

import asyncio
import socket
from typing import TypeVar

from synthetic.drivers.attempt import Attempt
from synthetic.drivers.dialling import Deadline, dial
from synthetic.drivers.places import Target
from synthetic.drivers.probe.opening import connected
from synthetic.drivers.proxies import Proxy, TunnelAnswer

S = TypeVar("S", bound=socket.socket)
_READ_BYTES_MAX = 4 << 10


async def connected_through(proxy: Proxy | None, target: Target, attempt: Attempt, kind: type[S]) -> S:
    """A non-blocking connection of this class. Raises what `connected` does, ProxyFailed, TargetBehindProxy."""
    if proxy is None:
        return await connected(target, attempt, kind)
    try:
        sock = await connected(proxy.target, attempt, kind)
    except (OSError, UnicodeError) as error:
        raise proxy.unreached(error) from error
    await open_tunnel(sock, proxy, target)
    return sock


async def open_tunnel(sock: socket.socket, proxy: Proxy, target: Target) -> None:
    """Have the proxy at the other end pass everything on to a target. Raises ProxyFailed, TargetBehindProxy; then it is closed."""
    loop, answer = asyncio.get_running_loop(), TunnelAnswer(proxy)
    try:
        await loop.sock_sendall(sock, proxy.tunnel_request(target))
        while not answer.feed(await loop.sock_recv(sock, _READ_BYTES_MAX)):
            pass
    except OSError as error:
        sock.close()
        raise proxy.unreached(error) from error
    except BaseException:
        sock.close()
        raise


def dial_through(proxy: Proxy | None, target: Target, deadline: Deadline) -> socket.socket:
    """A connection to a target, for the calling thread. Raises OSError, ProxyFailed, TargetBehindProxy."""
    if proxy is None:
        return dial(target.host, target.port, deadline)
    sock, answer = dial_proxy(proxy, deadline), TunnelAnswer(proxy)
    try:
        sock.settimeout(deadline.remaining_s())
        sock.sendall(proxy.tunnel_request(target))
        while not answer.feed(sock.recv(_READ_BYTES_MAX)):
            sock.settimeout(deadline.remaining_s())
    except BaseException as error:
        sock.close()
        if isinstance(error, OSError) and not isinstance(error, TimeoutError):
            raise proxy.unreached(error) from error
        raise
    return sock


def dial_proxy(proxy: Proxy, deadline: Deadline) -> socket.socket:
    """A connection to the proxy itself. Raises ProxyFailed, and TimeoutError."""
    try:
        return dial(proxy.target.host, proxy.target.port, deadline)
    except TimeoutError:
        raise
    except (OSError, UnicodeError) as error:
        raise proxy.unreached(error) from error
