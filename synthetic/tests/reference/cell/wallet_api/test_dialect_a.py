"""Wallet dialect A over HTTP: signatures, codes, idempotency, tombstones, tokens."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from synthetic.reference.cell.context import RoundClosed
from synthetic.reference.cell.wallet_api.desk import Knobs
from synthetic.tests.reference.cell.running import RunningCell, running_cell, sign_a

STAKE = {"round": "r", "game_code": "dice", "currency": "EUR", "amount": 20_000}


@pytest.fixture
def token(cell: RunningCell) -> str:
    return cell.open_game("ada")


def bet(cell: RunningCell, token: str, transaction: str = "b-1", **changes: Any) -> dict[str, Any]:
    body = STAKE | {"user": "ada", "token": token, "transaction_uuid": transaction} | changes
    return cell.call_a("transaction/bet", **body)


def win(cell: RunningCell, token: str, transaction: str = "w-1", **changes: Any) -> dict[str, Any]:
    body = STAKE | {"user": "ada", "token": token, "transaction_uuid": transaction, "amount": 40_000}
    return cell.call_a("transaction/win", **(body | {"reference_transaction_uuid": "b-1"} | changes))


def rollback(cell: RunningCell, token: str, transaction: str = "rb-1", **changes: Any) -> dict[str, Any]:
    body = {"user": "ada", "token": token, "transaction_uuid": transaction, "round": "r", "game_code": "dice"}
    return cell.call_a("transaction/rollback", **(body | {"reference_transaction_uuid": "b-1"} | changes))


def test_a_bet_debits_and_a_win_credits(cell: RunningCell, token: str) -> None:
    """0.20 is taken, 0.40 is given; each answer echoes the request and has the balance after it, x 100,000."""
    assert bet(cell, token) == {
        "user": "ada",
        "status": "RS_OK",
        "request_uuid": "r-1",
        "currency": "EUR",
        "balance": 980_000,
    }
    assert cell.round("ada", "r")["state"] == "OPEN"
    assert win(cell, token)["balance"] == 1_020_000
    assert cell.round("ada", "r") == {
        "round": "r",
        "state": "WON",
        "stake_minor": 20,
        "payout_minor": 40,
        "bets": [{"id": "b-1", "state": "SETTLED", "amount_minor": 20}],
    }
    assert cell.kinds("ada") == ["bet", "win"]


def test_a_win_of_zero_closes_the_round(cell: RunningCell, token: str) -> None:
    """Nothing is posted, and the round is LOST even where `round_closed` is false."""
    bet(cell, token)
    assert win(cell, token, amount=0, round_closed=False)["balance"] == 980_000
    assert (cell.round("ada", "r")["state"], cell.kinds("ada")) == ("LOST", ["bet"])


def test_partial_wins_leave_the_round_open(cell: RunningCell, token: str) -> None:
    """Wins add up until the one that closes."""
    bet(cell, token)
    win(cell, token, "w-1", amount=10_000, round_closed=False)
    assert cell.round("ada", "r")["state"] == "OPEN"
    win(cell, token, "w-2", amount=5_000)
    assert (cell.round("ada", "r")["state"], cell.round("ada", "r")["payout_minor"]) == ("WON", 15)


def test_a_bet_may_close_its_round(cell: RunningCell, token: str) -> None:
    """`round_closed` on the bet says that it is lost."""
    bet(cell, token, round_closed=True)
    assert cell.round("ada", "r")["state"] == "LOST"


def test_the_same_id_moves_once_and_answers_the_same(cell: RunningCell, token: str) -> None:
    """A repetition of a bet, a win and a rollback gets the first answer, with the balance after that transaction."""
    first = bet(cell, token)
    bet(cell, token, "b-2")
    assert bet(cell, token) == first
    paid = win(cell, token, "w-1", round_closed=False)
    undone = rollback(cell, token, reference_transaction_uuid="b-2")
    assert (win(cell, token, "w-1", round_closed=False), rollback(cell, token, reference_transaction_uuid="b-2")) == (
        paid,
        undone,
    )
    assert cell.kinds("ada") == ["bet", "bet", "win", "rollback"]


@pytest.mark.parametrize("changes", [{"amount": 30_000}, {"round": "other"}])
def test_the_same_id_with_other_parameters_is_refused(cell: RunningCell, token: str, changes: dict[str, Any]) -> None:
    """Another amount or round under a used id moves nothing."""
    bet(cell, token)
    assert bet(cell, token, **changes)["status"] == "RS_ERROR_DUPLICATE_TRANSACTION"
    assert cell.cash("ada") == 980


def test_an_id_is_one_transaction_whatever_it_does(cell: RunningCell, token: str) -> None:
    """A win under the bet's id is another transaction under a used id."""
    bet(cell, token)
    assert win(cell, token, "b-1")["status"] == "RS_ERROR_DUPLICATE_TRANSACTION"


