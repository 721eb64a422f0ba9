"""Rollouts from CI or event hooks: begin, step, end; and what is known of them, once or as it changes."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from synthetic.core.ports import Clock
from synthetic.rollouts.desk import Desk
from synthetic.rollouts.model import Rollout, Step
from synthetic.web.calls import BadCall
from synthetic.web.gate.answers import rollout_of
from synthetic.web.gate.calls import answered
from synthetic.web.gate.cells import Cells
from synthetic.web.gate.documents import BeginRollout, EndRollout, RolloutsOut, StepRollout
from synthetic.web.gate.guard import body_of
from synthetic.web.gate.health import HealthDesk
from synthetic.web.health import Live


@dataclass(slots=True)
class Releases:
    """The calls about rollouts."""

    desk: Desk
    cells: Cells
    clock: Clock
    health: HealthDesk
    live: Live

    async def begin(self, request: Request) -> Response:
        """`POST /v1/rollouts`: 201; 200 where the very same was begun before; 409 where another one has that id."""
        wanted = await body_of(request, BeginRollout)
        self.cells.require(wanted.cell, wanted.baseline)
        now_ns = self.clock.wall_ns()
        steps = () if wanted.weight is None else (Step(wanted.weight, now_ns),)
        asked = Rollout(
            wanted.id, wanted.cell, wanted.baseline, wanted.version, now_ns, wanted.by or _who(request), steps
        )
        kept = await self.desk.begin(asked)
        if kept is asked:
            return answered(rollout_of(kept), 201)
        if (kept.cell, kept.baseline, kept.version) != (asked.cell, asked.baseline, asked.version) or kept.ended_ns:
            raise BadCall(
                409, f"a rollout {wanted.id!r} was begun before, of other cells or another version, or it has ended"
            )
        return answered(rollout_of(kept))

    async def step(self, request: Request) -> Response:
        """`POST /v1/rollouts/{id}/step`."""
        wanted, name = await body_of(request, StepRollout), request.path_params["id"]
        return answered(rollout_of(_open(name, await self.desk.step(name, wanted.weight))))

    async def end(self, request: Request) -> Response:
        """`POST /v1/rollouts/{id}/end`: once more with the same ending is no mistake, with another one it is 409."""
        wanted, name = await body_of(request, EndRollout), request.path_params["id"]
        ended = _known(name, await self.desk.end(name, wanted.ending))
        if ended.ending != wanted.ending:
            raise BadCall(409, f"rollout {name!r} has ended before: {ended.ending}")
        return answered(rollout_of(ended))

    async def listed(self, request: Request) -> Response:  # noqa: ARG002 - as the others
        """`GET /v1/rollouts`."""
        return answered(RolloutsOut(rollouts=[rollout_of(one) for one in await self.desk.rollouts()]))

    async def one(self, request: Request) -> Response:
        """`GET /v1/rollouts/{id}`: the health of a release."""
        name = request.path_params["id"]
        health = await self.health.health(name)
        if health is None:
            raise BadCall(404, f"no rollout {name!r} is known")
        return answered(health)

    async def events(self, request: Request) -> Response:
        """`GET /v1/rollouts/{id}/events`: the same document as server-sent events, whenever it has changed."""
        name = request.path_params["id"]
        if await self.desk.rollout(name) is None:
            raise BadCall(404, f"no rollout {name!r} is known")
        return await self.live.events(request, name)


def _known(name: str, rollout: Rollout | None) -> Rollout:
    if rollout is None:
        raise BadCall(404, f"no rollout {name!r} is known")
    return rollout


def _open(name: str, rollout: Rollout | None) -> Rollout:
    if _known(name, rollout).ended_ns:
        raise BadCall(409, f"rollout {name!r} has ended")
    return _known(name, rollout)


def _who(request: Request) -> str:
    return f"http {request.client.host if request.client else '?'}"
