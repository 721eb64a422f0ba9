"""On a loop that is not asyncio's own, which takes the stamps of what left for a broken socket."""

from __future__ import annotations

import asyncio

import uvloop

from synthetic.core.effects import Effect, Http, HttpReply, Result, WsFrame, WsOpen, WsReceive, WsSend
from synthetic.drivers.asyncio_driver import AsyncDriver
from synthetic.journal.memory import MemoryJournal
from synthetic.tests.drivers.conftest import Authority
from synthetic.tests.drivers.scenarios import LOOPBACK, asking, ignore
from synthetic.tests.drivers.servers import RawServer, WebSocketServer, answer, answering, echo


def test_under_uvloop_everything_works_and_answers_are_stamped(authority: Authority) -> None:
    """What came is the kernel's word; for what left, and for frames, our own clock counts, and says by how much it may be off."""

    async def main(url: str, game: str) -> list[Result]:
        driver = AsyncDriver(allow=LOOPBACK, tls=authority.client)
        try:
            frames: list[Effect] = [WsOpen("game", game), WsSend("game", "bet"), WsReceive("game")]
            scenario = asking(*[Http("GET", url)] * 3, *frames)
            return await driver.run(scenario, sink=ignore, journal=MemoryJournal())
        finally:
            await driver.aclose()

    with (
        RawServer(answering(answer(b"x" * 50_000)), authority.server) as server,
        WebSocketServer(echo) as game,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        *replies, _, _, frame = runner.run(main(server.url, game.url))
    assert server.accepted == 1
    for reply in replies:
        assert isinstance(reply, HttpReply), reply
        assert (len(reply.body), reply.times.stamped) == (50_000, True)
        assert reply.times.doubt_ns > 0
    assert isinstance(frame, WsFrame), frame
    assert not frame.times.stamped
