"""What a client may say over the game socket."""

from __future__ import annotations

import json
from typing import Any

import pytest

from synthetic.reference.cell.gateway.frames import AskBalance, BadFrame, Bet, Hello, Ping, Resume, parse

BET = {"type": "bet", "req_id": "q", "stake_minor": 20, "currency": "EUR"}
RESUME = {"type": "hello", "req_id": "q", "session": "s", "resume_id": "r", "last_seq": 3}


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        ({"type": "hello", "req_id": "q", "launch_token": "t"}, Hello("q", "t")),
        (RESUME, Resume("q", "s", "r", 3)),
        (BET, Bet("q", 20, "EUR")),
        ({"type": "balance", "req_id": "q"}, AskBalance("q")),
        ({"type": "ping", "req_id": "q", "extra": [1]}, Ping("q")),
    ],
)
def test_the_five_frames(frame: dict[str, Any], expected: object) -> None:
    """Each frame of the contract is read; fields that it does not have are ignored."""
    assert parse(json.dumps(frame)) == expected


@pytest.mark.parametrize(
    ("text", "req_id"),
    [
        (None, None),
        ("", None),
        ("{", None),
        ("[]", None),
        ("null", None),
        ('"bet"', None),
        ("[" * 10_000, None),
        (json.dumps(BET | {"padding": "x" * 20_000}), None),
        (json.dumps(BET | {"req_id": ""}), None),
        (json.dumps(BET | {"req_id": 7}), None),
        (json.dumps(BET | {"req_id": "x" * 129}), None),
        (json.dumps(BET | {"req_id": "\ud800"}), None),
        (json.dumps(BET | {"req_id": "a\u0000"}), None),
        (json.dumps({"req_id": "q"}), "q"),
        (json.dumps({"type": "dance", "req_id": "q"}), "q"),
        (json.dumps({"type": ["bet"], "req_id": "q"}), "q"),
        (json.dumps(BET | {"stake_minor": 20.0}), "q"),
        (json.dumps(BET | {"stake_minor": "20"}), "q"),
        (json.dumps(BET | {"stake_minor": True}), "q"),
        (json.dumps(BET | {"stake_minor": -20}), "q"),
        (json.dumps(BET | {"stake_minor": 2**53}), "q"),
        (json.dumps(BET | {"currency": None}), "q"),
        (json.dumps({"type": "hello", "req_id": "q"}), "q"),
        (json.dumps(RESUME | {"last_seq": -1}), "q"),
    ],
)
def test_anything_else_is_refused(text: str | None, req_id: str | None) -> None:
    """A frame that can't be read is a BadFrame, with its req_id where that much can be read."""
    with pytest.raises(BadFrame) as bad:
        parse(text)
    assert bad.value.req_id == req_id
