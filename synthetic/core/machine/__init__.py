"""The scenario machine: plays a linked plan as a generator of effects and events. Everything that changes is in `state.py`."""

from synthetic.core.machine.recover import recover
from synthetic.core.machine.recovered import EffectEnd, OpenEffect, Recovered
from synthetic.core.machine.run import play, started_event
from synthetic.core.machine.state import Machine
from synthetic.core.machine.sweeping import Baseline

__all__ = ["Baseline", "EffectEnd", "Machine", "OpenEffect", "Recovered", "play", "recover", "started_event"]
