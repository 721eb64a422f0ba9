"""The time of a controller: it waits on a clock that is passed in, so that half an hour of a rollout is an instant of a test."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


class Pace(Protocol):
    """Seconds since any start, and waiting for them to pass."""

    def now_s(self) -> float:
        """The present instant."""

    def wait_s(self, seconds: float) -> None:
        """Come back when so many seconds have passed."""


@dataclass
class Compressed:
    """Time that passes only where somebody waits for it. `meanwhile` does what happens in the world during a wait."""

    meanwhile: Callable[[float], None] = lambda _seconds: None
    at_s: float = 0.0
    waited: list[float] = field(default_factory=list)

    def now_s(self) -> float:
        return self.at_s

    def wait_s(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.meanwhile(seconds)
        self.at_s += seconds


def seconds_of(duration: str) -> float:
    """A duration as Kubernetes writes it: `30s`, `1m30s`. Raises ValueError."""
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h)", duration)
    if not parts or "".join(number + unit for number, unit in parts) != duration:
        raise ValueError(f"{duration!r} is no duration")
    return sum(float(number) * SECONDS[unit] for number, unit in parts)
