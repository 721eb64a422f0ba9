"""The cashier over a real Postgres, where transactions do run beside each other."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from synthetic.tests.reference.cell.cashier.market import PSPS, Market, open_market

both_styles = pytest.mark.parametrize("psp", PSPS)


@pytest.fixture(scope="module")
def pg_market(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    url = f"{postgres_url}&options=-csearch_path%3Dcashier"
    with open_market(tmp_path_factory.mktemp("pg"), db_url=url) as market:
        yield market
        market.clear()


@both_styles
def test_duplicates_of_everything_at_once_move_money_once(pg_market: Market, psp: str) -> None:
    """16 deposits under one key with their webhooks in triplicate, 8 refunds, 16 withdrawals under one key: each once."""
    market, before, reported = pg_market, pg_market.cash(), len(pg_market.kinds(psp))
    market.throw(psp, "duplicates_webhooks")
    with ThreadPoolExecutor(16) as pool:
        (deposit_id,) = {answer.json()["id"] for answer in pool.map(lambda _: market.deposit(psp, key=psp), range(16))}
        market.settled("deposits", deposit_id, "succeeded")
        assert market.cash() == before + 100
        refunds = list(pool.map(lambda n: market.refund(deposit_id, f"{psp}-{n % 4}"), range(8)))
        assert {answer.json()["refunded_minor"] for answer in refunds} == {100}
        assert market.cash() == before
        answers = list(pool.map(lambda _: market.withdraw(psp, key=psp), range(16)))
    (withdrawal_id,) = {answer.json()["id"] for answer in answers}
    market.settled("withdrawals", withdrawal_id, "paid")
    assert (market.cash(), market.locked()) == (before - 100, 0)
    assert market.kinds(psp)[reported:] == ["capture", "refund", "payout"]


@pytest.mark.slow
def test_deposits_webhooks_and_refunds_of_one_player_do_not_deadlock(pg_market: Market) -> None:
    """Twelve deposits of both styles, each refunded as soon as it is there, with duplicates of every event."""
    market, before = pg_market, pg_market.cash()
    for psp in PSPS:
        market.throw(psp, "duplicates_webhooks")

    def round_trip(number: int) -> int:
        deposit_id = market.deposit(PSPS[number % 2], key=f"trip-{number}").json()["id"]
        answer = market.refund(deposit_id, f"trip-{number}")
        return int(answer.status_code)

    with ThreadPoolExecutor(12) as pool:
        assert list(pool.map(round_trip, range(12))) == [200] * 12
    assert market.cash() == before
