"""A scrape, piece by piece: Prometheus' text format, or OpenMetrics with exemplars where the scraper asks for it.

A hundred thousand series take a second to write out. Between two pieces the caller lets go of the event loop, so that a scrape
spoils no measurement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from prometheus_client import exposition
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from synthetic.report.metrics.runner import RunnerMetrics

_EOF = b"# EOF\n"


@dataclass(frozen=True, slots=True)
class Format:
    """How metrics are written out."""

    content_type: str
    write: Callable[[Collector], bytes]
    end: bytes


TEXT = Format("text/plain; version=0.0.4; charset=utf-8", exposition.generate_latest, b"")
OPENMETRICS = Format(openmetrics.CONTENT_TYPE_LATEST, openmetrics.generate_latest, _EOF)


def format_for(accept: str) -> Format:
    """What to answer to this `Accept` header."""
    return OPENMETRICS if "application/openmetrics-text" in accept else TEXT


def pieces(metrics: RunnerMetrics, written: Format) -> Iterator[bytes]:
    """The whole scrape in pieces of at most a few hundred series."""
    last = ""
    for family in chain(metrics.families.slices(), metrics.process.collect()):
        text = written.write(_One(family)).removesuffix(_EOF)
        yield _without_head(text) if family.name == last else text
        last = family.name
    yield written.end


class _One(Collector):
    """A collector of one family, for that is what an exposition is written from."""

    def __init__(self, family: Metric) -> None:
        self._family = family

    def collect(self) -> Iterable[Metric]:
        return (self._family,)


def _without_head(text: bytes) -> bytes:
    """Type and help of a family are told once."""
    return b"".join(line for line in text.splitlines(keepends=True) if not line.startswith(b"# "))
