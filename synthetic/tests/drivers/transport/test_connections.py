"""When a connection is used again, and when it is not: no request leaves twice, and none gets another's answer."""

from __future__ import annotations

import asyncio
import ssl

import httpx
import pytest

from bench.transport_fuzz.exchanging import Answer, Failure, MakeTransport, exchange, ours, request
from bench.transport_fuzz.hostile import Gone, Peer, hostile
from synthetic.tests.drivers.transport.talking import GOOD, GOOD_ANSWER, Talk, two_in_a_row


@pytest.mark.parametrize("ending", ["close", "reset"])
def test_a_connection_that_the_server_gave_up_meanwhile_is_no_failure(
    make_transport: MakeTransport, trusting: ssl.SSLContext, ending: str
) -> None:
    """Nothing was written on it yet, so the next request takes another one."""

    async def first(peer: Peer, _talk: Talk) -> None:
        await peer.request()
        await peer.say(GOOD)
        if ending == "reset":
            peer.reset()

    async def play() -> list[object]:
        return await Talk(make_transport, trusting, first).play(two_in_a_row)

    assert asyncio.run(play()) == [GOOD_ANSWER, GOOD_ANSWER, 2]


@pytest.mark.parametrize("ending", ["close", "reset"])
def test_a_request_that_was_written_is_never_written_again(
    make_transport: MakeTransport, trusting: ssl.SSLContext, ending: str
) -> None:
    """The server took it and hung up: whether it acted on it nobody knows, so it is a failure and no second try."""
    taken = []

    async def first(peer: Peer, _talk: Talk) -> None:
        taken.append(await peer.request())
        await peer.say(GOOD)
        taken.append(await peer.request())
        if ending == "reset":
            peer.reset()

    async def talk(transport: httpx.AsyncBaseTransport, talk: Talk) -> list[object]:
        return [await talk.get(transport), await talk.get(transport), talk.server.accepted]

    async def play() -> list[object]:
        return await Talk(make_transport, trusting, first).play(talk)

    good, lost, accepted = asyncio.run(play())
    assert (good, accepted, len(taken)) == (GOOD_ANSWER, 1, 2)
    assert isinstance(lost, Failure)
    assert not lost.before_sending


def test_what_comes_unasked_on_an_idle_connection_is_nobodys_answer(
    make_transport: MakeTransport, trusting: ssl.SSLContext
) -> None:
    """A second answer, a while after the first: the connection is given up."""

    async def first(peer: Peer, talk: Talk) -> None:
        await peer.request()
        await peer.say(GOOD)
        await peer.say(GOOD.replace(b"good", b"evil"))
        talk.over.set()
        await peer.silence()

    async def play() -> list[object]:
        return await Talk(make_transport, trusting, first).play(two_in_a_row)

    assert asyncio.run(play()) == [GOOD_ANSWER, GOOD_ANSWER, 2]


UNASKED = {
    "another answer": GOOD.replace(b"good", b"evil"),
    "the beginning of one": b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n",
    "an informational one": b"HTTP/1.1 100 Continue\r\n\r\n",
    "a byte": b"x",
}
LEFT_OVER = {
    "a length": (GOOD, GOOD_ANSWER),
    "no body": (b"HTTP/1.1 204 No Content\r\n\r\n", Answer(204, (), b"")),
    "chunks": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        Answer(200, (("transfer-encoding", "chunked"),), b"ok"),
    ),
}


@pytest.mark.parametrize("together", [True, False], ids=["together", "apart"])
@pytest.mark.parametrize("unasked", UNASKED.values(), ids=UNASKED)
@pytest.mark.parametrize(("asked", "answer"), LEFT_OVER.values(), ids=LEFT_OVER)
def test_ours_never_takes_what_was_left_over_for_the_next_answer(
    trusting: ssl.SSLContext, asked: bytes, answer: Answer, unasked: bytes, *, together: bool
) -> None:
    """Bytes behind an answer, with it or a moment later. httpx hands a second answer that came with the first to who asks next."""

    async def first(peer: Peer, talk: Talk) -> None:
        await peer.request()
        await peer.say(*([asked + unasked] if together else [asked, unasked]))
        talk.over.set()
        await peer.silence()

    async def play() -> list[object]:
        return await Talk(ours, trusting, first).play(two_in_a_row)

    assert asyncio.run(play()) == [answer, GOOD_ANSWER, 2]


