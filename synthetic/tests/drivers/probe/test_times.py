"""The times that the driver tells stay true whatever our own loop was busy with."""

from __future__ import annotations

import asyncio
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Generator
from typing import Any

import pytest
from websockets.sync.server import ServerConnection

from synthetic.core.effects import FaultKind, Http, HttpReply, Result, TransportFault, WsOpen, WsReceive, WsSend
from synthetic.core.machine.state import is_tainted
from synthetic.drivers.asyncio_driver import AsyncDriver
from synthetic.drivers.attempt import BUFFERED_BYTES
from synthetic.drivers.lag import exposed
from synthetic.journal.memory import MemoryJournal
from synthetic.tests.drivers.conftest import Authority
from synthetic.tests.drivers.polling import until
from synthetic.tests.drivers.scenarios import LOOPBACK, PLAIN_TLS, asking, ignore, play_asyncio
from synthetic.tests.drivers.servers import (
    Behaviour,
    RawServer,
    WebSocketServer,
    answer,
    answering,
    echo,
    hang,
    read_request,
)

MS = 1_000_000


class Stalled:
    """Asks a server, and blocks the loop once the second request is there: until after the answer has left, or before it does."""

    def __init__(
        self, *, body: bytes = b"x" * 60_000, answered_within: bool = True
    ) -> None:  # more than is read at a time
        self._body = body
        self._answered_within = answered_within
        self._heard, self._stalling, self._awake, self._answered = (threading.Event() for _ in range(4))
        self.woke_ns = 0  # when the loop was free again

    def serve(self, sock: socket.socket) -> None:
        """Answer the first request at once, the second one while our loop is blocked, or when it is free again."""
        read_request(sock)
        sock.sendall(answer())
        read_request(sock)
        self._heard.set()
        (self._stalling if self._answered_within else self._awake).wait(30)
        sock.sendall(answer(self._body))
        self._answered.set()
        read_request(sock)

    def _stall(self, stall_s: float) -> None:
        self._stalling.set()
        if self._answered_within and len(self._body) <= BUFFERED_BYTES:
            self._answered.wait(30)
        time.sleep(stall_s)
        self.woke_ns = time.monotonic_ns()
        self._awake.set()

    def play(self, url: str, stall_s: float, timeout_s: float, *, tls: ssl.SSLContext = PLAIN_TLS) -> Result:
        """The result of the second request."""

        def scenario() -> Generator[Any, Any, Result]:
            yield Http("GET", url)
            result: Result = yield Http("GET", url, timeout_s=timeout_s)
            return result

        async def main() -> Result:
            driver = AsyncDriver(allow=LOOPBACK, tls=tls)
            run = asyncio.create_task(driver.run(scenario(), sink=ignore, journal=MemoryJournal()))
            await until(self._heard.is_set)
            self._stall(stall_s)
            try:
                return await run
            finally:
                await driver.aclose()

        return asyncio.run(main())


def test_a_stall_of_our_loop_is_not_in_the_latency() -> None:
    """The answer lay in the socket while it was blocked; the kernel knows when it came."""
    stalled = Stalled()
    with RawServer(stalled.serve) as server:
        result = stalled.play(server.url, stall_s=0.3, timeout_s=30.0)
    assert isinstance(result, HttpReply)
    assert result.times.stamped
    assert result.times.received < stalled.woke_ns
    assert result.times.harness_lag_ns >= stalled.woke_ns - result.times.received


def test_a_stall_before_the_answer_came_spoils_nothing() -> None:
    """The loop was blocked, and free again when the answer came: all that counts is what came behind that."""
    stalled = Stalled(answered_within=False)
    with RawServer(stalled.serve) as server:
        times = stalled.play(server.url, stall_s=0.3, timeout_s=30.0).times
    assert times.stamped
    assert times.received >= stalled.woke_ns
    assert times.lag_ns <= times.handled - times.received


@pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
def test_a_stall_within_an_answer_that_no_buffer_holds_is_in_its_time(authority: Authority, secure: bool) -> None:  # noqa: FBT001
    """The window closed while nobody read: the rest left late because of us, whatever the kernel says of when it came."""
    stalled = Stalled(body=bytes(1 << 20))
    with RawServer(stalled.serve, authority.server if secure else None) as server:
        result = stalled.play(server.url, stall_s=0.3, timeout_s=30.0, tls=authority.client)
    assert isinstance(result, HttpReply)
    assert not result.times.stamped
    assert exposed(result, result.times.handled) == (result.times.sent, result.times.handled)
    assert result.times.lag_ns >= 250 * MS
    assert is_tainted(result.times)


def test_an_answer_that_had_come_by_the_deadline_is_no_time_out() -> None:
    """Our loop looks at the deadline first, and late; the answer lies in the socket."""
    stalled = Stalled()
    with RawServer(stalled.serve) as server:
        result = stalled.play(server.url, stall_s=1.1, timeout_s=1.0)
    assert isinstance(result, HttpReply), result
    assert result.times.received < stalled.woke_ns


