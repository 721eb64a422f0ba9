"""Each switch of the wallet's laws of rounds, sessions and amounts; without it the platform is sound."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import pytest

from synthetic.reference.switchboard import Switch
from synthetic.tests.reference.cell.running import RunningCell, sign_a, sign_b

# Their damage is proven by whole runs too; CI plays both.
pytestmark = pytest.mark.slow

BODY = {"user": "ada", "round": "r", "game_code": "dice", "currency": "EUR", "amount": 20_000}
IS_ON = pytest.mark.parametrize("is_on", [False, True])


def bet(cell: RunningCell, token: str, transaction: str = "b-1", **changes: Any) -> dict[str, Any]:
    return cell.call_a("transaction/bet", **BODY | {"token": token, "transaction_uuid": transaction} | changes)


def win(cell: RunningCell, **changes: Any) -> dict[str, Any]:
    body = BODY | {"transaction_uuid": "w-1", "reference_transaction_uuid": "b-1"} | changes
    return cell.call_a("transaction/win", **body)


def rollback(cell: RunningCell, **changes: Any) -> dict[str, Any]:
    body = BODY | {"transaction_uuid": "rb-1", "reference_transaction_uuid": "b-1"} | changes
    return cell.call_a("transaction/rollback", **body)


def call_b(cell: RunningCell, path: str, *items: dict[str, str], **changes: Any) -> httpx.Response:
    body = {"user_id": "ada", "token": cell.open_game("ada", "provider-b"), "currency": "EUR", "game": "dice"}
    batch = {"transactions": list(items)} if items else {}
    return cell.call_b(path, **body | {"round_id": "r"} | batch | changes)


@pytest.fixture
def token(cell: RunningCell) -> str:
    return cell.open_game("ada")


@IS_ON
def test_leaves_round_open(cell: RunningCell, token: str, *, is_on: bool) -> None:
    """The win is paid, the provider is told OK, and the round stays open; in both dialects."""
    cell.throw("leaves_round_open", is_on=is_on)
    bet(cell, token)
    assert (win(cell)["status"], cell.kinds("ada")) == ("RS_OK", ["bet", "win"])
    call_b(cell, "betwin", {"id_provider": "b-2", "type": "bet", "amount": "0.20"}, round_id="r2")
    assert call_b(cell, "finish", round_id="r2").status_code == 200
    states = [cell.round("ada", name)["state"] for name in ("r", "r2")]
    assert states == (["OPEN", "OPEN"] if is_on else ["WON", "LOST"])


@IS_ON
def test_zero_win_leaves_round_open(cell: RunningCell, token: str, *, is_on: bool) -> None:
    """A win of zero and an end without a win do not close; a win with money does."""
    cell.throw("zero_win_leaves_round_open", is_on=is_on)
    bet(cell, token)
    assert win(cell, amount=0)["status"] == "RS_OK"
    call_b(cell, "betwin", {"id_provider": "b-2", "type": "bet", "amount": "0.20"}, round_id="r2")
    assert call_b(cell, "finish", round_id="r2").status_code == 200
    states = [cell.round("ada", name)["state"] for name in ("r", "r2")]
    assert states == (["OPEN", "OPEN"] if is_on else ["LOST", "LOST"])
    bet(cell, token, "b-3", round="r3")
    win(cell, round="r3", transaction_uuid="w-3", reference_transaction_uuid="b-3")
    assert cell.round("ada", "r3")["state"] == "WON"


@IS_ON
def test_pays_win_without_bet(cell: RunningCell, token: str, *, is_on: bool) -> None:
    """A win that comes before its bet is credited; the bet then debits, and the round stays open."""
    cell.throw("pays_win_without_bet", is_on=is_on)
    assert win(cell)["status"] == ("RS_OK" if is_on else "RS_ERROR_TRANSACTION_DOES_NOT_EXIST")
    assert bet(cell, token)["status"] == "RS_OK"
    assert cell.kinds("ada") == [*(["win"] if is_on else []), "bet"]
    assert cell.round("ada", "r")["state"] == "OPEN"


@IS_ON
def test_pays_rolled_back_bet(cell: RunningCell, token: str, *, is_on: bool) -> None:
    """The player has his stake back and wins with it, too."""
    cell.throw("pays_rolled_back_bet", is_on=is_on)
    bet(cell, token)
    rollback(cell)
    assert win(cell)["status"] == ("RS_OK" if is_on else "RS_ERROR_TRANSACTION_ROLLED_BACK")
    assert cell.kinds("ada") == ["bet", "rollback", *(["win"] if is_on else [])]


@IS_ON
def test_takes_bets_on_closed_round(cell: RunningCell, token: str, *, is_on: bool) -> None:
    """The round is over, and a new bet on it debits."""
    cell.throw("takes_bets_on_closed_round", is_on=is_on)
    bet(cell, token)
    win(cell)
    assert (bet(cell, token, "b-2")["status"] == "RS_OK") is is_on
    assert cell.kinds("ada") == ["bet", "win", *(["bet"] if is_on else [])]


@IS_ON
def test_refunds_settled_bet(cell: RunningCell, token: str, *, is_on: bool) -> None:
    """A rollback after the win gives the stake back."""
    cell.throw("refunds_settled_bet", is_on=is_on)
    bet(cell, token)
    win(cell)
    assert (rollback(cell)["status"] == "RS_OK") is is_on
    assert cell.kinds("ada") == ["bet", "win", *(["rollback"] if is_on else [])]


@IS_ON
def test_refunds_unknown_bet(cell: RunningCell, *, is_on: bool) -> None:
    """A rollback of nothing credits something."""
    cell.throw("refunds_unknown_bet", is_on=is_on)
    assert rollback(cell)["status"] == "RS_OK"
    assert cell.cash("ada") == (1020 if is_on else 1000)


@IS_ON
def test_debits_free_bets(cell: RunningCell, token: str, *, is_on: bool) -> None:
    """A stake that the promotion pays is taken from the player's cash."""
    cell.throw("debits_free_bets", is_on=is_on)
    assert bet(cell, token, is_free=True)["status"] == "RS_OK"
    assert cell.cash("ada") == (980 if is_on else 1000)


