"""The whole face of a gate: its calls, and the pages of Release Health, behind one token."""

from __future__ import annotations

from starlette.routing import Route

from synthetic.core.ports import Clock
from synthetic.rollouts.desk import Desk
from synthetic.web.gate.cells import Cells
from synthetic.web.gate.guard import Guard
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
    return [
        *gate_routes(health, guard, cells or Cells(), clock),
        *page_routes(health, door, clock, trace_url=around.trace_url),
    ]
