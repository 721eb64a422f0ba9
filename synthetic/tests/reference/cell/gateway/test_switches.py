"""Each switch of the gateway changes what it says, for a player at a real socket."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthetic.reference.cell.gateway import CELL_SWITCHES_GATEWAY
from synthetic.tests.reference.cell.gateway.playing import Frame, Platform, until
from synthetic.tests.reference.cell.gateway.scenes import play

# Their damage is proven by whole runs too; CI plays both.
pytestmark = pytest.mark.slow

IS_ON = pytest.mark.parametrize("is_on", [False, True])


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


@IS_ON
def test_loses_session_on_resume(tmp_path: Path, *, is_on: bool) -> None:
    """The session is there, and nobody knows it (fault 29)."""

    async def scene(run: Platform) -> None:
        run.throw("cell", "loses_session_on_resume", rate=float(is_on))
        welcome = await played(run)
        frames = await resumed(run, welcome)
        assert frames[-1]["type"] == ("error" if is_on else "welcome")

    play(tmp_path, scene)


@IS_ON
def test_renames_bet_id(tmp_path: Path, *, is_on: bool) -> None:
    """The bet is placed; only its name in the frame is another (fault 30)."""

    async def scene(run: Platform) -> None:
        run.throw("cell", "renames_bet_id", rate=float(is_on))
        async with run.playing("steady-dice") as (socket, _):
            ack = await socket.bet()
        assert ("betId" in ack, "bet_id" in ack) == (is_on, not is_on)

    play(tmp_path, scene)


@IS_ON
def test_launch_token_works_again(tmp_path: Path, *, is_on: bool) -> None:
    """A used token opens the session again; one that never was does not (fault 31)."""

    async def scene(run: Platform) -> None:
        run.throw("cell", "launch_token_works_again", rate=float(is_on))
        launched = await run.launch("ada", "steady-dice")
        seen = []
        for token in (launched["launch_token"], launched["launch_token"], "never"):
            async with run.socket() as socket:
                seen.append((await socket.ask(type="hello", launch_token=token))["type"])
        assert seen == ["welcome", "welcome" if is_on else "error", "error"]

    play(tmp_path, scene)


@IS_ON
def test_shows_rounds_to_anyone(tmp_path: Path, *, is_on: bool) -> None:
    """Another player who knows a round's id sees it; one that there is not, nobody sees."""

    async def scene(run: Platform) -> None:
        run.throw("cell", "shows_rounds_to_anyone", rate=float(is_on))
        async with run.playing("steady-dice") as (socket, _):
            ack = await socket.bet()
        headers = await run.login("bob")
        seen = [await run.client.get(f"/games/rounds/{name}", headers=headers) for name in (ack["round"], "never")]
        assert [answer.status_code for answer in seen] == [200 if is_on else 404, 404]

    play(tmp_path, scene)


@IS_ON
def test_skips_seq(tmp_path: Path, *, is_on: bool) -> None:
    """One number is never sent."""

    async def scene(run: Platform) -> None:
        run.throw("cell", "skips_seq", rate=float(is_on))
        async with run.playing("steady-dice") as (socket, welcome):
            pongs = [await socket.ask(type="ping") for _ in range(2)]
        assert [welcome["seq"], *(pong["seq"] for pong in pongs)] == ([1, 3, 5] if is_on else [1, 2, 3])

    play(tmp_path, scene)


@IS_ON
def test_acks_unposted_bet(tmp_path: Path, *, is_on: bool) -> None:
    """An acknowledgement without a debit behind it."""

    async def scene(run: Platform) -> None:
        run.throw("cell", "acks_unposted_bet", rate=float(is_on))
        async with run.playing("void-dice") as (socket, _):
            ack = await socket.bet()
        assert (ack["type"], ack["balance_minor"]) == ("bet_ack", 980)
        assert (run.postings() == []) is is_on

    play(tmp_path, scene)


@IS_ON
def test_denies_posted_bet(tmp_path: Path, *, is_on: bool) -> None:
    """A debit without an acknowledgement of it."""

    async def scene(run: Platform) -> None:
        run.throw("cell", "denies_posted_bet", rate=float(is_on))
        async with run.playing("steady-dice") as (socket, _):
            answer = await socket.bet()
        assert answer["type"] == ("error" if is_on else "bet_ack")
        assert run.postings()[0][0] == "bet"

    play(tmp_path, scene)


@IS_ON
def test_resume_bets_again(tmp_path: Path, *, is_on: bool) -> None:
    """Coming back costs a second stake, and the client hears of it under the first bet's req_id."""

    async def scene(run: Platform) -> None:
        run.throw("cell", "resume_bets_again", rate=float(is_on))
        welcome = await played(run)
        await resumed(run, welcome)
        if is_on:
            await until(lambda: sum(kind == "bet" for kind, _, _ in run.postings()) == 2)
        assert sum(kind == "bet" for kind, _, _ in run.postings()) == (2 if is_on else 1)

    play(tmp_path, scene)


@IS_ON
def test_takes_any_stake(tmp_path: Path, *, is_on: bool) -> None:
    """Below the minimum and above the maximum."""

    async def scene(run: Platform) -> None:
        if is_on:
            run.throw("cell", "takes_any_stake")
        answers = []
        for minor in (
            5,
            501,
        ):  # a game of its own each: the first one's result must not pass for the second one's answer
            async with run.playing("steady-dice") as (socket, _):
                answers.append(await socket.bet(minor))
        assert [answer["type"] for answer in answers] == (["bet_ack"] * 2 if is_on else ["error"] * 2)

    play(tmp_path, scene)


@IS_ON
def test_keeps_first_socket(tmp_path: Path, *, is_on: bool) -> None:
    """A second socket comes, and the first one stays open."""

    async def scene(run: Platform) -> None:
        if is_on:
            run.throw("cell", "keeps_first_socket")
        async with run.playing("steady-dice") as (first, welcome):
            await resumed(run, welcome)
            if is_on:
                await (await first.raw.ping())
            else:
                assert await first.closed() == 4409

    play(tmp_path, scene)


@IS_ON
def test_swallows_broken_frames(tmp_path: Path, *, is_on: bool) -> None:
    """What can't be read is not answered; what comes behind it is."""

    async def scene(run: Platform) -> None:
        if is_on:
            run.throw("cell", "swallows_broken_frames")
        async with run.playing("steady-dice") as (socket, _):
            await socket.raw.send("{")
            await socket.send(type="ping")
            assert (await socket.receive())["type"] == ("pong" if is_on else "error")

    play(tmp_path, scene)


async def played(run: Platform) -> Frame:
    """A session with a bet in it, whose socket is gone; its welcome."""
    async with run.playing("steady-dice") as (socket, welcome):
        await socket.bet()
        await socket.receive("round_result")
    return welcome


async def resumed(run: Platform, welcome: Frame) -> list[Frame]:
    """The frames of a resume, up to its answer."""
    frames: list[Frame] = []
    async with run.socket() as socket:
        ids = {name: welcome[name] for name in ("session", "resume_id")}
        await socket.send(type="hello", last_seq=welcome["seq"], **ids)
        while not frames or frames[-1]["type"] not in {"welcome", "error"}:
            frames.append(await socket.receive())
    return frames


def test_every_switch_has_a_test_here() -> None:
    """A switch that no test throws could do anything."""
    tested = {name.removeprefix("test_") for name in globals()}
    assert CELL_SWITCHES_GATEWAY.keys() <= tested
