"""What the gateway makes of a provider that answers late, wrongly or not at all: acknowledged exactly when it is debited."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from synthetic.tests.reference.cell.gateway.playing import API_KEY, Frame, Platform, platform, until
from synthetic.tests.reference.cell.gateway.scenes import play
from synthetic.tests.reference.cell.running import sign_a
from synthetic.tests.reference.game.serving import served

Answer = Callable[["Wire", dict[str, Any]], Awaitable[Response]]


class Wire:
    """A provider of the test's own: it is asked for bets, calls the cell's wallet, and answers as the test has it."""

    def __init__(self, answer: Answer) -> None:
        self.asked: list[dict[str, Any]] = []
        self.authorised_by: list[str] = []
        self.wallet_url = ""
        self._answer = answer
        self.app = Starlette(routes=[Route("/bets", self._bets, methods=["POST"])])

    async def debit(self, bet: dict[str, Any], **changes: Any) -> str:
        """Take the stake from the wallet; its status."""
        body = {
            "user": bet["player"],
            "token": bet["session"],
            "request_uuid": "u",
            "transaction_uuid": bet["bet_id"],
            "round": bet["round"],
            "game_code": bet["game"],
            "currency": bet["currency"],
            "amount": bet["stake_minor"] * 1000,
        }
        async with httpx.AsyncClient(trust_env=False) as client:
            raw = client.build_request("POST", self.wallet_url, json=body | changes).content
            answer = await client.post(self.wallet_url, content=raw, headers=sign_a(raw))
        return str(answer.json()["status"])

    async def _bets(self, request: Request) -> Response:
        self.asked.append(await request.json())
        self.authorised_by.append(request.headers["authorization"])
        return await self._answer(self, self.asked[-1])


def accepted(bet: dict[str, Any]) -> Response:
    """What a provider says to a bet that it took."""
    return JSONResponse({"status": "accepted", "bet_id": bet["bet_id"], "round": bet["round"], "balance_minor": 1})


@asynccontextmanager
async def wired(folder: Path, answer: Answer) -> AsyncIterator[tuple[Platform, Wire]]:
    """A platform whose provider-a is a Wire."""
    wire = Wire(answer)
    async with served(wire.app) as url, platform(folder, provider_urls={"provider-a": url}) as run:
        wire.wallet_url = f"{run.url}/wallet/a/transaction/bet"
        yield run, wire


def ask_for_a_bet(folder: Path, answer: Answer) -> tuple[Frame, list[str], Wire]:
    """Bet once; the answer, and the kinds of the player's postings after it."""

    async def run() -> tuple[Frame, list[str], Wire]:
        async with wired(folder, answer) as (running, wire), running.playing("steady-dice") as (socket, _):
            frame = await socket.bet(within_s=10)
            return frame, [kind for kind, _, _ in running.postings()], wire

    return asyncio.run(run())


def test_an_accepted_bet_without_a_debit_is_not_acknowledged(tmp_path: Path) -> None:
    """The provider says accepted and never called the wallet; the bet is over, and a late debit is refused (47)."""
    late: list[str] = []

    async def answer(_wire: Wire, bet: dict[str, Any]) -> Response:
        return accepted(bet)

    async def scene() -> None:
        async with wired(tmp_path, answer) as (run, wire), run.playing("steady-dice") as (socket, _):
            assert (await socket.bet())["code"] == "provider_unavailable"
            late.append(await wire.debit(wire.asked[0]))
            assert run.postings() == []

    asyncio.run(scene())
    assert late == ["RS_ERROR_TRANSACTION_ROLLED_BACK"]


@pytest.mark.parametrize("status", [200, 500, 504])
def test_a_debited_bet_is_acknowledged_though_its_answer_is_rubbish(tmp_path: Path, status: int) -> None:
    """The wallet has the stake, so the bet stands; the balance is the one right after the debit."""

    async def answer(wire: Wire, bet: dict[str, Any]) -> Response:
        await wire.debit(bet)
        return Response("<html>", status_code=status)

    frame, postings, wire = ask_for_a_bet(tmp_path, answer)
    assert (frame["type"], frame["bet_id"], frame["balance_minor"]) == ("bet_ack", wire.asked[0]["bet_id"], 980)
    assert postings == ["bet"]


