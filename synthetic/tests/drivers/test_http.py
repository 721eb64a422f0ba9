"""What an HTTP effect sends and what its answer brings back."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import tracemalloc
from collections.abc import Generator
from typing import Any

import pytest

from synthetic.core.effects import FaultKind, Http, HttpReply, WsOpen, WsOpened
from synthetic.drivers.attempt import Attempt
from synthetic.drivers.clocks import SystemClock
from synthetic.drivers.guard import Limits
from synthetic.drivers.http_wire import AnswerReader
from synthetic.drivers.translate import BadAnswer
from synthetic.tests.drivers.scenarios import Play, asking
from synthetic.tests.drivers.servers import RawServer, WebSocketServer, answer, answering, echo, read_request


class Recording:
    """A behaviour that keeps the requests it has seen."""

    def __init__(self, *answers: bytes) -> None:
        self.seen: list[str] = []
        self._answers = answers

    def __call__(self, sock: socket.socket) -> None:
        """Answer each request with the next answer."""
        while request := read_request(sock):
            self.seen.append(request.decode("latin-1"))
            sock.sendall(self._answers[min(len(self.seen), len(self._answers)) - 1])


def test_the_body_travels_byte_for_byte(play: Play) -> None:
    """What the scenario signed is what the server gets, with its length and host, and no compression is asked for."""
    behaviour = Recording(answer(b"ok"))
    body = b'{"amount_minor": 100,  "note": "\xc3\xa9\x00"}'
    with RawServer(behaviour) as server:
        play(asking(Http("POST", server.url + "a%20b?q=1&q=2", headers=(("X-Sig", "1"), ("X-Sig", "2")), body=body)))
    head, _, sent = behaviour.seen[0].partition("\r\n\r\n")
    lines = [line.lower() for line in head.split("\r\n")]
    assert lines[0] == "post /a%20b?q=1&q=2 http/1.1"
    assert {f"host: {server.authority}", f"content-length: {len(body)}", "accept-encoding: identity"} <= set(lines)
    assert [line for line in lines if line.startswith("x-sig")] == ["x-sig: 1", "x-sig: 2"]
    assert sent.encode("latin-1") == body


def test_headers_come_back_as_they_came_in_lower_case(play: Play) -> None:
    """Repeated headers stay repeated and in order."""
    with RawServer(answering(answer(headers="Set-Cookie: a=1\r\nX-Odd: caf\xe9\r\nSet-Cookie: b=2\r\n"))) as server:
        (reply,) = play(asking(Http("GET", server.url)))
    assert [header for header in reply.headers if header[0] == "set-cookie"] == [
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
    ]
    assert dict(reply.headers)["x-odd"].startswith("caf")


def test_a_driver_keeps_no_cookies(play: Play) -> None:
    """Cookies are the scenario's business."""
    behaviour = Recording(answer(headers="Set-Cookie: session=1\r\n"))
    with RawServer(behaviour) as server:
        play(asking(Http("GET", server.url), Http("GET", server.url)))
    assert "cookie" not in behaviour.seen[1].lower()


