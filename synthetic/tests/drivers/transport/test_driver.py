"""The driver's own way through the transport, without httpx's objects: the same answers, and faults where there is none."""

from __future__ import annotations

import asyncio
import gc
import ssl
from random import Random

import pytest

from bench.transport_fuzz.answers import spoken
from bench.transport_fuzz.hostile import Peer, hostile, in_pieces
from synthetic.core.effects import Http, HttpReply
from synthetic.drivers.asking import Probing
from synthetic.drivers.attempt import Attempt
from synthetic.drivers.clocks import SystemClock
from synthetic.drivers.guard import Limits
from synthetic.drivers.http_wire import AnswerReader
from synthetic.drivers.places import Target
from synthetic.drivers.probe.parser import Answer
from synthetic.drivers.translate import TRANSPORT_ERRORS, fault
from synthetic.tests.drivers.transport.test_hostile import REFUSED, TIMEOUT_S, Bad, saying

ANSWERS = 150


async def asked(effect: Http, trusting: ssl.SSLContext) -> HttpReply:
    """What the driver has of one request. Raises TRANSPORT_ERRORS."""
    clock = SystemClock()
    probing = Probing(trusting, Limits(), clock)
    try:
        return await probing.ask(effect, Attempt(clock))
    finally:
        await probing.aclose()


def test_the_driver_understands_every_valid_answer(trusting: ssl.SSLContext) -> None:
    """As the standard says: status, headers and the unpacked body, in whatever pieces it comes."""

    async def play() -> None:
        async def behave(peer: Peer) -> None:
            await peer.request()
            await peer.say(*in_pieces(said.data, cuts))

        async with hostile(behave) as server:
            for seed in range(ANSWERS):
                random = Random(seed)
                said = spoken(random, body_bytes_max=500)
                cuts = tuple(random.randrange(len(said.data)) for _ in range(3))
                reply = await asked(Http(said.method, server.url), trusting)
                assert (reply.status, reply.headers, reply.body) == (said.status, said.headers, said.body)

    asyncio.run(play())


def test_a_request_leaves_nothing_to_the_collector(trusting: ssl.SSLContext) -> None:
    """Whatever it needed is gone by reference counts: a collection would look at all that is loaded, and stop our loop."""
    clock = SystemClock()

    def left() -> int:
        return sum(type(thing) in (Answer, AnswerReader, Attempt) for thing in gc.get_objects())

    async def play() -> None:
        async def behave(peer: Peer) -> None:
            while await peer.request():
                await peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: 1\r\n\r\nok")

        async with hostile(behave) as server:
            probing = Probing(trusting, Limits(), clock)
            effect = Http("POST", server.url, (("content-type", "text/plain"),), b"body")
            gc.collect()
            before = left()
            gc.disable()
            try:
                for _ in range(10):
                    assert (await probing.ask(effect, Attempt(clock))).body == b"ok"
                assert left() == before
            finally:
                gc.enable()
                await probing.aclose()

    asyncio.run(play())


# The driver asks for no br: should it come all the same, a body is what travelled.
@pytest.mark.parametrize("bad", [bad for bad in REFUSED if bad.name != "br that is none"], ids=str)
def test_the_driver_has_a_fault_where_there_is_no_answer(trusting: ssl.SSLContext, bad: Bad) -> None:
    """What may have been sent is told as such, in one clear line, whatever came instead of an answer."""

    async def play() -> None:
        async with hostile(saying(*bad.pieces, then=bad.then)) as server:
            attempt = Attempt(SystemClock())
            probing = Probing(trusting, Limits(), SystemClock())
            timeout_s = TIMEOUT_S if bad.then == "silence" else 30.0
            effect = Http("POST", server.url, body=b"{}", timeout_s=timeout_s)
            with pytest.raises(TRANSPORT_ERRORS) as raised:
                await probing.ask(effect, attempt)
            told = fault(raised.value, attempt, Target.of(server.url), timeout_s)
            await probing.aclose()
        assert told.maybe_sent
        assert told.detail.startswith(f"127.0.0.1:{server.port} ")
        assert told.detail.isprintable()
        assert len(told.detail) < 200

    asyncio.run(play())
