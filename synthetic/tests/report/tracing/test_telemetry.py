"""Claims about OpenTelemetry's export: what a collector gets, and that its absence costs nothing."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Generator
from dataclasses import replace
from typing import Any

import pytest

from synthetic.core.effects import Http, Phases, WsOpen, WsReceive
from synthetic.core.errors import HarnessError
from synthetic.core.events import Event, RunStarted
from synthetic.drivers.memory import Accept, Frame, VirtualClock
from synthetic.report.tracing import Telemetry, open_telemetry, run_span_id
from synthetic.report.tracing.courier import QUEUE_MAX, Courier
from synthetic.tests.core.machine.playing import HEALTHY, answers, ok, played
from synthetic.tests.report.metrics.scraped import fed
from synthetic.tests.report.tracing.collecting import Collector, attributes, collecting
from synthetic.tests.sli.streams import Story, failing, passing

STEPS = "  - {id: login, call: login}\n  - {id: deposit, call: deposit, with: {amount: 1.00 EUR}}\n"


def opened(endpoint: str, **more: Any) -> Telemetry:
    telemetry = open_telemetry(fed(), VirtualClock(), endpoint=endpoint, **more)
    assert telemetry is not None
    return telemetry


def exported(*runs: list[Event]) -> Collector:
    """What a collector gets of these runs."""
    with collecting() as collector:
        telemetry = opened(collector.address)
        for run in runs:
            for event in run:
                telemetry.sink(event)
        telemetry.close()
        return collector


def test_every_request_carries_the_trace_context_of_its_span() -> None:
    """The ids that the cell was sent are those of the spans: a person gets from our trace into the platform's own."""
    run = played(STEPS, answers(HEALTHY))
    sent = [dict(effect.headers)["traceparent"] for effect in run.wire if isinstance(effect, Http | WsOpen)]
    spans = exported(run.events).spans()
    assert len(sent) == len(run.wire) > 1
    shown = [f"00-{span.trace_id.hex()}-{span.span_id.hex()}-01" for span in spans if span.parent_span_id]
    assert shown == sent
    (started,) = run.of(RunStarted)
    (root,) = [span for span in spans if not span.parent_span_id]
    assert root.trace_id.hex() == started.trace_id
    assert {span.parent_span_id for span in spans if span is not root} == {root.span_id}
    assert root.span_id.hex() == run_span_id(started.run_id)


def test_a_span_says_what_its_time_went_to() -> None:
    """What opening a connection took lies before the span; it is told where there was any."""
    phases = Phases(connect=250_000, tls=1_500_000, first_byte=9_000_000)
    story = Story().begin("x").http("x", phases=phases).end_step("x").end()
    (told,) = [attributes(span) for span in exported(list(story)).spans() if span.parent_span_id]
    assert told["synthetic.connect_ms"] == 0.25
    assert told["synthetic.tls_ms"] == 1.5
    assert told["synthetic.first_byte_ms"] == 9.0
    assert "synthetic.dns_ms" not in told


def test_sockets_and_operations_in_python_carry_it_as_well() -> None:
    """The opening of a WebSocket and whatever a generator of effects sends."""

    def pay(context: Any, amount: Any) -> Generator[Http, Any, dict[str, Any]]:
        yield Http("POST", "http://api.test/deposits", headers=(("Idempotency-Key", context.key),))
        return {}

    def platform(effect: Any) -> Any:
        if isinstance(effect, Http):
            return ok(id="d1")
        return Frame('{"type": "welcome"}') if isinstance(effect, WsReceive) else Accept()

    steps = "  - {id: join, call: join}\n  - {id: pay, call: hooked, with: {amount: 1.00 EUR}}\n"
    run = played(steps, platform, hook=pay)
    sent = [dict(effect.headers)["traceparent"] for effect in run.wire if isinstance(effect, Http | WsOpen)]
    spans = [span for span in exported(run.events).spans() if span.parent_span_id]
    assert len(sent) == 2
    assert [f"00-{span.trace_id.hex()}-{span.span_id.hex()}-01" for span in spans] == sent
    assert [attributes(span)["http.request.method"] for span in spans] == ["GET", "POST"]


def test_spans_say_that_nobody_real_was_there() -> None:
    """`user_agent.synthetic.type=test`, on the resource and on each span: no backend counts them as people."""
    collector = exported(passing())
    assert collector.resource()["user_agent.synthetic.type"] == "test"
    assert collector.resource()["service.name"] == "synthetic"
    assert {attributes(span)["user_agent.synthetic.type"] for span in collector.spans()} == {"test"}


def test_a_failed_run_is_an_error_with_its_blame() -> None:
    """What a person filters by; and nothing of bodies or headers."""
    spans = exported(failing()).spans()
    root = spans[0]
    told = attributes(root)
    assert (told["synthetic.run.outcome"], told["synthetic.run.blame"]) == ("failed", "psp")
    assert told["synthetic.run.failed_at"] == "deposit"
    assert root.status.code == 2
    assert "amount_minor" not in str(spans)