@pytest.mark.parametrize("body", [{}, {"status": "accepted", "bet_id": "another"}, {"status": "maybe"}, [1]])
def test_an_answer_that_means_nothing_is_no_ack(tmp_path: Path, body: Any) -> None:
    """Without a debit and without a usable answer the bet is over."""

    async def answer(_wire: Wire, _bet: dict[str, Any]) -> Response:
        return JSONResponse(body)

    frame, postings, _ = ask_for_a_bet(tmp_path, answer)
    assert (frame["code"], postings) == ("provider_unavailable", [])


def test_a_rejection_is_told_with_its_code(tmp_path: Path) -> None:
    """A code that the player can do nothing about is provider_unavailable."""

    async def answer(wire: Wire, bet: dict[str, Any]) -> Response:
        code = "player_disabled" if len(wire.asked) == 1 else "signature_refused"
        return JSONResponse({"status": "rejected", "bet_id": bet["bet_id"], "code": code})

    async def scene() -> None:
        async with wired(tmp_path, answer) as (run, _), run.playing("steady-dice") as (socket, _):
            codes = [(await socket.bet())["code"] for _ in range(2)]
            assert codes == ["self_excluded", "provider_unavailable"]

    asyncio.run(scene())


def test_the_provider_is_asked_as_the_contract_says(tmp_path: Path) -> None:
    """The bet with its ids, under the operator's key; the wallet's token is the game session."""

    async def answer(wire: Wire, bet: dict[str, Any]) -> Response:
        await wire.debit(bet)
        return accepted(bet)

    async def scene() -> None:
        async with wired(tmp_path, answer) as (run, wire), run.playing("steady-dice") as (socket, welcome):
            ack = await socket.bet(stake_minor=30)
            assert wire.asked == [
                {
                    "operator": "op",
                    "player": "ada",
                    "session": welcome["session"],
                    "game": "steady-dice",
                    "round": ack["round"],
                    "bet_id": ack["bet_id"],
                    "stake_minor": 30,
                    "currency": "EUR",
                }
            ]
            assert ack["balance_minor"] == 970
            assert wire.authorised_by == [f"Bearer {API_KEY}"]

    asyncio.run(scene())


def test_a_provider_that_is_not_there(tmp_path: Path) -> None:
    """Nothing listens: an error frame, the round is VOID, and the socket goes on."""

    async def scene(run: Platform) -> None:
        async with run.playing("steady-dice") as (socket, _):
            error = await socket.bet()
            assert error["code"] == "provider_unavailable"
            found = await run.get("/games/bets", req_id=error["req_id"])
            assert found["bet"]["state"] == "REJECTED"
            assert (await run.get(f"/games/rounds/{found['bet']['round']}"))["state"] == "VOID"
            assert (await socket.ask(type="ping"))["type"] == "pong"

    play(tmp_path, scene, provider_urls={"provider-a": "http://127.0.0.1:1"})


@pytest.mark.parametrize("kind", ["dice", "wheel"])
def test_a_lost_wallet_answer_is_repeated_under_the_same_id(tmp_path: Path, kind: str) -> None:
    """The wallet debits and answers 504; the provider's repetition finds the debit: one posting, one ack (fault 17)."""

    async def scene(run: Platform) -> None:
        run.throw("cell", "loses_bet_response")
        async with run.playing(f"steady-{kind}") as (socket, _):
            ack = await socket.bet()
            assert (ack["type"], ack["balance_minor"]) == ("bet_ack", 980)
            assert (await socket.receive("round_result"))["state"] == "WON"
        assert [posting[0] for posting in run.postings()] == ["bet", "win"]

    play(tmp_path, scene)


def test_the_repetition_shows_a_wallet_that_debits_again(tmp_path: Path) -> None:
    """With the planted defect the same bet id is in the ledger twice."""

    async def scene(run: Platform) -> None:
        run.throw("cell", "loses_bet_response")
        run.throw("cell", "debits_again_on_retry")
        async with run.playing("steady-dice") as (socket, _):
            ack = await socket.bet()
            await until(lambda: len(run.postings()) == 3)
        assert run.postings()[:2] == [("bet", ack["bet_id"], -20)] * 2

    play(tmp_path, scene)
