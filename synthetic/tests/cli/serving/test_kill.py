"""The kill switch of a service that plays: nothing begins a second later, by its own audit."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from synthetic.audit.verify import verify
from synthetic.journal.book import open_book
from synthetic.tests.audit.writing import lines
from synthetic.tests.cli.calling import call
from synthetic.tests.cli.serving.conftest import Starting

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

# Short, and without money: somebody is always about to begin.
BUSY = "{scenarios: [wallet-tampered-signature], cells: [canary], every: 1s, jitter: 900ms}"


def instants(folder: Path, chain: str, kind: str) -> list[float]:
    """When this was told, in seconds."""
    told = [line["at"] for line in lines(folder / "audit", chain) if line["kind"] == kind]
    return [datetime.fromisoformat(at[:26] + "+00:00").timestamp() for at in told]


def test_no_run_begins_a_second_after_a_kill_and_they_begin_again_after_a_resume(
    start: Starting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Measured by the audit: when somebody threw the switch, and when the worker began its runs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SERVING_TEST_DATABASE", "runner.db")
    service = start("w1", probe=BUSY)
    service.wait(lambda: len(service.of("run_ended")) >= 4)
    assert call("kill", "w1.yaml", "--reason", "a drill", "--by", "anna").code == 0
    service.wait(lambda: bool(service.of("killed")))
    with open_book(tmp_path / "runner.db") as book:
        missed = len(book.slots())
        service.wait(lambda: len(book.slots()) >= missed + 3)
    resumed = call("resume", "w1.yaml", "--by", "ben")
    assert (resumed.code, resumed.out) == (0, "off: runs may begin\n")
    before = len(service.of("run_ended"))
    service.wait(lambda: len(service.of("run_ended")) > before + 1)
    assert service.terminate() == 0
    (killed,), (taken_back,) = (instants(tmp_path, "operators", kind) for kind in ("kill", "resume"))
    begun = instants(tmp_path, "w1", "run_started")
    assert [at for at in begun if killed + 1.0 < at < taken_back] == []
    assert len([at for at in begun if at < killed]) >= 4
    assert [at for at in begun if at > taken_back]
    assert next(line["who"] for line in lines(tmp_path / "audit", "w1") if line["kind"] == "kill") == "user:anna"
    assert [str(report.damage or "") for report in verify(tmp_path / "audit")] == ["", ""]
