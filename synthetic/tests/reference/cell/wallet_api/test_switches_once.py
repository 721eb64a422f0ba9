"""Each switch of exactly once: what a wallet with the defect makes of an id that it has seen. Without it, nothing moves."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from synthetic.reference.cell.context import GameSession
from synthetic.reference.ledger.models import IdempotencyKey
from synthetic.tests.reference.cell.running import RunningCell, sign_a

# Left out of the default suite, which has to stay under three minutes; CI plays it.
pytestmark = pytest.mark.slow

STAKE = {"user": "ada", "round": "r", "game_code": "dice", "currency": "EUR", "amount": 20_000}
UNDO = {"reference_transaction_uuid": "b-1"}


@pytest.fixture
def token(cell: RunningCell) -> str:
    return cell.open_game("ada")


def bet(cell: RunningCell, token: str, **changes: Any) -> dict[str, Any]:
    return cell.call_a("transaction/bet", **STAKE | {"token": token, "transaction_uuid": "b-1"} | changes)


def rollback(cell: RunningCell, transaction: str = "rb-1") -> dict[str, Any]:
    return cell.call_a("transaction/rollback", **STAKE, **UNDO, transaction_uuid=transaction)


def win(cell: RunningCell) -> dict[str, Any]:
    return cell.call_a("transaction/win", **STAKE, **UNDO, transaction_uuid="w-1")


def batch(cell: RunningCell, token: str, *items: dict[str, str]) -> httpx.Response:
    body = {"user_id": "ada", "token": token, "currency": "EUR", "game": "dice", "round_id": "r"}
    return cell.call_b("betwin", **body, transactions=list(items))


def item(kind: str, amount: str, number: int = 1) -> dict[str, str]:
    return {"id_provider": f"{kind}-{number}", "type": kind, "amount": amount}


def age_ids(cell: RunningCell) -> None:
    """As if what the wallet has seen so far was seen a while ago."""
    with cell.context.ledger.transaction() as transaction:
        then = datetime.now(UTC) - timedelta(seconds=1)
        transaction.session.execute(sa.update(IdempotencyKey).values(created_at=then))


@pytest.mark.parametrize("is_on", [False, True])
def test_debits_again_on_retry(cell: RunningCell, token: str, *, is_on: bool) -> None:
    """The same transaction id debits each time it comes; `count` of the posting shows it."""
    cell.throw("debits_again_on_retry", is_on=is_on)
    assert [bet(cell, token)["balance"] for _ in range(2)] == [980_000, 960_000 if is_on else 980_000]
    counts = [row["count"] for row in cell.context.ledger.statement("ada") if row["kind"] == "bet"]
    assert counts == ([2, 2] if is_on else [1])


@pytest.mark.parametrize("is_on", [False, True])
def test_credits_again_on_retry(cell: RunningCell, token: str, *, is_on: bool) -> None:
    """A repeated win pays again, although its round is over."""
    cell.throw("credits_again_on_retry", is_on=is_on)
    bet(cell, token)
    assert [win(cell)["status"] for _ in range(2)] == ["RS_OK", "RS_OK"]
    assert cell.kinds("ada") == ["bet", "win", *(["win"] if is_on else [])]


@pytest.mark.parametrize("is_on", [False, True])
def test_refunds_again_on_retry(cell: RunningCell, token: str, *, is_on: bool) -> None:
    """A repeated rollback of the same id refunds again."""
    cell.throw("refunds_again_on_retry", is_on=is_on)
    bet(cell, token)
    assert [rollback(cell)["balance"] for _ in range(2)] == [1_000_000, 1_020_000 if is_on else 1_000_000]


@pytest.mark.parametrize("is_on", [False, True])
def test_replays_under_new_id(cell: RunningCell, *, is_on: bool) -> None:
    """The wallet's own id of a repeated transaction is another one."""
    cell.throw("replays_under_new_id", is_on=is_on)
    token = cell.open_game("ada", "provider-b")
    first, again = (batch(cell, token, item("bet", "0.20")).json()["transactions"][0] for _ in range(2))
    assert (first["id_casino"] == again["id_casino"]) is not is_on
    assert cell.kinds("ada") == ["bet"]


