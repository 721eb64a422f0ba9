"""Each switch of the gateway and of the providers changes what it says, for a player at a real socket."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthetic.reference.cell.gateway import CELL_SWITCHES_GATEWAY
from synthetic.reference.game import PROVIDER_SWITCHES
from synthetic.tests.reference.cell.gateway.playing import Platform, until
from synthetic.tests.reference.cell.gateway.scenes import play

PROVIDERS = [("provider-a", "dice"), ("provider-b", "wheel")]


def test_stops_answering_ws(tmp_path: Path) -> None:
    """After the welcome: no answer, no result, no bet, and the socket is open; the next socket is well when it is over."""

    async def scene(run: Platform) -> None:
        run.throw("cell", "stops_answering_ws")
        async with run.playing("steady-dice") as (socket, welcome):
            assert welcome["type"] == "welcome"
            await socket.send(type="bet", req_id="vanished", stake_minor=20, currency="EUR")
            await socket.send(type="ping")
            with pytest.raises(TimeoutError):
                await socket.receive(within_s=0.3)
            await (await socket.raw.ping())
            assert await run.get("/games/bets", req_id="vanished") == {"found": False, "bet": None}
        run.boards["cell"].clear()
        async with run.playing("steady-dice") as (socket, _):
            assert (await socket.bet())["type"] == "bet_ack"

    play(tmp_path, scene)


def test_stops_answering_ws_for_a_share_of_the_sockets(tmp_path: Path) -> None:
    """A socket is half-open for good or not at all: at a rate, some are, and each of the others plays to its end."""

    async def scene(run: Platform) -> None:
        run.throw("cell", "stops_answering_ws", rate=0.5)
        answered = []
        for _ in range(8):
            async with run.playing("steady-dice") as (socket, _):
                await socket.send(type="ping")
                try:
                    answered.append([await socket.receive(within_s=0.3), await socket.ask(type="ping")])
                except TimeoutError:
                    answered.append([])
        assert {len(pongs) for pongs in answered} == {0, 2}

    play(tmp_path, scene)


@pytest.mark.parametrize(("provider", "kind"), PROVIDERS)
def test_loses_rollbacks(tmp_path: Path, provider: str, kind: str) -> None:
    """The provider cancels, and the wallet never hears of it: the round stays open, the stake is gone (fault 18)."""

    async def scene(run: Platform) -> None:
        run.throw(provider, "loses_rollbacks", cell="canary")
        async with run.playing(f"void-{kind}") as (socket, _):
            ack = await socket.bet()
            with pytest.raises(TimeoutError):
                await socket.receive(within_s=0.5)
        assert (await run.get(f"/games/rounds/{ack['round']}"))["state"] == "OPEN"
        assert run.postings() == [("bet", ack["bet_id"], -20)]

    play(tmp_path, scene)


@pytest.mark.parametrize(("provider", "kind"), PROVIDERS)
def test_loses_rollbacks_of_another_cell(tmp_path: Path, provider: str, kind: str) -> None:
    """Aimed at the baseline it leaves the canary's rounds alone."""

    async def scene(run: Platform) -> None:
        run.throw(provider, "loses_rollbacks", cell="baseline")
        async with run.playing(f"void-{kind}") as (socket, _):
            await socket.bet()
            assert (await socket.receive())["state"] == "VOID"

    play(tmp_path, scene)


@pytest.mark.parametrize("is_defective", [False, True])
@pytest.mark.parametrize(("provider", "kind"), PROVIDERS)
def test_sends_second_rollback_id(tmp_path: Path, provider: str, kind: str, *, is_defective: bool) -> None:
    """A sound wallet refunds once whatever comes; one with the defect refunds twice (fault 19)."""

    async def scene(run: Platform) -> None:
        run.throw(provider, "sends_second_rollback_id")
        if is_defective:
            run.throw("cell", "refunds_every_rollback_id")
        async with run.playing(f"void-{kind}") as (socket, _):
            ack = await socket.bet()
            await socket.receive("round_result")
            if is_defective:
                await until(lambda: len(run.postings()) == 3)
            else:
                assert (await socket.bet())["type"] == "bet_ack"
                await socket.receive("round_result")
        refunds = [posting for posting in run.postings() if posting[:2] == ("rollback", ack["bet_id"])]
        assert len(refunds) == (2 if is_defective else 1)

    play(tmp_path, scene)


def test_every_switch_has_a_test_here() -> None:
    """A switch that no test throws could do anything."""
    tested = {name.removeprefix("test_") for name in globals()}
    assert CELL_SWITCHES_GATEWAY.keys() | PROVIDER_SWITCHES.keys() <= tested
