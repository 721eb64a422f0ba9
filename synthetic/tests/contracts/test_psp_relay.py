"""The relay between a PSP and Pact's mock."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from synthetic.contracts.boundaries.psp_relay import Arrived, Relay, as_sent, only_agreed, without_signature
from synthetic.contracts.sealing import Outgoing
from synthetic.reference.cell.cashier.signatures import BadSignature
from synthetic.tests.contracts.shop import shop

SENT = {"type": "paid", "data": {"amount": 100, "new": 1}, "tags": ["new"]}
SECRET = "whsec"
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


def arrived(name: str, stamp: object) -> Relay:
    """A relay that a PSP has called, with its signature under this header and this time stamp."""
    raw = json.dumps({"txAmount": "1.00", "timestamp": stamp}).encode()
    signed = f"{stamp}.".encode() + raw if name == "stripe-signature" else raw
    digest = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    header = f"t={stamp},v1={digest}" if name == "stripe-signature" else digest
    relay = Relay("http://127.0.0.1:9", lambda _request: True, AGREED)
    relay.arrived.append(Arrived(Outgoing("POST", "/hook", {name: header}, raw), 200, b"{}"))
    return relay


@pytest.mark.parametrize("name", ["stripe-signature", "x-signature"])
def test_a_seal_of_now_is_right(name: str) -> None:
    """With the time in Unix seconds, and with no other key."""
    arrived(name, int(datetime.now(UTC).timestamp())).check_seals(SECRET)
    with pytest.raises(BadSignature):
        arrived(name, int(datetime.now(UTC).timestamp())).check_seals("another")


@pytest.mark.parametrize("name", ["stripe-signature", "x-signature"])
@pytest.mark.parametrize("written", ["milliseconds", "ISO 8601", "day first"])
def test_a_time_that_is_written_otherwise_is_wrong(name: str, written: str) -> None:
    """The only dates at this boundary that somebody reads are those of the seals."""
    now = datetime.now(UTC)
    stamps = {
        "milliseconds": int(now.timestamp() * 1000),
        "ISO 8601": now.isoformat(),
        "day first": f"{now:%d/%m/%Y %H:%M}",
    }
    with pytest.raises(BadSignature):
        arrived(name, stamps[written]).check_seals(SECRET)


def test_no_signature_at_all_is_wrong() -> None:
    """It is not taken for a PSP of another style."""
    with pytest.raises(BadSignature):
        arrived("other", int(datetime.now(UTC).timestamp())).check_seals(SECRET)
