"""HTTP/2 through httpcore, against a real server."""

from __future__ import annotations

import asyncio
import ssl

import pytest

from synthetic.core.effects import Answers, Http, HttpReply, Result, Together
from synthetic.drivers.asyncio_driver import AsyncDriver
from synthetic.drivers.proxies import Proxy
from synthetic.journal.memory import MemoryJournal
from synthetic.tests.drivers.scenarios import LOOPBACK, asking, ignore
from synthetic.tests.drivers.small_proxy import SmallProxy
from synthetic.tests.drivers.transport.servers import Served


@pytest.mark.parametrize("proxied", [False, True], ids=["straight", "through a proxy"])
def test_a_driver_speaks_http2_where_it_is_told_to(
    python_served: dict[str, Served], trusting: ssl.SSLContext, *, proxied: bool
) -> None:
    """Requests travel side by side on one connection, and each gets its own answer, however large the others are."""
    url = python_served["hypercorn"].tls_url
    bodies = [b"%d" % number * 200_000 for number in range(4)]

    async def main(proxy: Proxy | None) -> list[Result]:
        driver = AsyncDriver(allow=LOOPBACK, http2=trusting, proxy=proxy)
        try:
            echoed = Together(tuple(Http("POST", url + "/echo", body=body) for body in bodies))
            peers = Together((Http("GET", url + "/peer"),) * 4)
            return await driver.run(
                asking(Http("GET", url + "/peer"), echoed, peers), sink=ignore, journal=MemoryJournal()
            )
        finally:
            await driver.aclose()

    with SmallProxy() as proxy:
        first, echoed, peers = asyncio.run(main(Proxy.at(proxy.url) if proxied else None))
    assert proxy.lines == [f"CONNECT {url.removeprefix('https://')} HTTP/1.1"] * proxied
    assert isinstance(first, HttpReply)
    assert _bodies(echoed) == bodies
    assert _bodies(peers) == [first.body] * 4


def _bodies(answers: Result) -> list[bytes]:
    assert isinstance(answers, Answers)
    return [reply.body for reply in answers.results if isinstance(reply, HttpReply)]
