"""WebSockets by name: frames, endings, limits, and nothing left open."""

from __future__ import annotations

import http
import socket
import threading
import time
from collections.abc import Generator
from typing import Any

import pytest
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection

from synthetic.core.effects import (
    Done,
    FaultKind,
    Sleep,
    TransportFault,
    WsClose,
    WsOpen,
    WsOpened,
    WsReceive,
    WsSend,
)
from synthetic.drivers.guard import Limits
from synthetic.drivers.ws_wire import WS_OPTIONS
from synthetic.tests.drivers import servers
from synthetic.tests.drivers.conftest import Authority
from synthetic.tests.drivers.scenarios import Play, asking
from synthetic.tests.drivers.servers import RawServer, WebSocketServer, echo


def test_frames_go_there_and_back(play: Play) -> None:
    """Open, send, receive, close."""
    with WebSocketServer(echo) as server:
        opened, sent, frame, closed = play(
            asking(WsOpen("game", server.url), WsSend("game", '{"bet": 1}'), WsReceive("game"), WsClose("game"))
        )
    assert (type(opened), type(sent), frame.text, type(closed)) == (WsOpened, Done, '{"bet": 1}', Done)
    assert dict(opened.headers)["upgrade"] == "websocket"
    assert sent.times.started <= sent.times.sent <= frame.times.received <= frame.times.handled


def test_tls_is_spoken_where_the_url_says_so(play: Play, authority: Authority) -> None:
    """wss with the cell's own authority."""
    with WebSocketServer(echo, tls=authority.server) as server:
        _, _, frame = play(
            asking(WsOpen("game", server.url), WsSend("game", "x" * 100_000), WsReceive("game")), tls=authority.client
        )
    assert len(getattr(frame, "text", "")) == 100_000, frame


def test_the_handshake_carries_headers_and_subprotocols(play: Play) -> None:
    """No compression is offered, and the user agent is ours unless the scenario has one."""
    seen: list[Request] = []

    def look(_connection: ServerConnection, request: Request) -> None:
        seen.append(request)

    with WebSocketServer(echo, process_request=look, subprotocols=["v2"]) as server:
        (opened,) = play(asking(WsOpen("game", server.url, headers=(("X-Token", "t"),), subprotocols=("v1", "v2"))))
    assert seen[0].headers["X-Token"] == "t"
    assert "Sec-WebSocket-Extensions" not in seen[0].headers
    assert seen[0].headers.get_all("User-Agent") == ["igaming-synthetic"]
    assert dict(opened.headers)["sec-websocket-protocol"] == "v2"


def test_a_frame_has_the_time_of_its_arrival_not_of_the_question(play: Play) -> None:
    """A frame that waited for the scenario has arrived before it was asked for."""

    def speak_first(connection: ServerConnection) -> None:
        connection.send("early")
        echo(connection)

    with WebSocketServer(speak_first) as server:
        _, _, frame = play(asking(WsOpen("game", server.url), Sleep(0.2), WsReceive("game")))
    assert frame.times.received < frame.times.started - 50_000_000


def test_binary_frames_come_decoded(play: Play) -> None:
    """With replacement, so that nothing is lost without a trace."""
    with WebSocketServer(lambda connection: connection.send(b"caf\xc3\xa9 \xff")) as server:
        _, frame = play(asking(WsOpen("game", server.url), WsReceive("game")))
    assert frame.text == "café \ufffd"


def test_silence_is_a_timeout_and_leaves_the_connection_open(play: Play) -> None:
    """The frame that is late is still read afterwards."""
    go = threading.Event()

    def late(connection: ServerConnection) -> None:
        go.wait(30)
        connection.send("late")

    def scenario() -> Generator[Any, Any, Any]:
        yield WsOpen("game", server.url)
        fault = yield WsReceive("game", timeout_s=0.1)
        go.set()
        return fault, (yield WsReceive("game"))

    with WebSocketServer(late) as server:
        fault, frame = play(scenario())
    assert (fault.kind, fault.maybe_sent) == (FaultKind.READ_TIMEOUT, True)
    assert frame.text == "late"


@pytest.mark.parametrize("code", [1000, 1001, 1011, 4401])
def test_frames_before_the_close_are_read_then_its_code(play: Play, code: int) -> None:
    """A close is told once everything that came before it was read, and again at every later use."""

    def speak_and_close(connection: ServerConnection) -> None:
        connection.send("last words")
        connection.close(code, "because")

    with WebSocketServer(speak_and_close) as server:
        _, frame, *faults, sent = play(
            asking(
                WsOpen("game", server.url), WsReceive("game"), WsReceive("game"), WsReceive("game"), WsSend("game", "x")
            )
        )
    assert frame.text == "last words"
    assert [(fault.kind, fault.close_code, fault.maybe_sent) for fault in faults] == [
        (FaultKind.WS_CLOSED, code, True)
    ] * 2
    assert faults[0].detail == f"the peer closed with {code} because"
    assert (sent.kind, sent.close_code, sent.maybe_sent) == (FaultKind.WS_CLOSED, code, False)


