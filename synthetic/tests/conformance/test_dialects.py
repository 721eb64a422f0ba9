"""The dialects on the wire: paths, amounts, signatures, and what an answer proves."""

from __future__ import annotations

import json
from typing import Any

import pytest

from synthetic.conformance.dialects.hub88 import Hub88
from synthetic.conformance.dialects.protocol import Action, Ask, Move, Reason, Seat
from synthetic.conformance.dialects.softswiss import Softswiss
from synthetic.core.effects import HttpReply, Times
from synthetic.core.money import Money
from synthetic.core.outcome import StepOutcome
from synthetic.tests.conformance.wallets import private_pem
from synthetic.tests.reference.cell.running import sign_a, sign_b

SEAT = Seat("ada", "token-1", "dice", "EUR")
AT = Times(0, 0, 0, 0)
DONE, REFUSED, UNKNOWN = StepOutcome.DONE, StepOutcome.REFUSED, StepOutcome.UNKNOWN


def bet(amount: Money) -> Ask:
    """A bet of one amount."""
    return Ask(Action.BET, Seat("ada", "token-1", "dice", amount.currency), "r-1", (Move(Action.BET, "b-1", amount),))


@pytest.mark.parametrize(
    ("amount", "units", "text"),
    [
        (Money(356, "EUR"), 356_000, "3.56"),
        (Money(10, "JPY"), 1_000_000, "10"),
        (Money(1, "KWD"), 100, "0.001"),
        (Money(10, "USD"), 10_000, "0.10"),
    ],
)
def test_amounts_are_written_as_each_dialect_has_them(amount: Money, units: int, text: str) -> None:
    """x 100,000 whatever the currency's exponent; decimal texts with exactly its digits."""
    assert Hub88("").message(bet(amount), "q-1").body["amount"] == units
    assert Softswiss("").message(bet(amount), "q-1").body["transactions"][0]["amount"] == text


def test_a_rollback_means_its_bet() -> None:
    """Each dialect names the bet in a field of its own."""
    move = Move(Action.ROLLBACK, "rb-1", Money(10, "EUR"), reference="b-1")
    ask = Ask(Action.ROLLBACK, SEAT, "r-1", (move,))
    hub, soft = Hub88("").message(ask, "q-1"), Softswiss("").message(ask, "q-1")
    assert (hub.path, hub.body["transaction_uuid"], hub.body["reference_transaction_uuid"]) == (
        "/transaction/rollback",
        "rb-1",
        "b-1",
    )
    assert (soft.path, soft.body["transactions"]) == (
        "/rollback",
        [{"id_provider": "rb-1", "type": "rollback", "id_original": "b-1"}],
    )


def test_signatures_are_those_that_the_reference_wallet_verifies() -> None:
    """Over the raw bytes, by an implementation that is not ours."""
    raw = b'{"a": 1}'
    assert {"X-Hub88-Signature": Hub88(private_pem()).sign(raw)} == sign_a(raw)
    assert {"X-REQUEST-SIGN": Softswiss("b-secret").sign(raw)} == sign_b(raw)


def hub_answer(http_status: int = 200, /, **body: Any) -> HttpReply:
    """An answer of dialect hub88."""
    return HttpReply(http_status, (), json.dumps({"request_uuid": "q-1", **body}).encode(), AT)


@pytest.mark.parametrize(
    ("reply", "outcome", "reason"),
    [
        (hub_answer(), UNKNOWN, Reason.NONE),
        (hub_answer(500), UNKNOWN, Reason.NONE),
        (HttpReply(200, (), b"<html>", AT), UNKNOWN, Reason.NONE),
        (HttpReply(403, (), b"<html>", AT), REFUSED, Reason.OTHER),
        (HttpReply(504, (), b"", AT), UNKNOWN, Reason.NONE),
    ],
)
def test_what_is_no_answer_of_hub88_proves_nothing(reply: HttpReply, outcome: StepOutcome, reason: Reason) -> None:
    """But a plain 4xx of a gateway that refuses the signature."""
    answer = Hub88("").read(bet(Money(10, "EUR")), "q-1", reply)
    assert (answer.outcome, answer.reason) == (outcome, reason)


