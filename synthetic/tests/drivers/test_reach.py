"""The preflight: can the address be connected to at all?"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from synthetic.core.effects import FaultKind, TransportFault
from synthetic.core.errors import AuthorError
from synthetic.drivers.asyncio_driver import AsyncDriver
from synthetic.drivers.blocking_driver import BlockingDriver
from synthetic.drivers.tls import client_context
from synthetic.tests.drivers import servers
from synthetic.tests.drivers.conftest import Authority
from synthetic.tests.drivers.scenarios import LOOPBACK, PLAIN_TLS
from synthetic.tests.drivers.servers import RawServer

Reach = Callable[[str, ssl.SSLContext], TransportFault | None]


def reach_blocking(url: str, tls: ssl.SSLContext) -> TransportFault | None:
    driver = BlockingDriver(allow=LOOPBACK, tls=tls)
    try:
        return driver.reach(url, 0.5)
    finally:
        driver.close()


def reach_asyncio(url: str, tls: ssl.SSLContext) -> TransportFault | None:
    async def main() -> TransportFault | None:
        driver = AsyncDriver(allow=LOOPBACK, tls=tls)
        try:
            return await driver.reach(url, 0.5)
        finally:
            await driver.aclose()

    return asyncio.run(main())


@pytest.fixture(params=[reach_asyncio, reach_blocking])
def reach(request: pytest.FixtureRequest) -> Reach:
    """Each driver's."""
    function: Reach = request.param
    return function


@pytest.mark.parametrize("scheme", ["http", "https", "ws", "wss"])
def test_a_listening_target_is_reachable(reach: Reach, authority: Authority, scheme: str) -> None:
    """TCP, and TLS where it speaks it; no request is made."""
    secure = scheme in ("https", "wss")
    with RawServer(servers.hang, authority.server if secure else None) as server:
        assert reach(f"{scheme}://{server.authority}/", authority.client) is None


def test_what_can_not_be_reached_says_why(reach: Reach, authority: Authority) -> None:
    """Refused, unknown, hanging, untrusted, off the list."""
    with RawServer(servers.hang) as plain, RawServer(servers.hang, authority.server) as secure:
        urls = {
            f"http://127.0.0.1:{servers.free_port()}/": FaultKind.CONNECT_REFUSED,
            "wss://nonexistent.invalid:1/": FaultKind.NAME_UNKNOWN,
            f"https://{plain.authority}/": FaultKind.CONNECT_TIMEOUT,
            f"wss://{secure.authority}/": FaultKind.TLS_FAILED,
            "http://10.0.0.1/": FaultKind.OFF_ALLOW_LIST,
        }
        faults = {url: reach(url, PLAIN_TLS) for url in urls}
    assert {url: fault and fault.kind for url, fault in faults.items()} == urls
    assert not any(fault is None or fault.maybe_sent for fault in faults.values())


def test_a_cell_may_bring_its_own_authority(reach: Reach, authority: Authority, tmp_path: Path) -> None:
    """By a PEM file beside the public authorities."""
    bundle = tmp_path / "ca.pem"
    bundle.write_bytes(authority.pem)
    with RawServer(servers.hang, authority.server) as server:
        assert reach(server.url, client_context(str(bundle))) is None


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_an_unusable_authority_is_the_authors_mistake(tmp_path: Path, content: str | None) -> None:
    """The file is named."""
    bundle = tmp_path / "ca.pem"
    if content is not None:
        bundle.write_text(content)
    with pytest.raises(AuthorError, match=str(bundle)):
        client_context(str(bundle))
