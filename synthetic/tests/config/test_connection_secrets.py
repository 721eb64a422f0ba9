"""What a cell connects with and nobody may see is known whole, and shown nowhere."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path

from synthetic.config.cell_secrets import cell_secrets
from synthetic.config.cells import load_cells
from synthetic.config.connection_secrets import connection_secrets
from synthetic.core.errors import Place
from synthetic.core.plan import CellPlan
from synthetic.core.plan_connection import ClientCertificate, ConnectionPlan, ProxyPlan
from synthetic.core.secrets import Redactor
from synthetic.tests.config.certificates import cells_text

KNOWN = {"user": "hal-the-runner", "password": "sesame", "passphrase": "open-the-door"}


def cell_in(folder: Path) -> CellPlan:
    """A cell with all of them, in files."""
    for name, secret in KNOWN.items():
        (folder / name).write_text(secret)
    cell = load_cells(folder / "cells.yaml", text=cells_text(""))["one"]
    proxy = ProxyPlan(Place(), "http://proxy.example:3128", "file:user", "file:password")
    mtls = ClientCertificate(Place(), "client.pem", "client.key", "file:passphrase")
    return replace(cell, connection=ConnectionPlan(proxy=proxy, mtls=mtls))


def test_all_spellings_that_travel_are_masked(tmp_path: Path) -> None:
    """In the clear, and as Basic authentication has them; a username alone is no secret, and may be part of an id."""
    secrets, redactor = connection_secrets(cell_in(tmp_path)), Redactor()
    for text in secrets.texts:
        redactor.taint(text)
    basic = base64.b64encode(f"{KNOWN['user']}:{KNOWN['password']}".encode()).decode()
    told = redactor.redact(" ".join((KNOWN["password"], KNOWN["passphrase"], basic)))
    assert told.replace("=", "").split() == ["***"] * 3
    assert redactor.redact(f"{KNOWN['user']}-17") == f"{KNOWN['user']}-17"
    assert not any(secret in repr(secrets) for secret in KNOWN.values())


def test_a_cell_without_any_has_nothing_to_mask(tmp_path: Path) -> None:
    """Of one that has some, they go with those that expressions name, and not among them."""
    cell = cell_in(tmp_path)
    assert connection_secrets(replace(cell, connection=ConnectionPlan())).texts == ()
    assert cell_secrets(cell).hidden == connection_secrets(cell).texts
    assert cell_secrets(cell).named == {}
