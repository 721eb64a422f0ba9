"""Through a proxy: everything goes that way, nothing goes past it, and its failures are not told as the target's."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from synthetic.config.cells import load_cells
from synthetic.core.effects import (
    Answers,
    FaultKind,
    Http,
    HttpReply,
    Result,
    Together,
    TransportFault,
    WsFrame,
    WsOpen,
    WsReceive,
    WsSend,
)
from synthetic.core.plan import CellPlan
from synthetic.drivers.places import Target
from synthetic.drivers.proxies import ANSWER_BYTES_MAX, Proxy, TunnelAnswer
from synthetic.drivers.tls import client_context
from synthetic.drivers.translate import ProxyFailed, TargetBehindProxy
from synthetic.tests.config.certificates import cells_text
from synthetic.tests.drivers.conftest import Authority
from synthetic.tests.drivers.servers import (
    RawServer,
    WebSocketServer,
    answer,
    answering,
    close_early,
    echo,
    free_port,
    garbage,
    hang,
)
from synthetic.tests.drivers.small_proxy import SmallProxy
from synthetic.tests.drivers.test_of_cells import Play, by_asyncio, by_blocking

CREDENTIALS = ("synthetic", "sesame-opens")
KNOWN = "{url: '%s', username: 'env:PROXY_USER', password: 'env:PROXY_PASSWORD'}"


@pytest.fixture(params=[by_asyncio, by_blocking])
def play(request: pytest.FixtureRequest) -> Play:
    """The drivers that go through proxies."""
    function: Play = request.param
    return function


@pytest.fixture
def cell_behind(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, str], CellPlan]:
    """Makes a cell at an address behind a proxy, as `proxy:` says it; it trusts the authority of these tests."""
    monkeypatch.setenv("PROXY_USER", CREDENTIALS[0])
    monkeypatch.setenv("PROXY_PASSWORD", CREDENTIALS[1])
    (tmp_path / "ca.pem").write_bytes(authority.pem)

    def make(url: str, proxy: str) -> CellPlan:
        text = cells_text(f"ca_file: ca.pem\nproxy: {proxy}", endpoints=f"{{api: '{url}'}}", head=', "far.example:*"')
        return load_cells(tmp_path / "cells.yaml", text=text)["one"]

    return make


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
def test_http_and_websockets_go_through_the_proxy(
    play: Play, cell_behind: Callable[[str, str], CellPlan], authority: Authority, *, secure: bool
) -> None:
    """Tunnels for WebSockets and TLS, whole URLs for HTTP in the clear; all of it with the credentials that the proxy wants."""
    tls = authority.server if secure else None
    effects: list[Any]
    with (
        RawServer(answering(answer(b"in"), answer(b"again")), tls) as http,
        WebSocketServer(echo, tls=tls) as ws,
        SmallProxy(CREDENTIALS) as proxy,
    ):
        effects = [Http("POST", http.url, body=b"{}"), WsOpen("game", ws.url)]
        effects += [WsSend("game", "ping"), WsReceive("game")]
        reply, _, _, frame = play(cell_behind(http.url, KNOWN % proxy.url), effects)
    assert isinstance(reply, HttpReply), reply
    assert reply.body == b"in"
    assert isinstance(frame, WsFrame), frame
    assert frame.text == "ping"
    first = f"CONNECT {http.authority} HTTP/1.1" if secure else f"POST {http.url} HTTP/1.1"
    assert proxy.lines == [first, f"CONNECT {ws.authority} HTTP/1.1"]


def test_a_name_that_only_the_proxy_knows_is_left_to_it(
    play: Play, cell_behind: Callable[[str, str], CellPlan]
) -> None:
    """We resolve no target's name: inside of some networks nobody but the proxy can."""
    with RawServer(answering(answer(b"in"))) as http, SmallProxy() as proxy:
        url = f"http://far.example:{http.port}/"
        (reply,) = play(cell_behind(url, proxy.url), [Http("GET", url)])
    assert isinstance(reply, HttpReply), reply


