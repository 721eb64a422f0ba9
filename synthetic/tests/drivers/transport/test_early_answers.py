"""A server that answers before the request has left: what it says counts, and the connection is not used again."""

from __future__ import annotations

import asyncio
import ssl

import httpx

from bench.transport_fuzz.exchanging import Answer, MakeTransport, exchange, ours, request
from bench.transport_fuzz.hostile import Peer
from synthetic.tests.drivers.transport.talking import GOOD, GOOD_ANSWER, Talk


def test_ours_takes_an_answer_from_a_server_that_hangs_up_on_the_rest_of_the_request(trusting: ssl.SSLContext) -> None:
    """It says why and resets, with most of the body unread: what it said has come, and counts."""
    refused = b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nno!"

    async def first(peer: Peer, _talk: Talk) -> None:
        await peer.say(refused)

    async def talk(transport: httpx.AsyncBaseTransport, talk: Talk) -> list[object]:
        large = await exchange(transport, request("POST", talk.server.url, content=bytes(12 << 20)))
        return [large, await talk.get(transport)]

    async def play() -> list[object]:
        return await Talk(ours, trusting, first).play(talk)

    large, next_one = asyncio.run(play())
    assert (large, next_one) == (Answer(413, (("content-length", "3"),), b"no!"), GOOD_ANSWER)


def test_ours_gives_up_a_connection_on_which_more_came_while_it_was_still_sending(trusting: ssl.SSLContext) -> None:
    """An early answer, something unasked behind it, and only then is the request read: the next one goes elsewhere."""

    async def first(peer: Peer, talk: Talk) -> None:
        await peer.say(GOOD, GOOD.replace(b"good", b"evil"))
        await peer.request()
        talk.over.set()
        await peer.silence()

    async def talk(transport: httpx.AsyncBaseTransport, talk: Talk) -> list[object]:
        early = await exchange(transport, request("POST", talk.server.url, content=bytes(12 << 20)))
        return [early, await talk.get(transport), talk.server.accepted]

    async def play() -> list[object]:
        return await Talk(ours, trusting, first).play(talk)

    assert asyncio.run(play()) == [GOOD_ANSWER, GOOD_ANSWER, 2]


def test_ours_has_an_answer_that_came_before_its_request_could_leave(trusting: ssl.SSLContext) -> None:
    """The server says why it takes no more and reads no further: at the deadline that counts, not that time is over."""
    refused = b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nno!"

    async def first(peer: Peer, _talk: Talk) -> None:
        await peer.say(refused)
        await asyncio.Event().wait()

    async def talk(transport: httpx.AsyncBaseTransport, talk: Talk) -> list[object]:
        asked = request("POST", talk.server.url, content=bytes(12 << 20), timeout_s=0.1)
        return [await exchange(transport, asked), await talk.get(transport)]

    async def play() -> list[object]:
        return await Talk(ours, trusting, first).play(talk)

    assert asyncio.run(play()) == [Answer(413, (("content-length", "3"),), b"no!"), GOOD_ANSWER]


def test_an_answer_that_comes_before_the_request_has_left_is_taken(
    make_transport: MakeTransport, trusting: ssl.SSLContext
) -> None:
    """A server that refuses a large body at once: its reason counts, and not that it says goodbye."""
    refused = b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno!"

    async def first(peer: Peer, _talk: Talk) -> None:
        await peer.say(refused)
        peer.end_sending()
        await peer.silence()

    async def talk(transport: httpx.AsyncBaseTransport, talk: Talk) -> list[object]:
        large = await exchange(transport, request("POST", talk.server.url, content=bytes(12 << 20)))
        return [large, await talk.get(transport)]

    async def play() -> list[object]:
        return await Talk(make_transport, trusting, first).play(talk)

    large, next_one = asyncio.run(play())
    assert isinstance(large, Answer)
    assert (large.status, large.body, next_one) == (413, b"no!", GOOD_ANSWER)
