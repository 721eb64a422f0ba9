"""Rounds of both providers against a wallet that loses answers: what is called, in which order, under which ids."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Iterable

import pytest
from starlette.responses import Response

from synthetic.reference.game import Pace
from synthetic.reference.game.engine import ROUND
from synthetic.tests.reference.game.wallets import FAST, Made, Provider, provider, refused

Scene = Callable[[Provider], Awaitable[None]]
Plan = dict[str, dict[str, list[Response | None]]]

both = pytest.mark.parametrize("dialect", ["a", "b"])
SLOW = dataclasses.replace(FAST, settles_after_s=(30.0, 30.0))


def play(dialect: str, scene: Scene, *, pace: Pace = FAST, **plan: Iterable[Response | None]) -> None:
    """Run a scene; `plan` says how the wallet answers the first calls: `bet`, `win`, `loss`, `rollback`."""

    async def run() -> None:
        async with provider(dialect, pace=pace) as running:
            for name, answers in plan.items():
                running.wallet.plan.setdefault(running.paths[name], []).extend(answers)
            await scene(running)

    asyncio.run(run())


def lost(count: int) -> list[Response]:
    """Answers of a gateway before the wallet."""
    return [Response(status_code=504) for _ in range(count)]


@both
def test_a_round_is_a_bet_and_then_a_win(dialect: str) -> None:
    """Two calls, the win under an id of its own; the bet's id at the wallet is the gateway's."""

    async def scene(run: Provider) -> None:
        answer = await run.bet()
        assert answer == {"status": "accepted", "round": "r-1", "bet_id": "b-1", "balance_minor": 980}
        await run.ends("closed")
        assert run.wallet.told() == [(run.paths["bet"], "b-1"), (run.paths["win"], "b-1-win")]

    play(dialect, scene)


@both
def test_a_round_is_open_between_bet_and_win(dialect: str) -> None:
    """Nothing is paid before the round's time."""

    async def scene(run: Provider) -> None:
        await run.bet()
        assert await run.state() == "open"
        assert len(run.wallet.calls) == 1

    play(dialect, scene, pace=SLOW)


@both
def test_a_lost_round_is_closed_without_money(dialect: str) -> None:
    """Dialect A pays a win of zero; dialect B, which has no zero amounts, finishes the round."""

    async def scene(run: Provider) -> None:
        await run.bet("low-variance", round="r-0")  # this id loses
        await run.ends("closed", "r-0")
        end = run.wallet.calls[-1]
        assert end.path == run.paths["loss"]
        assert end.body.get("amount", 0) == 0
        assert "transactions" not in end.body

    play(dialect, scene)


@both
def test_a_refused_bet_is_discarded(dialect: str) -> None:
    """A known refusal ends the round: nothing is rolled back."""
    answer = Made(status="RS_ERROR_NOT_ENOUGH_MONEY") if dialect == "a" else refused(100)

    async def scene(run: Provider) -> None:
        assert await run.bet() == {
            "status": "rejected",
            "round": "r-1",
            "bet_id": "b-1",
            "code": "insufficient_funds",
        }
        assert await run.state() == "rejected"
        assert len(run.wallet.calls) == 1

    play(dialect, scene, bet=[answer])


@both
def test_a_lost_answer_is_repeated_under_the_same_id(dialect: str) -> None:
    """Three repetitions after 504, byte for byte; the fourth answer is taken."""

    async def scene(run: Provider) -> None:
        assert (await run.bet())["status"] == "accepted"
        assert len({call.raw for call in run.wallet.calls}) == 1
        assert len(run.wallet.calls) == 4

    play(dialect, scene, pace=SLOW, bet=lost(3))


@both
def test_a_hanging_wallet_is_asked_again(dialect: str) -> None:
    """A time-out is repeated as a network failure is."""

    async def scene(run: Provider) -> None:
        assert (await run.bet())["status"] == "accepted"
        assert [transaction for _, transaction in run.wallet.told()] == ["b-1", "b-1"]

    play(dialect, scene, pace=SLOW, bet=[None])


@both
@pytest.mark.parametrize(
    ("name", "times"), [("time-outs", 4), ("an HTML page", 1), ("an unknown status", 1), ("truncated JSON", 1)]
)
def test_an_undecided_bet_is_rolled_back(dialect: str, name: str, times: int) -> None:
    """The wallet may have debited: the gateway is told that it was rejected, and the wallet to undo it."""
    rubbish = {
        "time-outs": lost(4),
        "an HTML page": [Response("<html>")],
        "truncated JSON": [Response('{"balance": "9.8')],
        "an unknown status": [Made(status="RS_ERROR_UNKNOWN") if dialect == "a" else refused(777)],
    }

    async def scene(run: Provider) -> None:
        answer = await run.bet()
        assert (answer["status"], answer["code"]) == ("rejected", "wallet_unavailable")
        await run.ends("cancelled")
        assert run.wallet.told() == [
            *[(run.paths["bet"], "b-1")] * times,
            (run.paths["rollback"], "b-1-rollback"),
        ]

    play(dialect, scene, bet=rubbish[name])


