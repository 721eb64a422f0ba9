"""The transports, certificates of every kind, and the real servers, started once for each test process that asks."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import pytest
import trustme

from bench.transport_fuzz.exchanging import TRANSPORTS, MakeTransport
from synthetic.tests.drivers.transport.servers import Certificate, Served, nginx, python_servers


@pytest.fixture(params=sorted(TRANSPORTS))
def make_transport(request: pytest.FixtureRequest) -> MakeTransport:
    """Each transport in turn."""
    return TRANSPORTS[request.param]


@pytest.fixture(scope="session")
def ca() -> trustme.CA:
    """The authority that every client here trusts, and no other."""
    return trustme.CA()


@pytest.fixture(scope="session")
def trusting(ca: trustme.CA) -> ssl.SSLContext:
    """What a client of these tests trusts."""
    context = ssl.create_default_context()
    ca.configure_trust(context)
    return context


@pytest.fixture(scope="session")
def certificate(ca: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A good certificate for 127.0.0.1, in files."""
    folder = tmp_path_factory.mktemp("certificate")
    files = Certificate(folder / "cert.pem", folder / "key.pem")
    issued = ca.issue_cert("127.0.0.1", "localhost")
    files.cert.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    files.key.write_bytes(issued.private_key_pem.bytes())
    return files


@pytest.fixture(scope="session")
def python_served(certificate: Certificate) -> Iterator[dict[str, Served]]:
    """uvicorn, hypercorn and aiohttp."""
    with python_servers(certificate) as served:
        yield served


@pytest.fixture(scope="session")
def nginx_served(
    python_served: dict[str, Served], certificate: Certificate, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """nginx in front of uvicorn; a test that needs it is skipped where there is none."""
    with nginx(tmp_path_factory.mktemp("nginx"), python_served["uvicorn"], certificate) as served:
        yield served


@pytest.fixture(params=["uvicorn", "hypercorn", "aiohttp", "nginx"])
def served(request: pytest.FixtureRequest, python_served: dict[str, Served]) -> Served:
    """Each real server in turn."""
    if request.param == "nginx":
        behind: Served = request.getfixturevalue("nginx_served")
        return behind
    return python_served[request.param]
