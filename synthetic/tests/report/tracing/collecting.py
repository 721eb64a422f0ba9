"""A small OpenTelemetry collector on a free loopback port: it decodes what comes and keeps it."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass
class Collector:
    """What came, decoded. `gate` unset: it takes requests and answers none."""

    address: str = ""
    traces: list[ExportTraceServiceRequest] = field(default_factory=list)
    metrics: list[ExportMetricsServiceRequest] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)

    def spans(self) -> list[Any]:
        """Every span."""
        return [
            span
            for request in self.traces
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def resource(self) -> dict[str, str]:
        """The attributes of the first resource."""
        return attributes(self.traces[0].resource_spans[0].resource)

    def points(self, name: str) -> list[Any]:
        """Every data point of one metric."""
        found = []
        for request in self.metrics:
            for resource in request.resource_metrics:
                for metric in resource.scope_metrics[0].metrics:
                    if metric.name == name:
                        found += getattr(metric, metric.WhichOneof("data")).data_points
        return found


def attributes(of: Any) -> dict[str, Any]:
    """Attributes as a mapping."""
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in of.attributes}


@contextmanager
def collecting(*, answers: bool = True) -> Iterator[Collector]:
    """A collector until the end of the block."""
    kept = Collector()
    if answers:
        kept.gate.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            kept.gate.wait(20.0)
            if self.path == "/v1/traces":
                kept.traces.append(ExportTraceServiceRequest.FromString(body))
            else:
                kept.metrics.append(ExportMetricsServiceRequest.FromString(body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: Any) -> None:
            """Not on standard error."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    kept.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        kept.gate.set()
        server.shutdown()
        server.server_close()
        thread.join()
