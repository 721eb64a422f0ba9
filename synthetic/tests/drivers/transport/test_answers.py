"""Whatever valid answer comes, in whatever pieces: every transport understands what the standard says that it means."""

from __future__ import annotations

import asyncio
import ssl
from random import Random

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from bench.transport_fuzz.answers import Spoken, spoken
from bench.transport_fuzz.exchanging import Answer, MakeTransport, exchange, request
from bench.transport_fuzz.hostile import Peer, hostile, in_pieces

EXAMPLES = 50
MANY_EXAMPLES = settings(
    max_examples=EXAMPLES,
    derandomize=True,  # what nobody thought of yet is the business of bench.transport_fuzz
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
CUTS = st.lists(st.integers(0, 4000), max_size=6)


def understood(said: Spoken) -> Answer:
    """What the standard says that it means; the coding of a transfer has no case."""
    return Answer(said.status, said.headers, said.body)


def without_case(answer: object) -> object:
    """The answer, with the value that h11 writes in lower case written so."""
    if not isinstance(answer, Answer):
        return answer
    spelt = tuple((name, value.lower() if name == "transfer-encoding" else value) for name, value in answer.headers)
    return Answer(answer.status, spelt, answer.body)


async def told(make: MakeTransport, trusting: ssl.SSLContext, said: Spoken, cuts: tuple[int, ...]) -> list[object]:
    """What comes of the answer, and of a good one behind it."""
    done = asyncio.Event()

    async def behave(peer: Peer) -> None:
        await peer.request()
        if server.accepted == 1 and not done.is_set():
            await peer.say(*in_pieces(said.data, cuts))
            done.set()
            if said.ends == "close":
                return
            if said.keeps is False:
                await peer.silence()  # it forgets to close
                return
            await peer.request()
        await peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood")

    async with hostile(behave) as server, make(trusting) as transport:
        first = await exchange(transport, request(said.method, server.url))
        await done.wait()
        second = await exchange(transport, request("GET", server.url))
        assert said.keeps is None or server.accepted == (1 if said.keeps else 2)
    return [first, second]


@MANY_EXAMPLES
@given(seed=st.integers(0, 1 << 32), cuts=CUTS)
def test_a_valid_answer_means_what_the_standard_says(
    make_transport: MakeTransport, trusting: ssl.SSLContext, seed: int, cuts: list[int]
) -> None:
    """Status, headers and body, in any spelling and in any pieces; and the connection is kept exactly where it may be."""
    said = spoken(Random(seed))
    note(f"{said.method}: {said.data!r}")
    first, second = asyncio.run(told(make_transport, trusting, said, tuple(cuts)))
    assert without_case(first) == without_case(understood(said))
    assert second == Answer(200, (("content-length", "4"),), b"good")


CORPUS = [spoken(Random(seed), body_bytes_max=60) for seed in range(400)]
SHORT = [
    next(said for said in CORPUS if said.ends == ends and len(said.data) < 260 and said.body and b" 10" in said.data)
    for ends in ("length", "chunked", "close")
]


@pytest.mark.parametrize("said", SHORT, ids=lambda said: said.ends)
def test_an_answer_may_be_split_between_any_two_bytes(
    make_transport: MakeTransport, trusting: ssl.SSLContext, said: Spoken
) -> None:
    """Once at each place, and once at all of them: what was understood half-way is never understood wrongly."""
    everywhere = tuple(range(1, len(said.data)))

    async def play() -> list[object]:
        splits = iter([*((cut,) for cut in everywhere), everywhere])

        async def behave(peer: Peer) -> None:
            while True:
                await peer.request()
                await peer.say(*in_pieces(said.data, next(splits)))
                if not said.keeps:
                    return

        async with hostile(behave) as server, make_transport(trusting) as transport:
            return [await exchange(transport, request(said.method, server.url)) for _ in (*everywhere, everywhere)]

    for answer in asyncio.run(play()):
        assert without_case(answer) == without_case(understood(said))


def test_the_corpus_has_every_kind_of_answer() -> None:
    """What the tests above judge is there: every framing, codings, preludes and old versions."""
    assert {said.ends for said in CORPUS} == {"length", "chunked", "close", "bodiless"}
    wire = b"".join(said.data for said in CORPUS)
    for part in (b"HTTP/1.0", b" 103 ", b";flag", b"X-Checksum", b"gzip", b"deflate", b"000"):
        assert part in wire
