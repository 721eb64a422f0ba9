"""What a provider concludes from a wallet's answer: done, refused with a reason, or unknown."""

from __future__ import annotations

from typing import Any

import pytest

from synthetic.reference.game import dialect_a, dialect_b
from synthetic.reference.game.wallet_calls import Reply

OK_A = {"request_uuid": "u", "status": "RS_OK", "balance": 980_000, "currency": "EUR"}


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, OK_A, ("done", "", 980)),
        (200, OK_A | {"status": "RS_ERROR_NOT_ENOUGH_MONEY"}, ("refused", "insufficient_funds", None)),
        (200, OK_A | {"status": "RS_ERROR_USER_DISABLED"}, ("refused", "player_disabled", None)),
        (200, OK_A | {"status": "RS_ERROR_TRANSACTION_ROLLED_BACK"}, ("refused", "rolled_back", None)),
        (200, OK_A | {"status": "RS_ERROR_LIMIT_REACHED"}, ("refused", "limit_reached", None)),
        (200, OK_A | {"status": "RS_ERROR_UNKNOWN"}, ("unknown", "", None)),
        (200, OK_A | {"status": "RS_ERROR_TIMEOUT"}, ("unknown", "", None)),
        (200, OK_A | {"status": "RS_ERROR_OF_TOMORROW"}, ("unknown", "", None)),
        (200, OK_A | {"status": ["RS_OK"]}, ("unknown", "", None)),
        (200, OK_A | {"request_uuid": "another"}, ("unknown", "", None)),
        (200, OK_A | {"balance": "9.80"}, ("unknown", "", None)),
        (200, OK_A | {"balance": 980_001}, ("unknown", "", None)),
        (200, None, ("unknown", "", None)),
        (500, OK_A, ("unknown", "", None)),
    ],
)
def test_dialect_a(status: int, body: dict[str, Any] | None, expected: tuple[str, str, int | None]) -> None:
    """Known statuses decide; a status of its own, another request's answer or a strange balance decides nothing."""
    outcome = dialect_a.conclude(Reply(status, body), "u", "EUR")
    assert (outcome.verdict.value, outcome.code, outcome.balance_minor) == expected


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, {"balance": "9.80", "currency": "EUR"}, ("done", "", 980)),
        (400, {"meta": {"api_code": 100}}, ("refused", "insufficient_funds", None)),
        (400, {"meta": {"api_code": 105}}, ("refused", "limit_reached", None)),
        (400, {"meta": {"api_code": 106}}, ("refused", "limit_reached", None)),
        (400, {"meta": {"api_code": 409}}, ("refused", "rolled_back", None)),
        (400, {"meta": {"api_code": 999}}, ("unknown", "", None)),
        (400, {"meta": 100}, ("unknown", "", None)),
        (400, {}, ("unknown", "", None)),
        (500, {"balance": "9.80"}, ("unknown", "", None)),
        (200, {"balance": 9.80}, ("unknown", "", None)),
        (200, {"balance": "9.801"}, ("unknown", "", None)),
        (200, None, ("unknown", "", None)),
    ],
)
def test_dialect_b(status: int, body: dict[str, Any] | None, expected: tuple[str, str, int | None]) -> None:
    """200 with a balance is success, 400 with a known code a refusal; anything else decides nothing."""
    outcome = dialect_b.conclude(Reply(status, body), "EUR")
    assert (outcome.verdict.value, outcome.code, outcome.balance_minor) == expected


def test_no_answer_at_all() -> None:
    """Silence decides nothing, in both dialects."""
    assert dialect_a.conclude(None, "u", "EUR") == dialect_b.conclude(None, "EUR")
    assert dialect_b.conclude(None, "EUR").verdict.value == "unknown"
