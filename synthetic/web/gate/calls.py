"""One call of the gate: its path, what it reads and answers, and how an error becomes a status. Routes and OpenAPI come of it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from synthetic.core.errors import HarnessError
from synthetic.core.wording import brief
from synthetic.rollouts.desk import Busy
from synthetic.web.calls import BadCall
from synthetic.web.gate.guard import Guard

FRESH = {"Cache-Control": "no-store"}
Answers = dict[int, tuple[str, type[BaseModel] | None]]
Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Call:
    """`answers`: by status, what it means and the type of its document. `body`, `query`: the types of what comes in.

    `changes`: only whoever has the token may, and it counts as a change. `open`: whoever reaches the port may.
    """

    method: str
    path: str
    does: str
    handler: Handler
    answers: Answers
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    changes: bool = False
    open: bool = False
    produces: str = "application/json"
    tags: tuple[str, ...] = field(default=())

    def route(self, guard: Guard) -> Route:
        """As Starlette serves it."""

        async def endpoint(request: Request) -> Response:
            try:
                if not self.open:
                    guard.admit(request, changes=self.changes)
                return await self.handler(request)
            except BadCall as error:
                return problem(error.status, str(error), error.headers)
            except Busy as error:
                return problem(429, str(error), {"Retry-After": "5"})
            except HarnessError as error:  # the gate itself is broken: only then 5xx
                return problem(503, brief(str(error)), {})

        return Route(self.path, endpoint, methods=[self.method])


def problem(status: int, error: str, headers: Mapping[str, str]) -> Response:
    """Why a call was not answered."""
    return JSONResponse({"error": error}, status, headers={**FRESH, **headers})


def answered(document: BaseModel, status: int = 200) -> Response:
    """The document as JSON. Raises ValueError on a NaN: that is our own fault, and no answer."""
    return Response(encoded(document), status, headers=FRESH, media_type="application/json")


def encoded(document: BaseModel) -> bytes:
    """The document as JSON without a NaN, which no reader of JSON takes."""
    plain: Any = document.model_dump(mode="json", by_alias=True)
    return json.dumps(plain, allow_nan=False, separators=(",", ":")).encode()
