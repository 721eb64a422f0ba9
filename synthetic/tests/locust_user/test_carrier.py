"""HTTP of load users holds our rules, whatever geventhttpclient would do by itself. What all drivers do alike: tests/drivers."""

from __future__ import annotations

import socket
import threading

import pytest

from synthetic.core.effects import FaultKind, Http, HttpReply
from synthetic.drivers.guard import Limits
from synthetic.locust_user.carrier import SharedClients
from synthetic.tests.drivers import servers
from synthetic.tests.drivers.scenarios import PLAIN_TLS, asking, play_gevent
from synthetic.tests.drivers.servers import RawServer, answer, answering, read_request


def test_a_request_whose_answer_is_lost_is_sent_once() -> None:
    """geventhttpclient would send a GET again where the connection ends before an answer."""
    asked: list[bytes] = []

    def take_and_go(sock: socket.socket) -> None:
        asked.append(read_request(sock))

    with RawServer(take_and_go) as server:
        (fault,) = play_gevent(asking(Http("GET", server.url)))
    assert (fault.kind, fault.maybe_sent, len(asked)) == (FaultKind.RESET, True, 1)


def test_a_connection_is_kept_for_the_next_request() -> None:
    """A journey is not a series of handshakes."""
    connections: list[int] = []
    behave = answering(answer(b"{}"))

    def counted(sock: socket.socket) -> None:
        connections.append(1)
        behave(sock)

    with RawServer(counted) as server:
        replies = play_gevent(asking(*[Http("POST", server.url, body=b"{}")] * 3))
    assert [type(reply) for reply in replies] == [HttpReply] * 3
    assert len(connections) == 1


def test_a_kept_connection_that_the_server_ended_is_not_used_again() -> None:
    """The next request goes over a new one, and succeeds."""
    ended = threading.Event()

    def once(sock: socket.socket) -> None:
        if read_request(sock):
            sock.sendall(answer(b"{}"))
        sock.close()
        ended.set()

    with RawServer(once) as server:
        clients = SharedClients(PLAIN_TLS, Limits())
        first = clients.get_client(server.url).get("/")
        first.read()
        assert ended.wait(30)
        second = clients.get_client(server.url).get("/")
        assert second.read() == b"{}"
        clients.close()


@pytest.mark.parametrize(
    ("behaviour", "kind"), [(servers.stop_short, FaultKind.RESET), (servers.garbage, FaultKind.PROTOCOL)]
)
def test_an_answer_that_is_none_is_a_fault(behaviour: servers.Behaviour, kind: FaultKind) -> None:
    """Half an answer is a reset, garbage is garbage, and both may have had an effect."""
    with RawServer(behaviour) as server:
        (fault,) = play_gevent(asking(Http("POST", server.url, body=b"{}", timeout_s=20)))
    assert (fault.kind, fault.maybe_sent) == (kind, True)
