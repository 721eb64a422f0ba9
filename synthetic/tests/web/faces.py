"""The app served on a free port, with what it is plugged into written down."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import httpx

from synthetic.core.errors import HarnessError
from synthetic.drivers.memory import VirtualClock
from synthetic.report.metrics import RunnerMetrics
from synthetic.runner.health import Health
from synthetic.tests.report.metrics.scraped import fed
from synthetic.web import Calls, build_app, serving

TOKEN = "let-me-in-0123456789"
T = TypeVar("T")
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # reading all certificate authorities takes longer than a test


@dataclass
class Worker:
    """What the app is plugged into: it keeps what it is told."""

    told: list[tuple[str, ...]] = field(default_factory=list)
    health: Health = field(default_factory=Health)
    probes: Sequence[str] = ("p1",)
    broken: str = ""
    still: str = ""
    clock: VirtualClock = field(default_factory=VirtualClock)
    metrics: RunnerMetrics = field(default_factory=fed)

    async def kill(self, by: str, reason: str) -> None:
        if self.broken:
            raise HarnessError(self.broken)
        self.told.append(("kill", by, reason))

    async def resume(self, by: str, reason: str) -> str:
        self.told.append(("resume", by, reason))
        return self.still

    async def suspect(self, scenario: str, cell: str, for_s: float) -> Sequence[str]:
        self.told.append(("suspect", scenario, cell, f"{for_s:g}"))
        return self.probes


@asynccontextmanager
async def facing(worker: Worker, token: str = TOKEN) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the served app."""
    calls = Calls(token, worker, worker, worker.clock) if token else None
    app = build_app(metrics=worker.metrics, health=lambda: worker.health, calls=calls)
    async with serving(app) as address, httpx.AsyncClient(base_url=address, verify=NO_TLS) as client:
        yield client


def asked(worker: Worker, ask: Callable[[httpx.AsyncClient], Awaitable[T]], token: str = TOKEN) -> T:
    """What the served app answers."""

    async def play() -> T:
        async with facing(worker, token) as client:
            return await ask(client)

    return asyncio.run(play())