def test_proxies_of_the_environment_are_not_used(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """A probe measures its target, not somebody's proxy."""
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with RawServer(answering(answer(b"direct"))) as server, WebSocketServer(echo) as game:
        reply, opened = play(asking(Http("GET", server.url), WsOpen("game", game.url)))
    assert reply.body == b"direct"
    assert isinstance(opened, WsOpened)


def test_a_compressed_bomb_is_not_unpacked() -> None:
    """Ten megabytes of zeros in ten kilobytes cost no more memory than the limit allows."""
    bomb = gzip.compress(bytes(10_000_000))
    reader = AnswerReader(
        "GET", 200, (("content-encoding", "gzip"),), Limits(body_bytes_max=1000), Attempt(SystemClock())
    )
    tracemalloc.start()
    with pytest.raises(BadAnswer, match="over the limit of 1000 bytes"):
        reader.feed(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


def test_times_tell_the_target_from_the_harness(play: Play) -> None:
    """started <= sent <= received <= handled, and the latency is the server's own delay."""

    def slow(sock: socket.socket) -> None:
        while read_request(sock):
            time.sleep(0.1)
            sock.sendall(answer(b"done"))

    with RawServer(slow) as server:
        results = play(asking(Http("GET", server.url), Http("GET", server.url)))
    for result in results:
        times = result.times
        assert times.started <= times.sent <= times.received <= times.handled
        assert 0.09e9 < times.latency_ns < 3e9


def test_sent_is_when_the_whole_request_has_left(play: Play) -> None:
    """A peer that is slow to read our request is not slow to answer it."""

    def slow_reader(sock: socket.socket) -> None:
        time.sleep(0.2)
        read_request(sock)
        sock.sendall(answer())

    with RawServer(slow_reader) as server:
        (reply,) = play(asking(Http("POST", server.url, body=b"x" * 20_000_000)))
    assert reply.times.sent - reply.times.started > 150_000_000


def test_a_connection_is_kept_alive(play: Play) -> None:
    """Two requests, one connection."""
    with RawServer(answering(answer(b"1"), answer(b"2"))) as server:
        results = play(asking(Http("GET", server.url), Http("GET", server.url)))
    assert [result.body for result in results] == [b"1", b"2"]
    assert server.accepted == 1


def test_a_connection_that_the_server_closed_is_not_taken_again(play: Play) -> None:
    """A stale keep-alive connection is no failure of the next request, and nothing is sent twice for it."""
    closed = threading.Event()
    requests: list[bytes] = []

    def once(sock: socket.socket) -> None:
        requests.append(read_request(sock))
        sock.sendall(answer(b"once"))
        sock.shutdown(socket.SHUT_RDWR)
        closed.set()

    def scenario() -> Generator[Any, Any, Any]:
        first = yield Http("GET", server.url)
        assert closed.wait(30)
        second = yield Http("POST", server.url, body=b"{}")
        return first, second

    with RawServer(once) as server:
        first, second = play(scenario())
    assert isinstance(first, HttpReply)
    assert isinstance(second, HttpReply), second
    assert len(requests) == 2


def test_an_answer_before_the_whole_request_was_read_is_taken(play: Play) -> None:
    """A server may refuse a large request early and close."""

    def refuse(sock: socket.socket) -> None:
        sock.recv(1024)
        sock.sendall(answer(b"too large", "413 Content Too Large", "Connection: close\r\n"))
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(1 << 20):
            pass

    with RawServer(refuse) as server:
        (reply,) = play(asking(Http("POST", server.url, body=b"x" * 5_000_000)))
    assert isinstance(reply, HttpReply)
    assert reply.status == 413


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified", "500 Internal Server Error"])
def test_every_status_is_an_answer(play: Play, status: str) -> None:
    """What a status means is the mapping's business."""
    with RawServer(answering(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())) as server:
        (reply,) = play(asking(Http("GET", server.url)))
    assert reply.status == int(status[:3])


def test_a_compressed_answer_is_decoded_within_the_limit(play: Play) -> None:
    """A proxy that compresses anyway is understood; a bomb is not unpacked; broken compression is a fault."""
    bomb = gzip.compress(b"x" * 10_000_000)
    coded = "Content-Encoding: gzip\r\n"
    answers = (
        answer(gzip.compress(b"plain"), headers=coded),
        answer(bomb, headers=coded),
        answer(b"not gzip", headers=coded),
    )
    with RawServer(answering(*answers)) as server:
        plain, too_large = play(
            asking(Http("GET", server.url), Http("GET", server.url)), limits=Limits(body_bytes_max=1000)
        )
    with RawServer(answering(answers[2])) as server:
        (broken,) = play(asking(Http("GET", server.url)))
    with RawServer(answering(answer(gzip.compress(b"plain" * 100)[:-12], headers=coded))) as server:
        (short,) = play(asking(Http("GET", server.url)))
    assert plain.body == b"plain"
    assert [fault.kind for fault in (too_large, broken, short)] == [FaultKind.PROTOCOL] * 3


def test_a_large_request_to_a_peer_that_does_not_read_ends_at_the_deadline(play: Play) -> None:
    """Writing has no more time than reading."""
    done = threading.Event()

    def deaf(_sock: socket.socket) -> None:
        done.wait(30)

    with RawServer(deaf) as server:
        began = time.monotonic()
        (fault,) = play(asking(Http("POST", server.url, body=b"x" * 20_000_000, timeout_s=0.4)))
        elapsed = time.monotonic() - began
        done.set()
    assert (fault.kind, fault.maybe_sent) == (FaultKind.READ_TIMEOUT, True)
    assert elapsed < 20
