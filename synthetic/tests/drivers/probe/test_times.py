"""The times that the driver tells stay true whatever our own loop was busy with."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Generator
from typing import Any

import pytest
from websockets.sync.server import ServerConnection

from synthetic.core.effects import FaultKind, Http, HttpReply, Result, TransportFault, WsOpen, WsReceive, WsSend
from synthetic.drivers.asyncio_driver import AsyncDriver
from synthetic.drivers.lag import exposed
from synthetic.journal.memory import MemoryJournal
from synthetic.tests.drivers.conftest import Authority
from synthetic.tests.drivers.polling import until
from synthetic.tests.drivers.scenarios import LOOPBACK, PLAIN_TLS, asking, ignore, play_asyncio
from synthetic.tests.drivers.servers import RawServer, WebSocketServer, answer, answering, echo, hang, read_request

MS = 1_000_000


class Stalled:
    """Asks a server, and blocks the loop once the second request is there."""

    def __init__(self, answers_after_s: float) -> None:
        self._answers_after_s = answers_after_s
        self._heard = threading.Event()
        self._count = 0
        self.true_ns = 0  # what the server needed for the second one, by its own clock

    def serve(self, sock: socket.socket) -> None:
        """Answer the first request at once, the second one after a while."""
        while read_request(sock):
            began_ns = time.monotonic_ns()
            self._count += 1
            if self._count == 2:
                self._heard.set()
                threading.Event().wait(self._answers_after_s)
            sock.sendall(answer(b"x" * 60_000))  # more than is read at a time
            self.true_ns = time.monotonic_ns() - began_ns

    def play(self, url: str, stall_s: float, timeout_s: float) -> Result:
        """The result of the second request."""

        def scenario() -> Generator[Any, Any, Result]:
            yield Http("GET", url)
            result: Result = yield Http("GET", url, timeout_s=timeout_s)
            return result

        async def main() -> Result:
            driver = AsyncDriver(allow=LOOPBACK, tls=PLAIN_TLS)
            run = asyncio.create_task(driver.run(scenario(), sink=ignore, journal=MemoryJournal()))
            await until(self._heard.is_set)
            time.sleep(stall_s)  # noqa: ASYNC251 - this is the stall
            try:
                return await run
            finally:
                await driver.aclose()

        return asyncio.run(main())


def test_a_stall_of_our_loop_is_not_in_the_latency() -> None:
    """The answer lay in the socket for most of half a second; the kernel knows when it came."""
    stalled = Stalled(answers_after_s=0.05)
    with RawServer(stalled.serve) as server:
        result = stalled.play(server.url, stall_s=0.5, timeout_s=30.0)
    assert isinstance(result, HttpReply)
    assert result.times.stamped
    assert abs(result.times.latency_ns - stalled.true_ns) < 200 * MS
    assert result.times.harness_lag_ns > 200 * MS


def test_a_stall_before_the_answer_came_spoils_nothing() -> None:
    """The loop was blocked, and free again when the answer came."""
    stalled = Stalled(answers_after_s=0.6)
    with RawServer(stalled.serve) as server:
        result = stalled.play(server.url, stall_s=0.2, timeout_s=30.0)
    assert result.times.stamped
    assert result.times.lag_ns < 100 * MS


def test_an_answer_that_had_come_by_the_deadline_is_no_time_out() -> None:
    """Our loop looks at the deadline first, and late; the answer lies in the socket."""
    stalled = Stalled(answers_after_s=0.05)
    with RawServer(stalled.serve) as server:
        result = stalled.play(server.url, stall_s=0.6, timeout_s=0.3)
    assert isinstance(result, HttpReply), result
    assert result.times.latency_ns < 300 * MS


def test_a_time_out_that_was_looked_at_once_more_is_the_targets() -> None:
    """The loop stalled, but nothing had come even then: the target had more time than it should have."""

    async def main(url: str) -> Result:
        driver = AsyncDriver(allow=LOOPBACK, tls=PLAIN_TLS)
        effect = Http("GET", url, timeout_s=0.4)
        run = asyncio.create_task(driver.run(asking(effect), sink=ignore, journal=MemoryJournal()))
        await until(heard.is_set)
        time.sleep(0.2)  # noqa: ASYNC251 - this is the stall
        (result,) = await run
        await driver.aclose()
        return result

    def silent(sock: socket.socket) -> None:
        sock.recv(1, socket.MSG_PEEK)
        heard.set()
        hang(sock)

    heard = threading.Event()
    with RawServer(silent) as server:
        result = asyncio.run(main(server.url))
    assert isinstance(result, TransportFault)
    assert (result.kind, result.times.stamped) == (FaultKind.READ_TIMEOUT, True)
    assert exposed(result, result.times.handled) == (result.times.started, result.times.sent)
    assert result.times.lag_ns < 150 * MS


def test_phases_tell_what_a_connection_cost(authority: Authority) -> None:
    """The first exchange opens it; the second one needs nothing of that. Together they are no more than what passed."""
    with RawServer(answering(answer(b"x" * 50_000)), authority.server) as server:
        first, second = play_asyncio(asking(*[Http("GET", server.url)] * 2), tls=authority.client)
    assert min(first.times.phases.connect, first.times.phases.tls) > 0
    assert (second.times.phases.dns, second.times.phases.connect, second.times.phases.tls) == (0, 0, 0)
    for times in (first.times, second.times):
        assert times.phases.first_byte + times.phases.body == times.latency_ns
        assert times.phases.dns + times.phases.connect + times.phases.tls <= times.sent - times.started


@pytest.mark.parametrize("secure", [False, True], ids=["ws", "wss"])
def test_a_frame_that_lay_in_the_socket_is_told_by_its_arrival(authority: Authority, secure: bool) -> None:  # noqa: FBT001
    """The loop was blocked for half a second while it was under way; its round trip is that of the server."""

    def late(connection: ServerConnection) -> None:
        for number, frame in enumerate(connection):
            if number:
                heard.set()
                threading.Event().wait(0.05)
            connection.send(frame)

    def scenario(url: str) -> Generator[Any, Any, tuple[Result, Result]]:
        yield WsOpen("game", url)
        yield WsSend("game", "first")
        yield WsReceive("game", 30.0)
        sent = yield WsSend("game", "second")
        received = yield WsReceive("game", 30.0)
        return sent, received

    async def main(url: str) -> tuple[Result, Result]:
        driver = AsyncDriver(allow=LOOPBACK, tls=authority.client)
        run = asyncio.create_task(driver.run(scenario(url), sink=ignore, journal=MemoryJournal()))
        await until(heard.is_set)
        time.sleep(0.5)  # noqa: ASYNC251 - this is the stall
        try:
            return await run
        finally:
            await driver.aclose()

    heard = threading.Event()
    with WebSocketServer(late, tls=authority.server if secure else None) as server:
        sent, received = asyncio.run(main(server.url))
    assert received.times.stamped
    assert 50 * MS <= received.times.received - sent.times.sent < 300 * MS
    assert received.times.harness_lag_ns > 100 * MS


def test_opening_a_websocket_has_its_phases(authority: Authority) -> None:
    """The connection and TLS before the handshake's request, and the handshake itself."""
    with WebSocketServer(echo, tls=authority.server) as server:
        (opened,) = play_asyncio(asking(WsOpen("game", server.url)), tls=authority.client)
    phases = opened.times.phases
    assert min(phases.connect, phases.tls, phases.first_byte) > 0
    assert opened.times.latency_ns == phases.first_byte + phases.body
