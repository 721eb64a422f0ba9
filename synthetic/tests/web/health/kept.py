"""One rollout behind the real pages, served on a free port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from synthetic.drivers.memory import VirtualClock
from synthetic.report.health import ReleaseHealth, RolloutLine, build_health
from synthetic.report.records import RunRecord
from synthetic.tests.report.health.seen import failed, seen, watched
from synthetic.tests.report.recorded import record
from synthetic.tests.sli.streams import failing
from synthetic.tests.web.faces import NO_TLS
from synthetic.web import serving
from synthetic.web.health import Door, Live, page_routes

TOKEN = "let-me-in-0123456789"
T = TypeVar("T")


def telling(count: int = 1) -> ReleaseHealth:
    """A health with so many failing runs."""
    runs = [failed("canary", at, run_id=f"run-{at + 2}") for at in range(count)]
    return build_health(watched(*runs, seen("baseline", 0)))


@dataclass
class Kept:
    """A rollout with the run `run-2`."""

    now: ReleaseHealth | None = field(default_factory=telling)
    clock: VirtualClock = field(default_factory=VirtualClock)
    token: str = ""
    streams_max: int = 8
    name: str = "cashier-2.4.0"

    async def rollouts(self) -> Sequence[RolloutLine]:
        facts = telling().rollout
        return [RolloutLine(id=facts.id, cell=facts.cell, baseline=facts.baseline, started_at=facts.started_at)]

    async def health(self, rollout: str) -> ReleaseHealth | None:
        return self.now if rollout == self.name else None

    async def run(self, rollout: str, run_id: str) -> RunRecord | None:
        return record(failing()) if (rollout, run_id) == (self.name, "run-2") else None


def app_of(kept: Kept) -> Starlette:
    """The pages, and the stream without its door."""
    live = Live(kept, look_every_s=0.01, streams_max=kept.streams_max)

    async def events(request: Request) -> Response:
        return await live.events(request, request.path_params["rollout"])

    door = Door(kept.token, kept.clock)
    pages = page_routes(kept, door, kept.clock, trace_url="https://traces.example/{trace_id}")
    return Starlette(routes=[Route("/v1/rollouts/{rollout}/events", events), *pages])


@asynccontextmanager
async def browsing(kept: Kept) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the served pages."""
    async with serving(app_of(kept)) as address, httpx.AsyncClient(base_url=address, verify=NO_TLS) as client:
        yield client


def asked(kept: Kept, ask: Callable[[httpx.AsyncClient], Awaitable[T]]) -> T:
    """What the served pages answer."""

    async def play() -> T:
        async with browsing(kept) as client:
            return await ask(client)

    return asyncio.run(play())