@both
def test_a_win_is_insisted_on(dialect: str) -> None:
    """Rubbish and time-outs, then success: the same transaction id each time."""

    async def scene(run: Provider) -> None:
        run.wallet.plan[run.paths["win"]] = []
        await run.bet()
        run.wallet.plan[run.paths["win"]] = [Response("<html>"), *lost(5), Response("{}")]
        await run.ends("closed")
        wins = [transaction for _, transaction in run.wallet.told()[1:]]
        assert wins == ["b-1-win"] * len(wins)
        assert len(wins) == 8

    play(dialect, scene, pace=dataclasses.replace(FAST, settles_after_s=(0.2, 0.2)))


@both
def test_a_rollback_is_insisted_on(dialect: str) -> None:
    """The same rollback id until the wallet has it."""

    async def scene(run: Provider) -> None:
        await run.bet("void")
        await run.ends("cancelled")
        assert [transaction for _, transaction in run.wallet.told()[1:]] == ["b-1-rollback"] * 3

    play(dialect, scene, rollback=[Response("<html>"), *lost(1)])


@both
def test_a_wallet_that_never_answers_is_given_up(dialect: str, caplog: pytest.LogCaptureFixture) -> None:
    """The attempts are bounded; what is left owing is logged as an error."""

    async def scene(run: Provider) -> None:
        await run.bet("void")
        await run.ends("failed")
        assert len(run.wallet.calls) == 1 + FAST.owed_attempts

    play(dialect, scene, rollback=[Response("<html>") for _ in range(9)])
    assert "the rollback of round r-1 was given up: no answer" in caplog.text


@both
def test_a_rollback_of_nothing_is_done(dialect: str) -> None:
    """A wallet that answers "rolled back before" owes nothing any more."""
    answer = Made(status="RS_ERROR_TRANSACTION_ROLLED_BACK") if dialect == "a" else refused(409)

    async def scene(run: Provider) -> None:
        await run.bet("void")
        await run.ends("cancelled")
        assert len(run.wallet.calls) == 2

    play(dialect, scene, rollback=[answer])


@both
def test_a_refused_win_is_not_sent_again(dialect: str, caplog: pytest.LogCaptureFixture) -> None:
    """A fatal status ends the insisting, loudly."""
    answer = Made(status="RS_ERROR_TRANSACTION_DOES_NOT_EXIST") if dialect == "a" else refused(404)

    async def scene(run: Provider) -> None:
        await run.bet()
        run.wallet.plan[run.paths["win"]] = [answer]
        await run.ends("failed")
        assert len(run.wallet.calls) == 2

    play(dialect, scene, pace=dataclasses.replace(FAST, settles_after_s=(0.2, 0.2)))
    assert "the win of round r-1 was given up: unknown_bet" in caplog.text


@both
def test_a_void_round_is_cancelled(dialect: str) -> None:
    """202, one rollback, also for the second request; a round that nobody knows is 404."""

    async def scene(run: Provider) -> None:
        await run.bet()
        assert [await run.void(), await run.void()] == [202, 202]
        await run.ends("cancelled")
        assert (await run.void(), await run.void("r-2")) == (202, 404)
        assert run.wallet.told()[1:] == [(run.paths["rollback"], "b-1-rollback")]

    play(dialect, scene, pace=SLOW)


@both
def test_a_decided_round_is_not_cancelled(dialect: str) -> None:
    """409 once the win is on its way."""

    async def scene(run: Provider) -> None:
        await run.bet()
        await run.ends("closed")
        assert await run.void() == 409

    play(dialect, scene)


@both
def test_a_round_can_be_cancelled_while_its_bet_is_out(dialect: str) -> None:
    """The wallet hangs, the operator loses patience: as soon as the bet is debited it is rolled back."""

    async def scene(run: Provider) -> None:
        bet = asyncio.create_task(run.bet())
        await run.calls(1)
        assert (await run.state(), await run.void()) == ("betting", 202)
        assert (await bet)["status"] == "accepted"
        await run.ends("cancelled")
        assert run.wallet.told()[-1] == (run.paths["rollback"], "b-1-rollback")

    play(dialect, scene, pace=dataclasses.replace(SLOW, timeout_s=0.2), bet=[None])


@both
def test_a_repeated_bet_is_one_round(dialect: str) -> None:
    """Sixteen at once and one later: one debit, one answer; another bet for the round is a duplicate."""

    async def scene(run: Provider) -> None:
        answers = await asyncio.gather(*(run.bet() for _ in range(16)))
        answers.append(await run.bet())
        assert {answer["status"] for answer in answers} == {"accepted"}
        assert len(run.wallet.calls) == 1
        for change in ({"stake_minor": 30}, {"bet_id": "b-2"}, {"player": "bob"}):
            assert (await run.bet(**change))["code"] == "duplicate"
        assert len(run.wallet.calls) == 1

    play(dialect, scene, pace=SLOW)


@both
def test_a_game_that_is_not_offered(dialect: str) -> None:
    """A disabled game and the other provider's games take no bets; the wallet is not called."""

    async def scene(run: Provider) -> None:
        other = "wheel" if dialect == "a" else "dice"
        for game in (f"disabled-{run.kind}", f"steady-{other}"):
            assert (await run.bet(game=game))["code"] == "game_disabled"
        assert run.wallet.calls == []

    play(dialect, scene)


def test_every_state_of_a_round_is_reached_here() -> None:
    """The table has no state that these tests do not see, and the terminal ones are the round's ends."""
    assert ROUND.terminal == {"closed", "cancelled", "rejected", "failed"}
    assert ROUND.states - ROUND.terminal == {"betting", "open", "settling", "cancelling"}