def test_the_scope_of_an_id_is_the_player(cell: RunningCell, token: str) -> None:
    """Two players may have the same transaction and round ids at one provider."""
    bet(cell, token)
    assert bet(cell, cell.open_game("bob"), user="bob")["balance"] == 980_000
    assert (cell.cash("ada"), cell.cash("bob")) == (980, 980)


def test_a_rollback_returns_the_stake_once(cell: RunningCell, token: str) -> None:
    """The round is VOID; another rollback under another id answers OK and moves nothing."""
    bet(cell, token)
    assert rollback(cell, token)["balance"] == 1_000_000
    assert rollback(cell, token, "rb-2") == {"user": "ada", "request_uuid": "r-1", "status": "RS_OK"} | {
        "currency": "EUR",
        "balance": 1_000_000,
    }
    assert (cell.round("ada", "r")["state"], cell.kinds("ada")) == ("VOID", ["bet", "rollback"])


def test_a_round_with_a_live_bet_is_not_void(cell: RunningCell, token: str) -> None:
    """Undoing one of two bets leaves the round OPEN for the other."""
    bet(cell, token, "b-1")
    bet(cell, token, "b-2")
    rollback(cell, token)
    assert cell.round("ada", "r")["state"] == "OPEN"


def test_a_late_bet_meets_the_tombstone(cell: RunningCell, token: str) -> None:
    """A rollback before its bet answers OK; the bet that comes later is refused for ever and moves nothing."""
    assert rollback(cell, token)["status"] == "RS_OK"
    for _ in range(2):
        assert bet(cell, token)["status"] == "RS_ERROR_TRANSACTION_ROLLED_BACK"
    assert cell.kinds("ada") == []


def test_a_win_needs_a_live_bet(cell: RunningCell, token: str) -> None:
    """Unknown bet, rolled-back bet, settled bet: each has its status, and nothing moves."""
    assert win(cell, token)["status"] == "RS_ERROR_TRANSACTION_DOES_NOT_EXIST"
    bet(cell, token)
    rollback(cell, token)
    assert win(cell, token)["status"] == "RS_ERROR_TRANSACTION_ROLLED_BACK"
    bet(cell, token, "b-2", round="r2")
    settle = {"round": "r2", "reference_transaction_uuid": "b-2"}
    assert win(cell, token, "w-2", **settle)["status"] == "RS_OK"
    assert win(cell, token, "w-3", **settle)["status"] == "RS_ERROR_DUPLICATE_TRANSACTION"
    assert cell.kinds("ada") == ["bet", "rollback", "bet", "win"]


def test_a_settled_bet_is_not_rolled_back(cell: RunningCell, token: str) -> None:
    """The stake of a round that was played stays taken, won or lost."""
    for number, amount in ((1, 40_000), (2, 0)):
        references = {"round": f"r{number}", "reference_transaction_uuid": f"b-{number}"}
        bet(cell, token, f"b-{number}", round=f"r{number}")
        win(cell, token, f"w-{number}", amount=amount, **references)
        assert rollback(cell, token, f"rb-{number}", **references)["status"] == "RS_ERROR_DUPLICATE_TRANSACTION"
    assert cell.kinds("ada") == ["bet", "win", "bet"]


def test_a_bet_that_won_a_part_is_not_rolled_back(cell: RunningCell, token: str) -> None:
    """Stake back and win kept would be money from nowhere; the round is still open."""
    bet(cell, token)
    win(cell, token, round_closed=False)
    assert rollback(cell, token)["status"] == "RS_ERROR_DUPLICATE_TRANSACTION"
    assert cell.kinds("ada") == ["bet", "win"]


