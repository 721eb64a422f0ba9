"""`synthetic audit`: what holds is exit 0, and what does not is exit 1 with the first bad record."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthetic.audit.chain import Chain
from synthetic.audit.entry import Entry, Kind
from synthetic.core.money import Money
from synthetic.tests.cli.calling import call

KEY = "a key for the tests"


@pytest.fixture
def audit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An audit of two workers, sealed with a key."""
    monkeypatch.setenv("AUDIT_KEY", KEY)
    folder = tmp_path / "audit"
    for name in ("w1", "w2"):
        with Chain(folder, name, key=KEY.encode(), wall_ns=lambda: 1_790_000_000 * 10**9) as chain:
            facts = [
                Entry(Kind.INTENT, f"worker:{name}", "canary", f"run-{n}", amount=Money(n, "EUR")) for n in range(3)
            ]
            chain.append([(1_790_000_000 * 10**9, entry) for entry in facts])
    return folder


def test_chains_that_hold_are_told_with_their_heads(audit: Path) -> None:
    """One line for each."""
    answer = call("audit", "verify", audit, "--key", "env:AUDIT_KEY")
    assert answer.code == 0, answer.err
    first, second = answer.out.splitlines()
    assert first.startswith("w1: 4 records in 1 segment hold, head ")
    assert first.endswith("anchor's seal keyed")
    assert second.startswith("w2: 4 records")


def test_a_keyed_seal_that_is_not_looked_at_is_said(audit: Path) -> None:
    """Or somebody would believe that it was."""
    answer = call("audit", "verify", audit)
    assert answer.code == 0
    assert answer.out.count("anchor's seal not looked at (no key)") == 2


def test_the_first_bad_record_is_named_and_exit_1(audit: Path) -> None:
    """File, line, record and why; the other chain is told as well."""
    segment = audit / "w1" / "000001.jsonl"
    segment.write_bytes(segment.read_bytes().replace(b'"amount_minor":1,', b'"amount_minor":9,'))
    answer = call("audit", "verify", audit, "--key", "env:AUDIT_KEY")
    assert answer.code == 1
    assert f"w1: BROKEN at {segment}:3: record 2: its hash is not that of its content" in answer.out
    assert "(2 records before it hold)" in answer.out
    assert "w2: 4 records in 1 segment hold" in answer.out


def test_no_audit_is_no_pass(tmp_path: Path) -> None:
    """Nothing that was verified must not look like something that holds."""
    answer = call("audit", "verify", tmp_path)
    assert answer.code == 1
    assert "nothing was verified" in answer.err


def test_a_key_that_is_not_there_is_an_input_error(audit: Path) -> None:
    """It names the reference."""
    answer = call("audit", "verify", audit, "--key", "env:NO_SUCH_KEY")
    assert answer.code == 2
    assert "--key: the environment variable NO_SUCH_KEY is not set" in answer.err


def test_records_are_exported_as_lines_or_as_a_table(audit: Path, tmp_path: Path) -> None:
    """The lines as they stand in the chain; a file where one is wanted."""
    lines = call("audit", "export", audit, "--run", "run-1")
    assert lines.code == 0
    assert [line for line in lines.out.splitlines() if '"run":"run-1"' in line] == lines.out.splitlines()
    assert len(lines.out.splitlines()) == 2
    table = tmp_path / "audit.csv"
    assert call("audit", "export", audit, "--since", "2026-09-01", "--format", "csv", "--output", table).code == 0
    assert len(table.read_text().splitlines()) == 1 + 8
    assert call("audit", "export", audit, "--since", "2026-09-30").out == ""
    assert call("audit", "export", audit, "--since", "yesterday").code == 2


def test_an_export_of_a_broken_chain_is_exit_1(audit: Path) -> None:
    """Somebody who pipes it on must not take it for the whole."""
    segment = audit / "w1" / "000001.jsonl"
    segment.write_bytes(segment.read_bytes().replace(b'"amount_minor":1,', b'"amount_minor":9,'))
    answer = call("audit", "export", audit)
    assert answer.code == 1
    assert "000001.jsonl:3: record 2" in answer.err


def test_finished_segments_are_shipped_and_held_against(audit: Path, tmp_path: Path) -> None:
    """One line for each; `verify --shipped` looks at the copies as well."""
    with Chain(audit, "w1", key=KEY.encode()) as chain:
        chain.seal()
    answer = call("audit", "ship", audit, "--to", tmp_path / "worm")
    assert answer.code == 0, answer.err
    assert answer.out.startswith("w1/000001.jsonl  5 records  sha256 ")
    assert "1 segment shipped" in answer.err
    assert call("audit", "verify", audit, "--shipped", tmp_path / "worm").code == 0
    copy = tmp_path / "worm" / "w1" / "000001.jsonl"
    copy.chmod(0o644)
    copy.write_bytes(b"")
    assert call("audit", "verify", audit, "--shipped", tmp_path / "worm").code == 1


def test_shipping_needs_one_place_to_go(audit: Path) -> None:
    """None, or two, is an input error."""
    assert call("audit", "ship", audit).code == 2
    assert call("audit", "ship", audit, "--to", "x", "--command", "true").code == 2
