"""The one protocol with behaviour of its own: a fan-out of events."""

from __future__ import annotations

from synthetic.core.events import Event, StepStarted
from synthetic.core.ports import fan_out


def test_every_sink_gets_every_event_in_order() -> None:
    """Readers of the stream do not know of each other, and each sees the whole of it."""
    first: list[Event] = []
    second: list[Event] = []
    deliver = fan_out([first.append, second.append])
    events = [StepStarted("run-1", f"step-{n}", "op", n) for n in range(3)]
    for event in events:
        deliver(event)
    assert first == second == events


def test_a_fan_out_to_nobody_is_silent() -> None:
    """No reader is no fault."""
    fan_out([])(StepStarted("run-1", "step", "op", 0))
