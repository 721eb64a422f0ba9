"""Wallet dialect B over HTTP: batches, decimal strings, signatures, api codes, tombstones."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from synthetic.tests.reference.cell.running import RunningCell, sign_b


@pytest.fixture
def token(cell: RunningCell) -> str:
    return cell.open_game("ada", "provider-b")


def move(kind: str, transaction: str, amount: str = "0.20") -> dict[str, str]:
    return {"id_provider": transaction, "type": kind, "amount": amount}


def betwin(cell: RunningCell, token: str, *moves: dict[str, str], **changes: Any) -> httpx.Response:
    body = {"user_id": "ada", "token": token, "currency": "EUR", "game": "dice", "round_id": "r"}
    return cell.call_b("betwin", **(body | {"transactions": list(moves)} | changes))


def rollback(cell: RunningCell, original: str, transaction: str = "rb-1", **changes: Any) -> httpx.Response:
    items = [{"id_provider": transaction, "type": "rollback", "id_original": original}]
    return cell.call_b("rollback", **({"user_id": "ada", "round_id": "r", "transactions": items} | changes))


def code(answer: httpx.Response) -> int:
    assert answer.status_code == 400, answer.text
    return int(answer.json()["meta"]["api_code"])


def test_a_batch_happens_in_its_order(cell: RunningCell, token: str) -> None:
    """Bet and win of one request; the answer has the balance after the last, and an id for each."""
    answer = betwin(cell, token, move("bet", "b-1"), move("win", "w-1", "0.50"), finished=True)
    assert answer.json() == {
        "balance": "10.30",
        "currency": "EUR",
        "round_id": "r",
        "transactions": [
            {"id_provider": "b-1", "id_casino": "wallet:provider-b:ada:b-1"},
            {"id_provider": "w-1", "id_casino": "wallet:provider-b:ada:w-1"},
        ],
    }
    assert (cell.round("ada", "r")["state"], cell.kinds("ada")) == ("WON", ["bet", "win"])


def test_a_batch_is_atomic(cell: RunningCell, token: str) -> None:
    """Where the second bet can't be paid the first one does not stand either; the refusal tells the balance."""
    refused = betwin(cell, token, move("bet", "b-1"), move("bet", "b-2", "10.00"))
    assert (code(refused), refused.json()["balance"]) == (100, "10.00")
    assert cell.kinds("ada") == []
    assert betwin(cell, token, move("bet", "b-1")).json()["balance"] == "9.80"


def test_a_win_before_its_bet_in_the_batch_is_refused(cell: RunningCell, token: str) -> None:
    """The order counts: the win finds no bet."""
    assert code(betwin(cell, token, move("win", "w-1"), move("bet", "b-1"))) == 404
    assert cell.kinds("ada") == []


def test_a_repeated_batch_moves_once_and_answers_the_same(cell: RunningCell, token: str) -> None:
    """Also after other transactions, and with the round closed by it."""
    batch = (move("bet", "b-1"), move("win", "w-1", "0.50"))
    first = betwin(cell, token, *batch, finished=True).json()
    betwin(cell, token, move("bet", "b-2"), round_id="r2")
    assert betwin(cell, token, *batch, finished=True).json() == first
    assert cell.kinds("ada") == ["bet", "win", "bet"]


def test_a_batch_that_is_half_known_does_the_rest(cell: RunningCell, token: str) -> None:
    """A provider that lost the first answer may send the bet again together with the win."""
    betwin(cell, token, move("bet", "b-1"))
    betwin(cell, token, move("bet", "b-1"), move("win", "w-1"))
    assert cell.kinds("ada") == ["bet", "win"]


def test_the_same_id_with_another_amount_is_refused(cell: RunningCell, token: str) -> None:
    """Nothing moves."""
    betwin(cell, token, move("bet", "b-1"))
    assert code(betwin(cell, token, move("bet", "b-1", "0.30"))) == 422
    assert cell.cash("ada") == 980


def test_finish_closes_a_round_once(cell: RunningCell, token: str) -> None:
    """Without a win it is LOST; finishing again changes nothing; an unknown round is refused."""
    betwin(cell, token, move("bet", "b-1"))
    for _ in range(2):
        assert cell.call_b("finish", user_id="ada", round_id="r").json()["balance"] == "9.80"
    assert cell.round("ada", "r")["state"] == "LOST"
    assert code(cell.call_b("finish", user_id="ada", round_id="other")) == 404
    assert code(betwin(cell, token, move("bet", "b-2"))) == 410


def test_a_rollback_returns_the_stake_and_the_second_is_told_so(cell: RunningCell, token: str) -> None:
    """The same rollback again gets its first answer; another one gets 409; the stake comes back once."""
    betwin(cell, token, move("bet", "b-1"))
    first = rollback(cell, "b-1").json()
    assert (first["balance"], cell.round("ada", "r")["state"]) == ("10.00", "VOID")
    assert rollback(cell, "b-1").json() == first
    assert code(rollback(cell, "b-1", "rb-2")) == 409
    assert cell.kinds("ada") == ["bet", "rollback"]


