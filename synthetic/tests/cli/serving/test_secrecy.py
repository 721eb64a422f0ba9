"""No secret is in anything that a service leaves: log, pages, database, audit, run records, and what it tells OpenTelemetry."""

from __future__ import annotations

import ssl
from pathlib import Path

import httpx
import pytest

from synthetic.audit.verify import verify
from synthetic.journal.book import open_book
from synthetic.tests.cli.serving.conftest import PROBE, Starting
from synthetic.tests.report.tracing.collecting import collecting
from synthetic.tests.secrecy.forms import every_byte, leaks

LOGINS = "{scenarios: [login, sso-login], cells: [canary], every: 1s}"
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@pytest.mark.slow
def test_a_service_that_crashed_and_recovered_has_told_no_secret(
    start: Starting, tmp_path: Path, synthetic_cells_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed with money under way, started again, asked for every page, and ended; its audit holds over the crash."""
    secrets = {path.name: path.read_text().strip() for path in (synthetic_cells_file.parent / "secrets").iterdir()}
    found: dict[str, bytes] = {}
    with collecting() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address)
        first = start("w1", probe=f"{PROBE}\n  - {LOGINS}")
        first.wait(lambda: {run["scenario"] for run in first.of("run_ended")} >= {"deposit-bet-withdraw", "login"})
        with open_book(tmp_path / "runner.db") as book:
            first.wait(lambda: bool(book.open_intents()))
            first.kill()
            cut_off = {row.run.run_id for row in book.open_runs()}
            second = start("w1", probe=f"{PROBE}\n  - {LOGINS}")
            second.wait(lambda: len(second.of("started")) == 2)  # both write to one log
            second.wait(lambda: not cut_off & {row.run.run_id for row in book.open_runs()})
        for page in ("metrics", "healthz", "readyz"):
            found[page] = httpx.get(f"{second.of('started')[-1]['listen']}/{page}", verify=NO_TLS).content
        found |= {f"while it runs: {name}": text for name, text in every_byte(tmp_path)}
        assert second.terminate() == 0
        assert collector.spans()
        found["traces"] = b"".join(request.SerializeToString() for request in collector.traces)
        found["OTLP metrics"] = b"".join(request.SerializeToString() for request in collector.metrics)
    found |= dict(every_byte(tmp_path))
    assert cut_off
    assert {"w1.log", "runner.db", "while it runs: runner.db-wal", "audit/w1/000001.jsonl"} <= found.keys()
    assert all(found[name] for name in ("metrics", "readyz", "traces", "w1.log"))
    assert {where: leaking for where, text in found.items() if (leaking := leaks(text, secrets))} == {}
    assert [str(report.damage or "") for report in verify(tmp_path / "audit")] == [""]
