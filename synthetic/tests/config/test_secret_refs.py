"""Secret references lead to a secret or to one clear mistake, which never shows a value."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthetic.config.cells import load_cells
from synthetic.config.secret_refs import BadReference, needs_reference, resolve, resolve_all
from synthetic.core.errors import AuthorError

CELLS = """\
allow: [a.example.com]
cells:
  one:
    environment: test
    brand: b
    market: MT
    track: canary
    version: v
    currency: EUR
    platform: p
    endpoints: {api: "https://a.example.com"}
    secrets: {key: env:SYNTHETIC_TEST_NOWHERE, pem: file:keys/none.pem}
    players: [{id: p, pool: a, password: env:SYNTHETIC_TEST_PASSWORD}]
"""


def test_a_reference_leads_to_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`env:NAME`."""
    monkeypatch.setenv("SYNTHETIC_TEST_KEY", "s3cret")
    assert resolve("env:SYNTHETIC_TEST_KEY", tmp_path) == "s3cret"


def test_a_reference_leads_to_a_file_beside_the_cells_file(tmp_path: Path) -> None:
    """`file:path`, without the line break that editors put at the end, and with all others."""
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "k.pem").write_text("a\nb\n")
    assert resolve("file:keys/k.pem", tmp_path) == "a\nb"
    assert resolve(f"file:{tmp_path}/keys/k.pem", Path("/nowhere")) == "a\nb"


@pytest.mark.parametrize(
    ("ref", "told"),
    [
        ("hunter2", "a secret is a reference, env:NAME or file:path, never the secret itself"),
        ("env:hunter 2", "a secret is a reference, env:NAME or file:path, never the secret itself"),
        ("env:SYNTHETIC_TEST_NOWHERE", "the environment variable SYNTHETIC_TEST_NOWHERE is not set"),
        ("file:none.pem", "the file none.pem can't be read: No such file or directory"),
        ("file:.", "the file . can't be read: Is a directory"),
        ("file:binary", "the file binary is not UTF-8 text"),
        ("file:empty", "file:empty is empty"),
        ("file:large", "the file large is larger than 64 KiB"),
    ],
)
def test_a_reference_that_leads_nowhere_is_told(tmp_path: Path, ref: str, told: str) -> None:
    """By its name, never by a value."""
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "large").write_text("x" * 65_537)
    with pytest.raises(BadReference) as refusal:
        resolve(ref, tmp_path)
    assert str(refusal.value) == told
    assert "hunter" not in told


def test_every_reference_that_leads_nowhere_is_told_in_its_place(tmp_path: Path) -> None:
    """All of a cell's at once."""
    path = tmp_path / "cells.yaml"
    path.write_text(CELLS)
    cell = load_cells(path)["one"]
    with pytest.raises(AuthorError) as refusal:
        resolve_all(cell, cell.secrets)
    assert [str(mistake).removeprefix(f"{path}:") for mistake in refusal.value.mistakes] == [
        "12:20: the secret 'key' of cell one: the environment variable SYNTHETIC_TEST_NOWHERE is not set",
        "12:53: the secret 'pem' of cell one: the file keys/none.pem can't be read: No such file or directory",
    ]


def test_a_players_secrets_are_found_beside_the_attributes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An attribute that starts with `env:` is one."""
    path = tmp_path / "cells.yaml"
    path.write_text(CELLS)
    monkeypatch.setenv("SYNTHETIC_TEST_PASSWORD", "s3cret")
    cell = load_cells(path)["one"]
    assert resolve_all(cell, cell.players[0].secrets) == {"password": "s3cret"}
    assert "password" not in cell.players[0].attributes


@pytest.mark.parametrize(
    "name", ["password", "totp", "pin", "api_key", "apikey", "client_secret", "access_token", "Password"]
)
def test_an_attribute_that_is_a_secret_by_its_name_needs_a_reference(name: str) -> None:
    """Whatever the platform calls it."""
    assert needs_reference(name)


@pytest.mark.parametrize("name", ["username", "instrument", "pinball", "market", "tokenised_card", "id"])
def test_other_attributes_are_plain(name: str) -> None:
    """A user's name is none."""
    assert not needs_reference(name)
