"""A gate that answers what a test tells it, on a real socket: what the controllers are tried against without the real one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from synthetic.reference.world.in_a_thread import app_in_a_thread
from synthetic.tests.controllers.calling import Caller

Scripted = tuple[int, str]


@dataclass
class ScriptedGate:
    """`heard` are the bodies that came in, with their paths; `headers` what came with them."""

    caller: Caller
    answers: dict[str, list[Scripted]] = field(default_factory=dict)
    heard: list[tuple[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def script(self, **answers: list[Scripted]) -> None:
        """From now on: per path (without its slash) one answer (status, body) after the other, the last one for ever."""
        self.answers = {f"/{path}": list(scripted) for path, scripted in answers.items()}
        self.heard, self.headers, self.caller.asked = [], [], []

    async def answer(self, request: Request) -> Response:
        body = await request.body()
        self.headers.append(dict(request.headers))
        self.heard.append((request.url.path, await request.json() if body else None))
        scripted = self.answers.get(request.url.path, [(404, "no such path")])
        status, text = scripted.pop(0) if len(scripted) > 1 else scripted[0]
        return Response(text, status_code=status, media_type="application/json")


@contextmanager
def scripted_gate() -> Iterator[ScriptedGate]:
    """Serve one."""
    with Caller("") as caller:
        gate = ScriptedGate(caller)
        app = Starlette(routes=[Route("/{path:path}", gate.answer, methods=["GET", "POST"])])
        with app_in_a_thread("gate", app) as url:
            caller.gate = url
            yield gate
