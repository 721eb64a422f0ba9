"""`round.settled`: one event for a round that has had its last word, however often and by whomever it is said."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from synthetic.reference.cell.events import Money, RoundOutcome, RoundSettled
from synthetic.tests.reference.cell.running import PLAYERS, RunningCell, player, running_cell

KEY = {"Authorization": "Bearer office-key"}


@pytest.fixture
def cell(tmp_path: Path) -> Iterator[RunningCell]:
    """A cell with an office, and a player who is not synthetic."""
    settings = {"office_key": "office-key", "players": (*PLAYERS, player("rea", synthetic=False))}
    with running_cell(tmp_path, settings=settings) as running:
        yield running


def call(cell: RunningCell, kind: str, transaction: str, name: str = "ada", **changes: Any) -> str:
    """A call of provider-a about the round `r`."""
    body = {"user": name, "round": "r", "game_code": "dice", "currency": "EUR", "amount": 20_000}
    return str(cell.call_a(f"transaction/{kind}", **(body | {"transaction_uuid": transaction} | changes))["status"])


def settled(cell: RunningCell) -> list[RoundSettled]:
    """The events of rounds."""
    entries = cell.client.get("/office/events", headers=KEY).json()["entries"]
    return [RoundSettled.loads(base64.b64decode(e["content"])) for e in entries if e["type"] == "round.settled"]


@pytest.mark.parametrize(("amount", "outcome"), [(30_000, RoundOutcome.WON), (0, RoundOutcome.LOST)])
def test_a_round_is_told_when_it_closes_and_once(cell: RunningCell, amount: int, outcome: RoundOutcome) -> None:
    """Not at its bet; not again when the provider repeats its win."""
    call(cell, "bet", "b-1", token=cell.open_game("ada"))
    assert settled(cell) == []
    for _ in range(3):
        assert call(cell, "win", "w-1", reference_transaction_uuid="b-1", amount=amount) == "RS_OK"
    (event,) = settled(cell)
    assert (event.outcome, event.stake, event.payout) == (outcome, Money(20, "EUR"), Money(amount // 1000, "EUR"))
    assert (event.provider, event.player_id, event.round_id, event.game) == ("provider-a", "ada", "r", "dice")


def test_a_round_that_is_given_back_is_void(cell: RunningCell) -> None:
    """Once, whatever the ids of the rollbacks."""
    call(cell, "bet", "b-1", token=cell.open_game("ada"))
    for number in range(3):
        call(cell, "rollback", f"x-{number}", reference_transaction_uuid="b-1")
    (event,) = settled(cell)
    assert (event.outcome, event.payout) == (RoundOutcome.VOID, Money(0, "EUR"))


def test_a_win_that_is_refused_settles_nothing(cell: RunningCell) -> None:
    """There is no bet for it."""
    assert call(cell, "win", "w-1", reference_transaction_uuid="b-9") != "RS_OK"
    assert settled(cell) == []


def test_one_round_id_of_two_players_is_two_rounds(cell: RunningCell) -> None:
    """And only the event of the player who is synthetic says so."""
    for name in ("ada", "rea"):
        call(cell, "bet", f"b-{name}", name, token=cell.open_game(name))
        call(cell, "win", f"w-{name}", name, reference_transaction_uuid=f"b-{name}")
    flags = {event.player_id: event.header.synthetic for event in settled(cell)}
    assert flags == {"ada": True, "rea": False}


@pytest.mark.parametrize("query", ["after=-1", "after=x", "after=1.5", "after=", f"after={'9' * 19}", "limit=-1"])
def test_what_is_no_position_is_refused(cell: RunningCell, query: str) -> None:
    """400, and no guess."""
    answer = cell.client.get(f"/office/events?{query}", headers=KEY)
    assert (answer.status_code, answer.json()["error"]) == (400, "malformed")


def test_events_are_for_the_office_only(cell: RunningCell) -> None:
    """Without the key there is nothing here."""
    assert cell.client.get("/office/events", headers=cell.login("ada")).status_code == 404


def test_a_limit_is_kept_and_a_page_is_never_longer_than_it_may_be(cell: RunningCell) -> None:
    """However much is asked for."""
    for number in range(3):
        call(cell, "bet", f"b-{number}", round=f"r-{number}", token=cell.open_game("ada"))
        call(cell, "win", f"w-{number}", round=f"r-{number}", reference_transaction_uuid=f"b-{number}")
    lengths = [
        len(cell.client.get(f"/office/events?limit={limit}", headers=KEY).json()["entries"]) for limit in (2, 10**9)
    ]
    assert lengths == [2, 3]
