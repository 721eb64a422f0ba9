"""The back office: its door, what it does to an account, the statements; and what a restricted player may not do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from synthetic.reference.cell.office.statements import SINKS
from synthetic.tests.reference.cell.running import PLAYERS, RunningCell, player, running_cell

KEY = {"Authorization": "Bearer office-key"}
REAL = player("rea", synthetic=False)


@pytest.fixture
def cell(tmp_path: Path) -> Iterator[RunningCell]:
    """A cell with an office, and a player who is not synthetic."""
    settings = {"office_key": "office-key", "players": (*PLAYERS, REAL)}
    with running_cell(tmp_path, settings=settings) as running:
        yield running


def put(cell: RunningCell, name: str, **wanted: Any) -> httpx.Response:
    """Change an account."""
    return cell.client.put(f"/office/players/{name}", headers=KEY, json=wanted)


def log_in(cell: RunningCell, name: str, **headers: str) -> httpx.Response:
    """Try to."""
    body = {"username": name, "password": f"{name}-password"}
    return cell.client.post("/auth/login", json=body, headers=headers)


def claim(cell: RunningCell, who: dict[str, str], key: str) -> httpx.Response:
    """Claim the promotion that is given once."""
    return cell.client.post("/promo/claims", json={"code": "WELCOME"}, headers=who | {"Idempotency-Key": key})


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "office-keyy"}])
def test_without_the_key_there_is_no_office(cell: RunningCell, headers: dict[str, str]) -> None:
    """Whatever is asked."""
    for path in ("players/ada", "double-entry?player=ada", "open-items?player=ada", "sinks/ggr?player=ada"):
        answer = cell.client.get(f"/office/{path}", headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


def test_a_cell_without_a_key_has_no_office(tmp_path: Path) -> None:
    """Not even under an empty one."""
    with running_cell(tmp_path) as cell:
        assert cell.client.get("/office/players/ada", headers={"Authorization": "Bearer"}).status_code == 404


@pytest.mark.parametrize(
    "wanted",
    [
        {"self_excluded": 1},
        {"kyc": "perhaps"},
        {"wagering_minor": -1},
        {"locked": True},
        {"deposit_left_minor": "1"},
        {"cash_minor": 100},
        {"synthetic": False},
    ],
)
def test_what_the_office_can_not_do(cell: RunningCell, wanted: dict[str, Any]) -> None:
    """Odd values, and what is nobody's to change; nothing of the request is done."""
    before = cell.client.get("/office/players/ada", headers=KEY).json()
    answer = put(cell, "ada", geo_blocked=True, **wanted)
    assert (answer.status_code, answer.json()["error"]) == (400, "malformed")
    assert cell.client.get("/office/players/ada", headers=KEY).json() == before
    assert put(cell, "nobody", geo_blocked=True).status_code == 404


@pytest.mark.parametrize("name", ["self_excluded", "geo_blocked"])
def test_a_restricted_player_can_not_log_in_until_it_is_lifted(cell: RunningCell, name: str) -> None:
    """With its own code."""
    assert put(cell, "ada", **{name: True}).json()[name] is True
    assert (log_in(cell, "ada").status_code, log_in(cell, "ada").json()["error"]) == (403, name)
    put(cell, "ada", **{name: False})
    assert log_in(cell, "ada").status_code == 200


def test_nobody_logs_in_from_a_blocked_country(cell: RunningCell) -> None:
    """Whoever he is; from any other he does."""
    assert log_in(cell, "ada", **{"X-Geo-Country": "us"}).json()["error"] == "geo_blocked"
    assert log_in(cell, "ada", **{"X-Geo-Country": "MT"}).status_code == 200


def test_a_locked_player_is_unlocked(cell: RunningCell) -> None:
    """And his failures are forgotten."""
    for _ in range(5):
        cell.client.post("/auth/login", json={"username": "ada", "password": "wrong"})
    assert cell.client.get("/office/players/ada", headers=KEY).json()["locked"] is True
    assert put(cell, "ada", locked=False).json()["locked"] is False
    assert log_in(cell, "ada").status_code == 200


def test_log_ins_run_out(cell: RunningCell) -> None:
    """All of the player's, and nobody else's."""
    ada, bob = cell.login("ada"), cell.login("bob")
    cell.client.post("/office/players/ada/log-out", headers=KEY)
    assert cell.client.get("/me", headers=ada).json()["error"] == "invalid_token"
    assert cell.client.get("/me", headers=bob).status_code == 200


