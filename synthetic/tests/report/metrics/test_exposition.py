"""Claims about how metrics are written out."""

from __future__ import annotations

from prometheus_client import generate_latest

from synthetic.report.metrics.exposition import OPENMETRICS, TEXT, Format, format_for, pieces
from synthetic.report.metrics.families import SLICE_MAX
from synthetic.tests.report.metrics.scraped import fed, series
from synthetic.tests.sli.streams import passing


def test_the_format_is_what_the_scraper_asks_for() -> None:
    """Prometheus asks for OpenMetrics first; a browser gets text."""
    prometheus = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
    assert format_for(prometheus) is OPENMETRICS
    assert format_for("text/html,*/*") is TEXT


def test_many_pieces_are_one_scrape() -> None:
    """A family of more series than fit in a piece has its head once, and the whole is what prometheus-client writes in one."""
    probes = tuple(series(psp=f"psp-{n}") for n in range(40))
    metrics = fed(passing(psp="psp-3"), probes=probes)

    def whole(written: Format) -> list[bytes]:
        return b"".join(pieces(metrics, written)).splitlines()

    cut = list(pieces(metrics, TEXT))
    assert max(piece.count(b"\n") for piece in cut) <= SLICE_MAX + 2
    ours = [line for line in whole(TEXT) if not line.startswith((b"process_", b"# HELP process", b"# TYPE process"))]
    theirs = generate_latest(metrics.families).splitlines()
    assert ours == theirs
    assert whole(OPENMETRICS)[-1] == b"# EOF"
    assert whole(OPENMETRICS).count(b"# EOF") == 1
    assert whole(OPENMETRICS).count(b"# TYPE synthetic_runs counter") == 1
