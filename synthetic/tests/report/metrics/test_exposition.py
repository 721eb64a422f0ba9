"""Claims about how metrics are written out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from prometheus_client import generate_latest
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from synthetic.report.metrics import RunnerMetrics
from synthetic.report.metrics.exposition import OPENMETRICS, PIECE_MAX, TEXT, Format, format_for, pieces
from synthetic.tests.report.metrics.scraped import fed, series
from synthetic.tests.sli.streams import Story, failing, passing

BY_PROMETHEUS_CLIENT: list[tuple[Format, Callable[[Collector], bytes]]] = [
    (TEXT, generate_latest),
    (OPENMETRICS, openmetrics.generate_latest),
]


def everything() -> RunnerMetrics:
    """Metrics of every kind, with values that are hard to write."""
    metrics = fed(
        passing(psp="psp-3"),
        failing("b", psp="psp-3"),
        Story("c", row={"psp": 'a"b\\c\nd'})
        .end_step("deposit", sli="deposit")
        .check('a "claim" \\ b', held=False)
        .end(),
        probes=(*(series(psp=f"psp-{n}") for n in range(40)), series(psp="a_b_c_d")),
    )
    metrics.show({"x": [series(psp="psp-3"), series(psp='quoted "\\\n')]})
    metrics.slot_due("x")
    metrics.lag(0.004)
    metrics.lag(1234.5)
    metrics.left({"EUR": 10**15}, oldest_s=0.1)
    metrics.killed(1_790_000_000.125)
    return metrics


def test_the_format_is_what_the_scraper_asks_for() -> None:
    """Prometheus asks for OpenMetrics first; a browser gets text."""
    prometheus = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
    assert format_for(prometheus) is OPENMETRICS
    assert format_for("text/html,*/*") is TEXT


@pytest.mark.parametrize(("written", "theirs"), BY_PROMETHEUS_CLIENT, ids=["text", "openmetrics"])
def test_a_scrape_is_what_prometheus_client_writes(written: Format, theirs: Callable[[Collector], bytes]) -> None:
    """Line by line, exemplars and escapes included; the process's own metrics stand at the end."""
    metrics = everything()
    ours = b"".join(pieces(metrics, written)).splitlines()
    expected = [line for line in theirs(metrics.families).splitlines() if line != b"# EOF"]
    assert ours[: len(expected)] == expected
    assert [line for line in ours[len(expected) :] if b"process_" not in line and line != b"# EOF"] == []
    assert (ours[-1] == b"# EOF") is (written is OPENMETRICS)


def test_no_piece_is_long() -> None:
    """Between two of them whoever measures gets his turn."""
    metrics = fed(probes=tuple(series(psp=f"psp-{n}") for n in range(40)))
    cut = list(pieces(metrics, TEXT))
    assert len(cut) > 10
    assert max(piece.count(b"\n") for piece in cut) <= PIECE_MAX