def test_a_lower_limit_holds_at_once_and_a_higher_one_does_not(cell: RunningCell) -> None:
    """The player's own wish; the office may lift it."""
    ada = cell.login("ada")

    def limit(minor: int) -> dict[str, Any]:
        return dict(cell.client.put("/me/limits", json={"deposit_day_minor": minor}, headers=ada).json())

    assert limit(100) == {"deposit_day_minor": 100, "pending": None}
    higher = limit(500)
    assert (higher["deposit_day_minor"], higher["pending"]["deposit_day_minor"]) == (100, 500)
    assert cell.client.get("/me", headers=ada).json()["limits"] == {"deposit_day_minor": 100}
    assert limit(50) == {"deposit_day_minor": 50, "pending": None}
    assert put(cell, "ada", deposit_left_minor=70).json()["deposit_left_minor"] == 70
    assert put(cell, "ada", deposit_left_minor=None).json()["deposit_day_minor"] == 1_000_000


@pytest.mark.parametrize("minor", [-1, "1", True, None, 10**13])
def test_what_is_no_limit(cell: RunningCell, minor: object) -> None:
    """Refused."""
    answer = cell.client.put("/me/limits", json={"deposit_day_minor": minor}, headers=cell.login("ada"))
    assert (answer.status_code, answer.json()["error"]) == (400, "malformed")


def test_cash_that_is_to_be_played_through_can_not_be_withdrawn(cell: RunningCell) -> None:
    """The balance says how much can."""
    ada = cell.login("ada")
    put(cell, "ada", wagering_minor=300)
    assert cell.client.get("/wallet/balance", headers=ada).json()["withdrawable_minor"] == 700
    put(cell, "ada", wagering_minor=3000)
    assert cell.client.get("/wallet/balance", headers=ada).json()["withdrawable_minor"] == 0


def test_promotions_are_taken_back_and_may_be_claimed_again(cell: RunningCell) -> None:
    """With their bonus."""
    ada = cell.login("ada")
    assert [claim(cell, ada, key).status_code for key in ("k1", "k2")] == [201, 409]
    cell.client.post("/office/players/ada/forget-promos", headers=KEY)
    assert cell.client.get("/wallet/balance", headers=ada).json()["bonus_minor"] == 0
    assert claim(cell, ada, "k3").status_code == 201


def test_both_sides_of_an_entry_add_up(cell: RunningCell) -> None:
    """Each leg with its account."""
    claim(cell, cell.login("ada"), "k")
    legs = cell.client.get("/office/double-entry?player=ada", headers=KEY).json()["entries"]
    sums: dict[str, int] = {}
    for leg in legs:
        sums[leg["entry"]] = sums.get(leg["entry"], 0) + leg["amount_minor"]
    assert set(sums.values()) == {0}
    assert {"player:ada:cash", "house", "player:ada:bonus", "promo"} == {leg["account"] for leg in legs}


def test_open_items_are_what_is_not_at_its_end(cell: RunningCell) -> None:
    """A bonus until it is gone; a round until it is over."""
    claim(cell, cell.login("ada"), "k")
    token = cell.open_game("ada")
    bet = {"user": "ada", "token": token, "round": "r", "game_code": "dice", "currency": "EUR", "amount": 20000}
    cell.call_a("transaction/bet", transaction_uuid="b", round_closed=False, is_free=False, **bet)
    items = cell.client.get("/office/open-items?player=ada", headers=KEY).json()["entries"]
    assert [(item["kind"], item["amount_minor"]) for item in items] == [("round", 20), ("bonus", 50)]
    back = {"user": "ada", "token": token, "round": "r", "game_code": "dice", "reference_transaction_uuid": "b"}
    cell.call_a("transaction/rollback", transaction_uuid="x", **back)
    cell.client.post("/office/players/ada/forget-promos", headers=KEY)
    assert cell.client.get("/office/open-items?player=ada", headers=KEY).json()["entries"] == []


def test_synthetic_players_are_in_no_export(cell: RunningCell) -> None:
    """Their bets are in none, a real player's are."""
    for name in ("ada", "rea"):
        bet = {"token": cell.open_game(name), "round": "r", "game_code": "dice", "currency": "EUR", "user": name}
        cell.call_a("transaction/bet", transaction_uuid="b", amount=20000, is_free=False, **bet)

    def exported(sink: str, name: str) -> list[str]:
        answer = cell.client.get(f"/office/sinks/{sink}?player={name}", headers=KEY).json()
        return [row["kind"] for row in answer["entries"]]

    assert [exported(sink, "ada") for sink in SINKS] == [[]] * len(SINKS)
    assert (exported("ggr", "rea"), exported("crm", "rea"), exported("tax", "rea")) == (["bet"], ["bet"], [])
    assert cell.client.get("/office/sinks/cia?player=ada", headers=KEY).json()["error"] == "unknown_sink"
    cell.throw("exports_synthetic_players")
    assert exported("ggr", "ada") == ["bet"]
