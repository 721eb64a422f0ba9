"""The drivers of cells: what the file says of certificates and HTTP/2 holds on every connection, by every driver."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme

from synthetic.config.cells import load_cells
from synthetic.core.effects import FaultKind, Http, HttpReply, Result, TransportFault, WsOpen, WsOpened
from synthetic.core.errors import AuthorError
from synthetic.core.plan import CellPlan
from synthetic.drivers.blocking_driver import BlockingDriver
from synthetic.drivers.clocks import SystemClock
from synthetic.drivers.guard import Limits
from synthetic.drivers.of_cells import asyncio_driver, blocking_driver, tls_of
from synthetic.journal.memory import MemoryJournal
from synthetic.locust_user.carrier import GeventCarrier, SharedClients
from synthetic.tests.config.certificates import PASSPHRASE, cells_text, issue
from synthetic.tests.drivers.scenarios import asking, ignore
from synthetic.tests.drivers.servers import PatientServer, RawServer, WebSocketServer, answer, answering, echo, hang

CA_FILE = "ca_file: ca.pem"
MTLS = f"{CA_FILE}\nmtls: {{certificate: client.pem, key: client.key, passphrase: 'env:KEY_PASSPHRASE'}}"
Play = Callable[[CellPlan, list[Any]], list[Result]]


@dataclass(frozen=True)
class Demanding:
    """A server that takes nobody without a certificate of the authority's, and a folder for cells files."""

    tls: ssl.SSLContext
    folder: Path
    issue: Callable[[ssl.SSLContext], None]

    def cell(self, more: str, url: str) -> CellPlan:
        """A cell at this address."""
        text = cells_text(more, endpoints=f"{{api: '{url}'}}")
        return load_cells(self.folder / "cells.yaml", text=text)["one"]


@pytest.fixture
def demanding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Demanding:
    """With a client certificate whose key is encrypted."""
    ca = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(tls)
    ca.configure_trust(tls)
    tls.verify_mode = ssl.CERT_REQUIRED
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    issue(tmp_path, ca, encrypted=True)
    monkeypatch.setenv("KEY_PASSPHRASE", PASSPHRASE)
    return Demanding(tls, tmp_path, ca.issue_cert("127.0.0.1").configure_cert)


def by_asyncio(cell: CellPlan, effects: list[Any]) -> list[Result]:
    """The runner's driver."""

    async def main() -> list[Result]:
        driver = asyncio_driver(cell, clock=SystemClock())
        try:
            return await driver.run(asking(*effects), sink=ignore, journal=MemoryJournal())
        finally:
            await driver.aclose()

    return asyncio.run(main())


def by_blocking(cell: CellPlan, effects: list[Any]) -> list[Result]:
    """pytest's driver."""
    return _played(blocking_driver(cell), effects)


def by_load_user(cell: CellPlan, effects: list[Any]) -> list[Result]:
    """As `LoadSession` makes it."""
    tls, limits = tls_of(cell), Limits()
    carrier = GeventCarrier(SharedClients(tls, limits), limits)
    return _played(BlockingDriver(allow=cell.allow, tls=tls, limits=limits, carrier=carrier), effects)


def _played(driver: BlockingDriver, effects: list[Any]) -> list[Result]:
    try:
        return driver.run(asking(*effects), sink=ignore, journal=MemoryJournal())
    finally:
        driver.close()


@pytest.fixture(params=[by_asyncio, by_blocking, by_load_user])
def play(request: pytest.FixtureRequest) -> Play:
    """Each driver in turn."""
    function: Play = request.param
    return function


def test_the_cells_certificate_opens_a_server_that_asks_for_one(play: Play, demanding: Demanding) -> None:
    """For HTTP and for WebSockets; the key's passphrase comes from where the reference leads."""
    with RawServer(answering(answer(b"in")), demanding.tls) as http, WebSocketServer(echo, tls=demanding.tls) as ws:
        cell = demanding.cell(MTLS, http.url)
        reply, opened = play(cell, [Http("GET", http.url), WsOpen("game", ws.url)])
    assert isinstance(reply, HttpReply), reply
    assert reply.body == b"in"
    assert isinstance(opened, WsOpened), opened


def test_without_one_that_server_takes_nobody(play: Play, demanding: Demanding) -> None:
    """So the test above shows what the certificate does."""
    with RawServer(answering(answer(b"in")), demanding.tls) as http, WebSocketServer(echo, tls=demanding.tls) as ws:
        results = play(demanding.cell(CA_FILE, http.url), [Http("GET", http.url), WsOpen("game", ws.url)])
    assert all(isinstance(result, TransportFault) for result in results), results


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("scheme", ["https", "wss"])
def test_a_certificate_that_is_not_shown_is_our_own_omission(
    play: Play, demanding: Demanding, scheme: str, version: ssl.TLSVersion
) -> None:
    """Where the server says so, which TLS 1.3 does after the handshake; TLS 1.2 says only that it failed, and so do we."""
    demanding.tls.maximum_version = version
    with PatientServer(demanding.tls) as server:
        url = server.url.replace("https", scheme)
        effect = Http("GET", url) if scheme == "https" else WsOpen("game", url)
        (fault,) = play(demanding.cell(CA_FILE, server.url), [effect])
    assert isinstance(fault, TransportFault)
    known = version is ssl.TLSVersion.TLSv1_3
    assert fault.kind is (FaultKind.OUR_CERTIFICATE if known else FaultKind.TLS_FAILED), fault
    assert fault.detail.endswith("the server wants a client certificate: see `mtls` of the cell")
    assert ("perhaps" in fault.detail) is not known


