"""The anchor: every bit of it counts, and a seal with a key can't be made without it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from synthetic.audit.anchor import Anchor, BadAnchor, read_anchor, write_anchor
from synthetic.audit.chain import AuditUnwritable
from synthetic.audit.line import Head, canonical
from synthetic.audit.verify import verify
from synthetic.tests.audit.writing import write

KEY = b"a key"
HEAD = Head(3, "ab" * 32)


@pytest.fixture
def anchor(tmp_path: Path) -> Path:
    """An anchor that is sealed with the key."""
    path = tmp_path / "w1.anchor.json"
    write_anchor(path, "w1", HEAD, 0, KEY)
    return path


def test_an_anchor_comes_back_as_it_was_written(anchor: Path) -> None:
    """With the key, and without it, where its seal is not looked at."""
    assert read_anchor(anchor, "w1", KEY) == Anchor(HEAD, keyed=True) == read_anchor(anchor, "w1", None)


def test_a_flipped_bit_in_any_byte_of_an_anchor_is_found(anchor: Path) -> None:
    """And nothing but a bad anchor comes of it."""
    text = anchor.read_bytes()
    for place in range(len(text)):
        flipped = bytearray(text)
        flipped[place] ^= 1 << place % 8
        anchor.write_bytes(flipped)
        with pytest.raises(BadAnchor):
            read_anchor(anchor, "w1", KEY)


@pytest.mark.parametrize(
    "change", [{"count": 2}, {"at": "1970-01-02"}, {"seal": "\u00eb"}, {"seal": None}, {"chain": "w2"}]
)
def test_a_change_without_the_key_is_found(anchor: Path, change: dict[str, object]) -> None:
    """Though it is written well."""
    anchor.write_bytes(canonical({**json.loads(anchor.read_text()), **change}) + b"\n")
    with pytest.raises(BadAnchor):
        read_anchor(anchor, "w1", KEY)


def test_the_environment_names_the_key_and_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the worker, of those who work by hand, and of the auditor: a worker's serve file names neither."""
    monkeypatch.setenv("SYNTHETIC_AUDIT_KEY", "a key")
    monkeypatch.setenv("SYNTHETIC_AUDIT_ANCHORS", str(tmp_path / "anchors"))
    write(tmp_path / "audit", range(2))
    assert read_anchor(tmp_path / "anchors" / "w1.anchor.json", "w1", KEY).keyed
    (report,) = verify(tmp_path / "audit")
    assert (report.damage, report.seal) == (None, "keyed")


def test_a_chain_with_a_key_is_not_written_on_without_it(tmp_path: Path) -> None:
    """Its seal would be gone, and the auditor would take that for somebody's work. Nor does a key come to a chain without one."""
    write(tmp_path, range(2), key=KEY)
    with pytest.raises(AuditUnwritable, match="is sealed with a key, and SYNTHETIC_AUDIT_KEY is not set"):
        write(tmp_path, [2])
    (report,) = verify(tmp_path, key=KEY)
    assert report.damage is None
    write(tmp_path / "plain", range(2))
    with pytest.raises(AuditUnwritable, match="was sealed without the key"):
        write(tmp_path / "plain", [2], key=KEY)


def test_an_anchor_without_a_key_bears_at_least_its_own_hash(tmp_path: Path) -> None:
    """So an accident is found, though not somebody who wants to deceive."""
    path = tmp_path / "w1.anchor.json"
    write_anchor(path, "w1", HEAD, 0, None)
    assert read_anchor(path, "w1", None) == Anchor(HEAD, keyed=False)
    path.write_bytes(path.read_bytes().replace(b'"count":3', b'"count":2'))
    with pytest.raises(BadAnchor, match="does not bear its seal"):
        read_anchor(path, "w1", None)