def test_a_late_bet_meets_the_tombstone(cell: RunningCell, token: str) -> None:
    """Rollback first, bet later: 409, and nothing moves."""
    assert rollback(cell, "b-1").status_code == 200
    assert code(betwin(cell, token, move("bet", "b-1"))) == 409
    assert cell.kinds("ada") == []


def test_a_settled_bet_is_not_rolled_back(cell: RunningCell, token: str) -> None:
    """A batch of rollbacks with a settled bet in it gives nothing back."""
    betwin(cell, token, move("bet", "b-1"), move("win", "w-1"), finished=True)
    betwin(cell, token, move("bet", "b-2"), round_id="r2")
    items = [{"id_provider": f"rb-{bet}", "type": "rollback", "id_original": bet} for bet in ("b-2", "b-1")]
    assert code(rollback(cell, "b-1", transactions=items)) == 410
    assert cell.kinds("ada") == ["bet", "win", "bet"]


def test_an_expired_token_blocks_bets_only(cell: RunningCell, token: str) -> None:
    """Wins, rollbacks and finishing go on."""
    for number in (1, 2):
        betwin(cell, token, move("bet", f"b-{number}"), round_id=f"r{number}")
    expired = cell.open_game("ada", "provider-b", expired=True)
    assert code(betwin(cell, expired, move("bet", "b-3"))) == 101
    assert betwin(cell, expired, move("win", "w-1"), round_id="r1", finished=True).status_code == 200
    assert rollback(cell, "b-2", token=expired).status_code == 200


REFUSALS: tuple[tuple[dict[str, Any], int], ...] = (
    ({"currency": "USD"}, 154),
    ({"game": "wheel"}, 107),
    ({"token": "nobody's"}, 101),
    ({"user_id": "nobody", "token": "x"}, 101),
    ({"transactions": []}, 400),
    ({"transactions": "b"}, 400),
    ({"transactions": [1]}, 400),
    ({"transactions": [move("bet", "b-1")] * 51}, 400),
    ({"transactions": [move("jackpot", "b-1")]}, 400),
    ({"transactions": [move("bet", "b-1", "0.00")]}, 400),
    ({"transactions": [move("bet", "b-1", "-0.20")]}, 400),
    ({"transactions": [move("bet", "b-1", "0.201")]}, 400),
    ({"transactions": [move("bet", "b-1", "1e2")]}, 400),
    ({"transactions": [{"id_provider": "b-1", "type": "bet", "amount": 0.2}]}, 400),
    ({"finished": "yes"}, 400),
    ({"round_id": ""}, 400),
)


def test_a_request_that_can_not_be_done_says_why(cell: RunningCell, token: str) -> None:
    """Each refusal is HTTP 400 with its api code, and moves nothing."""
    answers = [
        (changes, code(betwin(cell, **({"token": token, "transactions": [move("bet", "b-1")]} | changes))))
        for changes, _ in REFUSALS
    ]
    assert answers == list(REFUSALS)
    assert cell.kinds("ada") == []


def test_a_self_excluded_player_does_not_bet(cell: RunningCell) -> None:
    """The code is 110."""
    token = cell.open_game("eve", "provider-b")
    assert code(betwin(cell, token, move("bet", "b-1"), user_id="eve")) == 110


def test_the_token_of_another_provider_is_refused(cell: RunningCell) -> None:
    """A session that was opened for provider-a is no session of provider-b."""
    assert code(betwin(cell, cell.open_game("ada", "provider-a"), move("bet", "b-1"))) == 101


def test_balance_is_a_decimal_string(cell: RunningCell, token: str) -> None:
    """Euros have two digits, yen have none; an expired token may ask, an unknown one may not."""
    yen = cell.open_game("yui", "provider-b", currency="JPY", expired=True)
    assert cell.call_b("balance", user_id="ada", token=token).json() == {"balance": "10.00", "currency": "EUR"}
    assert cell.call_b("balance", user_id="yui", token=yen).json() == {"balance": "5000", "currency": "JPY"}
    assert code(cell.call_b("balance", user_id="ada", token="x")) == 101


def test_the_signature_is_over_the_raw_bytes(cell: RunningCell, token: str) -> None:
    """A wrong or missing signature is 403 before anything is parsed; only the signed bytes pass."""
    body = {"user_id": "ada", "token": token}
    signed, reformatted = json.dumps(body, indent=3).encode(), json.dumps(body).encode()

    def ask(raw: bytes, headers: dict[str, str]) -> httpx.Response:
        return cell.client.post("/wallet/b/balance", content=raw, headers=headers)

    assert [code(ask(reformatted, sign_b(signed))), code(ask(signed, {})), code(ask(b"<html>", {}))] == [403] * 3
    assert ask(signed, sign_b(signed)).status_code == 200
    assert code(ask(b"<html>", sign_b(b"<html>"))) == 400