def test_ours_waits_for_its_turn_where_all_connections_are_taken(trusting: ssl.SSLContext) -> None:
    """Thirty at once over the eight connections that a cell may have: each gets the answer to what it asked."""

    async def play() -> tuple[list[object], int]:
        async def behave(peer: Peer) -> None:
            while True:
                body = (await peer.request()).partition(b"\r\n\r\n")[2]
                await peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n" + body)

        async with hostile(behave) as server, ours(trusting) as transport:
            asked = [request("POST", server.url, content=b"%04d" % number) for number in range(30)]
            return list(await asyncio.gather(*(exchange(transport, each) for each in asked))), server.accepted

    answers, accepted = asyncio.run(play())
    assert [answer.body for answer in answers if isinstance(answer, Answer)] == [
        b"%04d" % number for number in range(30)
    ]
    assert accepted == 8


def test_a_request_that_says_close_is_the_last_one(make_transport: MakeTransport, trusting: ssl.SSLContext) -> None:
    """Also where the server forgets to say it, too."""

    async def first(peer: Peer, _talk: Talk) -> None:
        await peer.request()
        await peer.say(GOOD)
        await peer.silence()

    async def talk(transport: httpx.AsyncBaseTransport, talk: Talk) -> list[object]:
        closing = request("POST", talk.server.url, headers={"connection": "close"}, content=b"{}")
        return [await exchange(transport, closing), await talk.get(transport), talk.server.accepted]

    async def play() -> list[object]:
        return await Talk(make_transport, trusting, first).play(talk)

    assert asyncio.run(play()) == [GOOD_ANSWER, GOOD_ANSWER, 2]


@pytest.mark.parametrize(
    "connection", ["close", "Close", "foo, close", "close\r\nConnection: foo", "foo\r\nConnection: close"]
)
@pytest.mark.parametrize("status", ["200 OK", "204 No Content", "304 Not Modified"])
def test_an_answer_that_says_close_is_the_last_one_also_without_a_body(
    make_transport: MakeTransport, trusting: ssl.SSLContext, status: str, connection: str
) -> None:
    """Of a HEAD here, however it is spelt, and also where the server forgets to close."""

    async def first(peer: Peer, _talk: Talk) -> None:
        await peer.request()
        await peer.say(f"HTTP/1.1 {status}\r\nConnection: {connection}\r\n\r\n".encode())
        await peer.silence()

    async def talk(transport: httpx.AsyncBaseTransport, talk: Talk) -> list[object]:
        headed = await exchange(transport, request("HEAD", talk.server.url))
        assert isinstance(headed, Answer)
        return [headed.status, await talk.get(transport), talk.server.accepted]

    async def play() -> list[object]:
        return await Talk(make_transport, trusting, first).play(talk)

    assert asyncio.run(play()) == [int(status[:3]), GOOD_ANSWER, 2]


def test_who_gives_up_waiting_closes_the_connection(make_transport: MakeTransport, trusting: ssl.SSLContext) -> None:
    """A cancelled request leaves no socket and no answer behind that could meet the next request."""

    asked = asyncio.Event()

    async def first(peer: Peer, _talk: Talk) -> None:
        await peer.request()
        asked.set()
        with pytest.raises(Gone):
            await peer.request()

    async def talk(transport: httpx.AsyncBaseTransport, talk: Talk) -> list[object]:
        waiting = asyncio.create_task(talk.get(transport))
        await asked.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await talk.over.wait()
        return [await talk.get(transport), talk.server.accepted]

    async def play() -> list[object]:
        return await Talk(make_transport, trusting, first).play(talk)

    assert asyncio.run(play()) == [GOOD_ANSWER, 2]


def test_closing_the_transport_closes_what_it_kept(make_transport: MakeTransport, trusting: ssl.SSLContext) -> None:
    """Every server sees the end of its idle connection."""

    async def play() -> int:
        gone = 0

        async def behave(peer: Peer) -> None:
            nonlocal gone
            await peer.request()
            await peer.say(GOOD)
            await peer.silence()
            gone += 1

        async with hostile(behave) as one, hostile(behave) as other:
            async with make_transport(trusting) as transport:
                for server in (one, other):
                    assert await exchange(transport, request("GET", server.url)) == GOOD_ANSWER
            for _ in range(20):
                await asyncio.sleep(0)
        return gone

    assert asyncio.run(play()) == 2