def test_no_bet_on_a_closed_round(cell: RunningCell, token: str) -> None:
    """A round that was settled takes no more bets."""
    bet(cell, token)
    win(cell, token)
    assert bet(cell, token, "b-2")["status"] == "RS_ERROR_DUPLICATE_TRANSACTION"
    assert cell.cash("ada") == 1020


def test_an_expired_token_blocks_bets_only(cell: RunningCell, token: str) -> None:
    """A new bet is refused; the win and the rollback of earlier bets go through."""
    bet(cell, token, "b-1")
    bet(cell, token, "b-2", round="r2")
    expired = cell.open_game("ada", expired=True)
    assert bet(cell, expired, "b-3")["status"] == "RS_ERROR_TOKEN_EXPIRED"
    assert win(cell, expired)["status"] == "RS_OK"
    assert rollback(cell, expired, reference_transaction_uuid="b-2", round="r2")["status"] == "RS_OK"


def test_a_repeated_bet_is_answered_although_its_token_expired(cell: RunningCell) -> None:
    """It was debited; "expired" would make the provider discard it and keep the stake."""
    token = cell.open_game("ada")
    first = bet(cell, token)
    assert bet(cell, cell.open_game("ada", expired=True)) == first


def test_a_free_bet_takes_no_cash(cell: RunningCell, token: str) -> None:
    """Its win is paid; its rollback returns nothing."""
    assert bet(cell, token, is_free=True)["balance"] == 1_000_000
    bet(cell, token, "b-2", is_free=True, round="r2")
    rollback(cell, token, reference_transaction_uuid="b-2", round="r2")
    win(cell, token)
    assert (cell.kinds("ada"), cell.cash("ada")) == (["win"], 1040)


REFUSALS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"amount": 1_000_001_000}, "RS_ERROR_NOT_ENOUGH_MONEY"),
    ({"currency": "USD"}, "RS_ERROR_WRONG_CURRENCY"),
    ({"game_code": "wheel"}, "RS_ERROR_INVALID_GAME"),
    ({"token": "nobody's"}, "RS_ERROR_INVALID_TOKEN"),
    ({"user": "bob"}, "RS_ERROR_INVALID_TOKEN"),
    ({"user": "nobody", "token": "x"}, "RS_ERROR_INVALID_TOKEN"),
    ({"amount": 0}, "RS_ERROR_WRONG_SYNTAX"),
    ({"amount": -1000}, "RS_ERROR_WRONG_SYNTAX"),
    ({"amount": 20_001}, "RS_ERROR_WRONG_SYNTAX"),
    ({"amount": 2**70 * 1000}, "RS_ERROR_WRONG_SYNTAX"),
    ({"amount": "20000"}, "RS_ERROR_WRONG_TYPES"),
    ({"amount": 20000.0}, "RS_ERROR_WRONG_TYPES"),
    ({"amount": True}, "RS_ERROR_WRONG_TYPES"),
    ({"round": 5}, "RS_ERROR_WRONG_TYPES"),
    ({"is_free": "no"}, "RS_ERROR_WRONG_TYPES"),
    ({"round": "\ud800"}, "RS_ERROR_WRONG_SYNTAX"),
    ({"round": "\0"}, "RS_ERROR_WRONG_SYNTAX"),
    ({"round": None}, "RS_ERROR_WRONG_SYNTAX"),
    ({"transaction_uuid": "x" * 129}, "RS_ERROR_WRONG_SYNTAX"),
)


def test_a_bet_that_can_not_be_taken_says_why(cell: RunningCell, token: str) -> None:
    """Each refusal is HTTP 200 with its own status, and moves nothing."""
    answers = [(changes, bet(cell, **({"token": token} | changes))["status"]) for changes, _ in REFUSALS]
    assert answers == list(REFUSALS)
    assert cell.kinds("ada") == []


def test_a_refused_bet_may_be_sent_again(cell: RunningCell, token: str) -> None:
    """A refusal is not remembered: the same id goes through once there is money."""
    assert bet(cell, token, amount=100_001_000)["status"] == "RS_ERROR_NOT_ENOUGH_MONEY"
    assert bet(cell, token)["status"] == "RS_OK"


def test_a_self_excluded_player_does_not_bet(cell: RunningCell) -> None:
    """His token may live on; the wallet refuses."""
    assert bet(cell, cell.open_game("eve"), user="eve")["status"] == "RS_ERROR_USER_DISABLED"


