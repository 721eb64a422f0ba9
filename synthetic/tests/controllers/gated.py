"""The real gate behind HTTP, over a real store, while runs come in and hours pass: what both controllers are driven against.

Time is compressed: it passes where a controller waits, and what the world does meanwhile is `World.during`'s business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from synthetic.gate.policy import Policy
from synthetic.reference.world.in_a_thread import app_in_a_thread
from synthetic.rollouts.desk import Desk
from synthetic.rollouts.judge import Judge
from synthetic.rollouts.store import Store, open_store
from synthetic.tests.controllers.argo import ArgoRollout, documents
from synthetic.tests.controllers.calling import Caller
from synthetic.tests.controllers.flagger import FlaggerCanary
from synthetic.tests.rollouts.evidence import TestClock
from synthetic.web.gate.cells import Cells
from synthetic.web.gate.guard import Guard
from synthetic.web.gate.health import HealthDesk, Surroundings
from synthetic.web.gate.routes import gate_routes

DEPLOY = Path(__file__).parents[3] / "deploy"
ARGO = sorted(path for path in (DEPLOY / "argo").glob("*.yaml") if path.name in ("analysis.yaml", "rollout.yaml"))
NOTIFICATIONS = DEPLOY / "argo" / "notifications.example.yaml"
FLAGGER = sorted(path for path in (DEPLOY / "flagger").glob("*.yaml") if path.name != "kustomization.yaml")
TOKEN = "let-me-in-0123456789"
NOBODY = "http://127.0.0.1:9"
"""An address where nothing listens (the port is `discard`'s)."""
PODS = {
    "synthetic-gate/token": TOKEN,
    "metadata.name": "aurora-api",
    "metadata.annotations['rollout.argoproj.io/revision']": "7",
    "metadata.labels['app.kubernetes.io/version']": "2.4.0",
    "Latest": "5d8c9f7b6",
}


@dataclass
class World:
    """A served gate and its clock, as a `Pace` for controllers. `during`: what happens in a wait of so many seconds.

    `stopped`: what stops all runs, in words, such as the kill switch.
    """

    store: Store
    policy: Policy
    clock: TestClock = field(default_factory=TestClock)
    during: Callable[[float], None] = lambda _seconds: None
    token: str = TOKEN
    address: str = ""
    caller: Caller = field(default_factory=lambda: Caller(""))
    stopped: list[str] = field(default_factory=list)
    _app: Starlette = field(init=False)
    _began_s: float = field(init=False)

    def __post_init__(self) -> None:
        self._began_s = self.clock.monotonic_ns() / 1e9
        self.restart()

    def restart(self) -> None:
        """The gate's process is another one: what it had in memory is gone."""
        desk = Desk(Judge(self.store, lambda: self.policy, self.clock), self.clock)
        cells = Cells(lambda: frozenset({"canary", "baseline"}))
        health = HealthDesk(desk, self.clock, Surroundings(kill=lambda: self.stopped))
        routes = gate_routes(health, Guard(self.token, self.clock), cells, self.clock)
        self._app = Starlette(routes=routes)

    def go_down(self) -> None:
        """Nobody answers where the gate was."""
        self.caller.gate = NOBODY

    def come_up(self) -> None:
        """The gate answers again."""
        self.caller.gate = self.address

    def now_s(self) -> float:
        """Seconds since the beginning."""
        return self.clock.monotonic_ns() / 1e9 - self._began_s

    def wait_s(self, seconds: float) -> None:
        self.during(seconds)
        self.clock.advance(seconds)

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


@contextmanager
def gated_world(folder: Path, policy: Policy, **given: Any) -> Iterator[World]:
    """Serve a gate with an empty store and this policy."""
    with open_store(str(folder / "gate.db")) as store, Caller("") as caller:
        world = World(store, policy, caller=caller, **given)
        with app_in_a_thread("gate", Starlette(routes=[Mount("/", world.answer)])) as url:
            world.address = caller.gate = url
            yield world


def argo(world: World, sources: Sequence[Path | str] = ARGO, **values: str) -> ArgoRollout:
    """The rollout of deploy/argo."""
    return ArgoRollout(documents(*sources), world.caller, world, values=PODS | values)


def flagger(world: World, *, token: str = TOKEN, metrics: bool = False) -> FlaggerCanary:
    """The canary of deploy/flagger, with the token in the URLs of its hooks; without its own metric unless it is asked for."""
    applied = [path.read_text(encoding="utf-8").replace("GATE-TOKEN", token) for path in FLAGGER]
    manifests = documents(*applied)
    if not metrics:
        for one in manifests:
            one.get("spec", {}).get("analysis", {}).pop("metrics", None)
    return FlaggerCanary(manifests, world.caller, world)
