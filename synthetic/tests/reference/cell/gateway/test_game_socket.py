"""The game socket of a real cell with real game providers, end to end."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from synthetic.reference.cell import rounds
from synthetic.reference.game import Pace
from synthetic.reference.game.games import double_or_nothing
from synthetic.tests.reference.cell.gateway.playing import Frame, Platform, until
from synthetic.tests.reference.cell.gateway.scenes import play
from synthetic.tests.reference.cell.running import PLAYERS
from synthetic.tests.reference.cell.running import player as seed


@pytest.mark.parametrize("kind", ["dice", "wheel"])
def test_a_won_round(tmp_path: Path, kind: str) -> None:
    """Bet, ack, result; the ledger has the stake and the win, and each frame the balance after its transaction."""

    async def scene(run: Platform) -> None:
        async with run.playing(f"steady-{kind}") as (socket, welcome):
            ack, result = await socket.bet(), await socket.receive()
        assert (welcome["balance_minor"], ack["balance_minor"]) == (1000, 980)
        assert result == result | {"type": "round_result", "round": ack["round"], "state": "WON", "payout_minor": 20}
        assert [frame["seq"] for frame in (welcome, ack, result)] == [1, 2, 3]
        assert result["balance_minor"] == run.cash() == 1000
        assert run.postings() == [("bet", ack["bet_id"], -20), ("win", ack["bet_id"], 20)]
        view = await run.get(f"/games/rounds/{ack['round']}")
        assert (view["state"], view["payout_minor"], view["bets"][0]["id"]) == ("WON", 20, ack["bet_id"])

    play(tmp_path, scene)


@pytest.mark.parametrize("kind", ["dice", "wheel"])
def test_a_lost_round_costs_the_stake(tmp_path: Path, kind: str) -> None:
    """What the round's id decides is what is paid: play until a round is lost; its ledger has the stake and nothing else."""

    async def scene(run: Platform) -> None:
        async with run.playing(f"low-variance-{kind}") as (socket, _):
            while True:
                ack, result = await socket.bet(), await socket.receive()
                assert result["payout_minor"] == double_or_nothing(ack["round"], 20)
                if result["state"] == "LOST":
                    break
        assert (result["payout_minor"], result["balance_minor"]) == (0, run.cash())
        assert run.postings()[-1] == ("bet", ack["bet_id"], -20)

    play(tmp_path, scene, pace=Pace(settles_after_s=(0.0, 0.01)))


@pytest.mark.parametrize("kind", ["dice", "wheel"])
def test_a_void_round_gives_the_stake_back(tmp_path: Path, kind: str) -> None:
    """The provider accepts, then cancels by a rollback."""

    async def scene(run: Platform) -> None:
        async with run.playing(f"void-{kind}") as (socket, _):
            ack, result = await socket.bet(), await socket.receive()
        assert (result["state"], result["payout_minor"], result["balance_minor"]) == ("VOID", 0, 1000)
        assert run.postings() == [("bet", ack["bet_id"], -20), ("rollback", ack["bet_id"], 20)]

    play(tmp_path, scene)


@pytest.mark.parametrize(
    ("game", "player", "bet", "code"),
    [
        ("steady-dice", "ada", {"stake_minor": 9}, "below_min"),
        ("steady-wheel", "ada", {"stake_minor": 501}, "above_max"),
        ("steady-dice", "ada", {"currency": "SEK"}, "wrong_currency"),
        ("disabled-dice", "ada", {}, "game_disabled"),
        ("steady-dice", "poor", {}, "insufficient_funds"),
        ("steady-wheel", "poor", {}, "insufficient_funds"),
    ],
)
def test_a_refused_bet_moves_nothing(tmp_path: Path, game: str, player: str, bet: dict[str, Any], code: str) -> None:
    """The refusal is an error frame with a code; it is looked up as what it is, and the socket goes on."""

    async def scene(run: Platform) -> None:
        async with run.playing(game, player) as (socket, _):
            error = await socket.bet(**bet)
            assert (error["type"], error["code"], error["seq"]) == ("error", code, 2)
            assert (await socket.ask(type="ping"))["type"] == "pong"
        assert run.postings(player) == []
        found = await run.get("/games/bets", player, req_id=error["req_id"])
        assert found["bet"] is None or found["bet"]["state"] == "REJECTED"

    play(tmp_path, scene, players=(*PLAYERS, seed("poor", cash_minor=10)))


