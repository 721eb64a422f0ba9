"""Who may call the gate, how often, and how large: a token in constant time, allowances for each caller, bounded bodies."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from synthetic.core.ports import Clock
from synthetic.core.wording import brief
from synthetic.web.calls import BadCall
from synthetic.web.limits import Allowances

BODY_MAX = 64 * 1024
CHANGES_A_MINUTE = 1_200.0
WRONG_TOKENS_A_MINUTE = 10.0
_MISTAKES_SHOWN = 3

Body = TypeVar("Body", bound=BaseModel)


def _nobody(_request: Request) -> bool:
    return False


@dataclass(slots=True)
class Guard:
    """`token` is the secret itself; "" where whoever reaches the port may call (loopback, or client certificates).

    The token comes as `Authorization: Bearer TOKEN`, or as the password of `Basic` (Flagger sends no headers, and sends that
    for `https://gate:TOKEN@host/`). `reads_too`: who else may read, such as a browser that has logged in. `polls_a_minute`: of one
    caller.
    """

    token: str = field(repr=False)
    clock: Clock
    reads_too: Callable[[Request], bool] = _nobody
    polls_a_minute: float = 30_000.0
    _wrong: Allowances = field(init=False)
    _polls: Allowances = field(init=False)
    _changes: Allowances = field(init=False)

    def __post_init__(self) -> None:
        self._wrong = Allowances(WRONG_TOKENS_A_MINUTE, self.clock)
        self._polls = Allowances(self.polls_a_minute, self.clock)
        self._changes = Allowances(CHANGES_A_MINUTE, self.clock)

    def admit(self, request: Request, *, changes: bool) -> None:
        """Let the call through. Raises BadCall: 401 without the token, 403 of another site or host, 429 where it is too often."""
        caller = request.client.host if request.client else ""
        if not self.token and is_rebound(request):
            raise BadCall(403, "without a token the gate answers under a name of this machine only, such as localhost")
        if self.token and not self._has_token(request) and (changes or not self.reads_too(request)):
            if not self._wrong.of(caller).take():
                raise BadCall(429, "too many calls without the right token", {"Retry-After": "60"})
            raise BadCall(401, "this call needs the gate's token", {"WWW-Authenticate": "Bearer"})
        if changes and request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            raise BadCall(403, "no other site may call the gate through a browser")
        if not (self._changes if changes else self._polls).of(caller).take():
            raise BadCall(429, "too many calls", {"Retry-After": "5"})

    def _has_token(self, request: Request) -> bool:
        kind, _, shown = request.headers.get("authorization", "").partition(" ")
        secret = shown.strip().encode("latin-1")  # header values come as latin-1
        if kind.lower() == "basic":
            secret = _password(secret)
        elif kind.lower() != "bearer":
            return False
        return hmac.compare_digest(secret, self.token.encode())


def is_rebound(request: Request) -> bool:
    """Whether a browser may have been led here: by another site's name, which its server has let mean this machine (DNS rebinding).

    To be asked where no token is needed; behind mutual TLS the caller has shown a certificate of his own.
    """
    if request.url.scheme == "https":
        return False
    try:
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:
        return True
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return host not in ("", "localhost")


def _password(shown: bytes) -> bytes:
    try:
        return base64.b64decode(shown, validate=True).partition(b":")[2]
    except binascii.Error:
        return b""


async def body_of(request: Request, model: type[Body]) -> Body:
    """The JSON body of a call. Raises BadCall: 413, 415, 422."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise BadCall(415, "the body is application/json")
    read = b""
    async for chunk in request.stream():
        read += chunk
        if len(read) > BODY_MAX:
            raise BadCall(413, f"at most {BODY_MAX} bytes")
    try:
        return model.model_validate_json(read)
    except ValidationError as error:
        raise BadCall(422, mistakes(error)) from None


def query_of(request: Request, model: type[Body]) -> Body:
    """The query of a call, each name once. Raises BadCall: 422."""
    given: Sequence[tuple[str, str]] = request.query_params.multi_items()
    if len({name for name, _ in given}) < len(given):
        raise BadCall(422, "each name of the query comes once")
    try:
        return model.model_validate(dict(given))
    except ValidationError as error:
        raise BadCall(422, mistakes(error)) from None


def mistakes(error: ValidationError) -> str:
    """The first few mistakes on one line, without what was sent: it may be anything."""
    told = [f"`{'.'.join(map(str, one['loc'])) or 'body'}`: {one['msg']}" for one in error.errors(include_input=False)]
    more = len(told) - _MISTAKES_SHOWN
    return brief("; ".join(told[:_MISTAKES_SHOWN]) + (f"; and {more} more" if more > 0 else ""), 600)
