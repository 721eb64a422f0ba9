"""TLS that holds, and TLS that does not: nothing leaves to whom the certificate does not name, and nothing hangs."""

from __future__ import annotations

import asyncio
import datetime
import ssl
from collections.abc import Awaitable, Callable

import pytest
import trustme

from bench.transport_fuzz.exchanging import Answer, Failure, MakeTransport, exchange, httpx_own, request
from bench.transport_fuzz.hostile import Peer, hostile

GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood"
GOOD_ANSWER = Answer(200, (("content-length", "4"),), b"good")
UNTIL_CLOSE = b"HTTP/1.1 200 OK\r\n\r\nall that there is"
LET_THROUGH = {True: ("SSLError",), False: ()}
"""httpx does not translate what goes wrong within TLS; whoever catches its errors would miss it."""
DAY = datetime.timedelta(days=1)


def server_context(
    authority: trustme.CA,
    name: str = "127.0.0.1",
    *,
    not_before: datetime.datetime | None = None,
    not_after: datetime.datetime | None = None,
) -> ssl.SSLContext:
    """A server's context with a certificate for this name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name, not_before=not_before, not_after=not_after).configure_cert(context)
    return context


def self_signed() -> ssl.SSLContext:
    """A server's context with a certificate that nobody but itself vouches for."""
    alone = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with alone.cert_pem.tempfile() as cert, alone.private_key_pem.tempfile() as key:
        context.load_cert_chain(cert, key)
    return context


def secured(context: ssl.SSLContext, after: Callable[[Peer], Awaitable[None]]) -> Callable[[Peer], Awaitable[None]]:
    """Shake hands, and then do that."""

    async def behave(peer: Peer) -> None:
        await peer.secure(context)
        await after(peer)

    return behave


async def good(peer: Peer) -> None:
    """Answer every request well."""
    while True:
        await peer.request()
        await peer.say(GOOD)


async def outcome(
    make: MakeTransport,
    client: ssl.SSLContext,
    behave: Callable[[Peer], Awaitable[None]],
    *,
    host: str = "127.0.0.1",
    timeout_s: float = 30.0,
) -> Answer | Failure:
    """What one request comes to over TLS, and that nothing goes wrong beside it."""
    beside: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: beside.append(context))
    async with hostile(behave) as server, make(client) as transport:
        came = await exchange(transport, request("POST", f"https://{host}:{server.port}/", timeout_s=timeout_s))
    assert beside == []
    return came


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


BAD_CERTIFICATES: dict[str, Callable[[trustme.CA], ssl.SSLContext]] = {
    "expired": lambda ca: server_context(ca, not_before=now() - 3 * DAY, not_after=now() - DAY),
    "not valid yet": lambda ca: server_context(ca, not_before=now() + DAY, not_after=now() + 3 * DAY),
    "of another host": lambda ca: server_context(ca, "example.com"),
    "of another address": lambda ca: server_context(ca, "127.0.0.2"),
    "of a name that only looks like it": lambda ca: server_context(ca, "127.0.0.1.example.com"),
    "signed by itself": lambda _: self_signed(),
    "of an authority that nobody knows": lambda _: server_context(trustme.CA()),
}


@pytest.mark.parametrize("name", sorted(BAD_CERTIFICATES))
def test_no_request_leaves_to_a_server_whose_certificate_does_not_hold(
    make_transport: MakeTransport, ca: trustme.CA, trusting: ssl.SSLContext, name: str
) -> None:
    """It is refused in the handshake, and the reason is named."""
    asked: list[bytes] = []

    async def listen(peer: Peer) -> None:
        asked.append(await peer.request())

    came = asyncio.run(outcome(make_transport, trusting, secured(BAD_CERTIFICATES[name](ca), listen)))
    assert isinstance(came, Failure)
    assert (came.kind, asked) == ("ConnectError", [])
    assert "certificate verify failed" in came.message


async def alert(peer: Peer) -> None:
    await peer.raw(b"\x15\x03\x03\x00\x02\x02\x28")  # fatal: handshake_failure


async def not_tls(peer: Peer) -> None:
    await peer.raw(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


async def garbage(peer: Peer) -> None:
    await peer.raw(bytes(range(256)) * 8)


async def half_a_record(peer: Peer) -> None:
    await peer.raw(b"\x16\x03\x03\x40\x00\x02")


async def nothing(_: Peer) -> None:
    pass


async def reset(peer: Peer) -> None:
    peer.reset()


async def hello_requests_without_end(peer: Peer) -> None:
    while True:
        await peer.raw(b"\x16\x03\x03\x40\x00" + bytes(0x4000))


@pytest.mark.parametrize("behave", [alert, not_tls, garbage, half_a_record, nothing, reset])
def test_a_handshake_that_fails_is_an_error_before_sending(
    make_transport: MakeTransport, trusting: ssl.SSLContext, behave: Callable[[Peer], Awaitable[None]]
) -> None:
    """An alert, another protocol, a hang-up: nothing of the request can have been read by anybody."""
    came = asyncio.run(outcome(make_transport, trusting, behave))
    assert isinstance(came, Failure)
    assert came.kind == "ConnectError"


@pytest.mark.parametrize("behave", [Peer.silence, hello_requests_without_end])
def test_a_handshake_without_end_is_a_connect_timeout(
    make_transport: MakeTransport, trusting: ssl.SSLContext, behave: Callable[[Peer], Awaitable[None]]
) -> None:
    """TCP is there, TLS never answers, or never comes to the point."""
    came = asyncio.run(outcome(make_transport, trusting, behave, timeout_s=0.3))
    assert isinstance(came, Failure)
    assert came.kind == "ConnectTimeout"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=lambda version: version.name)
