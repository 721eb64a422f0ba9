"""Sending by OTLP over HTTP with OpenTelemetry's own exporters. Everything here blocks, and is called from threads only.

Headers, certificates and compression come from the OTEL_EXPORTER_OTLP_* variables, which the exporters read themselves.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics.export import MetricExportResult
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.export import SpanExportResult

from synthetic.core.ports import Clock
from synthetic.report.metrics.families import Families
from synthetic.report.tracing.points import metrics_data
from synthetic.report.tracing.spans import SYNTHETIC, spans_of
from synthetic.report.tracing.traces import RunTrace

TIMEOUT_S = 5.0
_NAME = "synthetic"


class Exporter:
    """Sends traces and metrics to one collector."""

    def __init__(self, base: str, families: Families, clock: Clock) -> None:
        base = base.rstrip("/")
        self._base = base
        self._families = families
        self._clock = clock
        self._begun_ns = clock.wall_ns()
        service = os.environ.get("OTEL_SERVICE_NAME") or _NAME
        self._resource = Resource.create({"service.name": service, **SYNTHETIC})  # and OTEL_RESOURCE_ATTRIBUTES
        self._spans = OTLPSpanExporter(endpoint=f"{base}/v1/traces", timeout=TIMEOUT_S)
        self._metrics = OTLPMetricExporter(endpoint=f"{base}/v1/metrics", timeout=TIMEOUT_S)
        self._shutdowns: tuple[Callable[[], None], ...] = (self._spans.shutdown, self._metrics.shutdown)
        # A collector that is away is told of once by the courier; the exporters would log a line for every batch.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)

    def send_traces(self, runs: Sequence[RunTrace]) -> str:
        """Send the spans of some runs; answers why they could not be sent."""
        spans = [span for run in runs for span in spans_of(run, self._resource)]
        result = self._spans.export(spans)
        return "" if result is SpanExportResult.SUCCESS else f"traces can't be sent to {self._base}"

    def send_metrics(self) -> str:
        """Send all metrics as they are now; answers why they could not be sent."""
        for data in metrics_data(self._families, self._resource, self._begun_ns, self._clock.wall_ns()):
            if self._metrics.export(data) is not MetricExportResult.SUCCESS:
                return f"metrics can't be sent to {self._base}"
        return ""

    def close(self) -> None:
        """Give up whatever is still being sent."""
        for shutdown in self._shutdowns:
            shutdown()
