"""The runner's metrics as data points of OpenTelemetry, straight from its tables. Counters lose their `_total`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.resources import Resource

from synthetic.report.metrics.families import Families
from synthetic.report.metrics.tables import CounterTable, GaugeTable, HistogramTable, Key, NewestTable, Table
from synthetic.report.tracing.spans import SCOPE

POINTS_MAX = 2000  # in one message
_NOT_KEPT: Any = None  # optional on the wire
_CUMULATIVE = AggregationTemporality.CUMULATIVE


def metrics_data(families: Families, resource: Resource, begun_ns: int, now_ns: int) -> Iterator[MetricsData]:
    """Everything that is known, in messages of a bounded size. May be read from another thread than the one that counts."""
    for table in families.tables():
        for metric in _metrics(table, begun_ns, now_ns):
            scoped = ScopeMetrics(SCOPE, [metric], "")
            yield MetricsData([ResourceMetrics(resource, [scoped], "")])


def _metrics(table: Table, begun_ns: int, now_ns: int) -> Iterator[Metric]:
    name = table.name.removesuffix("_total")
    match table:
        case CounterTable():
            for numbers in _chunks(_numbers(table.labels, list(table.values.items()), begun_ns, now_ns)):
                yield Metric(name, table.help, "", Sum(numbers, _CUMULATIVE, is_monotonic=True))
        case GaugeTable():
            for numbers in _chunks(_numbers(table.labels, list(table.values.items()), 0, now_ns)):
                yield Metric(name, table.help, "", Gauge(numbers))
        case NewestTable():
            for numbers in _chunks(_numbers(table.labels, list(table.values.values()), 0, now_ns)):
                yield Metric(name, table.help, "", Gauge(numbers))
        case HistogramTable():
            points = _distributions(table, begun_ns, now_ns)
            for start in range(0, len(points), POINTS_MAX):
                data = Histogram(points[start : start + POINTS_MAX], _CUMULATIVE)
                yield Metric(name, table.help, "", data)


def _numbers(labels: Key, values: Sequence[tuple[Key, float]], begun_ns: int, now_ns: int) -> list[NumberDataPoint]:
    return [NumberDataPoint(_attributes(labels, key), begun_ns, now_ns, value) for key, value in values]


def _distributions(table: HistogramTable, begun_ns: int, now_ns: int) -> list[HistogramDataPoint]:
    points = []
    for key, kept in list(table.values.items()):
        counts = list(kept.counts)
        points.append(
            HistogramDataPoint(
                attributes=_attributes(table.labels, key),
                start_time_unix_nano=begun_ns,
                time_unix_nano=now_ns,
                count=sum(counts),
                sum=kept.total,
                bucket_counts=counts,
                explicit_bounds=table.bounds,
                min=_NOT_KEPT,
                max=_NOT_KEPT,
            )
        )
    return points


def _attributes(labels: Key, key: Key) -> dict[str, str]:
    return {name: value for name, value in zip(labels, key, strict=True) if value}


def _chunks(points: list[NumberDataPoint]) -> Iterator[list[NumberDataPoint]]:
    for start in range(0, len(points), POINTS_MAX):
        yield points[start : start + POINTS_MAX]
