"""Every kind of fault, from real sockets, under both drivers."""

from __future__ import annotations

import ssl
import time

import pytest

from synthetic.core.effects import Effect, FaultKind, Http, HttpReply, TransportFault, WsOpen
from synthetic.drivers.guard import Limits
from synthetic.tests.drivers import servers
from synthetic.tests.drivers.conftest import Authority
from synthetic.tests.drivers.scenarios import Play, asking
from synthetic.tests.drivers.servers import Behaviour, RawServer

AFTER_SENDING = [
    (servers.hang, FaultKind.READ_TIMEOUT),
    (servers.drip_body, FaultKind.READ_TIMEOUT),
    (servers.drip_head, FaultKind.READ_TIMEOUT),
    (servers.reset, FaultKind.RESET),
    (servers.close_early, FaultKind.RESET),
    (servers.stop_short, FaultKind.RESET),
    (servers.garbage, FaultKind.PROTOCOL),
    (servers.ten_megabytes, FaultKind.PROTOCOL),
]


def one_fault(results: list[object]) -> TransportFault:
    (result,) = results
    assert isinstance(result, TransportFault), result
    return result


@pytest.mark.parametrize(("behaviour", "kind"), AFTER_SENDING, ids=lambda value: getattr(value, "__name__", str(value)))
def test_a_fault_after_the_request_left_may_have_had_an_effect(
    play: Play, behaviour: Behaviour, kind: FaultKind
) -> None:
    """Whatever breaks once the request is out, the effect is unknown, never denied; and it is over at the deadline."""
    with RawServer(behaviour) as server:
        began = time.monotonic()
        fault = one_fault(play(asking(Http("POST", server.url, body=b"{}", timeout_s=0.5))))
        elapsed = time.monotonic() - began
    assert (fault.kind, fault.maybe_sent) == (kind, True)
    assert elapsed < 20
    assert server.accepted == 1  # never retried


def test_a_refused_connection_had_no_effect(play: Play) -> None:
    """Nobody listens there: certainly nothing was sent."""
    port = servers.free_port()
    fault = one_fault(play(asking(Http("POST", f"http://127.0.0.1:{port}/"))))
    assert (fault.kind, fault.maybe_sent) == (FaultKind.CONNECT_REFUSED, False)
    assert fault.detail == f"127.0.0.1:{port} can't be connected to: connection refused"


@pytest.mark.parametrize("scheme", ["http", "ws"])
def test_an_unknown_name_had_no_effect(play: Play, scheme: str) -> None:
    """A name that can't be resolved is told apart from a refused connection."""
    url = f"{scheme}://nonexistent.invalid:8080/"
    fault = one_fault(play(asking(Http("GET", url) if scheme == "http" else WsOpen("game", url))))
    assert (fault.kind, fault.maybe_sent) == (FaultKind.NAME_UNKNOWN, False)


@pytest.mark.parametrize("scheme", ["https", "wss"])
def test_an_untrusted_certificate_is_a_tls_fault(play: Play, authority: Authority, scheme: str) -> None:
    """A certificate that nobody vouches for: nothing was sent, and the reason is named."""
    with RawServer(servers.hang, authority.server) as server:
        url = server.url.replace("https", scheme)
        effect = Http("POST", url) if scheme == "https" else WsOpen("game", url)
        fault = one_fault(play(asking(effect), tls=ssl.create_default_context()))
    assert (fault.kind, fault.maybe_sent) == (FaultKind.TLS_FAILED, False)
    assert "certificate verify failed: unable to get local issuer certificate" in fault.detail


