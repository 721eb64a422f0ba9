"""From events to Locust's statistics: one line an operation and PSP, one for each WebSocket, one for whole runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from synthetic.core.events import Event, ExchangeDone, RunEnded, RunStarted, StepEnded
from synthetic.core.outcome import Blame, RunOutcome

Fire = Callable[..., None]
"""Locust's `events.request.fire`."""

HTTP, WS, WS_OPEN, RUN = "HTTP", "WS", "WS-OPEN", "RUN"
_WHAT_MAX = 80


class Failed(Exception):  # noqa: N818 - Locust shows it as the failure
    """What failed, and whom it is blamed on."""


class LocustTelling:
    """An EventSink for one run at a time. Exchanges are told once their step has ended: then it is known whose fault it was.

    A round trip over a WebSocket is told as one, from the first frame sent to the answer.
    """

    def __init__(self, fire: Fire) -> None:
        self._fire = fire
        self._exchanges: list[ExchangeDone] = []
        self._started: RunStarted | None = None

    def __call__(self, event: Event, /) -> None:
        """Take one event."""
        match event:
            case RunStarted():
                self._started, self._exchanges = event, []
            case ExchangeDone():
                self._exchanges.append(event)
            case StepEnded():
                self._tell_step(event)
            case RunEnded():
                self._tell_run(event)
            case _:
                pass

    def _tell_step(self, step: StepEnded) -> None:
        exchanges, self._exchanges = self._exchanges, []
        failure = (
            None if step.held else Failed(f"{step.blame or Blame.UNKNOWN}: {step.code or step.outcome}"[:_WHAT_MAX])
        )
        told = [one for one in exchanges if one.kind in ("http", "ws_open")]
        for one in told:
            kind, last = HTTP if one.kind == "http" else WS_OPEN, one is told[-1]
            self._tell(
                kind, _named(one.operation, step.labels), one.times.latency_ns, _size(one), failure if last else None
            )
        if len(told) < len(exchanges):
            self._tell(WS, _named(step.operation, step.labels), step.latency_ns, 0, None if told else failure)

    def _tell_run(self, ended: RunEnded) -> None:
        started = self._started
        if started is None:
            return
        what = ended.failed_step or ended.failed_check or ended.reason
        failure = (
            None if ended.outcome is RunOutcome.OK else Failed(f"{ended.outcome}, {ended.blame}: {what}"[:_WHAT_MAX])
        )
        since_ns = min(started.scheduled_at_ns, started.at_ns)
        self._tell(RUN, started.scenario, ended.at_ns - since_ns, 0, failure)

    def _tell(self, kind: str, name: str, latency_ns: int, size: int, failure: Failed | None) -> None:
        self._fire(
            request_type=kind,
            name=name,
            response_time=max(0, latency_ns) / 1e6,
            response_length=size,
            exception=failure,
            context=_NO_CONTEXT,
        )


_NO_CONTEXT: Mapping[str, Any] = {}


def _named(operation: str, labels: Mapping[str, str]) -> str:
    values = ", ".join(value for value in labels.values() if value)
    return f"{operation} [{values}]" if values else operation


def _size(exchange: ExchangeDone) -> int:
    lengths = [value for name, value in exchange.answer_headers if name.lower() == "content-length"]
    return int(lengths[0]) if lengths and lengths[0].isdecimal() else len(exchange.answer_body)
