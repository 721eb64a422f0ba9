"""A run's trace as spans of OpenTelemetry. Names and attributes follow its semantic conventions where there are any.

https://opentelemetry.io/docs/specs/semconv/http/http-spans/, and `user_agent.synthetic.type`
(https://opentelemetry.io/docs/specs/semconv/registry/attributes/user-agent/): no backend counts these as people.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, TraceFlags
from opentelemetry.trace.status import Status, StatusCode

from synthetic.core.effects import Phases
from synthetic.core.events import ExchangeDone
from synthetic.core.outcome import RunOutcome
from synthetic.core.wording import brief
from synthetic.report.tracing.traces import RunTrace

SYNTHETIC = {"user_agent.synthetic.type": "test"}
SCOPE = InstrumentationScope("synthetic")
_URL_MAX = 300
_REASON_MAX = 300


def spans_of(run: RunTrace, resource: Resource) -> list[ReadableSpan]:
    """The run's own span, then those of its requests."""
    return [_run_span(run, resource), *(_exchange_span(run, exchange, resource) for exchange in run.exchanges)]


def _run_span(run: RunTrace, resource: Resource) -> ReadableSpan:
    ended = run.ended
    return ReadableSpan(
        name=run.started.scenario if run.started is not None else "recovery",
        context=_context(run.trace_id, run.span_id),
        resource=resource,
        attributes=dict(_run_attributes(run)),
        kind=SpanKind.INTERNAL,
        status=Status(StatusCode.OK)
        if ended.outcome is RunOutcome.OK
        else Status(StatusCode.ERROR, brief(ended.reason, _REASON_MAX)),
        start_time=run.begin_ns(),
        end_time=max(run.begin_ns(), ended.at_ns + run.wall_offset_ns),
        instrumentation_scope=SCOPE,
    )


def _run_attributes(run: RunTrace) -> Iterator[tuple[str, str | int]]:
    yield from SYNTHETIC.items()
    ended, started = run.ended, run.started
    yield "synthetic.run.id", ended.run_id
    yield "synthetic.run.outcome", ended.outcome.value
    if ended.blame is not None:
        yield "synthetic.run.blame", ended.blame.value
    if failed := ended.failed_step or ended.failed_check:
        yield "synthetic.run.failed_at", failed
    for amount in ended.stranded:
        yield f"synthetic.run.stranded_minor.{amount.currency.lower()}", amount.minor
    for name, value in ended.labels.items():
        yield f"synthetic.release.{name}", value
    if started is None:
        return
    for name in ("scenario", "cell", "track", "environment", "market", "brand"):
        yield f"synthetic.{name}", getattr(started, name)
    for name, value in started.row.items():
        yield f"synthetic.matrix.{name}", value
    if started.pair:
        yield "synthetic.pair", started.pair


def _exchange_span(run: RunTrace, exchange: ExchangeDone, resource: Resource) -> ReadableSpan:
    method, _, url = exchange.request_line.partition(" ")
    times = exchange.times
    attributes: dict[str, str | int | float] = {
        **SYNTHETIC,
        **_phases(times.phases),
        "http.request.method": "GET" if exchange.kind == "ws_open" else method,
        "url.full": brief(url, _URL_MAX),
        "synthetic.step": exchange.step,
        "synthetic.operation": exchange.operation,
        "synthetic.purpose": exchange.purpose,
        "synthetic.harness_lag_ms": max(0, times.harness_lag_ns) // 1_000_000,
    }
    if exchange.answer_status is not None:
        attributes["http.response.status_code"] = exchange.answer_status
    if exchange.fault:
        attributes["error.type"] = exchange.fault.partition(":")[0]
    failed = bool(exchange.fault) or (exchange.answer_status or 0) >= 500
    sent = times.sent + run.wall_offset_ns
    return ReadableSpan(
        name=f"{method} {exchange.operation}",
        context=_context(run.trace_id, exchange.span_id),
        parent=_context(run.trace_id, run.span_id),
        resource=resource,
        attributes=attributes,
        kind=SpanKind.CLIENT,
        status=Status(StatusCode.ERROR) if failed else Status(StatusCode.UNSET),
        start_time=sent,
        end_time=max(sent, times.received + run.wall_offset_ns),
        instrumentation_scope=SCOPE,
    )


def _phases(phases: Phases | None) -> dict[str, float]:
    """What the time went to, in milliseconds, where it is known and was more than nothing."""
    parts = () if phases is None else fields(phases)
    took = {part.name: round(getattr(phases, part.name) / 1e6, 3) for part in parts}
    return {f"synthetic.{name}_ms": ms for name, ms in took.items() if ms}


def _context(trace: str, span: str) -> SpanContext:
    return SpanContext(int(trace, 16), int(span, 16), is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))