def test_a_certificate_of_an_unknown_authority_may_be_anybodys_mistake(play: Play, demanding: Demanding) -> None:
    """The server may have lost the authority, or we show a wrong certificate: it is told as the server's word about ours."""
    stranger = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    demanding.issue(stranger)
    stranger.verify_mode = ssl.CERT_REQUIRED
    trustme.CA().configure_trust(stranger)
    with PatientServer(stranger) as server:
        (fault,) = play(demanding.cell(MTLS, server.url), [Http("GET", server.url)])
    assert isinstance(fault, TransportFault)
    assert fault.kind is FaultKind.CERTIFICATE_REFUSED, fault
    assert "unknown ca: so the server says of the client certificate" in fault.detail


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_preflight_hears_that_a_certificate_is_wanted(demanding: Demanding, version: ssl.TLSVersion) -> None:
    """Also where the server says so only when the handshake is over."""
    demanding.tls.maximum_version = version
    with PatientServer(demanding.tls) as server:
        driver = blocking_driver(demanding.cell(CA_FILE, server.url))
        fault = driver.reach(server.url, 30.0)
        driver.close()
    assert fault is not None
    assert "the server wants a client certificate: see `mtls` of the cell" in fault.detail


def test_a_preflight_shows_the_certificate_too(demanding: Demanding) -> None:
    """By the driver of the runner, and by the blocking one."""
    with RawServer(hang, demanding.tls) as server:
        cell = demanding.cell(MTLS, server.url)

        async def reach() -> TransportFault | None:
            driver = asyncio_driver(cell, clock=SystemClock())
            try:
                return await driver.reach(server.url, 30.0)
            finally:
                await driver.aclose()

        assert asyncio.run(reach()) is None
        driver = blocking_driver(cell)
        assert driver.reach(server.url, 30.0) is None
        driver.close()


def test_no_certificate_makes_a_stranger_trusted(play: Play, demanding: Demanding) -> None:
    """A server is verified whatever is shown to it."""
    stranger = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(stranger)
    with RawServer(answering(answer(b"in")), stranger) as server:
        (fault,) = play(demanding.cell(MTLS, server.url), [Http("GET", server.url)])
    assert isinstance(fault, TransportFault)
    assert fault.kind is FaultKind.TLS_FAILED


@pytest.mark.parametrize("passphrase", [None, "hunter2"])
def test_a_passphrase_that_opens_nothing_is_told_before_anything_is_sent(
    demanding: Demanding, monkeypatch: pytest.MonkeyPatch, passphrase: str | None
) -> None:
    """A file may be read where the passphrase is not; a driver is never made without it, and never asks a terminal for it."""
    cell = demanding.cell(MTLS, "https://127.0.0.1:1")
    if passphrase is None:
        monkeypatch.delenv("KEY_PASSPHRASE")
        expected = "the environment variable KEY_PASSPHRASE is not set"
    else:
        monkeypatch.setenv("KEY_PASSPHRASE", passphrase)
        expected = "the key '.*client.key' can't be opened with this passphrase"
    for make in (tls_of, blocking_driver):
        with pytest.raises(AuthorError, match=expected) as raised:
            make(cell)
        assert "hunter2" not in str(raised.value)


def test_a_key_that_is_not_there_when_something_is_played_is_told(demanding: Demanding) -> None:
    """A reference may lead nowhere when the file is read, and no further."""
    more = MTLS.replace("key: client.key", "key: 'file:gone.key'")
    cell = demanding.cell(more, "https://127.0.0.1:1")
    with pytest.raises(AuthorError, match=r"cell one: the key '.*gone.key' can't be read: No such file or directory"):
        tls_of(cell)


def offered_to(select: list[str | None]) -> Callable[[socket.socket], None]:
    """Note what was agreed on within TLS, and answer nothing."""

    def behave(sock: socket.socket) -> None:
        assert isinstance(sock, ssl.SSLSocket)
        select.append(sock.selected_alpn_protocol())

    return behave


def test_http2_is_offered_where_the_cell_says_so_and_never_by_a_websocket(demanding: Demanding) -> None:
    """One context for both would have a server speak HTTP/2 to a WebSocket."""
    tls, selected = demanding.tls, list[str | None]()
    tls.set_alpn_protocols(["h2", "http/1.1"])
    with RawServer(offered_to(selected), tls) as server:
        effects = [Http("GET", server.url), WsOpen("game", server.url.replace("https", "wss")), Http("GET", server.url)]
        by_asyncio(demanding.cell(f"{MTLS}\nhttp2: true", server.url), effects)
        by_asyncio(demanding.cell(MTLS, server.url), effects[:1])
    assert selected[0] == selected[2] == "h2"
    assert "h2" not in (selected[1], selected[3])


def test_who_speaks_http_1_only_refuses_a_cell_with_http2(demanding: Demanding) -> None:
    """A run over HTTP/1.1 would measure another platform than the one that was meant."""
    with pytest.raises(AuthorError, match="cell one asks for HTTP/2, which only `run` and `serve` speak"):
        blocking_driver(demanding.cell(f"{MTLS}\nhttp2: true", "https://127.0.0.1:1"))