def faults(play: Play, cell: CellPlan, authority: str) -> list[TransportFault]:
    """What HTTP, HTTPS and a WebSocket come to there."""
    urls = [f"http://{authority}/", f"https://{authority}/"]
    results: list[Result] = play(cell, [*(Http("GET", url) for url in urls), WsOpen("game", f"ws://{authority}/")])
    assert all(isinstance(result, TransportFault) for result in results), results
    return [result for result in results if isinstance(result, TransportFault)]


def test_a_proxy_that_is_not_there_is_not_the_targets_failure(
    play: Play, cell_behind: Callable[[str, str], CellPlan]
) -> None:
    """It is named, nothing has left, and the target is not connected to past it."""
    gone = f"127.0.0.1:{free_port()}"
    with RawServer(close_early) as target:
        found = faults(play, cell_behind(target.url, f"http://{gone}"), target.authority)
        assert target.accepted == 0
    assert {fault.kind for fault in found} == {FaultKind.PROXY_FAILED}
    assert not any(fault.maybe_sent for fault in found)
    assert {fault.detail for fault in found} == {
        f"{target.authority} was not reached: the proxy {gone} can't be connected to: connection refused"
    }


@contextmanager
def swallowing() -> Iterator[str]:
    """The address of a listener whose queue is full, so that the kernel answers no SYN more, as behind a dropped rule."""
    with socket.socket() as listener, ExitStack() as waiting:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            one = waiting.enter_context(socket.socket())
            one.setblocking(False)  # noqa: FBT003 - the name is the argument's meaning
            one.connect_ex(listener.getsockname())
        yield f"127.0.0.1:{listener.getsockname()[1]}"


def test_a_proxy_that_takes_no_connection_in_time_is_not_the_targets_failure(
    play: Play, cell_behind: Callable[[str, str], CellPlan]
) -> None:
    """Nothing has been asked of the target yet, by HTTP, HTTPS, a WebSocket or the preflight."""
    from synthetic.drivers.of_cells import blocking_driver

    effects: list[Any] = [Http("GET", f"{scheme}://far.example/", timeout_s=0.2) for scheme in ("http", "https")]
    effects += [WsOpen("game", f"{scheme}://far.example/", timeout_s=0.2) for scheme in ("ws", "wss")]
    with swallowing() as authority:
        cell = cell_behind("https://far.example/", f"http://{authority}")
        results: list[Result | None] = [*play(cell, effects)]
        driver = blocking_driver(cell)
        results += [driver.reach(url, 0.2) for url in ("https://far.example", "http://far.example")]
        driver.close()
    for fault in results:
        assert isinstance(fault, TransportFault)
        assert (fault.kind, fault.maybe_sent) == (FaultKind.PROXY_FAILED, False), fault
        assert fault.detail.endswith(f" was not reached: no connection to the proxy {authority} within 0.20 s")


def test_a_request_that_waits_for_anothers_connection_waits_for_the_proxy(
    cell_behind: Callable[[str, str], CellPlan],
) -> None:
    """Over HTTP/2 the second opens none of its own."""
    request = Http("GET", "https://far.example/", timeout_s=0.2)
    with swallowing() as authority:
        cell = cell_behind("https://far.example/", f"http://{authority}\nhttp2: true")
        (answers,) = by_asyncio(cell, [Together((request, request))])
    assert isinstance(answers, Answers)
    assert [getattr(result, "kind", None) for result in answers.results] == [FaultKind.PROXY_FAILED] * 2


