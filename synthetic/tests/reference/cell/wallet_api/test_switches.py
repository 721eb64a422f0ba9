"""Each switch of the cell's core changes exactly what its description says; without it the platform is clean."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa

from synthetic.reference.cell.wallet_api.switches import CELL_SWITCHES_WALLET
from synthetic.reference.ledger import LEDGER_SWITCHES
from synthetic.reference.ledger.models import Posting
from synthetic.tests.reference.cell.running import RunningCell, sign_a, sign_b
from synthetic.tests.reference.cell.wallet_api import test_switches_once, test_switches_rounds

# Left out of the default suite, which has to stay under three minutes; CI plays it.
pytestmark = pytest.mark.slow

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


@pytest.mark.parametrize("is_on", [False, True])
def test_refuses_unknown_rollback(cell: RunningCell, token: str, *, is_on: bool) -> None:
    """A rollback that overtakes its bet is refused, and the bet that comes after it debits."""
    cell.throw("refuses_unknown_rollback", is_on=is_on)
    assert rollback(cell)["status"] == ("RS_ERROR_TRANSACTION_DOES_NOT_EXIST" if is_on else "RS_OK")
    assert (bet(cell, token)["status"] == "RS_OK") is is_on


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


@pytest.mark.parametrize("is_on", [False, True])
def test_keeps_session_at_login(cell: RunningCell, *, is_on: bool) -> None:
    """A log-in with a live token answers that token; a token of somebody else, or of nobody, is never taken over."""
    cell.throw("keeps_session_at_login", is_on=is_on)
    before = cell.login("ada")
    body = {"username": "ada", "password": "ada-password"}
    after = cell.client.post("/auth/login", json=body, headers=before).json()["token"]
    assert (f"Bearer {after}" == before["Authorization"]) is is_on
    for foreign in (cell.login("bob"), {"Authorization": "Bearer chosen-by-someone"}):
        token = cell.client.post("/auth/login", json=body, headers=foreign).json()["token"]
        assert f"Bearer {token}" != foreign["Authorization"]


@pytest.mark.parametrize("is_on", [False, True])
def test_refresh_keeps_old_token(cell: RunningCell, *, is_on: bool) -> None:
    """The new token works, and the old one as well."""
    cell.throw("refresh_keeps_old_token", is_on=is_on)
    old = cell.login("ada")
    new = cell.client.post("/auth/refresh", headers=old).json()["token"]
    assert cell.client.get("/me", headers={"Authorization": f"Bearer {new}"}).status_code == 200
    assert cell.client.get("/me", headers=old).status_code == (200 if is_on else 401)


@pytest.mark.parametrize("is_on", [False, True])
def test_loses_counterparty_leg(cell: RunningCell, token: str, *, is_on: bool) -> None:
    """The entry's postings don't add up to nothing."""
    cell.throw("loses_counterparty_leg", is_on=is_on)
    bet(cell, token)
    with cell.context.ledger.reading() as session:
        newest = session.scalar(sa.select(sa.func.max(Posting.entry_id)))
        amounts = session.scalars(sa.select(Posting.amount_minor).where(Posting.entry_id == newest)).all()
    assert sorted(amounts) == ([-20] if is_on else [-20, 20])


@pytest.mark.parametrize("is_on", [False, True])
def test_overdraws_cash(cell: RunningCell, token: str, *, is_on: bool) -> None:
    """A bet above the balance is taken: the postings go below zero."""
    cell.throw("overdraws_cash", is_on=is_on)
    body = STAKE | {"amount": 1_500_000, "token": token, "transaction_uuid": "b-1"}
    answer = cell.call_a("transaction/bet", **body)
    assert answer["status"] == ("RS_OK" if is_on else "RS_ERROR_NOT_ENOUGH_MONEY")
    assert sum(row["amount_minor"] for row in cell.context.ledger.statement("ada")) == (-500 if is_on else 1000)


@pytest.mark.parametrize("is_on", [False, True])
def test_rewrites_postings(cell: RunningCell, token: str, *, is_on: bool) -> None:
    """What was read once reads otherwise the next time."""
    cell.throw("rewrites_postings", is_on=is_on)
    headers = cell.login("ada")
    bet(cell, token)
    references = [
        [entry["reference"] for entry in cell.client.get("/wallet/ledger", headers=headers).json()["entries"]]
        for _ in range(2)
    ]
    assert (references[0] == references[1]) is not is_on


@pytest.mark.parametrize("is_on", [False, True])
def test_miscounts_total(cell: RunningCell, *, is_on: bool) -> None:
    """The total is not what the buckets hold."""
    cell.throw("miscounts_total", is_on=is_on)
    body = cell.client.get("/wallet/balance", headers=cell.login("ada")).json()
    buckets = body["cash_minor"] + body["bonus_minor"] + body["locked_minor"]
    assert (body["total_minor"] == buckets) is not is_on


def test_every_switch_has_a_test_here() -> None:
    """A switch that no test throws could do anything."""
    names = {*globals(), *vars(test_switches_once), *vars(test_switches_rounds)}
    tested = {name.removeprefix("test_").removesuffix("_commits_and_answers_504_once") for name in names}
    assert set(CELL_SWITCHES_WALLET | LEDGER_SWITCHES) <= tested
