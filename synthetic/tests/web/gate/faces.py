"""The gate served on a free port, over a real store, with a clock that the test sets."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx
from starlette.applications import Starlette

from synthetic.gate.policy import Policy
from synthetic.rollouts.desk import Desk
from synthetic.rollouts.judge import Judge
from synthetic.rollouts.store import Store
from synthetic.tests.rollouts.evidence import POLICY, TestClock
from synthetic.tests.web.faces import NO_TLS, TOKEN
from synthetic.web.gate.cells import Cells
from synthetic.web.gate.guard import Guard
from synthetic.web.gate.health import HealthDesk, Surroundings
from synthetic.web.gate.routes import gate_routes
from synthetic.web.listening import serving

T = TypeVar("T")
BEARER = {"Authorization": f"Bearer {TOKEN}"}
HOOK = {"name": "shop", "namespace": "prod", "phase": "Progressing", "checksum": "abc123"}
CELLS = {"cell": "canary", "baseline": "baseline"}


@dataclass
class Gate:
    """What is served, and the clock by which it judges."""

    store: Store
    clock: TestClock = field(default_factory=TestClock)
    policy: Policy = POLICY
    cells: Cells = field(default_factory=Cells)
    token: str = TOKEN
    polls_a_minute: float = 30_000.0
    stopped: list[str] = field(default_factory=list)
    decides: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.decides.set()

    def policy_now(self) -> Policy:
        """The policy, once it may be decided."""
        assert self.decides.wait(60)
        return self.policy

    def health(self) -> HealthDesk:
        desk = Desk(Judge(self.store, self.policy_now, self.clock), self.clock)
        return HealthDesk(desk, self.clock, Surroundings(kill=lambda: self.stopped))

    def app(self) -> Starlette:
        guard = Guard(self.token, self.clock, polls_a_minute=self.polls_a_minute)
        return Starlette(routes=gate_routes(self.health(), guard, self.cells, self.clock))

    def asked(self, ask: Callable[[httpx.AsyncClient], Awaitable[T]]) -> T:
        """What a client with the token is answered."""

        async def play() -> T:
            async with self.facing() as client:
                return await ask(client)

        return asyncio.run(play())

    @asynccontextmanager
    async def facing(self, headers: Mapping[str, str] | None = None) -> AsyncIterator[httpx.AsyncClient]:
        """A client of the served gate, with the token unless other headers are given."""
        given = BEARER if headers is None else headers
        async with (
            serving(self.app()) as address,
            httpx.AsyncClient(base_url=address, verify=NO_TLS, headers=given) as client,
        ):
            yield client

    def pass_s(self, seconds: float) -> None:
        """Let time pass, so that the next poll is decided anew."""
        self.clock.advance(seconds)


def hook(**metadata: str) -> dict[str, Any]:
    """What Flagger posts."""
    return {**HOOK, "metadata": {**CELLS, **metadata}}
