"""When a connection is used again, when it is not, and what leaves on it: never twice, never another's answer."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from bench.transport_fuzz.exchanging import Answer, Failure, MakeTransport, exchange, httpx_own, ours, request
from bench.transport_fuzz.hostile import Gone, HostileServer, Peer, hostile

GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood"
GOOD_ANSWER = Answer(200, (("content-length", "4"),), b"good")


First = Callable[[Peer, "Talk"], Awaitable[None]]


class Talk:
    """One client and one hostile server, whose first connection does something and whose others answer well."""

    def __init__(self, make: MakeTransport, trusting: ssl.SSLContext, first: First) -> None:
        self._first = first
        self._make, self._trusting = make, trusting
        self.requests: list[bytes] = []
        self.over = asyncio.Event()
        """The first connection has done what it was to do, and is closed if it returned."""
        self.server: HostileServer

    async def play(self, talk: Callable[[httpx.AsyncBaseTransport, Talk], Awaitable[list[object]]]) -> list[object]:
        """What the talk brings."""
        async with hostile(self._behave) as self.server, self._make(self._trusting) as transport:
            return await talk(transport, self)

    async def _behave(self, peer: Peer) -> None:
        if self.server.accepted == 1:
            try:
                await self._first(peer, self)
            finally:
                asyncio.get_running_loop().call_later(0, self.over.set)
            return
        while True:
            self.requests.append(await peer.request())
            await peer.say(GOOD)

    async def get(self, transport: httpx.AsyncBaseTransport) -> Answer | Failure:
        """One request."""
        return await exchange(transport, request("POST", self.server.url, content=b"{}"))


async def two_in_a_row(transport: httpx.AsyncBaseTransport, talk: Talk) -> list[object]:
    """Two requests, the second one when the first connection has done what it was to do."""
    first = await talk.get(transport)
    await talk.over.wait()
    return [first, await talk.get(transport), talk.server.accepted]


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


async def parts() -> AsyncIterator[bytes]:
    """A body whose length nobody knows beforehand."""
    for part in (b"one", b"", b"two" * 5000, b"x"):
        yield part


def sent(method: str, path: str = "", *, in_parts: bool = False, **options: object) -> Callable[[str], httpx.Request]:
    """A request of which a server has to see the same, whoever carries it."""

    def make(url: str) -> httpx.Request:
        content = {"content": parts()} if in_parts else {}
        return httpx.Request(method, url + path, **content, **options)  # type: ignore[arg-type]

    return make


REQUESTS = {
    "a plain one": sent("GET"),
    "a query": sent("GET", "a/b%2Fc?q=1&r=%20ü&s"),
    "no body, but a method that has one": sent("POST"),
    "a body": sent("POST", content=b'{"a": 1}'),
    "JSON": sent("POST", json={"amount": 1}),
    "a form": sent("POST", data={"a": "1 2", "b": "ü"}),
    "a body in parts": sent("POST", in_parts=True),
    "headers of every case": sent("PUT", headers=[("X-AbC", "1"), ("x-abc", "2"), ("X-Empty", "")], content=b"x"),
    "latin-1 in a header": sent("GET", headers=[("x-name", "Björn".encode("latin-1"))]),
    "a Host of its own": sent("GET", headers={"host": "example.com"}),
    "an odd method": sent("PURGE"),
}


def unchunked(request: bytes) -> bytes:
    """The request with a body in chunks as one: where they are cut is nobody's business."""
    head, _, body = request.partition(b"\r\n\r\n")
    if b"transfer-encoding: chunked" not in head.lower():
        return request
    whole = b""
    while size := int(body.partition(b"\r\n")[0], 16):
        body = body.partition(b"\r\n")[2]
        whole, body = whole + body[:size], body[size + 2 :]
    return head + b"\r\n\r\n" + whole


@pytest.mark.parametrize("name", sorted(REQUESTS))
def test_a_server_sees_what_httpx_would_have_sent(
    make_transport: MakeTransport, trusting: ssl.SSLContext, name: str
) -> None:
    """The same request line, headers and body."""

    async def seen(make: MakeTransport) -> bytes:
        async def behave(peer: Peer) -> None:
            requests.append(await peer.request())
            await peer.say(GOOD)

        requests: list[bytes] = []
        async with hostile(behave) as server, make(trusting) as transport:
            assert await exchange(transport, REQUESTS[name](server.url)) == GOOD_ANSWER
        return unchunked(requests[0].replace(str(server.port).encode(), b"PORT"))

    assert asyncio.run(seen(make_transport)) == asyncio.run(seen(httpx_own))


@pytest.mark.parametrize(
    "asked",
    [
        sent("GET", headers=[("x-a", "b\r\nx-smuggled: 1")]),
        sent("GET", headers=[("x-a", "b\nc")]),
        sent("GET", headers=[("x-a\r\n", "b")]),
        sent("GET", headers=[("x a", "b")]),
        sent("GET", headers=[("x-a", "b\0c")]),
        sent("GE T"),
        sent("GET / HTTP/1.1\r\n\r\nGET"),
    ],
)
def test_what_can_not_be_written_is_not_sent(
    make_transport: MakeTransport, trusting: ssl.SSLContext, asked: Callable[[str], httpx.Request]
) -> None:
    """A line break in a header never becomes a second header."""

    async def play() -> tuple[Answer | Failure, list[bytes]]:
        async def behave(peer: Peer) -> None:
            requests.append(await peer.request())
            await peer.say(GOOD)

        requests: list[bytes] = []
        async with hostile(behave) as server, make_transport(trusting) as transport:
            return await exchange(transport, asked(server.url)), requests

    came, requests = asyncio.run(play())
    assert isinstance(came, Failure)
    assert (came.kind, requests) == ("LocalProtocolError", [])


@pytest.mark.parametrize("length", ["2", "5", "03", "x", "-1"])
def test_ours_sends_no_body_that_is_not_as_long_as_it_says(trusting: ssl.SSLContext, length: str) -> None:
    """Or the rest of it would be the beginning of the next request."""

    async def play() -> tuple[Answer | Failure, int]:
        async with hostile(Peer.silence) as server, ours(trusting) as transport:
            asked = httpx.Request("POST", server.url, headers={"content-length": length}, content=b"abc")
            return await exchange(transport, asked), server.accepted

    came, _ = asyncio.run(play())
    assert isinstance(came, Failure)
    assert came.kind == "LocalProtocolError"
