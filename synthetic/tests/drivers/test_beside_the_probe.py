"""What the probe transport does not do goes over httpcore: proxies, HTTP/2, and systems whose kernel does not stamp."""

from __future__ import annotations

import asyncio
import importlib.util
import socket
import ssl
import sys
from collections.abc import Sequence
from typing import Any

import pytest

from synthetic.core.effects import Effect, FaultKind, Http, HttpReply, Result, TransportFault
from synthetic.core.errors import HarnessError
from synthetic.drivers.asyncio_driver import AsyncDriver
from synthetic.drivers.proxies import Proxy
from synthetic.journal.memory import MemoryJournal
from synthetic.tests.drivers.conftest import Authority
from synthetic.tests.drivers.scenarios import LOOPBACK, PLAIN_TLS, asking, ignore, timeless
from synthetic.tests.drivers.servers import RawServer, answer, answering, close_early, free_port, garbage, read_request


def played(effects: Sequence[Effect], *, tls: ssl.SSLContext = PLAIN_TLS, **options: Any) -> list[Result]:
    """The results of these effects by a driver with these options."""

    async def main() -> list[Result]:
        driver = AsyncDriver(allow=(*LOOPBACK, "far.example:*"), tls=tls, **options)
        try:
            return await driver.run(asking(*effects), sink=ignore, journal=MemoryJournal())
        finally:
            await driver.aclose()

    return asyncio.run(main())


def test_elsewhere_the_results_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the kernel does not stamp, only the times are less sure."""

    def ask() -> tuple[list[Result], list[bool]]:
        with RawServer(answering(answer(b"1"), answer(b"2"))) as fine, RawServer(garbage) as odd:
            effects = [Http("GET", fine.url), Http("POST", fine.url, body=b"{}")]
            effects += [Http("GET", f"http://127.0.0.1:{free_port()}/"), Http("GET", odd.url)]
            results = played(effects)
            return [timeless(result) for result in results[:2]], [result.times.stamped for result in results]

    with_probe, stamped = ask()
    monkeypatch.setattr(sys, "platform", "darwin")
    without, not_stamped = ask()
    assert with_probe == without
    assert any(stamped)
    assert not any(not_stamped)


def test_phases_are_known_there_as_well(authority: Authority) -> None:
    """As far as httpcore tells of them."""
    from synthetic.drivers.asyncio_pool import asyncio_pool
    from synthetic.drivers.guard import Limits

    pool = asyncio_pool(authority.client, Limits())
    with RawServer(answering(answer(b"x")), authority.server) as server:
        (reply,) = played([Http("GET", server.url)], tls=authority.client, carrier=pool)
    phases = reply.times.phases
    assert phases is not None
    assert min(phases.connect, phases.tls, phases.first_byte) > 0


def test_a_proxy_carries_plain_requests() -> None:
    """It is asked for the whole URL, and the target is not connected to by us."""
    seen: list[str] = []

    def proxy(sock: socket.socket) -> None:
        while request := read_request(sock):
            seen.append(request.decode().partition("\r\n")[0])
            sock.sendall(answer(b"through"))

    with RawServer(proxy) as server:
        (reply,) = played([Http("GET", "http://far.example/x")], proxy=Proxy.at(server.url))
    assert isinstance(reply, HttpReply), reply
    assert reply.body == b"through"
    assert seen == ["GET http://far.example/x HTTP/1.1"]


def test_a_proxy_that_refuses_a_tunnel_had_no_effect_on_the_target() -> None:
    """Nothing of the request has left, and it is not the proxy's words that are told."""
    with RawServer(answering(answer(b"", "403 sesame secret"))) as server:
        (fault,) = played([Http("POST", "https://far.example/x", body=b"{}")], proxy=Proxy.at(server.url))
    assert isinstance(fault, TransportFault)
    assert (fault.kind, fault.maybe_sent) == (FaultKind.PROXY_FAILED, False)
    told = f"the proxy {server.authority} answered HTTP 403 instead of opening a tunnel"
    assert fault.detail == f"far.example:443 was not reached: {told}"


def test_the_allow_list_holds_behind_a_proxy() -> None:
    """The proxy is never asked for what is not listed."""
    with RawServer(close_early) as server:
        (fault,) = played([Http("GET", "http://elsewhere.example/")], proxy=Proxy.at(server.url))
        assert server.accepted == 0
    assert isinstance(fault, TransportFault)
    assert fault.kind is FaultKind.OFF_ALLOW_LIST


def test_http2_that_is_not_installed_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is sent."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(HarnessError, match=r"igaming-synthetic\[http2\]"):
        AsyncDriver(allow=(), http2=PLAIN_TLS)
