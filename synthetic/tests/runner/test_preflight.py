"""Before anything is played it is looked whether each cell can be reached; what its author can do about it is said."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest
import trustme

from synthetic.config.cells import load_cells
from synthetic.core.errors import TargetUnreachable
from synthetic.journal.memory import MemoryJournal
from synthetic.runner.preflight import check_reach
from synthetic.runner.session import Session
from synthetic.tests.config.certificates import cells_text
from synthetic.tests.drivers.servers import PatientServer


def refused(folder: Path, server: PatientServer, more: str) -> str:
    """Why a cell at this server can't be played on."""
    text = cells_text(more, endpoints=f"{{api: '{server.url}'}}")
    cell = load_cells(folder / "cells.yaml", text=text)["one"]

    async def look() -> None:
        async with Session([cell], seed=1, sink=lambda _event: None, journal=MemoryJournal()) as session:
            await check_reach(session, [cell])

    with pytest.raises(TargetUnreachable) as raised:
        asyncio.run(look())
    return str(raised.value)


@pytest.fixture
def demanding(tmp_path: Path) -> ssl.SSLContext:
    """Of an authority of its own, `ca.pem`; takes nobody without a certificate."""
    ca, tls = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(tls)
    ca.configure_trust(tls)
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    tls.verify_mode = ssl.CERT_REQUIRED
    return tls


def test_an_unknown_authority_is_told_with_the_key_that_names_it(tmp_path: Path, demanding: ssl.SSLContext) -> None:
    """Whoever meets it first looks for a way to switch verification off."""
    with PatientServer(demanding) as server:
        told = refused(tmp_path, server, "")
    assert told.endswith("; a server of your own authority needs `ca_file` of the cell")


def test_a_server_that_wants_a_certificate_is_not_played_on(tmp_path: Path, demanding: ssl.SSLContext) -> None:
    """Nothing is sent to it before somebody has written one."""
    with PatientServer(demanding) as server:
        told = refused(tmp_path, server, "ca_file: ca.pem")
    assert "can't be reached: our_certificate: " in told
    assert told.endswith("the server wants a client certificate: see `mtls` of the cell")
