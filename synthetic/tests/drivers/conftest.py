"""The drivers, and a certificate authority for a test."""

from __future__ import annotations

import ssl
from dataclasses import dataclass

import pytest
import trustme

from synthetic.tests.drivers.scenarios import PLAYERS, Play
from synthetic.tests.representative import combination


@pytest.fixture(params=[combination(name, played=name != "gevent", id=name) for name in sorted(PLAYERS)])
def play(request: pytest.FixtureRequest) -> Play:
    """Each driver in turn."""
    return PLAYERS[request.param]


@dataclass(frozen=True)
class Authority:
    """A certificate authority: contexts of a server that has its certificate, and of a client that trusts it."""

    server: ssl.SSLContext
    client: ssl.SSLContext
    pem: bytes


@pytest.fixture(scope="session")
def authority() -> Authority:
    """Certificates for 127.0.0.1."""
    ca = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(server)
    client = ssl.create_default_context()
    ca.configure_trust(client)
    return Authority(server, client, ca.cert_pem.bytes())
