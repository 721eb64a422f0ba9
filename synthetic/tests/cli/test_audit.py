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
