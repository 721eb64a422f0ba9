"""The player's rounds and bets, and the cancellation of an open round."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthetic.reference.cell.models import RoundRow
from synthetic.reference.game import Pace
from synthetic.tests.reference.cell.gateway.playing import Platform, until
from synthetic.tests.reference.cell.gateway.scenes import play

SLOW = Pace(settles_after_s=(30.0, 30.0))


@pytest.mark.parametrize("kind", ["dice", "wheel"])
def test_an_open_round_can_be_cancelled(tmp_path: Path, kind: str) -> None:
    """The provider rolls the bet back: the round is VOID, the stake is there again; asking again is accepted."""

    async def scene(run: Platform) -> None:
        async with run.playing(f"steady-{kind}") as (socket, _):
            ack = await socket.bet()
            assert (await run.get(f"/games/rounds/{ack['round']}"))["state"] == "OPEN"
            assert (await run.void(ack["round"])).status_code == 202
            result = await socket.receive("round_result")
            assert (result["round"], result["state"], result["balance_minor"]) == (ack["round"], "VOID", 1000)
        again = await run.void(ack["round"])
        assert (again.status_code, again.json()["state"]) == (202, "VOID")
        assert run.postings() == [("bet", ack["bet_id"], -20), ("rollback", ack["bet_id"], 20)]

    play(tmp_path, scene, pace=SLOW)


def test_a_decided_round_is_not_cancelled(tmp_path: Path) -> None:
    """409, and the player keeps what he won."""

    async def scene(run: Platform) -> None:
        async with run.playing("steady-dice") as (socket, _):
            await socket.bet()
            result = await socket.receive("round_result")
        answer = await run.void(result["round"])
        assert (answer.status_code, answer.json()["error"]) == (409, "round_closed")
        assert [kind for kind, _, _ in run.postings()] == ["bet", "win"]

    play(tmp_path, scene)


def test_the_providers_word_counts_where_the_wallet_has_not_heard_it(tmp_path: Path) -> None:
    """A round that the provider has decided, but the wallet still has open, is closed for a cancellation: 409."""

    async def scene(run: Platform) -> None:
        async with run.playing("steady-dice") as (socket, _):
            await socket.bet()
            result = await socket.receive("round_result")
        with run.context.ledger.transaction() as transaction:
            row = transaction.session.get_one(RoundRow, ("provider-a", "ada", result["round"]))
            row.state = "OPEN"
        assert (await run.void(result["round"])).status_code == 409

    play(tmp_path, scene)


def test_a_round_belongs_to_its_player(tmp_path: Path) -> None:
    """Another player neither sees nor cancels it, nor finds its bet."""

    async def scene(run: Platform) -> None:
        async with run.playing("steady-dice") as (socket, _):
            ack = await socket.bet(req_id="mine")
        bob = await run.login("bob")
        assert (await run.client.get(f"/games/rounds/{ack['round']}", headers=bob)).status_code == 404
        assert (await run.void(ack["round"], "bob")).status_code == 404
        assert await run.get("/games/bets", "bob", req_id="mine") == {"found": False, "bet": None}

    play(tmp_path, scene, pace=SLOW)


def test_a_look_up_needs_a_req_id(tmp_path: Path) -> None:
    """Without one it is a malformed request, not "not found"."""

    async def scene(run: Platform) -> None:
        answer = await run.client.get("/games/bets", headers=await run.login("ada"))
        assert (answer.status_code, answer.json()["error"]) == (400, "malformed")

    play(tmp_path, scene)


def test_a_cancellation_needs_the_provider(tmp_path: Path) -> None:
    """A provider that is not there, or never heard of the round, can't cancel it: 502, and the round stays open."""

    async def scene(run: Platform) -> None:
        async with run.playing("steady-dice") as (socket, _):
            ack = await socket.bet()
            await until(lambda: run.cash() == 980)
        with run.context.ledger.transaction() as transaction:
            row = transaction.session.get_one(RoundRow, ("provider-a", "ada", ack["round"]))
            values = {column.key: getattr(row, column.key) for column in RoundRow.__table__.columns}
            transaction.session.add(RoundRow(**(values | {"round_id": "elsewhere"})))
        answer = await run.void("elsewhere")
        assert (answer.status_code, answer.json()["error"]) == (502, "provider_unavailable")
        assert (await run.get("/games/rounds/elsewhere"))["state"] == "OPEN"

    play(tmp_path, scene, pace=SLOW)
