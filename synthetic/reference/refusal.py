"""A request that is refused: the exception carries the answer, one handler gives it."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response


class RequestRefused(Exception):  # noqa: N818 - the domain's word
    """What every API of the platform raises, each in its own form: the HTTP status and the JSON body of the answer."""

    def __init__(self, status: int, body: dict[str, Any], message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = body


async def answer_refusal(_request: Request, error: Exception) -> Response:
    """Starlette's exception handler for a RequestRefused."""
    assert isinstance(error, RequestRefused)
    return JSONResponse(error.body, error.status)
