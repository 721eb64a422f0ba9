"""TLS over bytes."""

from __future__ import annotations

import contextlib
import ssl

from synthetic.drivers.probe.secured import Secured
from synthetic.tests.drivers.conftest import Authority


def test_it_is_known_whether_a_request_has_been_given_in_full(authority: Authority) -> None:
    """What leaves behind that is TLS's own, and does not say when the request left."""
    came, left = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = authority.server.wrap_bio(came, left, server_side=True)
    secured = Secured(authority.client, "127.0.0.1")
    while not secured.handshake():
        came.write(secured.outgoing())
        with contextlib.suppress(ssl.SSLWantReadError):
            server.do_handshake()
        secured.received(left.read())
    assert secured.outgoing()  # the end of the handshake
    secured.send(bytes(100 << 10))  # more than is encrypted at a time
    owed, given = [], 0
    for _ in range(3):
        owed.append(secured.owes)
        given += len(secured.outgoing())
    assert owed == [True, True, False]
    assert given > 100 << 10
