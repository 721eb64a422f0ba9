"""A TLS connection may be read and written at once, by two threads."""

from __future__ import annotations

import hashlib
import selectors
import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest
import trustme

from synthetic.drivers.tls_turns import TlsTurns, hang_up
from synthetic.tests.drivers.conftest import Authority
from synthetic.tests.drivers.servers import PatientServer

Ends = tuple[TlsTurns, TlsTurns]
CHUNK = bytes(range(256)) * 40
CHUNKS = 1_500


@pytest.fixture
def ends(authority: Authority) -> Iterator[Ends]:
    """A client's and a server's end, after the handshake."""
    near, far = socket.socketpair()
    with ThreadPoolExecutor(1) as other:
        accepted = other.submit(authority.server.wrap_socket, far, server_side=True)
        client: ssl.SSLSocket = authority.client.wrap_socket(near, server_hostname="127.0.0.1")
        server = accepted.result()
    with closing(TlsTurns(client)) as one, closing(TlsTurns(server)) as two:
        yield one, two


def test_why_tls_has_ended_is_told_to_whoever_comes_next() -> None:
    """A reader hears the server's alert first; a writer would only hear that the library failed."""
    ca, demanding, trusting = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    ca.issue_cert("127.0.0.1").configure_cert(demanding)
    demanding.verify_mode = ssl.CERT_REQUIRED
    ca.configure_trust(trusting)
    with (
        PatientServer(demanding) as server,
        socket.create_connection(("127.0.0.1", server.port)) as plain,
        closing(TlsTurns(trusting.wrap_socket(plain, server_hostname="127.0.0.1"))) as end,
    ):
        end.settimeout(30.0)
        with pytest.raises(ssl.SSLError, match="certificate required") as read:
            end.recv(100)
        with pytest.raises(ssl.SSLError) as written:
            end.sendall(b"too late")
    assert written.value.__cause__ is read.value


def pump(end: TlsTurns) -> None:
    for _ in range(CHUNKS):
        end.sendall(CHUNK)


def drain(end: TlsTurns) -> str:
    digest, left = hashlib.sha256(), len(CHUNK) * CHUNKS
    while left:
        data = end.recv(16 << 10)
        assert data, "the connection broke"
        digest.update(data)
        left -= len(data)
    return digest.hexdigest()


def test_both_ends_send_and_receive_at_once(ends: Ends) -> None:
    """15 MB each way, by four threads, arrive as they were sent."""
    for end in ends:
        end.settimeout(20.0)
    with ThreadPoolExecutor(4) as threads:
        sent = [threads.submit(pump, end) for end in ends]
        received = [threads.submit(drain, end) for end in ends]
        assert [done.result() for done in sent] == [None, None]
        assert {done.result() for done in received} == {hashlib.sha256(CHUNK * CHUNKS).hexdigest()}


def test_what_was_decrypted_already_is_not_left_behind(ends: Ends) -> None:
    """No poll would tell of it: the rest of a record comes with its beginning."""
    ends[0].sendall(b"x" * 1_000)
    assert ends[1].recv(10) == b"x" * 1_000


def test_a_peer_that_sends_nothing_is_a_time_out(ends: Ends) -> None:
    """Of ours, not of the socket's."""
    ends[1].settimeout(0.05)
    with pytest.raises(TimeoutError, match="not ready in time"):
        ends[1].recv(10)


def test_a_peer_that_takes_nothing_is_a_time_out(ends: Ends) -> None:
    """A send does not wait for ever."""
    ends[0].settimeout(0.05)
    with pytest.raises(TimeoutError, match="not ready in time"):
        pump(ends[0])


def test_hanging_up_wakes_the_reader(ends: Ends) -> None:
    """A thread that waits for data comes back."""
    with ThreadPoolExecutor(1) as threads:
        reading = threads.submit(ends[0].recv, 10)
        hang_up(ends[0])
        with pytest.raises((OSError, AssertionError)):
            assert reading.result(30.0)


def test_closing_waits_for_a_reader_to_notice(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that has registered its poll and is then overtaken by shutdown and close comes back all the same."""
    registered, overtaken = threading.Event(), threading.Event()

    class Slow(selectors.DefaultSelector):
        def select(self, *_: Any) -> Any:
            registered.set()
            overtaken.wait(0.2)
            return super().select(1.0)  # with no time-out, as it is used, it would wait for ever

    monkeypatch.setattr(selectors, "DefaultSelector", Slow)
    with ThreadPoolExecutor(1) as threads:
        reading = threads.submit(ends[0].recv, 10)
        assert registered.wait(30)
        ends[0].close()
        overtaken.set()
        with pytest.raises((OSError, AssertionError)) as caught:
            assert reading.result(30.0)
    assert not isinstance(caught.value, TimeoutError), "the poll of a closed descriptor ran into its time-out"
