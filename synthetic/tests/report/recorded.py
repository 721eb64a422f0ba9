"""Run records made from the hand-written streams."""

from __future__ import annotations

from collections.abc import Iterable

from synthetic.core.events import Event
from synthetic.report.recorder import RunRecorder
from synthetic.report.records import RunRecord


def records(*streams: Iterable[Event]) -> list[RunRecord]:
    """What a recorder delivers for these streams, one after the other."""
    delivered: list[RunRecord] = []
    recorder = RunRecorder(delivered.append)
    for stream in streams:
        for event in stream:
            recorder(event)
    return delivered


def record(stream: Iterable[Event]) -> RunRecord:
    """The only record of a stream."""
    (only,) = records(stream)
    return only
