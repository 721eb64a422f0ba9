"""Which request gets which connection, and when."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import httpx
import pytest

from synthetic.core.effects import FaultKind, Http, Result, TransportFault
from synthetic.drivers.asyncio_driver import AsyncDriver
from synthetic.drivers.attempt import Attempt
from synthetic.drivers.clocks import SystemClock
from synthetic.drivers.guard import Limits
from synthetic.drivers.places import Target
from synthetic.drivers.probe import ProbeTransport
from synthetic.drivers.probe.client import ProbeClient
from synthetic.drivers.probe.parser import Answer
from synthetic.journal.memory import MemoryJournal
from synthetic.tests.drivers.conftest import Authority
from synthetic.tests.drivers.polling import until
from synthetic.tests.drivers.scenarios import LOOPBACK, PLAIN_TLS, ignore
from synthetic.tests.drivers.scenarios import asking as driver_asking
from synthetic.tests.drivers.servers import RawServer, answer, answering, hang, read_request

Ask = Callable[[str], Coroutine[Any, Any, httpx.Response]]


async def _asked(transport: ProbeTransport, url: str) -> httpx.Response:
    response = await transport.handle_async_request(httpx.Request("GET", url))
    await response.aread()
    return response


def asking(body: Callable[[Ask], Coroutine[Any, Any, None]], *, limits: Limits | None = None, **options: Any) -> None:
    """Run a test's coroutine with a way to ask over one transport."""

    async def main() -> None:
        transport = ProbeTransport(limits=limits, **options)
        try:
            await asyncio.wait_for(body(partial(_asked, transport)), timeout=30)
        finally:
            await transport.aclose()

    asyncio.run(main())


@pytest.mark.parametrize("at_once", [2, 3])
def test_a_newcomer_does_not_overtake_who_waits(at_once: int) -> None:
    """One connection, and some who ask again at once when they have their answer: they take turns."""
    order: list[int] = []

    async def one(ask: Ask, number: int) -> None:
        for _ in range(5):
            await ask(server.url)
            order.append(number)

    async def body(ask: Ask) -> None:
        await asyncio.gather(*(one(ask, number) for number in range(at_once)))

    with RawServer(answering(answer(b"x"))) as server:
        asking(body, limits=Limits(connections_max=1))
    assert order == [*range(at_once)] * 5
    assert server.accepted == 1


def test_an_idle_connection_of_another_origin_gives_way() -> None:
    """The limit is over all origins of a cell, and the one that has been idle longest goes first."""

    async def body(ask: Ask) -> None:
        for server in (first, second, third, third, second, first):
            await ask(server.url)
        await until(lambda: first.ended == 1)

    with RawServer(answering(answer())) as first, RawServer(answering(answer())) as second:  # noqa: SIM117 - too long
        with RawServer(answering(answer())) as third:
            asking(body, limits=Limits(connections_max=2))
    assert [server.accepted for server in (first, second, third)] == [2, 1, 1]


def test_an_origin_whose_connection_is_in_use_has_none_that_could_give_way() -> None:
    """The idle one of another origin does, and whoever is being answered is not disturbed."""
    held, release = threading.Event(), threading.Event()

    def slow_at_last(sock: socket.socket) -> None:
        read_request(sock)
        sock.sendall(answer())
        read_request(sock)
        held.set()
        release.wait(30)
        sock.sendall(answer(b"late"))

    async def body(ask: Ask) -> None:
        await ask(busy.url)
        await ask(idle.url)
        waiting = asyncio.create_task(ask(busy.url))
        await until(held.is_set)
        assert (await ask(new.url)).status_code == 200
        await until(lambda: idle.ended == 1)
        release.set()
        assert (await waiting).content == b"late"

    with RawServer(slow_at_last) as busy, RawServer(answering(answer())) as idle:  # noqa: SIM117 - too long
        with RawServer(answering(answer())) as new:
            asking(body, limits=Limits(connections_max=2))
    assert [server.accepted for server in (busy, idle, new)] == [1, 1, 1]


def test_a_connection_is_not_kept_longer_than_the_limit() -> None:
    """It might just be closed by the server."""

    async def body(ask: Ask) -> None:
        for _ in range(3):
            await ask(server.url)

    with RawServer(answering(answer())) as server:
        asking(body, limits=Limits(keepalive_s=0.0))
    assert server.accepted == 3


def test_who_gives_up_waiting_takes_no_place_with_him() -> None:
    """Cancelled while he waits, or just when his turn has come: the next one is served."""
    held, release = threading.Event(), threading.Event()

    def slow(sock: socket.socket) -> None:
        while read_request(sock):
            held.set()
            release.wait(30)
            sock.sendall(answer())

    async def body(ask: Ask) -> None:
        first = asyncio.create_task(ask(server.url))
        waiting = [asyncio.create_task(ask(server.url)) for _ in range(3)]
        await until(held.is_set)
        waiting[0].cancel()
        release.set()
        await first
        waiting[1].cancel()  # his turn has come with the end of the first, and he has not run since
        assert (await waiting[2]).status_code == 200
        assert (await ask(server.url)).status_code == 200
        with pytest.raises(asyncio.CancelledError):
            await waiting[1]

    with RawServer(slow) as server:
        asking(body, limits=Limits(connections_max=1))