def test_the_balance_is_the_wallets(tmp_path: Path) -> None:
    """The balance frame has cash and bonus."""

    async def scene(run: Platform) -> None:
        headers = await run.login("ada") | {"Idempotency-Key": "k"}
        assert (await run.client.post("/promo/claims", json={"code": "WELCOME"}, headers=headers)).status_code == 201
        async with run.playing("steady-dice") as (socket, _):
            frame = await socket.ask(type="balance", req_id="b")
        assert frame == {"type": "balance", "seq": 2, "req_id": "b", "cash_minor": 1000, "bonus_minor": 50}

    play(tmp_path, scene)


def test_a_launch_token_works_once(tmp_path: Path) -> None:
    """The second hello with it is an error without a number, and close 4401; the first socket goes on."""

    async def scene(run: Platform) -> None:
        launched = await run.launch("ada", "steady-dice")
        async with run.socket() as first, run.socket() as second:
            hello = {"type": "hello", "launch_token": launched["launch_token"]}
            assert (await first.ask(**hello))["session"] == launched["session"]
            error = await second.ask(**hello, req_id="h")
            assert (error["type"], error["req_id"], error["code"]) == ("error", "h", "invalid_launch_token")
            assert await second.closed() == 4401
            assert (await first.ask(type="ping"))["type"] == "pong"

    play(tmp_path, scene)


def test_a_resume_needs_both_ids(tmp_path: Path) -> None:
    """Another session's resume id, or a session that was never opened, is close 4401."""

    async def scene(run: Platform) -> None:
        unopened = await run.launch("bob", "steady-dice")
        async with run.playing("steady-dice") as (_, welcome):
            for session, resume_id in ((welcome["session"], "guess"), (unopened["session"], welcome["resume_id"])):
                async with run.socket() as thief:
                    hello = {"type": "hello", "session": session, "resume_id": resume_id, "last_seq": 0}
                    assert (await thief.ask(**hello))["code"] == "invalid_session"
                    assert await thief.closed() == 4401

    play(tmp_path, scene)


async def resume(run: Platform, welcome: Frame, last_seq: int, want: str) -> list[Frame]:
    """Come back on a new socket; the frames up to the wanted one."""
    ids = {name: welcome[name] for name in ("session", "resume_id")}
    async with run.socket() as socket:
        await socket.send(type="hello", last_seq=last_seq, **ids)
        frames = [await socket.receive()]
        while frames[-1]["type"] != want:
            frames.append(await socket.receive())
        return frames


def test_a_resume_replays_what_was_missed(tmp_path: Path) -> None:
    """A round that ends while nobody is connected is told to the one who comes back, then he is welcome again."""

    async def scene(run: Platform) -> None:
        async with run.playing("steady-dice") as (socket, welcome):
            ack = await socket.bet()
        await until(lambda: run.cash() == 1000)
        frames = await resume(run, welcome, ack["seq"], "welcome")
        assert [(frame["type"], frame["seq"]) for frame in frames] == [("round_result", 3), ("welcome", 4)]
        assert frames[0]["round"] == ack["round"]

    play(tmp_path, scene)


def test_a_bet_whose_ack_was_lost_is_not_placed_again(tmp_path: Path) -> None:
    """The client goes before the ack, comes back, and repeats its req_id: one debit (invariant 48)."""

    async def scene(run: Platform) -> None:
        async with run.playing("steady-dice") as (socket, welcome):
            await socket.send(type="bet", req_id="lost", stake_minor=20, currency="EUR")
        await until(lambda: len(run.postings()) == 2)
        ids = {name: welcome[name] for name in ("session", "resume_id")}
        async with run.socket() as socket:
            await socket.send(type="hello", last_seq=1, **ids)
            first = await socket.receive("bet_ack")
            await socket.receive("welcome")
            again = await socket.bet(req_id="lost")
        assert again == first | {"seq": again["seq"]}
        assert [kind for kind, _, _ in run.postings()] == ["bet", "win"]
        found = await run.get("/games/bets", req_id="lost")
        assert found["bet"] == {"id": first["bet_id"], "round": first["round"], "state": "SETTLED", "stake_minor": 20}

    play(tmp_path, scene)


