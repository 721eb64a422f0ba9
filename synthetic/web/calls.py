"""The calls that change something: the kill switch, and a suspicion that makes probes denser. A bearer token opens them."""

from __future__ import annotations

import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from synthetic.core.errors import HarnessError
from synthetic.core.ports import Clock
from synthetic.core.wording import brief
from synthetic.web.limits import Allowance, Allowances

BODY_MAX = 4096
REASON_MAX = 300
NAME_MAX = 100
SUSPECT_MAX_S = 24 * 3600.0
_CALLS_A_MINUTE = 30.0
_WRONG_TOKENS_A_MINUTE = 10.0


class Switch(Protocol):
    """The kill switch, as the worker has it."""

    async def kill(self, by: str, reason: str) -> None:
        """No run begins from now on. Raises HarnessError where that can't be made durable; it holds for this process then."""

    async def resume(self, by: str, reason: str) -> str:
        """Runs begin again. Answers what still stops them, such as a file; "" where nothing does. Raises HarnessError."""


class Density(Protocol):
    """Whom the gate tells that it suspects a release."""

    async def suspect(self, scenario: str, cell: str, for_s: float) -> Sequence[str]:
        """Play the probes of a cell denser for so long ("" stands for every scenario). Answers which: none is unknown."""


class BadCall(Exception):  # noqa: N818 - the sentence reads "bad call"
    """A call that can't be understood, with the status to answer."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}


@dataclass(slots=True)
class Calls:
    """The calls, behind one token. `token` is the secret itself; it leaves this object only into a comparison."""

    token: str = field(repr=False)
    switch: Switch
    density: Density
    clock: Clock
    _wrong: Allowances = field(init=False)
    _right: Allowance = field(init=False)

    def __post_init__(self) -> None:
        assert self.token, "without a token there are no calls"
        self._wrong = Allowances(_WRONG_TOKENS_A_MINUTE, self.clock)
        self._right = Allowance(_CALLS_A_MINUTE, self.clock)

    async def kill(self, request: Request) -> Response:
        """`POST /v1/kill {reason, by?}`. With the right token it is never held up, however many calls came before."""
        return await self._answer(request, self._kill, always=True)

    async def resume(self, request: Request) -> Response:
        """`POST /v1/resume {reason, by?}`."""
        return await self._answer(request, self._resume)

    async def suspect(self, request: Request) -> Response:
        """`POST /v1/suspect {cell, scenario?, for_s?}`."""
        return await self._answer(request, self._suspect)

    async def _answer(self, request: Request, call: _Call, *, always: bool = False) -> Response:
        try:
            self._admit(request, always=always)
            told = await call(await _body(request), request)
        except BadCall as error:
            return JSONResponse({"error": str(error)}, error.status, headers=error.headers)
        except HarnessError as error:
            return JSONResponse({"error": brief(str(error), REASON_MAX)}, 503)
        return JSONResponse(told)

    def _admit(self, request: Request, *, always: bool) -> None:
        """Whoever has the token is never held up by those who guess at it."""
        kind, _, shown = request.headers.get("authorization", "").partition(" ")
        # Header values come as latin-1; compared as bytes, in constant time.
        right = hmac.compare_digest(shown.strip().encode("latin-1"), self.token.encode())
        if kind.lower() == "bearer" and right:
            if not always and not self._right.take():
                raise BadCall(429, "too many calls", {"Retry-After": "60"})
            return
        client = request.client.host if request.client else ""
        if not self._wrong.of(client).take():
            raise BadCall(429, "too many calls without the right token", {"Retry-After": "60"})
        raise BadCall(401, "this call needs the runner's bearer token", {"WWW-Authenticate": "Bearer"})

    async def _kill(self, body: dict[str, Any], request: Request) -> dict[str, Any]:
        by, reason = _who(body, request), _text(body, "reason", REASON_MAX)
        await self.switch.kill(by, reason)
        return {"killed": True, "by": by, "reason": reason}

    async def _resume(self, body: dict[str, Any], request: Request) -> dict[str, Any]:
        by, reason = _who(body, request), _text(body, "reason", REASON_MAX)
        still = await self.switch.resume(by, reason)
        return {"killed": bool(still), "still": still, "by": by, "reason": reason}

    async def _suspect(self, body: dict[str, Any], request: Request) -> dict[str, Any]:  # noqa: ARG002 - as the others
        cell = _text(body, "cell", NAME_MAX)
        scenario = _text(body, "scenario", NAME_MAX, default="")
        for_s = body.get("for_s", 600)
        if isinstance(for_s, bool) or not isinstance(for_s, int | float) or not 0 < for_s <= SUSPECT_MAX_S:
            raise BadCall(422, f"`for_s` is a number of seconds up to {SUSPECT_MAX_S:g}")
        probes = await self.density.suspect(scenario, cell, float(for_s))
        if not probes:
            raise BadCall(404, "no probe of that cell and scenario can be played denser")
        return {"probes": list(probes)}


class _Call(Protocol):
    async def __call__(self, body: dict[str, Any], request: Request, /) -> dict[str, Any]: ...


async def _body(request: Request) -> dict[str, Any]:
    """The JSON object of a call, of at most 4 KiB."""
    read = b""
    async for chunk in request.stream():
        read += chunk
        if len(read) > BODY_MAX:
            raise BadCall(413, f"at most {BODY_MAX} bytes")
    try:
        body = json.loads(read)
    except (ValueError, RecursionError):
        raise BadCall(422, "the body is no JSON") from None
    if not isinstance(body, dict):
        raise BadCall(422, "the body is a JSON object")
    return body


def _text(body: dict[str, Any], name: str, chars_max: int, *, default: str | None = None) -> str:
    """A text on one line, without controls."""
    value = body.get(name, default)
    if not isinstance(value, str) or (default is None and not value.strip()):
        raise BadCall(422, f"`{name}` is a text, and not empty")
    return brief(value.strip(), chars_max)


def _who(body: dict[str, Any], request: Request) -> str:
    """Who calls, as he says himself, and from where he does."""
    client = request.client.host if request.client else "?"
    name = _text(body, "by", NAME_MAX, default="")
    return f"{name} (http {client})" if name else f"http {client}"