def test_credentials_that_a_proxy_does_not_take_are_ours_to_mend(
    play: Play, cell_behind: Callable[[str, str], CellPlan]
) -> None:
    """407, in a tunnel's place or for a whole URL."""
    with RawServer(close_early) as target, SmallProxy(("somebody", "else")) as proxy:
        found = faults(play, cell_behind(target.url, KNOWN % proxy.url), target.authority)
        assert target.accepted == 0
    assert {fault.kind for fault in found} == {FaultKind.PROXY_FAILED}
    assert all(fault.detail.endswith(": it wants a username and a password that it knows") for fault in found)
    assert found[0].detail.startswith(f"{target.authority} answered HTTP 407 (the proxy's or the target's): ")
    assert [fault.maybe_sent for fault in found] == [True, False, False]


def test_a_target_that_the_proxy_can_not_connect_to_is_the_targets_failure(
    play: Play, cell_behind: Callable[[str, str], CellPlan]
) -> None:
    """The proxy did its part, and says so with a 502."""
    gone = f"127.0.0.1:{free_port()}"
    with SmallProxy() as proxy:
        effects = [Http("GET", f"https://{gone}/"), WsOpen("game", f"ws://{gone}/")]
        results = play(cell_behind(f"https://{gone}/", proxy.url), effects)
    for fault in results:
        assert isinstance(fault, TransportFault)
        assert (fault.kind, fault.maybe_sent) == (FaultKind.CONNECT_REFUSED, False)
        assert fault.detail == f"{gone} can't be connected to: the proxy gets no connection to it (HTTP 502)"


@pytest.mark.parametrize("behave", [hang, garbage, close_early], ids=lambda behave: behave.__name__)
def test_a_proxy_that_opens_no_tunnel_is_an_error_within_the_time(
    play: Play, cell_behind: Callable[[str, str], CellPlan], behave: Callable[..., None]
) -> None:
    """Silence, noise, a hang-up: nothing of the request has left, and the target has not been shown to be at fault."""
    within_s = 0.3 if behave is hang else 30.0
    effects: list[Any] = [Http("GET", "https://far.example/", timeout_s=within_s)]
    effects.append(WsOpen("game", "wss://far.example/", timeout_s=within_s))
    with RawServer(behave) as proxy:
        results = play(cell_behind("https://far.example/", proxy.url), effects)
    for fault in results:
        assert isinstance(fault, TransportFault)
        assert (fault.kind, fault.maybe_sent) == (FaultKind.PROXY_FAILED, False), fault
        slow = "opened no tunnel within 0.30 s: it or the target was too slow, and nobody can tell which"
        assert (slow in fault.detail) is (behave is hang)


def test_a_preflight_goes_the_same_way(cell_behind: Callable[[str, str], CellPlan], authority: Authority) -> None:
    """TLS of the target through the tunnel; of an address in the clear, the proxy alone."""
    from synthetic.drivers.of_cells import blocking_driver

    with RawServer(hang, authority.server) as target, SmallProxy() as proxy:
        driver = blocking_driver(cell_behind(target.url, proxy.url))
        assert driver.reach(target.url, 30.0) is None
        assert proxy.lines == [f"CONNECT {target.authority} HTTP/1.1"]
        assert driver.reach("http://far.example/", 30.0) is None
    lost = driver.reach("http://far.example/", 30.0)
    assert lost is not None
    assert lost.kind is FaultKind.PROXY_FAILED
    driver.close()


def test_a_pool_through_a_proxy_writes_into_no_shared_context(cell_behind: Callable[[str, str], CellPlan]) -> None:
    """httpcore writes into a context what it offers, and the shared one is of cells that no proxy is before."""
    from synthetic.drivers.of_cells import tls_of

    cell = cell_behind("https://far.example/", "http://far.example:3128")
    trusting = replace(cell, connection=replace(cell.connection, ca_file=""))
    assert tls_of(trusting) is not client_context()
    assert tls_of(replace(trusting, connection=replace(trusting.connection, proxy=None))) is client_context()


