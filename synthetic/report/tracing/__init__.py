"""OpenTelemetry, where it is configured: spans of runs and exchanges, and the metrics, by OTLP over HTTP (the extra `otlp`).

Nothing here imports OpenTelemetry before it is asked for.
"""

from synthetic.report.tracing.telemetry import Telemetry, open_telemetry
from synthetic.report.tracing.traces import RunTrace, TraceSink, run_span_id

__all__ = ["RunTrace", "Telemetry", "TraceSink", "open_telemetry", "run_span_id"]