@IS_ON
def test_takes_bets_on_expired_token(cell: RunningCell, *, is_on: bool) -> None:
    """An expired session still bets."""
    cell.throw("takes_bets_on_expired_token", is_on=is_on)
    answer = bet(cell, cell.open_game("ada", expired=True))
    assert answer["status"] == ("RS_OK" if is_on else "RS_ERROR_TOKEN_EXPIRED")


@IS_ON
def test_expired_token_blocks_all(cell: RunningCell, token: str, *, is_on: bool) -> None:
    """The win of an expired session is refused; the provider gives up, and the money is lost."""
    cell.throw("expired_token_blocks_all", is_on=is_on)
    bet(cell, token)
    expired = cell.open_game("ada", expired=True)
    wanted = "RS_ERROR_TOKEN_EXPIRED" if is_on else "RS_OK"
    assert win(cell, token=expired)["status"] == wanted
    bet(cell, token, "b-2", round="r2")
    assert rollback(cell, token=expired, reference_transaction_uuid="b-2", round="r2")["status"] == wanted


@IS_ON
def test_ignores_currency(cell: RunningCell, token: str, *, is_on: bool) -> None:
    """Twenty American cents cost twenty euro cents."""
    cell.throw("ignores_currency", is_on=is_on)
    assert bet(cell, token, currency="USD")["status"] == ("RS_OK" if is_on else "RS_ERROR_WRONG_CURRENCY")
    assert cell.cash("ada") == (980 if is_on else 1000)


@IS_ON
def test_accepts_foreign_token(cell: RunningCell, *, is_on: bool) -> None:
    """With bob's session ada pays."""
    cell.throw("accepts_foreign_token", is_on=is_on)
    assert bet(cell, cell.open_game("bob"))["status"] == ("RS_OK" if is_on else "RS_ERROR_INVALID_TOKEN")
    assert cell.kinds("ada") == (["bet"] if is_on else [])


@IS_ON
def test_verifies_parsed_body(cell: RunningCell, token: str, *, is_on: bool) -> None:
    """Other bytes with the same meaning pass under the signature of the first; another meaning never does."""
    cell.throw("verifies_parsed_body", is_on=is_on)
    body = BODY | {"token": token, "transaction_uuid": "b-1", "request_uuid": "r"}
    signed = sign_a(json.dumps(body).encode())

    def status(raw: bytes) -> str:
        return str(cell.client.post("/wallet/a/transaction/bet", content=raw, headers=signed).json()["status"])

    assert status(json.dumps(body | {"amount": 30_000}).encode()) == "RS_ERROR_INVALID_SIGNATURE"
    assert status(json.dumps(body, indent=2).encode()) == ("RS_OK" if is_on else "RS_ERROR_INVALID_SIGNATURE")
    raw = json.dumps({"user_id": "ada", "token": cell.open_game("ada", "provider-b")}).encode()
    spaced = cell.client.post("/wallet/b/balance", content=raw + b" ", headers=sign_b(raw))
    assert spaced.status_code == (200 if is_on else 400)


@IS_ON
def test_rounds_debits(cell: RunningCell, token: str, *, is_on: bool) -> None:
    """A stake of 0.20 costs 0.19."""
    cell.throw("rounds_debits", is_on=is_on)
    assert bet(cell, token)["status"] == "RS_OK"
    assert cell.cash("ada") == (981 if is_on else 980)


def test_answers_bets_late(cell: RunningCell, token: str) -> None:
    """A bet waits before anything of it is looked at, its repetition too; a win does not."""
    cell.context.board.throw(Switch("answers_bets_late", params={"delay_s": 0.3}))
    took_s = []
    for name in ("bet", "bet", "win"):
        began_s = time.monotonic()
        answer = bet(cell, token) if name == "bet" else win(cell)
        took_s.append(time.monotonic() - began_s)
        assert answer["status"] == "RS_OK"
    assert took_s[0] >= 0.3
    assert took_s[1] >= 0.3
    assert took_s[2] < 0.3
    assert [row["times"] for row in cell.context.board.acted()] == [1]


@IS_ON
def test_answers_balance_before(cell: RunningCell, token: str, *, is_on: bool) -> None:
    """The balance in the answer does not know of the bet that it answers."""
    cell.throw("answers_balance_before", is_on=is_on)
    assert bet(cell, token)["balance"] == (1_000_000 if is_on else 980_000)
    assert cell.cash("ada") == 980


@IS_ON
def test_answers_float_balance(cell: RunningCell, token: str, *, is_on: bool) -> None:
    """The JSON number has a fraction, so that a reader makes a float of it."""
    cell.throw("answers_float_balance", is_on=is_on)
    assert isinstance(bet(cell, token)["balance"], float if is_on else int)


@IS_ON
def test_rounds_balance_in_answers(cell: RunningCell, token: str, *, is_on: bool) -> None:
    """9.80 is told as 9.00, in both dialects."""
    cell.throw("rounds_balance_in_answers", is_on=is_on)
    assert bet(cell, token)["balance"] == (900_000 if is_on else 980_000)
    assert call_b(cell, "balance").json()["balance"] == ("9.00" if is_on else "9.80")