def test_a_connection_that_just_ends_has_code_1006(play: Play) -> None:
    """RFC 6455, 7.1.5."""
    with WebSocketServer(lambda connection: connection.socket.shutdown(socket.SHUT_RDWR)) as server:
        _, fault = play(asking(WsOpen("game", server.url), WsReceive("game")))
    assert (fault.kind, fault.close_code) == (FaultKind.WS_CLOSED, 1006)


@pytest.mark.parametrize(
    ("frame", "kind", "code"),
    [
        (b"\x88\x02\x11\x31", FaultKind.WS_CLOSED, 4401),
        (b"\x82\x7e\x00\xc8" + b"x" * 200, FaultKind.PROTOCOL, 1009),
        (b"\xff\xff", FaultKind.PROTOCOL, 1002),
    ],
)
def test_a_peer_that_ends_but_keeps_tcp_open_is_no_timeout(
    play: Play, frame: bytes, kind: FaultKind, code: int
) -> None:
    """The close frame, or the broken rule, is enough."""
    with RawServer(servers.upgrading(frame)) as server:
        _, fault = play(
            asking(WsOpen("game", server.url.replace("http", "ws")), WsReceive("game", timeout_s=3)),
            limits=Limits(frame_bytes_max=100),
        )
    assert (fault.kind, fault.close_code) == (kind, code)


@pytest.mark.parametrize("status", [http.HTTPStatus.FORBIDDEN, http.HTTPStatus.SERVICE_UNAVAILABLE])
def test_a_rejected_handshake_tells_its_status(play: Play, status: http.HTTPStatus) -> None:
    """The server answered, so it is not a transport failure but a rejection with a status."""

    def reject(connection: ServerConnection, _request: Request) -> Response:
        return connection.respond(status, "no")

    with WebSocketServer(echo, process_request=reject) as server:
        fault, unopened = play(asking(WsOpen("game", server.url), WsSend("game", "x")))
    assert (fault.kind, fault.status, fault.maybe_sent) == (FaultKind.WS_REJECTED, status, True)
    assert (unopened.kind, unopened.maybe_sent) == (FaultKind.WS_CLOSED, False)


def test_a_redirected_handshake_is_rejected_not_followed(play: Play) -> None:
    """Otherwise a redirect could lead past the allow-list."""
    with WebSocketServer(echo) as elsewhere:
        moved = f"HTTP/1.1 302 Found\r\nLocation: {elsewhere.url}\r\nContent-Length: 0\r\n\r\n".encode()
        with RawServer(servers.answering(moved)) as server:
            (fault,) = play(asking(WsOpen("game", server.url.replace("http", "ws"))))
    assert (fault.kind, fault.status) == (FaultKind.WS_REJECTED, 302)


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (servers.hang, FaultKind.READ_TIMEOUT),
        (servers.drip_head, FaultKind.READ_TIMEOUT),
        (servers.close_early, FaultKind.RESET),
        (servers.reset, FaultKind.RESET),
        (servers.garbage, FaultKind.PROTOCOL),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_a_handshake_that_breaks_is_a_fault(play: Play, behaviour: servers.Behaviour, kind: FaultKind) -> None:
    """As with any request: over at the deadline, and perhaps seen by the target."""
    with RawServer(behaviour) as server:
        began = time.monotonic()
        (fault,) = play(asking(WsOpen("game", server.url.replace("http", "ws"), timeout_s=0.4)))
        elapsed = time.monotonic() - began
    assert (fault.kind, fault.maybe_sent) == (kind, True)
    assert elapsed < 20