def test_records_may_be_split_between_any_two_bytes(
    make_transport: MakeTransport, ca: trustme.CA, trusting: ssl.SSLContext, version: ssl.TLSVersion
) -> None:
    """The handshake, tickets behind it and the answer, a byte at a time; and the connection is used again."""
    context = server_context(ca)
    context.minimum_version = context.maximum_version = version

    async def behave(peer: Peer) -> None:
        await peer.secure(context, piece_bytes=1)
        for _ in range(2):
            await peer.request()
            await peer.say(GOOD, piece_bytes=1)

    async def play() -> list[object]:
        async with hostile(behave) as server, make_transport(trusting) as transport:
            url = f"https://127.0.0.1:{server.port}/"
            return [await exchange(transport, request("POST", url)) for _ in range(2)] + [server.accepted]

    assert asyncio.run(play()) == [GOOD_ANSWER, GOOD_ANSWER, 1]


async def broken_record(peer: Peer) -> None:
    await peer.say(GOOD[:30])
    await peer.raw(b"\x17\x03\x03\x00\x20" + bytes(32))


async def goodbye_half_way(peer: Peer) -> None:
    await peer.say(GOOD[:-2])
    await peer.say_goodbye()


async def hang_up_half_way(peer: Peer) -> None:
    await peer.say(GOOD[:-2])


async def plain_text_behind_the_handshake(peer: Peer) -> None:
    await peer.raw(GOOD)


@pytest.mark.parametrize("after", [broken_record, goodbye_half_way, hang_up_half_way, plain_text_behind_the_handshake])
def test_an_answer_that_breaks_off_within_tls_is_an_error(
    make_transport: MakeTransport, ca: trustme.CA, trusting: ssl.SSLContext, after: Callable[[Peer], Awaitable[None]]
) -> None:
    """A record that nobody sealed, an early goodbye, an early end: half an answer is none."""

    async def answer(peer: Peer) -> None:
        await peer.request()
        await after(peer)

    came = asyncio.run(outcome(make_transport, trusting, secured(server_context(ca), answer)))
    assert isinstance(came, Failure)
    assert came.kind in ("ReadError", "RemoteProtocolError", *LET_THROUGH[make_transport is httpx_own])


@pytest.mark.parametrize("politely", [True, False])
def test_a_body_may_end_with_the_connection(
    make_transport: MakeTransport, ca: trustme.CA, trusting: ssl.SSLContext, *, politely: bool
) -> None:
    """With TLS's goodbye, and without it as many servers do."""

    async def answer(peer: Peer) -> None:
        await peer.request()
        await peer.say(UNTIL_CLOSE)
        if politely:
            await peer.say_goodbye()

    came = asyncio.run(outcome(make_transport, trusting, secured(server_context(ca), answer)))
    assert came == Answer(200, (), b"all that there is")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_server_is_told_whom_the_client_wants(
    make_transport: MakeTransport, ca: trustme.CA, trusting: ssl.SSLContext, host: str
) -> None:
    """By SNI, which an address has not; and HTTP/2 is not offered."""
    context, told = server_context(ca, host), []
    context.sni_callback = lambda _sock, name, _context: told.append(name)
    context.set_alpn_protocols(["h2", "http/1.1"])
    came = asyncio.run(outcome(make_transport, trusting, secured(context, good), host=host))
    assert (came, told) == (GOOD_ANSWER, [None if host[0] == "1" else host])


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=lambda version: version.name)
@pytest.mark.parametrize("whose", ["the right one", "none", "a stranger's"])
def test_a_server_that_wants_a_certificate_gets_the_clients(
    make_transport: MakeTransport, ca: trustme.CA, whose: str, version: ssl.TLSVersion
) -> None:
    """Mutual TLS: with TLS 1.3 a refusal comes only after the handshake, and is an error all the same."""
    context, client = server_context(ca), ssl.create_default_context()
    ca.configure_trust(context)
    ca.configure_trust(client)
    context.verify_mode = ssl.CERT_REQUIRED
    context.maximum_version = version
    if whose != "none":
        (ca if whose == "the right one" else trustme.CA()).issue_cert("synthetic").configure_cert(client)
    came = asyncio.run(outcome(make_transport, client, secured(context, good)))
    if whose == "the right one":
        assert came == GOOD_ANSWER
    else:
        assert isinstance(came, Failure)
        assert came.kind in (
            "ConnectError",
            "ReadError",
            "RemoteProtocolError",
            *LET_THROUGH[make_transport is httpx_own],
        )


def test_what_comes_behind_the_goodbye_is_nobodys_answer(
    make_transport: MakeTransport, ca: trustme.CA, trusting: ssl.SSLContext
) -> None:
    """A connection over which TLS has said goodbye carries nothing more."""

    context, over = server_context(ca), asyncio.Event()

    async def behave(peer: Peer) -> None:
        await peer.secure(context)
        await peer.request()
        await peer.say(GOOD)
        if not over.is_set():
            await peer.say_goodbye()
            over.set()
        await peer.silence()

    async def play() -> list[object]:
        async with hostile(behave) as server, make_transport(trusting) as transport:
            url = f"https://127.0.0.1:{server.port}/"
            first = await exchange(transport, request("POST", url))
            await over.wait()
            return [first, await exchange(transport, request("POST", url)), server.accepted]

    assert asyncio.run(play()) == [GOOD_ANSWER, GOOD_ANSWER, 2]
