"""A worker whose audit can't be written begins no run and says so; it goes on by itself when it can."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from synthetic.audit.chain import Chain
from synthetic.audit.verify import verify
from synthetic.journal.book import open_book
from synthetic.tests.audit.writing import lines
from synthetic.tests.cli.serving.conftest import Starting
from synthetic.tests.cli.serving.test_secrecy import NO_TLS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_without_an_audit_nothing_is_played(start: Starting, tmp_path: Path) -> None:
    """Here another process holds its chain; a full disk is the same to it."""
    with Chain(tmp_path / "audit", "w1"):
        service = start("w1")
        service.wait(lambda: "audit" in {line["reason"] for line in service.of("unhealthy")})
        answer = httpx.get(f"{service.address}/readyz", verify=NO_TLS)
        assert answer.status_code == 503
        assert "the audit can't be written, so nothing is admitted: another process" in answer.text
        with open_book(tmp_path / "runner.db") as book:
            service.wait(lambda: len(book.slots()) >= 3)
            assert book.entries() == []
    service.wait(lambda: bool(service.of("run_ended")))
    service.wait(lambda: bool(service.of("healthy_again")))
    assert service.terminate() == 0
    assert {"config", "run_started", "intent", "run_ended"} <= {line["kind"] for line in lines(tmp_path / "audit")}
    assert [report.damage for report in verify(tmp_path / "audit")] == [None]