def silent(heard: threading.Event) -> Behaviour:
    """Says when a request has come, and nothing else."""

    def behave(sock: socket.socket) -> None:
        sock.recv(1, socket.MSG_PEEK)
        heard.set()
        hang(sock)

    return behave


def flooding(heard: threading.Event) -> Behaviour:
    """Answers with most of what was announced, which is more than a buffer holds, and then with nothing."""

    def behave(sock: socket.socket) -> None:
        read_request(sock)
        heard.set()
        sock.sendall(answer(bytes(1 << 20))[:-1])
        hang(sock)

    return behave


def deaf(heard: threading.Event) -> Behaviour:
    """Reads nothing."""

    def behave(sock: socket.socket) -> None:
        sock.recv(1, socket.MSG_PEEK)
        heard.set()
        ended = select.poll()
        ended.register(sock, select.POLLHUP)
        ended.poll(30_000)

    return behave


def timed_out(behave: Callable[[threading.Event], Behaviour], body: bytes = b"") -> TransportFault:
    """The time-out of a request, with a stall of our loop within."""

    async def main(url: str) -> Result:
        driver = AsyncDriver(allow=LOOPBACK, tls=PLAIN_TLS)
        effect = Http("POST", url, body=body, timeout_s=1.0)
        run = asyncio.create_task(driver.run(asking(effect), sink=ignore, journal=MemoryJournal()))
        await until(heard.is_set)
        time.sleep(0.2)  # noqa: ASYNC251 - this is the stall
        (result,) = await run
        await driver.aclose()
        return result

    heard = threading.Event()
    with RawServer(behave(heard)) as server:
        result = asyncio.run(main(server.url))
    assert isinstance(result, TransportFault)
    assert result.kind is FaultKind.READ_TIMEOUT
    return result


def test_a_time_out_that_was_looked_at_once_more_is_the_targets() -> None:
    """The loop stalled, but nothing had come even then: the target had more time than it should have."""
    result = timed_out(silent)
    assert result.times.stamped
    assert exposed(result, result.times.handled) == (result.times.started, result.times.sent)
    assert result.times.lag_ns <= result.times.sent - result.times.started


@pytest.mark.parametrize(("behave", "body"), [(flooding, b""), (deaf, bytes(12 << 20))], ids=["download", "upload"])
def test_a_time_out_of_what_had_to_wait_for_us_may_be_ours(
    behave: Callable[[threading.Event], Behaviour], body: bytes
) -> None:
    """More than a buffer holds was on its way, to us or from us: while we stalled it stood still."""
    result = timed_out(behave, body)
    assert not result.times.stamped
    assert exposed(result, result.times.handled) == (result.times.started, result.times.handled)


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
    """The loop was blocked while it was under way and long after; its round trip is that of the server."""
    sent, received, woke_ns = stalled_frame(authority, "second", secure=secure)
    assert received.times.stamped
    assert sent.times.sent + 50 * MS <= received.times.received < woke_ns
    assert received.times.harness_lag_ns >= woke_ns - received.times.received


def test_a_frame_that_no_buffer_holds_may_have_waited_for_us(authority: Authority) -> None:
    """As an answer of that size."""
    _, received, _ = stalled_frame(authority, "x" * 500_000, secure=False)
    assert not received.times.stamped


def stalled_frame(authority: Authority, text: str, *, secure: bool) -> tuple[Result, Result, int]:
    """What became of a frame and of its echo, which came while our loop was blocked; and when that was free again."""

    def late(connection: ServerConnection) -> None:
        for number, frame in enumerate(connection):
            if number:
                heard.set()
                stalling.wait(30)
                threading.Event().wait(0.05)
            connection.send(frame)
            if number:
                answered.set()

    def scenario(url: str) -> Generator[Any, Any, tuple[Result, Result]]:
        yield WsOpen("game", url)
        yield WsSend("game", "first")
        yield WsReceive("game", 30.0)
        sent = yield WsSend("game", text)
        received = yield WsReceive("game", 30.0)
        return sent, received

    async def main(url: str) -> tuple[Result, Result, int]:
        driver = AsyncDriver(allow=LOOPBACK, tls=authority.client)
        run = asyncio.create_task(driver.run(scenario(url), sink=ignore, journal=MemoryJournal()))
        await until(heard.is_set)
        stalling.set()
        if len(text) <= BUFFERED_BYTES:
            answered.wait(30)
        time.sleep(0.3)  # noqa: ASYNC251 - this is the stall
        woke_ns = time.monotonic_ns()
        try:
            return *await run, woke_ns
        finally:
            await driver.aclose()

    heard, stalling, answered = threading.Event(), threading.Event(), threading.Event()
    with WebSocketServer(late, tls=authority.server if secure else None) as server:
        return asyncio.run(main(server.url))


def test_opening_a_websocket_has_its_phases(authority: Authority) -> None:
    """The connection and TLS before the handshake's request, and the handshake itself."""
    with WebSocketServer(echo, tls=authority.server) as server:
        (opened,) = play_asyncio(asking(WsOpen("game", server.url)), tls=authority.client)
    phases = opened.times.phases
    assert min(phases.connect, phases.tls, phases.first_byte) > 0
    assert opened.times.latency_ns == phases.first_byte + phases.body
