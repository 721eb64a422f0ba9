"""The HTTP face of the scheduled runner: metrics, health, and the kill switch."""

from synthetic.web.app import build_app
from synthetic.web.calls import Calls, Density, Switch
from synthetic.web.listening import serving

__all__ = ["Calls", "Density", "Switch", "build_app", "serving"]
