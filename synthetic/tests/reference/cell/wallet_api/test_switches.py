"""Each switch of the cell's core changes exactly what its description says; without it the platform is clean."""

from __future__ import annotations

import json
from typing import Any

import pytest

from synthetic.reference.cell.wallet_api.switches import CELL_SWITCHES_WALLET
from synthetic.tests.reference.cell.running import RunningCell, sign_a, sign_b
from synthetic.tests.reference.cell.wallet_api import test_switches_once, test_switches_rounds

STAKE = {"user": "ada", "round": "r", "game_code": "dice", "currency": "EUR", "amount": 20_000}
UNDO = {"reference_transaction_uuid": "b-1"}


@pytest.fixture
def token(cell: RunningCell) -> str:
    return cell.open_game("ada")


def bet(cell: RunningCell, token: str) -> dict[str, Any]:
    return cell.call_a("transaction/bet", **STAKE, token=token, transaction_uuid="b-1")


def rollback(cell: RunningCell, transaction: str = "rb-1") -> dict[str, Any]:
    return cell.call_a("transaction/rollback", **STAKE, **UNDO, transaction_uuid=transaction)


def win(cell: RunningCell) -> dict[str, Any]:
    return cell.call_a("transaction/win", **STAKE, **UNDO, transaction_uuid="w-1")


def test_loses_bet_response_commits_and_answers_504_once(cell: RunningCell, token: str) -> None:
    """The bet stands, the first answer is lost, the repetition is answered; in both dialects."""
    cell.throw("loses_bet_response")
    raw = json.dumps(STAKE | {"token": token, "transaction_uuid": "b-1", "request_uuid": "r"}).encode()
    statuses = [
        cell.client.post("/wallet/a/transaction/bet", content=raw, headers=sign_a(raw)).status_code for _ in range(2)
    ]
    items = [{"id_provider": "b-1", "type": "bet", "amount": "0.20"}]
    body = {"user_id": "ada", "token": cell.open_game("ada", "provider-b"), "currency": "EUR", "game": "dice"}
    raw = json.dumps(body | {"round_id": "r", "transactions": items}).encode()
    statuses += [cell.client.post("/wallet/b/betwin", content=raw, headers=sign_b(raw)).status_code for _ in range(2)]
    assert statuses == [504, 200, 504, 200]
    assert cell.kinds("ada") == ["bet", "bet"]


def test_refunds_every_rollback_id(cell: RunningCell, token: str) -> None:
    """A second id refunds again; the same id does not."""
    cell.throw("refunds_every_rollback_id")
    bet(cell, token)
    assert [rollback(cell, name)["balance"] for name in ("rb-1", "rb-1", "rb-2")] == [1_000_000, 1_000_000, 1_020_000]


def test_forgets_rollback(cell: RunningCell, token: str) -> None:
    """It answers OK and the round is VOID, but the stake stays taken."""
    cell.throw("forgets_rollback")
    bet(cell, token)
    answer = rollback(cell)
    assert (answer["status"], cell.kinds("ada")) == ("RS_OK", ["bet"])
    assert cell.round("ada", "r")["state"] == "VOID"


def test_accepts_late_bet(cell: RunningCell, token: str) -> None:
    """A bet after its rollback debits, and sticks."""
    cell.throw("accepts_late_bet")
    rollback(cell)
    assert (bet(cell, token)["status"], cell.kinds("ada")) == ("RS_OK", ["bet"])


def test_accepts_bad_signature(cell: RunningCell, token: str) -> None:
    """A forged call is obeyed, in both dialects."""
    cell.throw("accepts_bad_signature")
    raw = json.dumps(STAKE | {"token": token, "transaction_uuid": "b-1", "request_uuid": "r"}).encode()
    forged = cell.client.post("/wallet/a/transaction/bet", content=raw, headers={"X-Hub88-Signature": "Zm9yZ2Vk"})
    assert (forged.json()["status"], cell.kinds("ada")) == ("RS_OK", ["bet"])
    body = {"user_id": "ada", "token": cell.open_game("ada", "provider-b")}
    assert cell.client.post("/wallet/b/balance", json=body).status_code == 200


def test_settles_nothing(cell: RunningCell, token: str) -> None:
    """The win is answered OK and the round is WON with its payout, but no money comes."""
    cell.throw("settles_nothing")
    bet(cell, token)
    assert (win(cell)["status"], cell.kinds("ada")) == ("RS_OK", ["bet"])
    view = cell.round("ada", "r")
    assert (view["state"], view["payout_minor"]) == ("WON", 20)


def test_caches_balance(cell: RunningCell, token: str) -> None:
    """The balance stays at the first value while the ledger moves on; resetting the switch ends it at once."""
    headers = cell.login("ada")
    cell.throw("caches_balance")

    def cash() -> int:
        return int(cell.client.get("/wallet/balance", headers=headers).json()["cash_minor"])

    assert cash() == 1000
    bet(cell, token)
    assert (cash(), cell.cash("ada")) == (1000, 980)
    cell.context.board.clear("caches_balance")
    assert cash() == 980


def test_every_switch_has_a_test_here() -> None:
    """A switch that no test throws could do anything."""
    names = {*globals(), *vars(test_switches_once), *vars(test_switches_rounds)}
    tested = {name.removeprefix("test_").removesuffix("_commits_and_answers_504_once") for name in names}
    assert set(CELL_SWITCHES_WALLET) <= tested