def test_times_are_of_the_wall_clock_and_of_the_target() -> None:
    """A request's span is from sent to received, and the run's span holds all of them."""
    run = played(STEPS, answers(HEALTHY))
    root, *requests = exported(run.events).spans()
    (started,) = run.of(RunStarted)
    assert root.start_time_unix_nano == started.wall_ns
    for span in requests:
        assert root.start_time_unix_nano <= span.start_time_unix_nano <= span.end_time_unix_nano
        assert span.end_time_unix_nano <= root.end_time_unix_nano


def test_a_recovered_run_is_in_the_trace_that_it_began() -> None:
    """Its requests were sent under the run's own trace id, though another process began it."""
    run = played(STEPS, answers(HEALTHY))
    later: list[Event] = [event for event in run.events if not isinstance(event, RunStarted)]
    (started,) = run.of(RunStarted)
    spans = exported(later).spans()
    assert spans[0].name == "recovery"
    assert {span.trace_id.hex() for span in spans} == {started.trace_id}


def test_metrics_are_exported_as_they_stand_on_the_page() -> None:
    """Counters, gauges and histograms with their labels, and once more at the end."""
    with collecting() as collector:
        metrics = fed(passing("a"), failing("b"))
        telemetry = open_telemetry(metrics, VirtualClock(), endpoint=collector.address)
        assert telemetry is not None
        telemetry.close()
    runs = {(attributes(p)["outcome"], attributes(p)["blame"]): p.as_double for p in collector.points("synthetic_runs")}
    assert (runs["ok", "none"], runs["failed", "psp"], runs["failed", "user"]) == (1, 1, 0)
    deposits = [p for p in collector.points("synthetic_step_duration_seconds") if attributes(p)["step"] == "deposit"]
    (deposit,) = [point for point in deposits if point.count]
    assert (deposit.count, round(deposit.sum, 6)) == (1, 0.01)
    assert sum(deposit.bucket_counts) == 1
    assert collector.points("probe_success")


def test_without_an_endpoint_nothing_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """No thread, no import."""
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    assert open_telemetry(fed(), VirtualClock()) is None


def test_the_endpoint_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with every other program that speaks OpenTelemetry."""
    with collecting() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"{collector.address}/")
        telemetry = open_telemetry(fed(), VirtualClock())
        assert telemetry is not None
        for event in passing():
            telemetry.sink(event)
        telemetry.close()
    assert collector.spans()


def test_an_unreachable_collector_costs_nothing_and_is_told_once() -> None:
    """A thousand runs are handed over in no time, what does not fit is dropped, and the end is not held up."""
    told: list[str] = []
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
        telemetry = opened(address, told=told.append)
        began = time.thread_time()
        run = passing()
        for n in range(1000):
            for event in run:
                telemetry.sink(replace(event, run_id=str(n)))
        handed_over_s = time.thread_time() - began
        began = time.monotonic()
        telemetry.close(within_s=1.0)
        closed_s = time.monotonic() - began
    assert handed_over_s < 2.0
    assert closed_s < 20.0
    assert len([problem for problem in told if "traces can't be sent" in problem]) <= 1


def test_a_queue_that_is_full_drops_and_counts() -> None:
    """A collector that hangs fills the queue, never the memory; what it takes later is what was kept."""
    with collecting(answers=False) as collector:
        telemetry = opened(collector.address)
        runs = QUEUE_MAX + 2000
        started, *_, ended = passing()
        for n in range(runs):
            telemetry.sink(replace(started, run_id=str(n)))
            telemetry.sink(replace(ended, run_id=str(n)))
        assert 0 < telemetry.dropped <= runs - QUEUE_MAX
        collector.gate.set()
        telemetry.close(within_s=20.0)
        roots = [span for span in collector.spans() if not span.parent_span_id]
    assert len(roots) == runs - telemetry.dropped


def test_a_courier_tells_when_it_is_well_again() -> None:
    """Once that it is lost, once that it is back."""
    told: list[str] = []
    results = iter(["gone", "gone", "", ""])
    courier: Courier[int] = Courier("test", lambda _batch: next(results), told=told.append, every_s=0.001)
    for n in range(4):
        courier.put([n])
        deadline = time.monotonic() + 30.0
        while courier.waiting and time.monotonic() < deadline:
            time.sleep(0.001)
    courier.close(30.0)
    assert told == ["gone", ""]


def test_a_missing_extra_is_told_by_its_name() -> None:
    """In an installation without it, and not as an ImportError."""
    code = (
        "import sys\n"
        "sys.modules['opentelemetry'] = None\n"
        "from synthetic.drivers.memory import VirtualClock\n"
        "from synthetic.report.metrics import RunnerMetrics\n"
        "from synthetic.report.tracing import open_telemetry\n"
        "open_telemetry(RunnerMetrics(), VirtualClock(), endpoint='http://127.0.0.1:9')\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "HarnessError" in ran.stderr.splitlines()[-1]
    assert "pip install 'igaming-synthetic[otlp]'" in ran.stderr
    assert HarnessError.exit_code == 3
