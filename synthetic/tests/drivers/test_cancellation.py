"""A cancelled run leaves nothing behind: no socket, no task, no generator that waits for ever."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Generator
from typing import Any

import pytest
from websockets.sync.server import ServerConnection

from synthetic.core.effects import Effect, Http, Sleep, WsOpen, WsReceive
from synthetic.drivers.asyncio_driver import AsyncDriver
from synthetic.journal.memory import MemoryJournal
from synthetic.tests.drivers import servers
from synthetic.tests.drivers.polling import until
from synthetic.tests.drivers.scenarios import LOOPBACK, PLAIN_TLS, ignore
from synthetic.tests.drivers.servers import RawServer, WebSocketServer


@pytest.mark.parametrize("waiting", ["request", "frame", "handshake", "sleep"])
def test_cancelling_a_run_closes_its_sockets(waiting: str) -> None:
    """Wherever it waits, its connections end, its `finally` runs, and only the driver's own heartbeat is left."""
    closed = threading.Event()
    cleaned: list[str] = []

    def watch(connection: ServerConnection) -> None:
        connection.send("ready")
        for _ in connection:
            pass
        closed.set()

    def scenario(effect: Effect, game: str) -> Generator[Any, Any, None]:
        try:
            yield WsOpen("game", game)
            yield WsReceive("game")
            began.set()
            yield effect
        finally:
            cleaned.append(waiting)

    async def main(effect: Effect, game: str) -> None:
        driver = AsyncDriver(allow=LOOPBACK, tls=PLAIN_TLS)
        run = asyncio.create_task(driver.run(scenario(effect, game), sink=ignore, journal=MemoryJournal()))
        await until(lambda: began.is_set() and (waiting not in ("request", "handshake") or heard.is_set()))
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        await until(lambda: closed.is_set() and hanging.ended == hanging.accepted)
        assert {task.get_name() for task in asyncio.all_tasks() - {asyncio.current_task()}} == {"synthetic-lag-meter"}
        await driver.aclose()

    def listen(sock: socket.socket) -> None:
        sock.recv(1, socket.MSG_PEEK)
        heard.set()  # the request is under way: before that, asyncio itself may lose a connection that is just there
        servers.hang(sock)

    began, heard = threading.Event(), threading.Event()
    with WebSocketServer(watch) as game, RawServer(listen) as hanging:
        effects: dict[str, Effect] = {
            "request": Http("GET", hanging.url),
            "frame": WsReceive("game"),
            "handshake": WsOpen("second", hanging.url.replace("http", "ws")),
            "sleep": Sleep(60),
        }
        asyncio.run(main(effects[waiting], game.url))
    assert cleaned == [waiting]


def test_many_runs_share_one_driver() -> None:
    """Fifty runs at once over a pool of eight connections: every answer is the right one."""

    def scenario(number: int, url: str) -> Generator[Any, Any, bytes]:
        for _ in range(3):
            reply = yield Http("POST", url, body=str(number).encode())
            assert reply.body == str(number).encode()
        return bytes(reply.body)

    def echo(sock: Any) -> None:
        while request := servers.read_request(sock):
            sock.sendall(servers.answer(request.partition(b"\r\n\r\n")[2]))

    async def main(url: str) -> list[bytes]:
        driver = AsyncDriver(allow=LOOPBACK, tls=PLAIN_TLS)
        runs = [driver.run(scenario(number, url), sink=ignore, journal=MemoryJournal()) for number in range(50)]
        try:
            return await asyncio.gather(*runs)
        finally:
            await driver.aclose()

    with RawServer(echo) as server:
        assert asyncio.run(main(server.url)) == [str(number).encode() for number in range(50)]
        assert server.accepted <= 8
