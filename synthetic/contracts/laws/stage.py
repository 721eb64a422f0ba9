"""Where stories are played: one connection to the examined side, in the calling thread, as state machines need it."""

from __future__ import annotations

import asyncio
from typing import Self, TypeVar

from synthetic.conformance.playing import Bounds, Prober
from synthetic.conformance.stories import Story
from synthetic.drivers.tls import client_context

T = TypeVar("T")
BOUNDS = Bounds(requests_max=100_000, within_s=600.0)


class Stage:
    """Plays stories of `synthetic.conformance` against one address, one after the other."""

    def __init__(self, url: str, *, ca_file: str = "") -> None:
        self._runner = asyncio.Runner()
        self._prober = Prober(url, BOUNDS, tls=client_context(ca_file))
        self.clock = self._prober.clock

    @property
    def requests(self) -> int:
        """How many requests have been sent so far."""
        return self._prober.requests

    def check_reach(self) -> None:
        """Raises TargetUnreachable where nobody answers."""
        self._runner.run(self._prober.check_reach())

    def play(self, story: Story[T]) -> T:
        """Play a story to its end; raises what it raises."""
        return self._runner.run(self._prober.play(story))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_ended: object) -> None:
        self._runner.run(self._prober.aclose())
        self._runner.close()
