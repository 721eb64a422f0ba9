"""Playing stories against one endpoint: performs their requests, within a number of requests and a time."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Generator
from dataclasses import dataclass
from typing import Self, TypeVar

from synthetic.conformance.stories import NotTried, Story, Volley
from synthetic.core.effects import Effect, FaultKind, Http, Result, Sleep
from synthetic.core.errors import RefusedByPolicy, TargetUnreachable
from synthetic.core.events import Event
from synthetic.core.ports import Clock
from synthetic.drivers.asyncio_driver import AsyncDriver
from synthetic.drivers.clocks import SystemClock
from synthetic.drivers.guard import Limits
from synthetic.drivers.places import Target
from synthetic.drivers.proxies import Proxy
from synthetic.journal.memory import MemoryJournal

T = TypeVar("T")
REACH_WITHIN_S = 5.0
AT_ONCE_MAX = 32
BODY_BYTES_MAX = 256 * 1024


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much an examination may ask of its endpoint, and for how long. Bringing money home is never cut short by them."""

    requests_max: int = 600
    within_s: float = 300.0


class Prober:
    """Plays stories, one at a time. Connects to the host and port of `url` and to nothing else; TLS is always verified.

    `tls`: whom to trust, and which certificate to show; without it the public authorities are trusted. `proxy`: to go through.
    """

    def __init__(
        self,
        url: str,
        bounds: Bounds,
        *,
        tls: ssl.SSLContext | None = None,
        proxy: Proxy | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._url = url
        self._bounds = bounds
        self.clock = clock or SystemClock()
        self._journal = MemoryJournal()
        self._driver = AsyncDriver(
            allow=(str(Target.of(url)),),
            tls=tls,
            proxy=proxy,
            limits=Limits(connections_max=AT_ONCE_MAX, body_bytes_max=BODY_BYTES_MAX),
            clock=self.clock,
        )
        self._began_ns = self.clock.monotonic_ns()
        self.requests = 0

    async def check_reach(self) -> None:
        """Raises TargetUnreachable where nobody answers at the address."""
        fault = await self._driver.reach(self._url, REACH_WITHIN_S)
        if fault is None:
            return
        if fault.kind is FaultKind.OFF_ALLOW_LIST:
            raise RefusedByPolicy(f"{self._url}: {fault.detail}")
        raise TargetUnreachable(f"{self._url} can't be reached: {fault.kind}: {fault.detail}")

    def check_bounds(self) -> None:
        """Raises NotTried where the bounds are used up: no new story begins then."""
        if self.requests >= self._bounds.requests_max:
            raise NotTried(f"the limit of {self._bounds.requests_max} requests is used up; raise --requests-max")
        if self.elapsed_s > self._bounds.within_s:
            raise NotTried(f"the time of {self._bounds.within_s:g} s is used up; raise --within")

    @property
    def elapsed_s(self) -> float:
        """How long this has taken so far."""
        return (self.clock.monotonic_ns() - self._began_ns) / 1e9

    async def play(self, story: Story[T]) -> T:
        """Play a story to its end; raises what it raises."""
        try:
            volley = next(story)
            while True:
                volley = story.send(await self._perform(volley))
        except StopIteration as ended:
            return ended.value  # type: ignore[no-any-return] # a story's value is its T
        finally:
            story.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *ended: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._driver.aclose()

    async def _perform(self, volley: Volley) -> tuple[Result, ...]:
        assert len(volley) <= AT_ONCE_MAX, "a volley is bounded"
        self.requests += sum(isinstance(effect, Http) for effect in volley)
        runs = [self._driver.run(_only(effect), sink=_unheard, journal=self._journal) for effect in volley]
        return tuple(await asyncio.gather(*runs))


def _only(effect: Http | Sleep) -> Generator[Effect | Event, Result | None, Result]:
    result = yield effect
    assert result is not None, "an effect has a result"
    return result


def _unheard(_event: Event) -> None:
    """Single requests tell no events."""