def test_a_cancellation_of_all_who_wait_is_one_for_each() -> None:
    """With the one that holds the connection, in one turn of the loop: its place goes past those who do not want it any more."""
    held = threading.Event()

    def silent(sock: socket.socket) -> None:
        read_request(sock)
        held.set()
        hang(sock)

    async def body(ask: Ask) -> None:
        tasks = [asyncio.create_task(ask(server.url)) for _ in range(4)]
        await until(held.is_set)
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(error) for error in ended] == [asyncio.CancelledError] * 4

    with RawServer(silent) as server:
        asking(body, limits=Limits(connections_max=1))


def test_the_deadline_of_all_who_wait_is_a_time_out_for_each() -> None:
    """A target that hangs, and more runs than connections, all with the same deadline: none is told that it was refused."""

    async def main(url: str) -> list[Result]:
        driver = AsyncDriver(allow=LOOPBACK, tls=PLAIN_TLS, limits=Limits(connections_max=1))
        driver_run = partial(driver.run, sink=ignore, journal=MemoryJournal())
        try:
            runs = [driver_run(driver_asking(Http("GET", url, timeout_s=0.3))) for _ in range(4)]
            return [result for (result,) in await asyncio.gather(*runs)]
        finally:
            await driver.aclose()

    with RawServer(hang) as server:
        results = asyncio.run(main(server.url))
    kinds = [result.kind for result in results if isinstance(result, TransportFault)]
    assert len(kinds) == 4
    assert set(kinds) <= {FaultKind.READ_TIMEOUT, FaultKind.CONNECT_TIMEOUT}


def test_an_origin_that_is_not_connected_to_leaves_nothing_behind() -> None:
    """Whoever closed its connection: the server after each answer, the server later, or the pool for want of places."""

    async def main() -> None:
        client = ProbeClient(PLAIN_TLS, Limits(connections_max=1), time.monotonic_ns)
        for server in (closing, giving_up, first, second):
            target = Target.of(server.url)
            head = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
            attempt = Attempt(SystemClock())
            got = await client.ask(target, head, lambda: Answer("GET", Limits(), lambda _: Unread()), attempt, 30.0)
            assert got.status == 200
        assert list(client._pool._idle) == [Target.of(second.url)]
        client.close()

    def gives_up(sock: socket.socket) -> None:
        read_request(sock)
        sock.sendall(answer())

    with (
        RawServer(answering(answer(headers="Connection: close\r\n"))) as closing,
        RawServer(gives_up) as giving_up,
        RawServer(answering(answer())) as first,
        RawServer(answering(answer())) as second,
    ):
        asyncio.run(main())


class Unread:
    """A body that nobody wants."""

    def feed(self, chunk: bytes, /) -> None:
        """Let it go."""


def test_a_connection_that_fails_gives_its_place_back() -> None:
    """However often."""

    async def body(ask: Ask) -> None:
        for _ in range(4):
            with pytest.raises(httpx.RemoteProtocolError):
                await ask(server.url)

    with RawServer(lambda sock: sock.sendall(b"garbage\r\n\r\n")) as server:
        asking(body, limits=Limits(connections_max=2))


def test_a_tls_connection_is_kept_alive_though_tickets_come(authority: Authority) -> None:
    """TLS 1.3 sends session tickets that nobody asked for; they are no answer and no end."""

    async def body(ask: Ask) -> None:
        for _ in range(3):
            assert (await ask(server.url)).content == b"secret"

    with RawServer(answering(answer(b"secret")), authority.server) as server:
        asking(body, tls=authority.client)
    assert server.accepted == 1


def test_what_a_server_sends_unasked_is_no_answer_to_the_next_request() -> None:
    """A second answer in the same segment, or one that comes later: the connection is closed, and another one taken."""
    sent = threading.Event()

    def twice(sock: socket.socket) -> None:
        read_request(sock)
        sock.sendall(answer(b"first") + answer(b"planted"))
        while read_request(sock):
            sock.sendall(answer(b"reused"))

    def later(sock: socket.socket) -> None:
        read_request(sock)
        sock.sendall(answer(b"first"))
        sock.sendall(answer(b"planted"))
        sent.set()
        while read_request(sock):
            sock.sendall(answer(b"reused"))

    async def body(ask: Ask) -> None:
        bodies = []
        for _ in range(2):
            bodies.append((await ask(server.url)).content)
            await until(sent.is_set)
        assert bodies == [b"first", b"first"]

    for behaviour in (twice, later):
        if behaviour is twice:
            sent.set()
        with RawServer(behaviour) as server:
            asking(body)
        sent.clear()
        assert server.accepted == 2
