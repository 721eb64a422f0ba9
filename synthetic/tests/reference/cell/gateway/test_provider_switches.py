"""Each switch of the game providers changes what a player at a real socket is told, or what his wallet is."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthetic.reference.game import PROVIDER_SWITCHES, Pace
from synthetic.tests.reference.cell.gateway.playing import Platform, until
from synthetic.tests.reference.cell.gateway.scenes import play

# Their damage is proven by whole runs too; CI plays both.
pytestmark = pytest.mark.slow

PROVIDERS = [("provider-a", "dice"), ("provider-b", "wheel")]
IS_ON = pytest.mark.parametrize("is_on", [False, True])


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


@IS_ON
@pytest.mark.parametrize(("provider", "kind"), PROVIDERS)
def test_rolls_back_before_betting(tmp_path: Path, provider: str, kind: str, *, is_on: bool) -> None:
    """A sound wallet refuses the bet that comes after its rollback; one with the defect debits it, and it sticks (fault 20)."""

    async def scene(run: Platform) -> None:
        run.throw(provider, "rolls_back_before_betting")
        if is_on:
            run.throw("cell", "accepts_late_bet")
        async with run.playing(f"steady-{kind}") as (socket, _):
            ack = await socket.bet()
            assert ack["type"] == "bet_ack"
            await socket.receive("round_result")
        late = [("bet", f"{ack['bet_id']}-first", -20)] if is_on else []
        assert run.postings() == [*late, ("bet", ack["bet_id"], -20), ("win", ack["bet_id"], 20)]

    play(tmp_path, scene)


@IS_ON
@pytest.mark.parametrize(("provider", "kind"), PROVIDERS)
def test_sends_win_first(tmp_path: Path, provider: str, kind: str, *, is_on: bool) -> None:
    """A sound wallet refuses the win; one with the defect credits it. The round tells which of the two it was (fault 21)."""

    async def scene(run: Platform) -> None:
        run.throw(provider, "sends_win_first")
        if is_on:
            run.throw("cell", "pays_win_without_bet")
        async with run.playing(f"steady-{kind}") as (socket, _):
            ack = await socket.bet()
        view = await run.get(f"/games/rounds/{ack['round']}")
        calls = [(call["action"], call["status"], call["after_bet"]) for call in view["wallet_calls"]]
        assert view["state"] == "OPEN"
        assert calls == [("win", "ok" if is_on else "unknown bet", False), ("bet", "ok", False)]
        assert [kind for kind, _, _ in run.postings()] == [*(["win"] if is_on else []), "bet"]

    play(tmp_path, scene)


@pytest.mark.parametrize(("provider", "kind"), PROVIDERS)
def test_loses_closes(tmp_path: Path, provider: str, kind: str) -> None:
    """Both parts of the win are paid, and nobody ends the round (fault 23)."""

    async def scene(run: Platform) -> None:
        run.throw(provider, "loses_closes")
        async with run.playing(f"steady-{kind}") as (socket, _):
            ack = await socket.bet()
            await until(lambda: len(run.postings()) == 3)
        view = await run.get(f"/games/rounds/{ack['round']}")
        assert (view["state"], view["payout_minor"]) == ("OPEN", 20)
        assert [(call["action"], call["closes"]) for call in view["wallet_calls"][1:]] == [("win", False)] * 2

    play(tmp_path, scene)


@pytest.mark.parametrize(("provider", "kind"), PROVIDERS)
def test_drifts_stakes(tmp_path: Path, provider: str, kind: str) -> None:
    """The wallet knows what was staked, and takes nothing else (fault 25)."""

    async def scene(run: Platform) -> None:
        run.throw(provider, "drifts_stakes")
        async with run.playing(f"steady-{kind}") as (socket, _):
            assert (await socket.bet())["code"] == "provider_unavailable"
        assert run.postings() == []

    play(tmp_path, scene)


@IS_ON
@pytest.mark.parametrize(("provider", "kind"), PROVIDERS)
def test_a_bet_that_is_late_loses_the_race_with_its_rollback(
    tmp_path: Path, provider: str, kind: str, *, is_on: bool
) -> None:
    """The provider gives up and rolls back; the late debit meets the tombstone, or sticks where the wallet ignores it (28)."""

    async def scene(run: Platform) -> None:
        run.throw("cell", "answers_bets_late", params={"delay_s": 0.6})
        if is_on:
            run.throw("cell", "accepts_late_bet")
        async with run.playing(f"steady-{kind}") as (socket, _):
            error = await socket.bet()
            assert (error["type"], error["code"]) == ("error", "wallet_unavailable")
        round_id = (await run.get("/games/bets", req_id=error["req_id"]))["bet"]["round"]
        await until(lambda: [call["action"] for call in run.context.wallet_calls.of("ada", round_id)][1:] == ["bet"])
        assert [kind for kind, _, _ in run.postings()] == (["bet"] if is_on else [])

    play(tmp_path, scene, pace=Pace(timeout_s=0.3, bet_limit_s=0.4, retries=0))


@pytest.mark.parametrize(("provider", "kind"), PROVIDERS)
def test_plays_disabled_games(tmp_path: Path, provider: str, kind: str) -> None:
    """The provider took the game off, and plays it all the same."""

    async def scene(run: Platform) -> None:
        async with run.playing(f"disabled-{kind}") as (socket, _):
            assert (await socket.bet())["code"] == "game_disabled"
            run.throw(provider, "plays_disabled_games", cell="canary")
            assert (await socket.bet())["type"] == "bet_ack"

    play(tmp_path, scene)


def test_every_switch_has_a_test_here() -> None:
    """A switch that no test throws could do anything."""
    tested = {name.removeprefix("test_") for name in globals()}
    assert PROVIDER_SWITCHES.keys() <= tested
