"""Each switch of a provider changes what it sends a wallet, and only where it is aimed."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from synthetic.reference.game import PROVIDER_SWITCHES
from synthetic.tests.reference.game.test_rounds import play
from synthetic.tests.reference.game.wallets import FAST, Provider

# Left out of the default suite, which has to stay under three minutes; CI plays it.
pytestmark = pytest.mark.slow

both = pytest.mark.parametrize("dialect", ["a", "b"])


def amounts(run: Provider) -> list[Any]:
    """What each call asks for, in the dialect's form."""
    bodies = [call.body for call in run.wallet.calls]
    return [body.get("amount") or body["transactions"][0].get("amount") for body in bodies]


@both
def test_loses_rollbacks(dialect: str) -> None:
    """The provider believes that it is cancelled, and the wallet hears nothing; another cell's rounds are rolled back."""

    async def scene(run: Provider) -> None:
        run.throw("loses_rollbacks", cell="canary")
        await run.bet("void")
        await run.ends("cancelled")
        assert len(run.wallet.calls) == 1
        run.board.clear()
        run.throw("loses_rollbacks", cell="baseline")
        await run.bet("void", round="r-2", bet_id="b-2")
        await run.ends("cancelled", "r-2")
        assert run.wallet.told()[-1] == (run.paths["rollback"], "b-2-rollback")

    play(dialect, scene)


@both
def test_sends_second_rollback_id(dialect: str) -> None:
    """After the first has been taken, one more for the same bet."""

    async def scene(run: Provider) -> None:
        run.throw("sends_second_rollback_id", cell="canary")
        await run.bet("void")
        await run.ends("cancelled")
        first, second = (await run.calls(3))[1:]
        assert (first.transaction, second.transaction) == ("b-1-rollback", "b-1-rollback-again")
        originals = {
            call.body.get("reference_transaction_uuid") or call.body["transactions"][0]["id_original"]
            for call in (first, second)
        }
        assert originals == {"b-1"}

    play(dialect, scene)


@both
def test_rolls_back_before_betting(dialect: str) -> None:
    """Before the bet: the rollback of an earlier attempt, then that attempt; the bet and its win are as ever."""

    async def scene(run: Provider) -> None:
        run.throw("rolls_back_before_betting", cell="canary")
        assert (await run.bet())["status"] == "accepted"
        await run.ends("closed")
        assert [transaction for _, transaction in run.wallet.told()] == [
            "b-1-first-rollback", "b-1-first", "b-1", "b-1-win"
        ]  # fmt: skip

    play(dialect, scene)


@both
def test_sends_win_first(dialect: str) -> None:
    """The win, then the bet, and no more: the round stays open, and can be cancelled."""

    async def scene(run: Provider) -> None:
        run.throw("sends_win_first", cell="canary")
        assert (await run.bet())["status"] == "accepted"
        assert run.wallet.told() == [(run.paths["win"], "b-1-win-1"), (run.paths["bet"], "b-1")]
        assert await run.state() == "open"
        assert await run.void() == 202
        await run.ends("cancelled")

    play(dialect, scene)


@both
def test_loses_closes(dialect: str) -> None:
    """Two halves that leave the round open, and the provider believes that it is closed."""

    async def scene(run: Provider) -> None:
        run.throw("loses_closes", cell="canary")
        await run.bet(stake_minor=21)
        await run.ends("closed")
        assert [transaction for _, transaction in run.wallet.told()] == ["b-1", "b-1-win-1", "b-1-win-2"]
        assert amounts(run)[1:] == ([10_000, 11_000] if dialect == "a" else ["0.10", "0.11"])
        ends = [call.body.get("round_closed", call.body.get("finished")) for call in run.wallet.calls]
        assert ends == [False, False, False]

    play(dialect, scene)


@both
def test_drifts_stakes(dialect: str) -> None:
    """One minor unit less than the gateway's bet."""

    async def scene(run: Provider) -> None:
        run.throw("drifts_stakes", cell="canary")
        await run.bet()
        assert amounts(run)[0] == (19_000 if dialect == "a" else "0.19")

    play(dialect, scene)


@both
def test_a_bet_is_waited_for_only_so_long(dialect: str) -> None:
    """With repetitions and all: then it is rolled back, and the gateway is told that the wallet did not answer."""

    async def scene(run: Provider) -> None:
        answer = await run.bet()
        assert (answer["status"], answer["code"]) == ("rejected", "wallet_unavailable")
        await run.ends("cancelled")
        assert [transaction for _, transaction in run.wallet.told()] == ["b-1", "b-1-rollback"]

    play(dialect, scene, pace=dataclasses.replace(FAST, bet_limit_s=0.2), bet=[None])


@both
def test_plays_disabled_games(dialect: str) -> None:
    """A game that is switched off takes bets, of the cell that it is aimed at only."""

    async def scene(run: Provider) -> None:
        run.throw("plays_disabled_games", cell="baseline")
        assert (await run.bet("disabled"))["code"] == "game_disabled"
        run.throw("plays_disabled_games", cell="canary")
        assert (await run.bet("disabled", round="r-2", bet_id="b-2"))["status"] == "accepted"

    play(dialect, scene)


def test_every_switch_has_a_test_here() -> None:
    """A switch that no test throws could do anything."""
    assert PROVIDER_SWITCHES.keys() <= {name.removeprefix("test_") for name in globals()}
