"""What a running service tells the world: pass rates that fall and recover with a fault, and traces that lead to its runs."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from synthetic.tests.cli.calling import call
from synthetic.tests.cli.serving.conftest import Service, Starting
from synthetic.tests.report.tracing.collecting import attributes, collecting
from synthetic.tests.web.faces import NO_TLS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def runs(service: Service) -> Counter[tuple[str, str, str]]:
    """Runs by cell, outcome and blame, as `/metrics` has them."""
    text = httpx.get(f"{service.address}/metrics", verify=NO_TLS).text
    counted: Counter[tuple[str, str, str]] = Counter()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == "synthetic_runs_total":
                labels = sample.labels
                counted[labels["cell"], labels["outcome"], labels["blame"]] += int(sample.value)
    return counted


def test_pass_rates_fall_with_a_fault_and_recover_behind_it(start: Starting, synthetic_cells_file: Path) -> None:
    """Only on the cell that is broken, blamed on the PSP that declines, and with nothing left behind."""
    service = start("w1")
    service.wait(lambda: runs(service)["canary", "ok", "none"] >= 3)
    aimed = ("bin_declined", "--cells", str(synthetic_cells_file), "--cell", "canary")
    assert call("reference", "throw", *aimed, "--place", "psp-a").code == 0
    try:
        service.wait(lambda: runs(service)["canary", "failed", "psp"] >= 3)
    finally:
        assert call("reference", "reset", *aimed).code == 0
    broken = runs(service)
    service.wait(lambda: runs(service)["canary", "ok", "none"] >= broken["canary", "ok", "none"] + 4)
    service.wait(lambda: runs(service)["baseline", "ok", "none"] >= 4)
    mended = runs(service)
    blamed = {(cell, blame) for cell, outcome, blame in mended if outcome == "failed" and mended[cell, outcome, blame]}
    assert blamed == {("canary", "psp")}
    assert mended["canary", "failed", "psp"] <= broken["canary", "failed", "psp"] + 2  # those that were under way
    assert service.terminate() == 0


def test_a_service_exports_the_traces_of_its_runs(start: Starting, monkeypatch: pytest.MonkeyPatch) -> None:
    """The trace ids of the log and those at the collector are the same, and its metrics are there as well."""
    with collecting() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address)
        service = start("w1")
        service.wait(lambda: len(service.of("run_ended")) >= 2)
        assert service.terminate() == 0
    logged = {line["trace_id"] for line in service.of("run_ended")}
    roots = [span for span in collector.spans() if not span.parent_span_id]
    assert {root.trace_id.hex() for root in roots} == logged
    assert {attributes(root)["user_agent.synthetic.type"] for root in roots} == {"test"}
    assert len(collector.spans()) > 5 * len(roots)
    assert sum(point.as_double for point in collector.points("synthetic_runs")) >= len(logged)