@pytest.mark.parametrize("scheme", ["https", "wss"])
def test_a_server_without_tls_is_a_tls_fault(play: Play, scheme: str) -> None:
    """Plain HTTP where TLS is expected is neither a refusal nor a reset."""
    with RawServer(lambda sock: sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as server:
        url = server.url.replace("http", scheme)
        fault = one_fault(play(asking(Http("POST", url) if scheme == "https" else WsOpen("game", url))))
    assert (fault.kind, fault.maybe_sent) == (FaultKind.TLS_FAILED, False)


@pytest.mark.parametrize("scheme", ["https", "wss"])
def test_a_handshake_that_hangs_is_a_connect_timeout(play: Play, scheme: str) -> None:
    """TCP is up but TLS never answers: still nothing was sent."""
    with RawServer(servers.hang) as server:
        url = server.url.replace("http", scheme)
        effect = Http("POST", url, timeout_s=0.3) if scheme == "https" else WsOpen("game", url, timeout_s=0.3)
        fault = one_fault(play(asking(effect)))
    assert (fault.kind, fault.maybe_sent) == (FaultKind.CONNECT_TIMEOUT, False)


def test_a_trusted_certificate_is_accepted(play: Play, authority: Authority) -> None:
    """The cell's own authority vouches for it."""
    with RawServer(servers.answering(servers.answer(b"secret")), authority.server) as server:
        (reply,) = play(asking(Http("GET", server.url)), tls=authority.client)
    assert isinstance(reply, HttpReply)
    assert reply.body == b"secret"


def test_a_full_backlog_is_a_connect_timeout(play: Play) -> None:
    """A host that takes no more connections: nothing was sent."""
    import socket

    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port = listener.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for sock in waiting:
            sock.settimeout(0)
            sock.connect_ex(("127.0.0.1", port))
        fault = one_fault(play(asking(Http("POST", f"http://127.0.0.1:{port}/", timeout_s=0.3))))
        for sock in waiting:
            sock.close()
    assert (fault.kind, fault.maybe_sent) == (FaultKind.CONNECT_TIMEOUT, False)


@pytest.mark.parametrize(
    "url", ["http://10.0.0.1/", "http://127.0.0.1@10.0.0.1/", "ftp://127.0.0.1/", "http://[bad/", "/x"]
)
def test_a_url_off_the_allow_list_is_never_connected_to(play: Play, url: str) -> None:
    """What the cell does not list, or is no URL at all, is refused before any connection."""
    effects: list[Effect] = [Http("POST", url, timeout_s=0.2), WsOpen("game", url.replace("http", "ws"), timeout_s=0.2)]
    for fault in play(asking(*effects)):
        assert (fault.kind, fault.maybe_sent) == (FaultKind.OFF_ALLOW_LIST, False)


def test_a_redirect_is_not_followed_and_its_target_meets_the_allow_list(play: Play) -> None:
    """The 3xx comes back as it is; going there is an effect of its own."""
    with RawServer(
        servers.answering(servers.answer(status="302 Found", headers="Location: http://10.0.0.1/\r\n"))
    ) as server:
        reply, fault = play(asking(Http("GET", server.url), Http("GET", "http://10.0.0.1/")))
    assert isinstance(reply, HttpReply)
    assert (reply.status, dict(reply.headers)["location"]) == (302, "http://10.0.0.1/")
    assert fault.kind is FaultKind.OFF_ALLOW_LIST


@pytest.mark.parametrize(
    "effect",
    [
        Http("POST", "http://127.0.0.1:{port}/", headers=(("x-a", "b\r\nx-smuggled: 1"),)),
        Http("GET /other HTTP/1.1\r\n", "http://127.0.0.1:{port}/"),
        WsOpen("game", "ws://127.0.0.1:{port}/", headers=(("x-a", "b\nc"),)),
        WsOpen("game", "ws://127.0.0.1:{port}/", subprotocols=("a\r\nx: 1",)),
        WsOpen("game", "ws://127.0.0.1:{port}/#fragment"),
    ],
)
def test_what_can_not_be_written_is_not_sent(play: Play, effect: Http | WsOpen) -> None:
    """A line break in a header never becomes a second header."""
    from dataclasses import replace

    with RawServer(servers.answering(servers.answer())) as server:
        here = replace(effect, url=effect.url.replace("{port}", str(server.port)))
        fault = one_fault(play(asking(here)))
    assert (fault.kind, fault.maybe_sent) == (FaultKind.PROTOCOL, False)


def test_a_body_below_the_limit_is_taken_and_one_above_is_not(play: Play) -> None:
    """The limit is exact."""
    with RawServer(servers.answering(servers.answer(b"x" * 100))) as server:
        (reply,) = play(asking(Http("GET", server.url)), limits=Limits(body_bytes_max=100))
        (fault,) = play(asking(Http("GET", server.url)), limits=Limits(body_bytes_max=99))
    assert isinstance(reply, HttpReply)
    assert (fault.kind, fault.maybe_sent) == (FaultKind.PROTOCOL, True)
    assert "over the limit of 99 bytes" in fault.detail