@pytest.mark.parametrize(
    ("body", "outcome", "reason", "flaw"),
    [
        ({"status": "RS_OK", "balance": 356_000}, DONE, Reason.NONE, False),
        ({"status": "RS_OK", "balance": 356_000.0}, DONE, Reason.NONE, True),
        ({"status": "RS_OK", "balance": 356_001}, UNKNOWN, Reason.NONE, False),
        ({"status": "RS_OK", "balance": True}, UNKNOWN, Reason.NONE, False),
        ({"status": "RS_OK", "balance": 356_000, "request_uuid": "another"}, UNKNOWN, Reason.NONE, False),
        ({"status": "RS_ERROR_TIMEOUT"}, UNKNOWN, Reason.NONE, False),
        ({"status": "RS_ERROR_DUPLICATE_TRANSACTION"}, REFUSED, Reason.DUPLICATE, False),
        ({"status": "RS_ERROR_TRANSACTION_ROLLED_BACK", "balance": 0}, REFUSED, Reason.ROLLED_BACK, False),
        ({"status": "RS_ERROR_LIMIT_REACHED"}, REFUSED, Reason.OTHER, False),
    ],
)
def test_what_hub88_answers(body: dict[str, Any], outcome: StepOutcome, reason: Reason, flaw: bool) -> None:  # noqa: FBT001
    """Done, refused, or nothing proven: an answer to another request is none to ours."""
    answer = Hub88("").read(bet(Money(10, "EUR")), "q-1", hub_answer(**body))
    assert (answer.outcome, answer.reason, bool(answer.flaw)) == (outcome, reason, flaw)


@pytest.mark.parametrize(
    ("status", "body", "outcome", "reason", "flaw"),
    [
        (200, {"balance": "3.56"}, DONE, Reason.NONE, False),
        (200, {"balance": 3.56}, DONE, Reason.NONE, True),
        (200, {"balance": "3.567"}, UNKNOWN, Reason.NONE, False),
        (200, {"meta": {"api_code": 100}}, UNKNOWN, Reason.NONE, False),
        (400, {"meta": {"api_code": 409}}, REFUSED, Reason.ROLLED_BACK, False),
        (400, {"meta": {"api_code": 100}, "balance": "0.00"}, REFUSED, Reason.FUNDS, False),
        (400, {}, REFUSED, Reason.OTHER, False),
        (404, {}, UNKNOWN, Reason.NONE, False),
        (500, {"meta": {"api_code": 100}}, UNKNOWN, Reason.NONE, False),
    ],
)
def test_what_softswiss_answers(
    status: int,
    body: dict[str, Any],
    outcome: StepOutcome,
    reason: Reason,
    flaw: bool,  # noqa: FBT001
) -> None:
    """HTTP 400 is a refusal and its code says why; a 404 is a wrong address, and 5xx is the wallet's trouble."""
    reply = HttpReply(status, (), json.dumps(body).encode(), AT)
    answer = Softswiss("").read(bet(Money(10, "EUR")), "q-1", reply)
    assert (answer.outcome, answer.reason, bool(answer.flaw)) == (outcome, reason, flaw)


ODD_BODIES = [
    b'{"request_uuid": "q-1", "status": "RS_OK", "balance": %b}' % balance
    for balance in (b"1e999", b"-1e999", b"NaN", b"Infinity", b'"NaN"', b"[1]", b"{}", b"null", b"1" + b"0" * 5000)
] + [b'{"request_uuid": "q-1", "status": "RS_OK", "balance": 1000, "balance": 2000}', b"\xff\xfe", b"[" * 100_000]


@pytest.mark.parametrize("body", ODD_BODIES, ids=lambda body: str(body[-20:]))
@pytest.mark.parametrize("dialect", [Hub88(""), Softswiss("")], ids=["hub88", "softswiss"])
def test_what_not_every_reader_reads_alike_proves_nothing(dialect: Hub88 | Softswiss, body: bytes) -> None:
    """No number that is none, no key twice: such a balance is not told, and nobody stumbles over it."""
    answer = dialect.read(bet(Money(10, "EUR")), "q-1", HttpReply(200, (), body, AT))
    assert (answer.outcome, answer.balance) == (UNKNOWN, None)


def test_the_wallets_own_id_is_that_of_the_first_transaction() -> None:
    """`id_casino`; an odd shape of the list is none."""
    body = {"balance": "1.00", "transactions": [{"id_provider": "b-1", "id_casino": "c-9"}]}
    odd = body | {"transactions": ["c-9"]}
    read = [
        Softswiss("").read(bet(Money(10, "EUR")), "", HttpReply(200, (), json.dumps(one).encode(), AT)).stored
        for one in (body, odd)
    ]
    assert read == ["c-9", ""]
