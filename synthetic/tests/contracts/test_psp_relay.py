"""The relay between a PSP and Pact's mock."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from synthetic.contracts.boundaries.psp_relay import Relay, as_sent, only_agreed, without_signature
from synthetic.tests.contracts.shop import shop

SENT = {"type": "paid", "data": {"amount": 100, "new": 1}, "tags": ["new"]}
AGREED = {"type": "", "data": {"amount": 0}, "code": ""}


class Mock:
    """What Pact's mock would see; it refuses everything."""

    def __init__(self) -> None:
        self.seen: list[tuple[dict[str, str], Any]] = []

    def answer(self, _path: str, headers: Any, body: bytes) -> tuple[int, Any]:
        self.seen.append((dict(headers), json.loads(body)))
        return 400, {"error": "bad_signature"}


def send(relay: Relay, path: str = "/hook") -> httpx.Response:
    with relay.serving() as url:
        return httpx.post(url + path, json=SENT, headers={"X-Signature": "s", "Other": "o"}, trust_env=False)


def test_only_agreed_fields_are_left() -> None:
    """At every depth; a field that is missing stays missing, and what has another form is left for the mock to see."""
    assert only_agreed(SENT, AGREED) == {"type": "paid", "data": {"amount": 100}}
    assert only_agreed({"data": [1]}, AGREED) == {"data": [1]}


def test_the_mock_decides_about_what_is_under_contract() -> None:
    """The PSP gets its answer, and the bytes are kept as they were sent."""
    mock = Mock()
    with shop(mock.answer) as url:
        relay = Relay(url, lambda request: request.path == "/hook", AGREED)
        answer = send(relay)
    assert (answer.status_code, answer.json()) == (400, {"error": "bad_signature"})
    assert [body for _, body in mock.seen] == [{"type": "paid", "data": {"amount": 100}}]
    assert [(one.status, one.body) for one in relay.arrived] == [(400, SENT)]


def test_everything_else_is_answered_with_yes() -> None:
    """And the mock hears nothing of it."""
    mock = Mock()
    with shop(mock.answer) as url:
        answer = send(Relay(url, lambda request: request.path == "/hook", AGREED), "/other")
    assert (answer.status_code, answer.json()["success"]) == (200, True)
    assert not mock.seen


@pytest.mark.parametrize(("spoil", "is_there"), [(as_sent, True), (without_signature, False)])
def test_a_signature_can_get_lost_on_the_way(spoil: Any, is_there: bool) -> None:  # noqa: FBT001 - a table's column
    """Only by the spoiler that says so."""
    mock = Mock()
    with shop(mock.answer) as url:
        send(Relay(url, lambda _request: True, AGREED, spoil))
    assert [("x-signature" in headers) for headers, _ in mock.seen] == [is_there]
