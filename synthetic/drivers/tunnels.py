"""A TCP connection to a target, straight or through a proxy's tunnel: for HTTPS and WebSockets, and to see whether it is there."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from synthetic.drivers.attempt import Attempt, Phase
from synthetic.drivers.dialling import Deadline, dial
from synthetic.drivers.places import Target
from synthetic.drivers.probe.opening import connected
from synthetic.drivers.proxies import Proxy, TunnelAnswer

S = TypeVar("S", bound=socket.socket)
_READ_BYTES_MAX = 4 << 10


@contextmanager
def reaching_proxy(proxy: Proxy, attempt: Attempt) -> Iterator[None]:
    """Around what makes a connection to the proxy: its failures are ProxyFailed, and the phase tells a time-out as one."""
    attempt.goes_by(str(proxy.target), Phase.TO_PROXY)
    try:
        yield
    except TimeoutError:
        raise
    except (OSError, UnicodeError) as error:
        raise proxy.unreached(error) from error


@contextmanager
def _opening(sock: socket.socket, proxy: Proxy, attempt: Attempt) -> Iterator[TunnelAnswer]:
    """Around what asks the proxy for a tunnel and reads its answer. Where none comes of it the socket is closed."""
    attempt.goes_by(str(proxy.target), Phase.TUNNELLING)
    try:
        yield TunnelAnswer(proxy)
    except BaseException as error:
        sock.close()
        if isinstance(error, OSError) and not isinstance(error, TimeoutError):
            raise proxy.unreached(error) from error
        raise


async def connected_through(proxy: Proxy | None, target: Target, attempt: Attempt, kind: type[S]) -> S:
    """A non-blocking connection of this class. Raises what `connected` does, ProxyFailed, TargetBehindProxy."""
    attempt.enter(Phase.CONNECTING)
    if proxy is None:
        return await connected(target, attempt, kind)
    with reaching_proxy(proxy, attempt):
        sock = await connected(proxy.target, attempt, kind)
    await open_tunnel(sock, proxy, target, attempt)
    return sock


async def open_tunnel(sock: socket.socket, proxy: Proxy, target: Target, attempt: Attempt) -> None:
    """Have the proxy at the other end pass everything on to a target. Raises ProxyFailed, TargetBehindProxy; then it is closed."""
    loop = asyncio.get_running_loop()
    with _opening(sock, proxy, attempt) as answer:
        await loop.sock_sendall(sock, proxy.tunnel_request(target))
        while not answer.feed(await loop.sock_recv(sock, _READ_BYTES_MAX)):
            pass


def dial_through(proxy: Proxy | None, target: Target, deadline: Deadline, attempt: Attempt) -> socket.socket:
    """A connection to a target, for the calling thread. Raises OSError, ProxyFailed, TargetBehindProxy."""
    if proxy is None:
        return dial(target.host, target.port, deadline)
    sock = dial_proxy(proxy, deadline, attempt)
    with _opening(sock, proxy, attempt) as answer:
        sock.settimeout(deadline.remaining_s())
        sock.sendall(proxy.tunnel_request(target))
        while not answer.feed(sock.recv(_READ_BYTES_MAX)):
            sock.settimeout(deadline.remaining_s())
    return sock


def dial_proxy(proxy: Proxy, deadline: Deadline, attempt: Attempt) -> socket.socket:
    """A connection to the proxy itself. Raises ProxyFailed, and TimeoutError."""
    with reaching_proxy(proxy, attempt):
        return dial(proxy.target.host, proxy.target.port, deadline)
