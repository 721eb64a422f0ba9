"""Sixteen duplicates at once over HTTP: real sockets, real threads, a real database."""

from __future__ import annotations

import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx

from synthetic.reference.cell.app import build_cell
from synthetic.reference.cell.context import GameSession
from synthetic.reference.cell.switches import CELL_SWITCHES_CORE
from synthetic.reference.cell.wallet_api.calls import Kind, WalletCall, WalletRequest
from synthetic.reference.cell.wallet_api.dialect_a import KNOBS_A
from synthetic.reference.cell.wallet_api.service import WalletService
from synthetic.reference.ledger import open_ledger
from synthetic.reference.switchboard import Switchboard
from synthetic.tests.reference.cell.running import RunningCell, cell_settings, sign_a, sign_b

DUPLICATES = 16


def send_at_once(cell: RunningCell, path: str, raw: bytes, headers: dict[str, str]) -> set[str]:
    """The distinct answers to sixteen copies of one request."""

    def send(_: int) -> str:
        answer = httpx.post(f"{cell.client.base_url}{path}", content=raw, headers=headers, timeout=20)
        return f"{answer.status_code} {answer.text}"

    with ThreadPoolExecutor(DUPLICATES) as pool:
        return set(pool.map(send, range(DUPLICATES)))


def test_sixteen_duplicate_bets_of_dialect_a_move_once(cell: RunningCell) -> None:
    """All of them get the same answer."""
    body = {"user": "ada", "token": cell.open_game("ada"), "request_uuid": "r", "transaction_uuid": "b-1", "round": "r"}
    raw = json.dumps(body | {"game_code": "dice", "currency": "EUR", "amount": 20_000}).encode()
    answers = send_at_once(cell, "/wallet/a/transaction/bet", raw, sign_a(raw))
    assert len(answers) == 1
    assert '"balance":980000' in answers.pop()
    assert cell.kinds("ada") == ["bet"]


def test_sixteen_duplicate_batches_of_dialect_b_move_once(cell: RunningCell) -> None:
    """Bet and win of the batch stand once each, and the round is closed once."""
    items = [{"id_provider": f"{kind}-1", "type": kind, "amount": "0.20"} for kind in ("bet", "win")]
    body = {"user_id": "ada", "token": cell.open_game("ada", "provider-b"), "currency": "EUR", "game": "dice"}
    raw = json.dumps(body | {"round_id": "r", "transactions": items, "finished": True}).encode()
    answers = send_at_once(cell, "/wallet/b/betwin", raw, sign_b(raw))
    assert len(answers) == 1
    assert answers.pop().startswith("200")
    assert cell.kinds("ada") == ["bet", "win"]


def test_sixteen_duplicates_move_once_on_postgres(postgres_url: str) -> None:
    """Bet, win and rollback: row locks and key locks do there what the one writer does on SQLite."""
    ledger = open_ledger(f"{postgres_url}&options=-csearch_path%3Dw{uuid.uuid4().hex}")
    context = build_cell(cell_settings(""), ledger, Switchboard(CELL_SWITCHES_CORE)).state.context
    context.session_lookups.append(lambda token: GameSession(token, "ada", "provider-a", "dice", "EUR", expired=False))
    service = WalletService(context, KNOBS_A)
    calls = (
        WalletCall(Kind.BET, "b-1", 20),
        WalletCall(Kind.BET, "b-2", 30),
        WalletCall(Kind.ROLLBACK, "rb-1", reference="b-1"),
        WalletCall(Kind.WIN, "w-1", 60, reference="b-2", closes=True),
    )
    with ThreadPoolExecutor(DUPLICATES) as pool:
        for call, cash_minor in zip(calls, (980, 950, 970, 1030), strict=True):
            request = WalletRequest("provider-a", "ada", "t", "r", "dice", "EUR", (call,))
            balances = {done[0].balance.cash_minor for done in pool.map(service.commit, [request] * DUPLICATES)}
            assert balances == {cash_minor}
    assert [row["kind"] for row in ledger.statement("ada")] == ["funding", "bet", "bet", "rollback", "win"]
    ledger.close()
