"""The scenario machine: plays a linked plan as a generator of effects and events. Everything that changes is in `state.py`."""

from synthetic.core.machine.recover import EffectEnd, OpenEffect, Recovered, recover
from synthetic.core.machine.run import play, started_event
from synthetic.core.machine.state import Machine

__all__ = ["EffectEnd", "Machine", "OpenEffect", "Recovered", "play", "recover", "started_event"]
