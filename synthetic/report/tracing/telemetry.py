"""Opening and closing OpenTelemetry's export, where an endpoint is configured and the extra is installed."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from synthetic.core.errors import HarnessError
from synthetic.core.ports import Clock
from synthetic.report.metrics import RunnerMetrics
from synthetic.report.tracing.courier import Courier, OnChange
from synthetic.report.tracing.traces import RunTrace, TraceSink

if TYPE_CHECKING:
    from synthetic.report.tracing.export import Exporter

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
METRICS_EVERY_S = 60.0
CLOSED_WITHIN_S = 3.0


class Telemetry:
    """The export of one process: `sink` takes the events of runs. Close it at the end, off the event loop."""

    def __init__(self, exporter: Exporter, clock: Clock, told: Callable[[str], None], metrics_every_s: float) -> None:
        self._exporter = exporter
        self._traces: Courier[RunTrace] = Courier("traces", exporter.send_traces, told=told)
        self._ticks = _Ticks(exporter, told, metrics_every_s)
        self.sink = TraceSink(lambda trace: self._traces.put([trace]), clock)

    @property
    def dropped(self) -> int:
        """How many runs' traces were not exported, because the collector was too slow or away."""
        return self._traces.dropped

    def close(self, within_s: float = CLOSED_WITHIN_S) -> None:
        """Send what is left, for so long at most: an unreachable collector holds up no shutdown."""
        self._traces.close(within_s / 2)
        self._ticks.close(within_s / 2)
        self._exporter.close()


class _Ticks:
    """Has the metrics sent every so often, and once more at the end, from a thread of its own."""

    def __init__(self, exporter: Exporter, told: Callable[[str], None], every_s: float) -> None:
        self._exporter = exporter
        self._outcome = OnChange(told)
        self._every_s = every_s
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._go, name="synthetic-otlp-metrics", daemon=True)
        self._thread.start()

    def close(self, within_s: float) -> None:
        """Send them once more, for so long at most."""
        self._ending.set()
        self._thread.join(within_s)

    def _go(self) -> None:
        while not self._ending.wait(self._every_s):
            self._outcome(self._exporter.send_metrics())
        self._outcome(self._exporter.send_metrics())


def open_telemetry(
    metrics: RunnerMetrics,
    clock: Clock,
    *,
    endpoint: str = "",
    told: Callable[[str], None] = lambda _problem: None,
    metrics_every_s: float = METRICS_EVERY_S,
) -> Telemetry | None:
    """Export from now on; None where no endpoint is given, neither here nor in OTEL_EXPORTER_OTLP_ENDPOINT.

    `told` hears, from another thread, why the collector can't be reached, and "" when it can again. Raises HarnessError where the
    extra is missing.
    """
    base = endpoint or os.environ.get(ENDPOINT, "")
    if not base:
        return None
    try:
        from synthetic.report.tracing.export import Exporter  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise HarnessError(
            f"{ENDPOINT} is set, but OpenTelemetry is not installed ({error.name}): pip install 'igaming-synthetic[otlp]'"
        ) from error
    return Telemetry(Exporter(base, metrics.families, clock), clock, told, metrics_every_s)
