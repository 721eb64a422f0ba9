"""Launching a game, and what the wallet is told about the session."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from synthetic.reference.cell.gateway.catalogue import GAMES
from synthetic.reference.cell.gateway.models import GameSessionRow
from synthetic.reference.cell.gateway.sessions import LAUNCH_TTL_S
from synthetic.tests.reference.cell.gateway.playing import Platform
from synthetic.tests.reference.cell.gateway.scenes import play


def test_a_launch_tells_what_is_played_and_where(tmp_path: Path) -> None:
    """Every game of the catalogue can be launched; the answer has the limits, the provider and a socket that answers."""

    async def scene(run: Platform) -> None:
        for game in GAMES.values():
            launched = await run.launch("ada", game.code)
            assert launched == {
                "session": launched["session"],
                "launch_token": launched["launch_token"],
                "ws_url": f"ws://{run.url.removeprefix('http://')}/ws/game",
                "provider": game.provider,
                "currency": "EUR",
                "min_stake_minor": 10,
                "max_stake_minor": 30 if game.code.startswith("small-") else 500,
            }

    play(tmp_path, scene)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"game": "no-such-dice"}, 404, "unknown_game"),
        ({"game": ""}, 400, "malformed"),
        ({}, 400, "malformed"),
    ],
)
def test_what_can_not_be_launched(tmp_path: Path, body: dict[str, str], status: int, code: str) -> None:
    """A game that the cell does not have is not found."""

    async def scene(run: Platform) -> None:
        answer = await run.client.post("/games/launch", json=body, headers=await run.login("ada"))
        assert (answer.status_code, answer.json()["error"]) == (status, code)

    play(tmp_path, scene)


def test_a_launch_needs_a_player(tmp_path: Path) -> None:
    """Without a token nothing of `/games` answers."""

    async def scene(run: Platform) -> None:
        calls = (("POST", "/games/launch"), ("GET", "/games/rounds/r"), ("GET", "/games/bets?req_id=q"))
        for method, path in (*calls, ("POST", "/games/rounds/r/void")):
            assert (await run.client.request(method, path)).status_code == 401

    play(tmp_path, scene)


def test_a_game_of_a_provider_that_the_cell_has_not(tmp_path: Path) -> None:
    """A cell without the provider does not offer its games."""

    async def scene(run: Platform) -> None:
        answer = await run.client.post("/games/launch", json={"game": "steady-dice"}, headers=await run.login("ada"))
        assert (answer.status_code, answer.json()["error"]) == (404, "unknown_game")

    play(tmp_path, scene, providers=())


def test_an_old_launch_token_opens_nothing(tmp_path: Path) -> None:
    """A token that was not used within its minute is dead."""

    async def scene(run: Platform) -> None:
        launched = await run.launch("ada", "steady-dice")
        past = datetime.now(UTC) - timedelta(seconds=LAUNCH_TTL_S)
        with run.context.ledger.transaction() as transaction:
            transaction.session.execute(sa.update(GameSessionRow).values(launch_expires_at=past))
        async with run.socket() as socket:
            assert (await socket.ask(type="hello", launch_token=launched["launch_token"]))["code"] == (
                "invalid_launch_token"
            )
            assert await socket.closed() == 4401

    play(tmp_path, scene)


def test_the_wallet_knows_the_session(tmp_path: Path) -> None:
    """The session id is the wallet's token: it names player, provider and game, before the socket is opened, too."""

    async def scene(run: Platform) -> None:
        launched = await run.launch("ada", "steady-wheel")
        (lookup,) = run.context.session_lookups
        known = lookup(launched["session"])
        assert known is not None
        assert (known.player_id, known.provider, known.game, known.currency, known.expired) == (
            ("ada", "provider-b", "steady-wheel", "EUR", False)
        )
        assert lookup("gs-unknown") is None

    play(tmp_path, scene)


def test_no_token_is_stored_as_it_is(tmp_path: Path) -> None:
    """A stolen table opens no session."""

    async def scene(run: Platform) -> None:
        async with run.playing("steady-dice") as (_, welcome):
            with run.context.ledger.reading() as session:
                row = session.get_one(GameSessionRow, welcome["session"])
            assert welcome["resume_id"] not in {row.resume_hash, row.launch_hash}

    play(tmp_path, scene)