def test_the_librarys_own_log_goes_nowhere(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    """Where nobody has set up logging, Python would print its errors with their tracebacks."""
    WS_OPTIONS["logger"].error("unexpected internal error", exc_info=EOFError("stream ended"))
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


def test_a_frame_over_the_limit_is_a_protocol_fault(play: Play) -> None:
    """It is neither cut nor taken."""

    def speak(connection: ServerConnection) -> None:
        connection.send("x" * 1000)
        connection.send("x" * 1001)

    with WebSocketServer(speak) as server:
        _, frame, fault = play(
            asking(WsOpen("game", server.url), WsReceive("game"), WsReceive("game")),
            limits=Limits(frame_bytes_max=1000),
        )
    assert len(frame.text) == 1000
    assert (fault.kind, fault.detail) == (
        FaultKind.PROTOCOL,
        "a frame is over the size limit (frame with 1001 bytes exceeds limit of 1000 bytes)",
    )


def test_frames_that_nobody_reads_do_not_pile_up_for_ever(play: Play) -> None:
    """A flood ends the connection; what came before is still read."""

    def flood(connection: ServerConnection) -> None:
        for number in range(1000):
            connection.send(str(number))

    with WebSocketServer(flood) as server:
        _, _, first, _, fault = play(
            asking(WsOpen("game", server.url), Sleep(0.3), *[WsReceive("game")] * 3), limits=Limits(unread_frames_max=2)
        )
    assert first.text == "0"
    assert (fault.kind, fault.detail) == (FaultKind.PROTOCOL, "over 2 frames are unread")


def test_what_is_no_websocket_frame_is_a_protocol_fault(play: Play) -> None:
    """A broken server is told from one that went away."""
    with WebSocketServer(lambda connection: connection.socket.sendall(b"\xff\xff\xff")) as server:
        _, fault = play(asking(WsOpen("game", server.url), WsReceive("game")))
    assert fault.kind is FaultKind.PROTOCOL


def test_a_peer_that_does_not_read_ends_a_send_at_its_deadline(play: Play) -> None:
    """And the frame does not leave later: the connection is over."""
    done = threading.Event()

    def deaf(connection: ServerConnection) -> None:
        done.wait(30)

    with WebSocketServer(deaf, max_queue=1, close_timeout=0.1) as server:
        began = time.monotonic()
        _, *results = play(
            asking(
                WsOpen("game", server.url),
                *[WsSend("game", "x" * 900_000, timeout_s=0.3)] * 20,
                WsReceive("game", timeout_s=0.3),
            )
        )
        elapsed = time.monotonic() - began
        done.set()
    faults = [result for result in results if isinstance(result, TransportFault)]
    assert (faults[0].kind, faults[0].maybe_sent) == (FaultKind.READ_TIMEOUT, True)
    assert {fault.kind for fault in faults[1:]} == {FaultKind.WS_CLOSED}
    assert elapsed < 20


def test_pings_of_the_peer_are_answered_while_nobody_reads(play: Play) -> None:
    """The server's keepalive finds us alive during a sleep."""
    alive: list[bool] = []

    def ping(connection: ServerConnection) -> None:
        alive.append(connection.ping().wait(20))
        connection.send("pinged")

    with WebSocketServer(ping) as server:
        play(asking(WsOpen("game", server.url), Sleep(0.2), WsReceive("game")))
    assert alive == [True]


def test_opening_a_name_again_closes_the_first_connection(play: Play) -> None:
    """One name, one connection."""
    closed = threading.Event()

    def watch(connection: ServerConnection) -> None:
        connection.send("hello")
        for _ in connection:
            pass
        closed.set()

    def scenario() -> Generator[Any, Any, Any]:
        yield WsOpen("game", server.url)
        yield WsReceive("game")
        yield WsOpen("game", server.url)
        assert closed.wait(30)
        return (yield WsReceive("game"))

    with WebSocketServer(watch) as server:
        assert play(scenario()).text == "hello"


def test_two_names_are_two_connections(play: Play) -> None:
    """Frames do not mix; closing what is not open is no fault."""
    with WebSocketServer(echo) as server:
        *_, a, b, closed, unopened = play(
            asking(
                WsOpen("a", server.url),
                WsOpen("b", server.url),
                WsSend("b", "to b"),
                WsSend("a", "to a"),
                WsReceive("a"),
                WsReceive("b"),
                WsClose("c"),
                WsReceive("c"),
            )
        )
    assert (a.text, b.text, type(closed), unopened.kind) == ("to a", "to b", Done, FaultKind.WS_CLOSED)


@pytest.mark.parametrize("how", ["returns", "raises"])
def test_connections_are_closed_however_a_run_ends(play: Play, how: str) -> None:
    """By its return or by an exception."""
    codes: list[int | None] = []
    closed = threading.Event()

    def watch(connection: ServerConnection) -> None:
        for _ in connection:
            pass
        codes.append(connection.close_code)
        closed.set()

    def scenario() -> Generator[Any, Any, Any]:
        yield WsOpen("game", server.url)
        if how == "raises":
            raise LookupError("a bug")

    with WebSocketServer(watch) as server:
        if how == "raises":
            with pytest.raises(LookupError):
                play(scenario())
        else:
            play(scenario())
        assert closed.wait(30)
    assert codes == [1000]


def test_a_peer_that_never_answers_the_close_holds_a_run_for_a_moment_only(play: Play) -> None:
    """Closing has a limit too."""
    done = threading.Event()

    def stubborn(connection: ServerConnection) -> None:
        connection.recv_flow_control.acquire()
        done.wait(30)
        connection.recv_flow_control.release()

    with WebSocketServer(stubborn, close_timeout=0.1) as server:
        began = time.monotonic()
        opened, _ = play(asking(WsOpen("game", server.url), Sleep(0.1)), limits=Limits(close_s=0.3))
        elapsed = time.monotonic() - began
        done.set()
    assert isinstance(opened, WsOpened)
    assert elapsed < 20
