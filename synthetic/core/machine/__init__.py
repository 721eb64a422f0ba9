"""The scenario machine: plays a linked plan as a generator of effects and events. Everything that changes is in `state.py`."""

from synthetic.core.machine.run import play, started_event

__all__ = ["play", "started_event"]