def test_a_restarted_cell_knows_its_sessions_and_bets(tmp_path: Path) -> None:
    """After a restart a resume is answered by resync, and a repeated req_id by the original ack."""
    seen: dict[str, Frame] = {}

    async def before(run: Platform) -> None:
        async with run.playing("steady-dice") as (socket, seen["welcome"]):
            seen["ack"] = await socket.bet(req_id="once")
            await socket.receive("round_result")
            await socket.bet(stake_minor=50)
            await socket.receive("round_result")

    async def after(run: Platform) -> None:
        ids = {name: seen["welcome"][name] for name in ("session", "resume_id")}
        async with run.socket() as socket:
            await socket.send(type="hello", last_seq=5, **ids)
            assert [(await socket.receive())["type"] for _ in range(2)] == ["resync", "welcome"]
            again = await socket.bet(req_id="once")
            assert again == seen["ack"] | {"seq": 8}
            assert (await socket.bet(req_id="once", stake_minor=30))["code"] == "idempotency_mismatch"
        assert [kind for kind, _, _ in run.postings()] == ["bet", "win"] * 2

    play(tmp_path, before)
    play(tmp_path, after)


def test_a_restart_ends_the_bets_that_nobody_waits_for(tmp_path: Path) -> None:
    """A bet that was pending when the process died is rejected, so that the wallet refuses it from then on."""
    new = rounds.NewBet("provider-a", "ada", "r-1", "b-1", "steady-dice", "EUR", 20, session="gs-1", req_id="died")

    async def before(run: Platform) -> None:
        with run.context.ledger.transaction() as transaction:
            rounds.create_round(transaction.session, new)

    async def after(run: Platform) -> None:
        assert (await run.get("/games/bets", req_id="died"))["bet"]["state"] == "REJECTED"
        assert (await run.get("/games/rounds/r-1"))["state"] == "VOID"

    play(tmp_path, before)
    play(tmp_path, after)


def test_a_second_socket_closes_the_first(tmp_path: Path) -> None:
    """With 4409; what comes after goes to the new one."""

    async def scene(run: Platform) -> None:
        async with run.playing("steady-dice") as (first, welcome), run.socket() as second:
            ack = await first.bet()
            ids = {name: welcome[name] for name in ("session", "resume_id")}
            await second.send(type="hello", last_seq=ack["seq"], **ids)
            assert (await second.receive("round_result"))["round"] == ack["round"]
            assert await first.closed() == 4409

    play(tmp_path, scene)


def test_malformed_frames_never_end_a_socket(tmp_path: Path) -> None:
    """Before and after the hello: each is answered by an error, and the session is played as if they had not been."""
    rubbish: list[str | bytes] = ["", "{", "[]", "null", b"\x00\xff", '{"type": "dance", "req_id": "q"}', "[" * 9000]

    async def scene(run: Platform) -> None:
        launched = await run.launch("ada", "steady-dice")
        async with run.socket() as socket:
            for kind in ("before", "after"):
                for message in rubbish:
                    await socket.raw.send(message)
                    error = await socket.receive()
                    assert (error["type"], error["code"], "seq" in error) == ("error", "malformed", kind == "after")
                if kind == "before":
                    assert (await socket.ask(type="ping"))["code"] == "hello_first"
                    assert (await socket.ask(type="hello", launch_token=launched["launch_token"]))["seq"] == 1
            assert (await socket.bet())["type"] == "bet_ack"

    play(tmp_path, scene)


def test_concurrent_repetitions_are_one_bet(tmp_path: Path) -> None:
    """Sixteen frames with one req_id, sent at once: one debit (invariant 14)."""

    async def scene(run: Platform) -> None:
        async with run.playing("steady-dice") as (socket, _):
            frame = json.dumps({"type": "bet", "req_id": "once", "stake_minor": 20, "currency": "EUR"})
            await asyncio.gather(*(socket.raw.send(frame) for _ in range(16)))
            await socket.receive("round_result")
        assert [kind for kind, _, _ in run.postings()] == ["bet", "win"]

    play(tmp_path, scene)


def test_an_expired_session_takes_no_bets_but_pays(tmp_path: Path) -> None:
    """The round of an earlier bet is settled after the expiry; a new bet is refused (invariant 26)."""

    async def scene(run: Platform) -> None:
        async with run.playing("steady-dice") as (socket, _):
            ack = await socket.bet()
            result = await socket.receive("round_result")
            assert (result["round"], result["state"]) == (ack["round"], "WON")
            error = await socket.bet()
            assert error["code"] == "session_expired"
            assert not (await run.get("/games/bets", req_id=error["req_id"]))["found"]

    play(tmp_path, scene, token_ttl_s=2.0, pace=Pace(settles_after_s=(2.2, 2.2)))


def test_the_socket_carries_the_cells_version(tmp_path: Path) -> None:
    """The handshake's answer has the release headers, as every answer of the cell."""

    async def scene(run: Platform) -> None:
        async with run.socket() as socket:
            assert socket.raw.response is not None
            assert socket.raw.response.headers["X-Cell-Version"] == "2.0.0"

    play(tmp_path, scene)