def test_no_credentials_are_ever_told(
    play: Play, cell_behind: Callable[[str, str], CellPlan], caplog: pytest.LogCaptureFixture
) -> None:
    """Not in a fault, not in a plan or a proxy as it is shown, not in the logs of any library."""
    caplog.set_level(logging.DEBUG)
    with (
        RawServer(close_early) as target,
        SmallProxy(("somebody", "else")) as proxy,
        SmallProxy(echoing=True) as echoing,
    ):
        cell = cell_behind(target.url, KNOWN % proxy.url)
        shown = repr(faults(play, cell, target.authority)) + repr(cell) + repr(Proxy.at(proxy.url, CREDENTIALS))
        tunnels = [Http("GET", f"https://{target.authority}/"), WsOpen("game", f"ws://{target.authority}/")]
        shown += repr(play(cell_behind(target.url, KNOWN % echoing.url), tunnels))
    encoded = Proxy.at(proxy.url, CREDENTIALS).authorization.removeprefix("Basic ")
    assert not any(secret in shown + caplog.text for secret in (*CREDENTIALS[1:], encoded))


PROXY = Proxy(Target("http", "proxy.example", 3128))


def test_an_answer_may_come_in_any_pieces() -> None:
    """The tunnel stands with its last byte, and not before."""
    tunnel, whole = TunnelAnswer(PROXY), b"HTTP/1.0 200 Connection established\r\nVia: x\r\n\r\n"
    assert [tunnel.feed(whole[at : at + 1]) for at in range(len(whole))] == [False] * (len(whole) - 1) + [True]


@pytest.mark.parametrize(
    ("came", "error", "told"),
    [
        (b"HTTP/1.1 403 sesame\r\n\r\n", ProxyFailed, "proxy.example:3128 answered HTTP 403 instead"),
        (b"HTTP/1.1 503 sesame\r\n\r\n", ProxyFailed, "proxy.example:3128 answered HTTP 503 instead"),
        (b"HTTP/1.1 101 sesame\r\n\r\n", ProxyFailed, "proxy.example:3128 answered HTTP 101 instead"),
        (b"HTTP/1.1 102 \r\n\r\n" * 1000, ProxyFailed, "a head that does not end"),
        (b"HTTP/1.1 504 sesame\r\n\r\n", TargetBehindProxy, "no connection to it .HTTP 504."),
        (b"SSH-2.0-sesame\r\n\r\n", ProxyFailed, "sent what is not HTTP"),
        (b"HTTP/1.1 200 OK\r\n\r\nsesame", ProxyFailed, "sent more than an answer"),
        (b"HTTP/1.1 200 OK\r\n" + b"x" * ANSWER_BYTES_MAX, ProxyFailed, "a head that does not end"),
        (b"", ProxyFailed, "closed the connection"),
    ],
)
def test_what_is_no_tunnel_says_why(came: bytes, error: type[Exception], told: str) -> None:
    """In our words: nothing that the proxy wrote is told."""
    with pytest.raises(error, match=told) as raised:
        TunnelAnswer(PROXY).feed(came)
    assert "sesame" not in str(raised.value)


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_an_interim_answer_is_none_yet(step: int) -> None:
    """Any number of them may come before the one that counts (RFC 9110 15.2)."""
    tunnel = TunnelAnswer(PROXY)
    whole = b"HTTP/1.1 102 Wait\r\n\r\nHTTP/1.1 103 Look\r\nLink: x\r\n\r\nHTTP/1.1 200 Go\r\n\r\n"
    fed = [tunnel.feed(whole[at : at + step]) for at in range(0, len(whole), step)]
    assert fed == [False] * (len(fed) - 1) + [True]


def test_an_address_of_ipv6_is_written_in_brackets() -> None:
    """RFC 9110 9.3.6, RFC 3986 3.2.2."""
    assert PROXY.tunnel_request(Target("wss", "::1", 8443)).startswith(
        b"CONNECT [::1]:8443 HTTP/1.1\r\nHost: [::1]:8443\r\n"
    )
