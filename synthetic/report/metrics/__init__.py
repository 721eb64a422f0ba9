"""The event stream and what the runner knows, as Prometheus metrics (docs/runner-metrics.md lists them all)."""

from synthetic.report.metrics.probes import ProbeSeries, TooManySeries, probe_series, probes_of, series_of
from synthetic.report.metrics.runner import RunnerMetrics

__all__ = ["ProbeSeries", "RunnerMetrics", "TooManySeries", "probe_series", "probes_of", "series_of"]
