"""What `/metrics` answers: one Prometheus registry per cell, every series labelled with the release it came from."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from synthetic.reference.settings import CellSettings

_RELEASE = ("version", "rollout_step", "flag_variant")
_BUCKETS_S = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class CellMetrics:
    """The cell's registry and its request metrics. Modules may add their own metrics to `registry`."""

    def __init__(self, settings: CellSettings) -> None:
        self.registry = CollectorRegistry()
        self.release = (settings.version, settings.rollout_step, settings.flag_variant)
        labels = ("method", "route", "status", *_RELEASE)
        self._requests = Counter(
            "cell_http_requests_total", "Requests by route and status.", labels, registry=self.registry
        )
        self._seconds = Histogram(
            "cell_http_request_duration_seconds",
            "Time to answer, in seconds.",
            ("method", "route", *_RELEASE),
            buckets=_BUCKETS_S,
            registry=self.registry,
        )

    def observe(self, method: str, route: str, status: int, duration_s: float) -> None:
        """Count one answered request. `route` is the route's pattern, never the path, to bound the number of series."""
        self._requests.labels(method, route, str(status), *self.release).inc()
        self._seconds.labels(method, route, *self.release).observe(duration_s)

    def exposition(self) -> bytes:
        """The Prometheus text format."""
        return generate_latest(self.registry)
