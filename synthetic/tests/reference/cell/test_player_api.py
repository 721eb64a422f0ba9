"""What a player sees of himself and his money: `/me`, `/wallet/*`, `/promo/*`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from synthetic.reference.cell.app import build_cell
from synthetic.reference.cell.switches import CELL_SWITCHES_CORE
from synthetic.reference.ledger import Entry, open_ledger
from synthetic.reference.switchboard import Switchboard
from synthetic.tests.reference.cell.running import RunningCell, cell_settings


@pytest.fixture
def ada(cell: RunningCell) -> dict[str, str]:
    return cell.login("ada")


def claim(cell: RunningCell, headers: dict[str, str], code: str, key: str) -> httpx.Response:
    return cell.client.post("/promo/claims", json={"code": code}, headers=headers | {"Idempotency-Key": key})


def test_me_tells_who_the_player_is(cell: RunningCell, ada: dict[str, str]) -> None:
    """Market, brand, currency, KYC, limits and the synthetic flag, as the seed said."""
    assert cell.client.get("/me", headers=ada).json() == {
        "player_id": "ada",
        "market": "mt",
        "brand": "aurora",
        "currency": "EUR",
        "kyc": "verified",
        "synthetic": True,
        "self_excluded": False,
        "limits": {"deposit_day_minor": 1_000_000},
    }


def test_balance_has_three_buckets_that_add_up(cell: RunningCell, ada: dict[str, str]) -> None:
    """Cash + bonus + locked = total."""
    claim(cell, ada, "WELCOME", "k")
    with cell.context.ledger.transaction() as transaction:
        moves = {"cash": -300, "locked": 300}
        transaction.post(Entry("withdraw_reserve", "ada", "w-1", moves, "psp:psp-a", "EUR"))
    assert cell.client.get("/wallet/balance", headers=ada).json() == {
        "currency": "EUR",
        "cash_minor": 700,
        "bonus_minor": 50,
        "locked_minor": 300,
        "total_minor": 1050,
        "withdrawable_minor": 700,
    }


def test_the_ledger_shows_the_players_own_postings_oldest_first(cell: RunningCell, ada: dict[str, str]) -> None:
    """Nothing of the counterparty and nothing of other players."""
    claim(cell, cell.login("bob"), "WELCOME", "k")
    claim_id = claim(cell, ada, "WELCOME", "k").json()["id"]
    rows = cell.client.get("/wallet/ledger", headers=ada).json()["entries"]
    assert [(row["kind"], row["reference"], row["bucket"], row["amount_minor"], row["count"]) for row in rows] == [
        ("funding", "seed:ada", "cash", 1000, 1),
        ("bonus", claim_id, "bonus", 50, 1),
    ]


def test_no_token_no_money(cell: RunningCell) -> None:
    """Every player route wants a token."""
    for method, path in (
        ("GET", "/me"),
        ("GET", "/wallet/balance"),
        ("GET", "/wallet/ledger"),
        ("POST", "/promo/claims"),
    ):
        assert cell.client.request(method, path).status_code == 401


def test_welcome_is_given_once_per_player(cell: RunningCell, ada: dict[str, str]) -> None:
    """A replay answers the same claim; another key is told that it was claimed; so is one after forfeiting."""
    first, replay = claim(cell, ada, "WELCOME", "k1"), claim(cell, ada, "WELCOME", "k1")
    assert (first.status_code, replay.status_code, replay.json()) == (201, 200, first.json())
    assert replay.headers["Idempotent-Replay"] == "true"
    assert claim(cell, ada, "WELCOME", "k2").json()["error"] == "already_claimed"
    cell.client.delete(f"/promo/claims/{first.json()['id']}", headers=ada)
    assert claim(cell, ada, "WELCOME", "k3").status_code == 409


def test_a_claim_is_found_by_its_key(cell: RunningCell, ada: dict[str, str]) -> None:
    """By its own player only; a key that was never used finds none."""
    claimed = claim(cell, ada, "DAILY", "k1").json()

    def found(headers: dict[str, str], key: str) -> httpx.Response:
        return cell.client.get("/promo/claims", params={"key": key}, headers=headers)

    assert found(ada, "k1").json() == {"found": True, "claim": claimed}
    assert found(ada, "k2").json() == {"found": False, "claim": None}
    assert found(cell.login("bob"), "k1").json() == {"found": False, "claim": None}
    assert found(ada, "").status_code == 400


def test_daily_is_given_once_per_key(cell: RunningCell, ada: dict[str, str]) -> None:
    """A probe can repeat it under a new key."""
    amounts = [claim(cell, ada, "DAILY", key).json()["bonus_minor"] for key in ("k1", "k2", "k1")]
    assert (amounts, cell.context.ledger.balance("ada").bonus_minor) == ([10, 10, 10], 20)


def test_sixteen_concurrent_claims_give_one_bonus(cell: RunningCell, ada: dict[str, str]) -> None:
    """Under one key or under sixteen."""
    with ThreadPoolExecutor(16) as pool:
        codes = list(pool.map(lambda n: claim(cell, ada, "WELCOME", f"k{n % 2}").status_code, range(16)))
    assert codes.count(201) == 1
    assert set(codes) == {200, 201, 409}
    assert cell.context.ledger.balance("ada").bonus_minor == 50


def test_a_forfeited_bonus_is_taken_back_once(cell: RunningCell, ada: dict[str, str]) -> None:
    """Repeating the DELETE changes nothing; another player's claim does not exist."""
    claim_id = claim(cell, ada, "WELCOME", "k").json()["id"]
    assert cell.client.delete(f"/promo/claims/{claim_id}", headers=cell.login("bob")).status_code == 404
    for _ in range(2):
        assert cell.client.delete(f"/promo/claims/{claim_id}", headers=ada).status_code == 200
    assert cell.context.ledger.balance("ada").bonus_minor == 0
    assert cell.kinds("ada") == ["bonus", "bonus_forfeit"]


def test_a_claim_that_is_refused_says_why(cell: RunningCell, ada: dict[str, str]) -> None:
    """Unknown code, a key used for another code, no key, and a player whose KYC is pending."""
    claim(cell, ada, "DAILY", "k")
    refusals = [
        claim(cell, ada, "JACKPOT", "k2"),
        claim(cell, ada, "WELCOME", "k"),
        claim(cell, ada, "WELCOME", ""),
        claim(cell, cell.login("ken"), "WELCOME", "k"),
    ]
    assert [(answer.status_code, answer.json()["error"]) for answer in refusals] == [
        (404, "unknown_promo"),
        (422, "idempotency_mismatch"),
        (400, "idempotency_key_required"),
        (403, "not_eligible"),
    ]


def test_the_bonus_follows_the_currencys_digits(cell: RunningCell) -> None:
    """0.50 of a currency without hundredths is one unit, never zero."""
    assert claim(cell, cell.login("yui"), "WELCOME", "k").json()["bonus_minor"] == 1


def test_a_restart_seeds_nobody_twice(tmp_path: Path) -> None:
    """The second build over the same database leaves players and money as they were."""
    db_url = f"sqlite:///{tmp_path / 'cell.db'}"
    for _ in range(2):
        ledger = open_ledger(db_url)
        build_cell(cell_settings(db_url), ledger, Switchboard(CELL_SWITCHES_CORE))
        assert len(ledger.statement("ada")) == 1
        ledger.close()
