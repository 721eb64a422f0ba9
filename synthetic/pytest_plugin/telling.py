"""What a test tells of its run: the waterfall on failure, and Allure steps with their exchanges where Allure is installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from synthetic.core.events import CheckJudged, Event, ExchangeDone, StepEnded, StepStarted, UndoEnded
from synthetic.core.plan import ScenarioPlan
from synthetic.core.ports import EventSink
from synthetic.report.recorder import RunRecorder
from synthetic.report.records import RunRecord
from synthetic.report.waterfall import waterfall_text


class Telling:
    """Keeps the record of one run."""

    def __init__(self) -> None:
        self._records: list[RunRecord] = []
        self._recorder = RunRecorder(self._records.append)

    def __call__(self, event: Event, /) -> None:
        """Take one event."""
        self._recorder(event)

    def waterfall(self) -> str:
        """The run as plain text."""
        return waterfall_text(self._records[-1])


@contextmanager
def allure_sink(plan: ScenarioPlan, row: Mapping[str, str]) -> Iterator[EventSink]:
    """A sink that writes Allure steps; does nothing where Allure is not installed."""
    if importlib.util.find_spec("allure") is None:
        yield lambda _event: None
        return
    import allure  # noqa: PLC0415 - an optional extra

    dynamic: Any = allure.dynamic
    dynamic.title(plan.title + (f" ({', '.join(row.values())})" if row else ""))
    dynamic.feature(plan.name)
    for tag in plan.tags:
        dynamic.tag(tag)
    with ExitStack() as stack:
        yield _AllureSteps(allure, stack)


class _StepBroke(AssertionError):  # noqa: N818 - it says what happened
    """Tells Allure that a step did not hold."""


class _AllureSteps:
    """Opens an Allure step per step of the run and hangs its exchanges into it."""

    def __init__(self, allure: Any, stack: ExitStack) -> None:
        self._allure = allure
        self._stack = stack
        self._open: Any = None

    def __call__(self, event: Event, /) -> None:
        match event:
            case StepStarted():
                self._open = self._allure.step(f"{event.step}: {event.operation}")
                self._open.__enter__()
            case StepEnded() if self._open is not None:
                self._close(None if event.held else _StepBroke(f"{event.reason} (blame: {event.blame})"))
            case ExchangeDone():
                self._attach(f"{event.purpose} {event.request_line}", _exchange_text(event))
            case CheckJudged():
                self._attach(f"check {event.name}: {event.held}", "\n".join([event.message, *event.evidence]))
            case UndoEnded():
                self._attach(f"undo of {event.step}: {event.result}", event.reason)
            case _:
                pass

    def _close(self, error: AssertionError | None) -> None:
        self._open.__exit__(type(error) if error else None, error, None)
        self._open = None

    def _attach(self, name: str, body: str) -> None:
        self._allure.attach(body, name=name, attachment_type=self._allure.attachment_type.TEXT)


def _exchange_text(event: ExchangeDone) -> str:
    asked = [event.request_line, *(f"{name}: {value}" for name, value in event.request_headers), "", event.request_body]
    status = "" if event.answer_status is None else f"HTTP {event.answer_status}"
    came = [status or event.fault, *(f"{name}: {value}" for name, value in event.answer_headers), "", event.answer_body]
    times = f"{event.times.latency_ns / 1e6:.1f} ms; expected {event.expected}"
    return "\n".join([*asked, "", "---", "", *came, "", f"({times})"])