def test_yen_have_no_hundredths_on_the_wire(cell: RunningCell) -> None:
    """100 yen are 10,000,000; balance and bet round-trip (domain reference 6, 6 and 7)."""
    token = cell.open_game("yui", currency="JPY")
    assert bet(cell, token, user="yui", currency="JPY", amount=10_000_000)["balance"] == 490_000_000
    assert cell.cash("yui") == 4900


def test_user_calls_answer_for_an_expired_token_too(cell: RunningCell) -> None:
    """`info` and `balance` tell currency and balance; `info` also the country; an unknown token is refused."""
    token = cell.open_game("ada", expired=True)
    assert cell.call_a("user/info", user="ada", token=token)["country"] == "mt"
    assert cell.call_a("user/balance", user="ada", token=token)["balance"] == 1_000_000
    assert cell.call_a("user/balance", user="ada", token="x")["status"] == "RS_ERROR_INVALID_TOKEN"


def raw_bet(cell: RunningCell, raw: bytes, headers: dict[str, str]) -> str:
    return str(cell.client.post("/wallet/a/transaction/bet", content=raw, headers=headers).json()["status"])


def test_the_signature_is_over_the_raw_bytes(cell: RunningCell, token: str) -> None:
    """The same JSON with other white space does not verify; the bytes that were signed do."""
    body = STAKE | {"user": "ada", "token": token, "transaction_uuid": "b-1", "request_uuid": "r"}
    signed, reformatted = json.dumps(body, indent=3).encode(), json.dumps(body).encode()
    assert raw_bet(cell, reformatted, sign_a(signed)) == "RS_ERROR_INVALID_SIGNATURE"
    assert raw_bet(cell, signed, {}) == "RS_ERROR_INVALID_SIGNATURE"
    assert raw_bet(cell, signed, {"X-Hub88-Signature": "not base64!"}) == "RS_ERROR_INVALID_SIGNATURE"
    assert raw_bet(cell, signed, {"X-Hub88-Signature": base64.b64encode(b"0" * 256).decode()}) == (
        "RS_ERROR_INVALID_SIGNATURE"
    )
    assert cell.kinds("ada") == []
    assert raw_bet(cell, signed, sign_a(signed)) == "RS_OK"


def test_signed_nonsense_is_wrong_syntax(cell: RunningCell) -> None:
    """A body that is not a JSON object has no more to say."""
    for raw in (b"<html>", b"[1]", b"\xff", b"[" * 100_000):
        assert raw_bet(cell, raw, sign_a(raw)) == "RS_ERROR_WRONG_SYNTAX"


def test_listeners_hear_of_each_closed_round_once(cell: RunningCell, token: str) -> None:
    """A win that closes and a rollback that voids are told after the commit; a repetition and an open round are not."""
    heard: list[RoundClosed] = []

    async def listen(closed: RoundClosed) -> None:
        heard.append(closed)

    cell.context.on_round_closed.append(listen)
    for _ in range(2):
        bet(cell, token)
        win(cell, token)
    bet(cell, token, "b-2", round="r2")
    for number in (1, 2):
        rollback(cell, token, f"rb-{number}", round="r2", reference_transaction_uuid="b-2")
    assert [(closed.round_id, closed.state, closed.payout_minor, closed.cash_minor) for closed in heard] == [
        ("r", "WON", 40, 1020),
        ("r2", "VOID", 0, 1020),
    ]
    assert {closed.session for closed in heard} == {f"s-{token}"}


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[RunningCell]:
    with running_cell(tmp_path, knobs_a=Knobs(unknown_rollback="not_found", duplicate="error")) as running:
        yield running


def test_knob_unknown_rollback_is_not_found_and_still_leaves_a_tombstone(strict: RunningCell) -> None:
    """The refusal of the rollback must not let the late bet stick."""
    token = strict.open_game("ada")
    assert rollback(strict, token)["status"] == "RS_ERROR_TRANSACTION_DOES_NOT_EXIST"
    assert bet(strict, token)["status"] == "RS_ERROR_TRANSACTION_ROLLED_BACK"


def test_knob_duplicate_is_an_error(strict: RunningCell) -> None:
    """Where the dialect says so, a repetition is refused; it moves nothing either way."""
    token = strict.open_game("ada")
    bet(strict, token)
    assert bet(strict, token)["status"] == "RS_ERROR_DUPLICATE_TRANSACTION"
    assert strict.cash("ada") == 980
