"""A scrape, piece by piece: Prometheus' text format, or OpenMetrics with exemplars where the scraper asks for it.

A runner of a thousand probes has a hundred thousand series. prometheus-client takes 28 us for a line, this 4; and between two
pieces the caller lets go of the event loop, so that a scrape taints no run. A test holds the two against each other.

https://prometheus.io/docs/instrumenting/exposition_formats/ and https://prometheus.io/docs/specs/om/open_metrics_spec/.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate

from prometheus_client import exposition
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from synthetic.report.metrics.runner import RunnerMetrics
from synthetic.report.metrics.tables import CounterTable, GaugeTable, HistogramTable, Key, NewestTable, Table, Traced

_number: Callable[[float], str] = floatToGoString
PIECE_MAX = 200  # lines, about half a millisecond


@dataclass(frozen=True, slots=True)
class Format:
    """How metrics are written out."""

    content_type: str
    exemplars: bool
    others: Callable[[Collector], bytes]


TEXT = Format("text/plain; version=0.0.4; charset=utf-8", exemplars=False, others=exposition.generate_latest)
OPENMETRICS = Format(openmetrics.CONTENT_TYPE_LATEST, exemplars=True, others=openmetrics.generate_latest)


def format_for(accept: str) -> Format:
    """What to answer to this `Accept` header."""
    return OPENMETRICS if "application/openmetrics-text" in accept else TEXT


def pieces(metrics: RunnerMetrics, written: Format) -> Iterator[bytes]:
    """The whole scrape in pieces of at most `PIECE_MAX` lines. Between them, what is counted may change."""
    waiting: list[str] = []
    for table in metrics.families.tables():
        for line in _lines(table, written):
            waiting.append(line)
            if len(waiting) >= PIECE_MAX:
                yield "".join(waiting).encode()
                waiting.clear()
    yield "".join(waiting).encode()
    yield written.others(metrics.process)  # and the end of the scrape, where the format has one


def _lines(table: Table, written: Format) -> Iterator[str]:
    kind = {CounterTable: "counter", HistogramTable: "histogram"}.get(type(table), "gauge")
    # In OpenMetrics a counter's family is called without the `_total` of its samples.
    family = table.name.removesuffix("_total") if written.exemplars else table.name
    yield f"# HELP {family} {table.help}\n"
    yield f"# TYPE {family} {kind}\n"
    match table:
        case HistogramTable():
            yield from _histogram_lines(table, written)
        case CounterTable():
            labelled = _labelling(table.name, table.labels)
            for key, value in list(table.values.items()):
                shown = _exemplar(table.traces.get(key), 1.0) if written.exemplars else ""
                yield f"{labelled(key)} {_number(value)}{shown}\n"
        case GaugeTable():
            labelled = _labelling(table.name, table.labels)
            for key, value in list(table.values.items()):
                yield f"{labelled(key)} {_number(value)}\n"
        case NewestTable():
            labelled = _labelling(table.name, table.labels)
            for key, value in list(table.values.values()):
                yield f"{labelled(key)} {_number(value)}\n"


def _histogram_lines(table: HistogramTable, written: Format) -> Iterator[str]:
    bucket = _labelling(f"{table.name}_bucket", (*table.labels, "le"))
    count, total = (_labelling(f"{table.name}_{name}", table.labels) for name in ("count", "sum"))
    bounds = table.bound_names()
    for key, kept in list(table.values.items()):
        counted = 0
        for index, (bound, counted) in enumerate(zip(bounds, accumulate(kept.counts), strict=True)):
            last = kept.traces.get(index) if written.exemplars else None
            shown = _exemplar(last[1], last[0]) if last is not None else ""
            yield f"{bucket((*key, bound))} {_number(counted)}{shown}\n"
        yield f"{count(key)} {_number(counted)}\n"
        yield f"{total(key)} {_number(kept.total)}\n"


def _labelling(name: str, labels: Key) -> Callable[[Key], str]:
    """From label values to `name{label="value",...}`, the labels sorted."""
    if not labels:
        return lambda _key: name
    order = sorted(range(len(labels)), key=labels.__getitem__)
    template = name + "{" + ",".join(f'{labels[place]}="%s"' for place in order) + "}"

    quotes = 2 * len(order)

    def labelled(key: Key) -> str:
        values = tuple([key[place] for place in order])
        text = template % values
        # As many quotes as the template has: none is in a value.
        if text.count('"') == quotes and "\\" not in text and "\n" not in text:
            return text
        return template % tuple(map(_escaped, values))

    return labelled


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _exemplar(traced: Traced | None, value: float) -> str:
    if traced is None:
        return ""
    return f' # {{trace_id="{traced.trace_id}"}} {_number(value)} {traced.at_s}'