@pytest.mark.parametrize("is_on", [False, True])
def test_takes_other_body(cell: RunningCell, token: str, *, is_on: bool) -> None:
    """A known id with another amount is a new bet to it."""
    cell.throw("takes_other_body", is_on=is_on)
    bet(cell, token)
    assert bet(cell, token, amount=30_000)["status"] == ("RS_OK" if is_on else "RS_ERROR_DUPLICATE_TRANSACTION")
    assert cell.cash("ada") == (950 if is_on else 980)


@pytest.mark.parametrize("is_on", [False, True])
def test_shares_ids_between_players(cell: RunningCell, token: str, *, is_on: bool) -> None:
    """The bet of a second player under an id that the first has used is answered, and never debited."""
    cell.throw("shares_ids_between_players", is_on=is_on)
    bet(cell, token)
    assert bet(cell, cell.open_game("bob"), user="bob")["status"] == "RS_OK"
    assert cell.kinds("bob") == ([] if is_on else ["bet"])


@pytest.mark.parametrize("is_on", [False, True])
def test_shares_ids_between_providers(cell: RunningCell, token: str, *, is_on: bool) -> None:
    """The bet of a second provider under an id that the first has used is not debited."""
    cell.throw("shares_ids_between_providers", is_on=is_on)
    bet(cell, token, transaction_uuid="bet-1")
    batch(cell, cell.open_game("ada", "provider-b"), item("bet", "0.20"))
    assert cell.kinds("ada") == ["bet", *([] if is_on else ["bet"])]


def test_an_id_that_nobody_has_used_is_new_to_a_wallet_that_shares_ids(cell: RunningCell, token: str) -> None:
    """The switches act only where they change something, and are counted only then."""
    cell.throw("shares_ids_between_players")
    cell.throw("shares_ids_between_providers")
    bet(cell, token)
    assert (cell.kinds("ada"), cell.context.board.acted()) == (["bet"], [])


@pytest.mark.parametrize("is_on", [False, True])
def test_posts_concurrent_duplicates(cell: RunningCell, token: str, *, is_on: bool) -> None:
    """Copies that come in together move money each; one that comes afterwards does not."""
    cell.throw("posts_concurrent_duplicates", is_on=is_on)
    raw = json.dumps(STAKE | {"token": token, "transaction_uuid": "b-1", "request_uuid": "r"}).encode()

    def send(_: int) -> int:
        return httpx.post(
            f"{cell.client.base_url}/wallet/a/transaction/bet", content=raw, headers=sign_a(raw)
        ).status_code

    both = Barrier(2)

    def wait_for_both(token: str) -> GameSession | None:
        both.wait(30)  # a look-up comes before the player's money is locked
        return cell.session_of(token)

    cell.context.session_lookups.insert(0, wait_for_both)
    with ThreadPoolExecutor(2) as pool:
        assert set(pool.map(send, range(2))) == {200}
    cell.context.session_lookups.remove(wait_for_both)
    bet(cell, token)
    assert cell.kinds("ada") == ["bet", *(["bet"] if is_on else [])]


@pytest.mark.parametrize("is_on", [False, True])
def test_forgets_ids(cell: RunningCell, token: str, *, is_on: bool) -> None:
    """A repetition is known for half a second; later it moves money again, whether bet, win or rollback."""
    cell.throw("forgets_ids", is_on=is_on)
    bet(cell, token)
    win(cell)
    win(cell)
    assert cell.kinds("ada") == ["bet", "win"]
    age_ids(cell)
    assert win(cell)["status"] == "RS_OK"
    assert bet(cell, token)["status"] == "RS_OK"
    assert cell.kinds("ada") == ["bet", "win", *(["win", "bet"] if is_on else [])]


@pytest.mark.parametrize("is_on", [False, True])
def test_keeps_half_batches(cell: RunningCell, *, is_on: bool) -> None:
    """The batch is refused for its second bet, and the first one stays debited."""
    cell.throw("keeps_half_batches", is_on=is_on)
    answer = batch(cell, cell.open_game("ada", "provider-b"), item("bet", "0.20"), item("bet", "99.00", 2))
    assert (answer.status_code, answer.json()["meta"]["api_code"]) == (400, 100)
    assert cell.kinds("ada") == (["bet"] if is_on else [])
