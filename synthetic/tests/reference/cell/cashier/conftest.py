"""Markets for the tests of this folder, served once; each test is another player, and begins with no switch thrown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from synthetic.reference.psp.pace import Pace
from synthetic.tests.reference.cell.cashier.market import Market, open_market
from synthetic.tests.reference.cell.running import player

NAMES = [f"player-{number}" for number in range(200)]
NEVER = Pace(capture_s=(3600, 3600), payout_leaves_s=3600, redirect_s=3600)

Served = tuple[Market, Iterator[str]]


def serve(factory: pytest.TempPathFactory, pace: Pace | None = None) -> Iterator[Served]:
    players = tuple(map(player, NAMES))
    with open_market(factory.mktemp("market"), player=NAMES[0], players=players, pace=pace) as market:
        yield market, iter(NAMES[1:])


def next_player(served: Served) -> Iterator[Market]:
    market, names = served
    yield replace(market, player=next(names))
    market.clear()


@pytest.fixture(scope="session")
def served_market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    yield from serve(tmp_path_factory)


@pytest.fixture(scope="session")
def served_slow_market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    yield from serve(tmp_path_factory, NEVER)


@pytest.fixture
def market(served_market: Served) -> Iterator[Market]:
    """A market that completes payments at once."""
    yield from next_player(served_market)


@pytest.fixture
def slow_market(served_slow_market: Served) -> Iterator[Market]:
    """A market whose PSPs leave every payment pending: the test says what becomes of it."""
    yield from next_player(served_slow_market)
