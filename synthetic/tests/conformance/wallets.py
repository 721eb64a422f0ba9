"""Examining the wallet of a running reference platform, as a game provider with its keys."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from synthetic.conformance.dialects import DIALECTS
from synthetic.conformance.dialects.protocol import Seat
from synthetic.conformance.playing import Bounds, Prober
from synthetic.conformance.ruling import Report, Standing
from synthetic.conformance.wallet import LAWS
from synthetic.conformance.wallet.examination import WalletExamination
from synthetic.conformance.wallet.provider import Given
from synthetic.core.money import Money
from synthetic.core.secrets import Redactor
from synthetic.reference.switchboard import Switch
from synthetic.reference.world import World
from synthetic.tests.reference.worlds import Client, cell_of, player_of

GAMES = {"hub88": "steady-dice", "softswiss": "steady-wheel"}
LETTERS = {"hub88": "a", "softswiss": "b"}
STAKE = Money(10, "EUR")


@dataclass(frozen=True)
class Examined:
    """A wallet under examination: where it is, the provider's key, and everything that the laws need."""

    url: str
    dialect: str
    key: str
    given: Given

    def examine(self, numbers: Iterable[int] = ()) -> Report:
        """Try the laws of these numbers; all of them where none is given."""
        wanted = set(numbers)
        laws = [law for law in LAWS if not wanted or law.number in wanted]
        return asyncio.run(self._examine(laws))

    async def _examine(self, laws: Any) -> Report:
        prober = Prober(self.url, Bounds())
        try:
            redactor = Redactor()
            redactor.taint(self.key)
            redactor.taint(self.given.seat.token)
            dialect = DIALECTS[self.dialect](self.key)
            return await WalletExamination(prober, dialect, self.url, self.given, redactor=redactor).run(laws)
        finally:
            await prober.aclose()


def wallet_of(world: World, dialect: str, number: int = 0, *, retry_window_s: float | None = 0.2) -> Examined:
    """The wallet of the canary, with the sessions of two players of its own for each `number`."""
    cell, letter = cell_of(world), LETTERS[dialect]
    account = next(account for account in cell.providers if account.dialect == letter)
    seats, tokens = [], []
    for index in (2 * number, 2 * number + 1):
        with Client(world, cell, player_of(cell, "standard", index)).login() as client:
            token = client.launch(GAMES[dialect])["session"]
            tokens.append(client.launch(GAMES[dialect])["session"])
            seats.append(Seat(client.player.player_id, token, GAMES[dialect], cell.currency))
    expire(cell.db_url, tokens[0])
    return Examined(
        url=f"{world.listeners[cell.name].url}/wallet/{letter}",
        dialect=dialect,
        key=world.wallet_key_pem if letter == "a" else account.wallet_secret,
        given=Given(seats[0], STAKE, seats[1], expired_token=tokens[0], retry_window_s=retry_window_s),
    )


def expire(db_url: str, session: str) -> None:
    """Let a game session have expired a while ago."""
    engine = sa.create_engine(db_url)
    with engine.begin() as connection:
        statement = sa.text(
            "UPDATE game_sessions SET expires_at = '2020-01-01 00:00:00.000000' WHERE session = :session"
        )
        assert connection.execute(statement, {"session": session}).rowcount == 1
    engine.dispose()


@contextmanager
def thrown(world: World, switches: Mapping[str, Mapping[str, Any]]) -> Any:
    """The canary with these switches on."""
    board = world.boards["canary"]
    for name, params in switches.items():
        board.throw(Switch(name, params=params))
    try:
        yield
    finally:
        board.clear()


def numbers(report: Report, standing: Standing) -> set[int]:
    """The numbers of the laws with this standing."""
    return {ruling.number for ruling in report.having(standing)}


def new_id() -> str:
    """An id that nobody has."""
    return str(uuid.uuid4())
