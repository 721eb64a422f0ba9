"""What a client may say over the game socket, read strictly: a frame is one of five kinds or it is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_FRAME_LENGTH_MAX = 16_384
_TEXT_LENGTH_MAX = 128
_NUMBER_MAX = 2**53


@dataclass(frozen=True, slots=True)
class Hello:
    """Open a launched session."""

    req_id: str
    launch_token: str


@dataclass(frozen=True, slots=True)
class Resume:
    """Come back to a session, having seen everything up to `last_seq`."""

    req_id: str
    session: str
    resume_id: str
    last_seq: int


@dataclass(frozen=True, slots=True)
class Bet:
    """Stake on a round of its own."""

    req_id: str
    stake_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class AskBalance:
    """What is in the wallet?"""

    req_id: str


@dataclass(frozen=True, slots=True)
class Ping:
    """Is anybody there?"""

    req_id: str


ClientFrame = Hello | Resume | Bet | AskBalance | Ping
Reader = Callable[[str, dict[str, Any]], ClientFrame]


class BadFrame(Exception):  # noqa: N818 - the client's fault, answered with an error frame
    """A frame that can't be read. `req_id` is its own where that much is readable, else None."""

    def __init__(self, message: str, req_id: str | None = None) -> None:
        super().__init__(message)
        self.req_id = req_id


def parse(text: str | None) -> ClientFrame:
    """The frame that a text message is; None stands for a binary message. Raises BadFrame."""
    body = _object(text)
    req_id = _text(body, "req_id")
    try:
        return _reader(body)(req_id, body)
    except BadFrame as bad:
        raise BadFrame(str(bad), req_id) from None


def _hello(req_id: str, body: dict[str, Any]) -> ClientFrame:
    if "launch_token" in body:
        return Hello(req_id, _text(body, "launch_token"))
    return Resume(req_id, _text(body, "session"), _text(body, "resume_id"), _number(body, "last_seq"))


def _bet(req_id: str, body: dict[str, Any]) -> ClientFrame:
    return Bet(req_id, _number(body, "stake_minor"), _text(body, "currency"))


_READERS: dict[str, Reader] = {
    "hello": _hello,
    "bet": _bet,
    "balance": lambda req_id, _body: AskBalance(req_id),
    "ping": lambda req_id, _body: Ping(req_id),
}


def _reader(body: dict[str, Any]) -> Reader:
    reader = _READERS.get(_text(body, "type"))
    if reader is None:
        raise BadFrame(f"there is no frame of this type; there are {', '.join(_READERS)}")
    return reader


def _object(text: str | None) -> dict[str, Any]:
    if text is None:
        raise BadFrame("frames are text, not binary")
    if len(text) > _FRAME_LENGTH_MAX:
        raise BadFrame(f"a frame has at most {_FRAME_LENGTH_MAX} characters")
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        raise BadFrame("the frame is not JSON") from None
    if not isinstance(body, dict):
        raise BadFrame("the frame has to be a JSON object")
    return body


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= _TEXT_LENGTH_MAX or not value.isprintable():
        raise BadFrame(f"{name!r} has to have 1 to {_TEXT_LENGTH_MAX} printable characters")
    return value


def _number(body: dict[str, Any], name: str) -> int:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _NUMBER_MAX:
        raise BadFrame(f"{name!r} has to be a whole number, zero or above")
    return value
