"""The whole face of a gate: its calls, and the pages of Release Health, behind one token."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from synthetic.core.ports import Clock
from synthetic.rollouts.desk import Desk
from synthetic.web.gate.cells import Cells
from synthetic.web.gate.guard import Guard, is_rebound
from synthetic.web.gate.health import HealthDesk, Surroundings
from synthetic.web.gate.routes import gate_routes
from synthetic.web.health import Door, page_routes

CONNECTIONS_MAX = 512
"""Where a gate answers: pollers keep theirs open."""


def face_of(
    desk: Desk,
    clock: Clock,
    *,
    token: str,
    polls_a_minute: float,
    cells: Cells | None = None,
    around: Surroundings | None = None,
) -> list[Route]:
    """The routes for any app. `token` "": whoever reaches the port may call, which is right on loopback and behind mutual TLS."""
    around = around or Surroundings()
    health, door = HealthDesk(desk, clock, around), Door(token, clock)
    guard = Guard(token, clock, reads_too=door.admits, polls_a_minute=polls_a_minute)
    pages = page_routes(health, door, clock, trace_url=around.trace_url)
    return [*gate_routes(health, guard, cells or Cells(), clock), *(pages if token else map(_on_this_machine, pages))]


def _on_this_machine(page: Route) -> Route:
    """The page as it is shown where no token is needed: not to a browser that was led here by another site."""

    async def endpoint(request: Request) -> Response:
        if is_rebound(request):
            return PlainTextResponse("this page is there under a name of this machine only, such as localhost\n", 403)
        answer: Response = await page.endpoint(request)
        return answer

    return Route(page.path, endpoint, methods=sorted(page.methods or ()))
