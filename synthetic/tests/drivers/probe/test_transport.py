"""The transport as httpx's users see it, and the times that it tells."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
import ssl
import struct
import threading
from typing import Any

import httpx
import pytest
import trustme

from synthetic.core.effects import Times
from synthetic.drivers.guard import Limits
from synthetic.drivers.probe import TIMES, ProbeTransport
from synthetic.tests.drivers import servers
from synthetic.tests.drivers.conftest import Authority
from synthetic.tests.drivers.polling import until
from synthetic.tests.drivers.servers import Behaviour, RawServer, answer, answering


def asked(
    url: str, *, tls: ssl.SSLContext | None = None, limits: Limits | None = None, **options: Any
) -> httpx.Response:
    """One request over the transport."""

    async def main() -> httpx.Response:
        async with httpx.AsyncClient(transport=ProbeTransport(tls=tls, limits=limits)) as client:
            return await client.request(options.pop("method", "GET"), url, **options)

    return asyncio.run(main())


def test_a_certificate_that_does_not_hold_is_told_though_the_server_is_gone() -> None:
    """It resets the connection behind its certificate, so our alert meets nobody; that is not what went wrong."""

    def present_and_reset(sock: socket.socket) -> None:
        sock.recv(1, socket.MSG_PEEK)
        heard.set()
        blocked.wait(30)
        sock.settimeout(0)
        with context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False) as spoken:
            with contextlib.suppress(ssl.SSLWantReadError):
                spoken.do_handshake()
            spoken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        gone.set()

    async def main(url: str) -> None:
        transport = ProbeTransport(tls=ssl.create_default_context())
        asked = asyncio.create_task(transport.handle_async_request(httpx.Request("GET", url)))
        await until(heard.is_set)
        blocked.set()
        gone.wait(30)  # so that certificate and reset are both there when our loop looks
        with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
            await asked
        await transport.aclose()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    heard, blocked, gone = threading.Event(), threading.Event(), threading.Event()
    with RawServer(present_and_reset) as server:
        asyncio.run(main(server.url.replace("http:", "https:")))


def test_an_httpx_client_gets_its_answer_and_its_times() -> None:
    """As from httpx's own transport; the times come along."""
    with RawServer(answering(answer(b'{"a": 1}', headers="X-A: b\r\n"))) as server:
        response = asked(server.url, method="POST", json={"b": 2})
    assert (response.status_code, response.json(), response.headers["x-a"], response.http_version) == (
        200,
        {"a": 1},
        "b",
        "HTTP/1.1",
    )
    times = response.extensions[TIMES]
    assert isinstance(times, Times)
    assert times.started <= times.sent <= times.received <= times.handled
    assert times.phases is not None
    assert times.phases.connect > 0


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (servers.hang, httpx.ReadTimeout),
        (servers.drip_body, httpx.ReadTimeout),
        (servers.reset, httpx.ReadError),
        (servers.close_early, httpx.RemoteProtocolError),
        (servers.stop_short, httpx.RemoteProtocolError),
        (servers.garbage, httpx.RemoteProtocolError),
        (servers.ten_megabytes, httpx.RemoteProtocolError),
    ],
)
def test_what_breaks_is_one_of_httpxs_exceptions(behaviour: Behaviour, error: type[Exception]) -> None:
    """So that code which knows httpx knows this."""
    with RawServer(behaviour) as server, pytest.raises(error):
        asked(server.url, timeout=httpx.Timeout(30, read=0.2, write=0.1))


def test_where_nobody_listens_it_is_a_connect_error(authority: Authority) -> None:
    """Nor where the name, or the certificate, is unknown; and only HTTP is spoken."""
    with RawServer(servers.hang, authority.server) as server:
        for url in (f"http://127.0.0.1:{servers.free_port()}/", "http://nonexistent.invalid/", server.url):
            with pytest.raises(httpx.ConnectError):
                asked(url, tls=ssl.create_default_context())
    with pytest.raises(httpx.UnsupportedProtocol):
        asked("ftp://127.0.0.1/")


def test_tls_is_verified_and_a_client_may_show_its_certificate(authority: Authority) -> None:
    """mTLS: the server asks for a certificate, and gets it."""
    import trustme

    ca = trustme.CA()
    ca.configure_trust(authority.server)
    asking, showing = (ssl.create_default_context(cadata=authority.pem.decode()) for _ in range(2))
    ca.issue_cert("probe@example.com").configure_cert(showing)
    strict = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issuer = trustme.CA()
    issuer.issue_cert("127.0.0.1").configure_cert(strict)
    ca.configure_trust(strict)
    strict.verify_mode = ssl.CERT_REQUIRED
    issuer.configure_trust(asking)
    issuer.configure_trust(showing)
    with RawServer(answering(answer(b"secret")), strict) as server:
        response = asked(server.url, tls=showing)
        with pytest.raises((httpx.ReadError, httpx.ConnectError)):
            asked(server.url, tls=asking)
    assert response.content == b"secret"
    assert response.extensions[TIMES].phases.tls > 0


@pytest.mark.parametrize("coding", ["gzip", "gzip, gzip"])
def test_a_bomb_is_not_unpacked_by_httpx_either(coding: str) -> None:
    """Its size is known before httpx gets it, however often it is packed."""
    body = bytes(10_000_000)
    for _ in coding.split(","):
        body = gzip.compress(body)
    with (
        RawServer(answering(answer(body, headers=f"Content-Encoding: {coding}\r\n"))) as server,
        pytest.raises(httpx.RemoteProtocolError, match="unpacked"),
    ):
        asked(server.url)


def test_packed_answers_are_unpacked_by_httpx() -> None:
    """As ever."""
    with RawServer(answering(answer(gzip.compress(b"plain"), headers="Content-Encoding: gzip\r\n"))) as server:
        assert asked(server.url).content == b"plain"
