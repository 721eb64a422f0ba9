"""The examination of a wallet: all held on the reference platform, exactly the broken ones on each mutation of it."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import pytest

from synthetic.conformance.playing import Bounds
from synthetic.conformance.rendering import text
from synthetic.conformance.ruling import Standing
from synthetic.conformance.wallet import LAWS
from synthetic.core.errors import AuthorError, TargetUnreachable
from synthetic.core.money import Money
from synthetic.reference.cell.wallet_api.desk import Knobs
from synthetic.reference.cell.wallet_api.switches import CELL_SWITCHES_WALLET
from synthetic.reference.switchboard import Switch
from synthetic.tests.conformance.marking import one_a_law
from synthetic.tests.conformance.wallets import DIALECT_NAMES, STAKE, UNTESTABLE, numbers, wallet_of
from synthetic.tests.reference.cell.running import RunningCell, player, running_cell
from synthetic.tests.representative import combination

ALL = {law.number for law in LAWS}
BREAKS: dict[str, set[int]] = {
    "answers_float_balance": {5},
    "answers_balance_before": {9},
    "rounds_balance_in_answers": {9},
    "rounds_debits": {9},
    "debits_again_on_retry": {10, 14},
    "credits_again_on_retry": {10, 14},
    "replays_under_new_id": {11},
    "takes_other_body": {12},
    "shares_ids_between_players": {13},
    "posts_concurrent_duplicates": {14},
    "forgets_ids": {15},
    "keeps_half_batches": {16},
    "forgets_rollback": {17},
    "settles_nothing": {17},
    "refunds_every_rollback_id": {18},
    "refunds_again_on_retry": {19},
    "refunds_unknown_bet": {20},
    "accepts_late_bet": {21},
    "pays_rolled_back_bet": {22},
    "takes_bets_on_closed_round": {23},
    "leaves_round_open": {23, 24},
    "zero_win_leaves_round_open": {24},
    "debits_free_bets": {25},
    "takes_bets_on_expired_token": {26},
    "expired_token_blocks_all": {26},
    "ignores_currency": {27},
    "accepts_bad_signature": {38, 39},
    "verifies_parsed_body": {39},
    "accepts_foreign_token": {40},
    # What breaks none of these laws: an answer that gets lost or comes late, what one provider alone can't see ...
    "loses_bet_response": set(),
    "answers_bets_late": set(),
    "shares_ids_between_providers": set(),
    # ... and what wallets of the field do on purpose: wins without a bet, rollbacks of what was settled, no tombstones.
    "pays_win_without_bet": set(),
    "refunds_settled_bet": set(),
    "refuses_unknown_rollback": set(),
}
"""Each switch of the reference wallet, and exactly the laws that it breaks."""
PARAMS = {"answers_bets_late": {"delay_s": 0.02}}
ONE_IS_SLOW = ["hub88", pytest.param("softswiss", marks=pytest.mark.slow)]
STORMY = {14}
"""What takes a second of a busy machine is a neighbour in the long form only."""
ONE_DIALECT = {
    "answers_float_balance": "hub88",
    "replays_under_new_id": "softswiss",
    "keeps_half_batches": "softswiss",
    "debits_free_bets": "hub88",
}
"""The switches that act in one dialect only."""


def dialect_of(switch: str) -> str:
    """In which dialect the whole wallet is examined with this switch (CI: each third one); in the other one the laws around."""
    return ONE_DIALECT.get(switch, DIALECT_NAMES[list(BREAKS).index(switch) % 2])


@pytest.fixture(scope="module")
def rich_cell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCell]:
    """A cell whose players can pay for all the defects of this file."""
    players = tuple(player(name, cash_minor=100_000) for name in ("ada", "bob"))
    with running_cell(tmp_path_factory.mktemp("cell"), settings={"players": players}) as running:
        yield running


@pytest.fixture
def cell(rich_cell: RunningCell) -> Iterator[RunningCell]:
    """The cell without a defect before and after."""
    rich_cell.context.board.clear()
    yield rich_cell
    rich_cell.context.board.clear()


@pytest.mark.parametrize("dialect", DIALECT_NAMES)
def test_the_reference_wallet_holds_every_law(cell: RunningCell, dialect: str) -> None:
    """Nothing is broken, and only what the dialect has no words for can't be tried."""
    report = wallet_of(cell, dialect).examine()
    assert numbers(report, Standing.NOT_TESTABLE) == UNTESTABLE[dialect], text(report)
    assert numbers(report, Standing.HELD) == ALL - UNTESTABLE[dialect], text(report)


def test_the_table_has_every_switch_of_the_wallet() -> None:
    """A new defect of the reference wallet comes with what it breaks."""
    assert set(CELL_SWITCHES_WALLET) == set(BREAKS)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("switch", "dialect"),
    [
        combination(switch, dialect, played=dialect == dialect_of(switch) and index % 3 == 0)
        for index, switch in enumerate(BREAKS)
        for dialect in DIALECT_NAMES
    ],
)
def test_a_mutated_wallet_breaks_exactly_its_laws(cell: RunningCell, switch: str, dialect: str) -> None:
    """Neither fewer nor more: a table that cries wolf is of no use before a certification."""
    cell.context.board.throw(Switch(switch, params=PARAMS.get(switch, {})))
    report = wallet_of(cell, dialect, retry_window_s=0.8).examine()
    expected = BREAKS[switch] if ONE_DIALECT.get(switch, dialect) == dialect else set()
    assert numbers(report, Standing.BROKEN) == expected, text(report)


@pytest.mark.slow
@pytest.mark.parametrize("switch", one_a_law(BREAKS))
def test_a_defect_is_caught_and_its_neighbours_are_not_blamed(cell: RunningCell, switch: str) -> None:
    """The short form of the claim above: in the other dialect where it acts there, among the laws around."""
    (other,) = set(DIALECT_NAMES) - {dialect_of(switch)}
    dialect = ONE_DIALECT.get(switch, other)
    cell.throw(switch)
    around = {number + step for number in BREAKS[switch] for step in (-1, 1)} & ALL - STORMY | {17} | BREAKS[switch]
    report = wallet_of(cell, dialect, retry_window_s=0.8).examine(around)
    assert numbers(report, Standing.BROKEN) == BREAKS[switch], text(report)


@pytest.mark.parametrize("dialect", DIALECT_NAMES)
def test_a_broken_law_comes_with_the_exchange_that_shows_it(cell: RunningCell, dialect: str) -> None:
    """The shortest one: the late bet that was debited and the rollback before it, without the balances around them."""
    cell.throw("accepts_late_bet")
    (ruling,) = wallet_of(cell, dialect).examine([21]).broken
    assert [exchange.label for exchange in ruling.shown_by] == ["rollback, before its bet", "the late bet"]
    assert re.search(r"from \d+\.\d\d EUR to \d+\.\d\d EUR", ruling.message)


@pytest.mark.parametrize("dialect", DIALECT_NAMES)
def test_allowed_differences_are_reported_as_knobs(cell: RunningCell, dialect: str) -> None:
    """What this wallet does with a repetition, with a second rollback and with the rollback of nothing."""
    report = wallet_of(cell, dialect).examine([10, 18, 20])
    assert report.knobs["duplicate"] == "ok"
    assert report.knobs["unknown_rollback"] == "ok"
    assert report.knobs["second_rollback_id"] == ("ok" if dialect == "hub88" else "refused")


@pytest.mark.parametrize("dialect", ONE_IS_SLOW)
def test_a_wallet_that_refuses_duplicates_breaks_nothing(
    tmp_path_factory: pytest.TempPathFactory, dialect: str
) -> None:
    """Knobs `duplicate: error` and `unknown_rollback: not-found` are found and reported; only 11 can't be tried then."""
    knobs = Knobs(unknown_rollback="not_found", duplicate="error", rolled_back_again="refuse")
    with running_cell(tmp_path_factory.mktemp("cell"), knobs_a=knobs, knobs_b=knobs) as cell:
        report = wallet_of(cell, dialect).examine(ALL - STORMY)
    assert numbers(report, Standing.BROKEN) == set(), text(report)
    assert numbers(report, Standing.NOT_TESTABLE) == UNTESTABLE[dialect] | {11}, text(report)
    assert report.knobs == {"duplicate": "error", "second_rollback_id": "refused", "unknown_rollback": "not-found"}


@pytest.mark.parametrize("dialect", ONE_IS_SLOW)
def test_a_wallet_without_tombstones_that_says_so_breaks_nothing(
    tmp_path_factory: pytest.TempPathFactory, dialect: str
) -> None:
    """Where `not-found` is the answer to an unknown rollback, its bet may come later: 21 can't be tried."""
    knobs = Knobs(unknown_rollback="not_found")
    with running_cell(tmp_path_factory.mktemp("cell"), knobs_a=knobs, knobs_b=knobs) as cell:
        cell.throw("accepts_late_bet")
        report = wallet_of(cell, dialect).examine([20, 21])
    assert numbers(report, Standing.NOT_TESTABLE) == {21}, text(report)
    assert "knob unknown_rollback: not-found" in report.rulings[1].message


def open_rounds(cell: RunningCell) -> int:
    """How many rounds the wallet still has open."""
    with cell.context.ledger.reading() as reading:
        query = "SELECT count(*) FROM rounds WHERE state = 'OPEN'"
        return int(reading.connection().exec_driver_sql(query).scalar_one())


@pytest.mark.parametrize("dialect", ONE_IS_SLOW)
def test_every_bet_of_an_examination_is_over_in_the_end(cell: RunningCell, dialect: str) -> None:
    """And it costs what it says: the one bet that is lost on purpose, where the round pays nothing."""
    before = cell.cash("ada"), cell.cash("bob")
    open_before = open_rounds(cell)
    report = wallet_of(cell, dialect).examine()
    assert report.remarks == ("net cost: 0.10 EUR",)
    assert (cell.cash("ada"), cell.cash("bob")) == (before[0] - STAKE.minor, before[1])
    assert open_rounds(cell) == open_before


@pytest.mark.parametrize("dialect", DIALECT_NAMES)
def test_an_examination_that_is_interrupted_brings_its_bets_home(cell: RunningCell, dialect: str) -> None:
    """Ctrl-C in the middle of the wait of invariant 15: the bet that is open then is rolled back before it ends."""
    before, open_before = cell.cash("ada"), open_rounds(cell)

    async def interrupt() -> None:
        examining = asyncio.create_task(wallet_of(cell, dialect, retry_window_s=30.0).examining({15}))
        deadline_s = time.monotonic() + 30
        while open_rounds(cell) == open_before:
            assert time.monotonic() < deadline_s, "no bet was placed"
            await asyncio.sleep(0.01)
        examining.cancel()
        with suppress(asyncio.CancelledError):
            await examining
        assert examining.cancelled()

    asyncio.run(interrupt())
    assert (cell.cash("ada"), open_rounds(cell)) == (before, open_before)


@pytest.mark.parametrize("dialect", DIALECT_NAMES)
def test_a_law_without_what_it_needs_says_what_to_give(cell: RunningCell, dialect: str) -> None:
    """No second player, no expired token, no retry window: not testable is not held."""
    wallet = wallet_of(cell, dialect, retry_window_s=None)
    bare = replace(wallet, given=replace(wallet.given, second=None, expired_token=None))
    report = bare.examine([13, 15, 26, 40])
    assert numbers(report, Standing.NOT_TESTABLE) == {13, 15, 26, 40}
    hints = {ruling.number: ruling.message for ruling in report.rulings}
    assert "--second-player" in hints[13]
    assert "--retry-window" in hints[15]
    assert "--expired-token" in hints[26]
    assert "--second-token" in hints[40]


def test_no_law_begins_when_the_requests_are_used_up(cell: RunningCell) -> None:
    """A bound is a bound, and what it left out is told."""
    report = wallet_of(cell, "hub88").examine([10, 12, 14], Bounds(requests_max=10))
    assert numbers(report, Standing.HELD) == {10}
    assert "--requests-max" in report.rulings[1].message
    assert report.requests <= 25


def test_secrets_never_reach_the_report(cell: RunningCell) -> None:
    """Neither the session's token, which stands in every body, nor a signature."""
    cell.throw("accepts_late_bet")
    wallet = wallet_of(cell, "hub88")
    told = text(wallet.examine([21]))
    assert "BROKEN 21" in told
    assert wallet.given.seat.token not in told
    assert "X-Hub88-Signature: ***" in told


def test_a_wrong_key_is_the_operators_mistake(cell: RunningCell) -> None:
    """Before a single bet: a wallet that does not know us can't be examined."""
    wallet = wallet_of(cell, "softswiss")
    with pytest.raises(AuthorError, match="check --key"):
        replace(wallet, key="another secret").examine()


def test_an_address_where_nobody_is_is_unreachable(cell: RunningCell) -> None:
    """Not a broken wallet."""
    with socket.create_server(("127.0.0.1", 0)) as once:
        port = once.getsockname()[1]
    gone = replace(wallet_of(cell, "hub88"), url=f"http://127.0.0.1:{port}/wallet/a")
    with pytest.raises(TargetUnreachable, match="can't be reached"):
        gone.examine()


def test_a_player_without_money_is_told_before(cell: RunningCell) -> None:
    """The need is counted in stakes."""
    wallet = wallet_of(cell, "hub88")
    poor = replace(wallet, given=replace(wallet.given, stake=Money(10_000, "EUR")))
    with pytest.raises(AuthorError, match=r"needs 2000\.00 EUR"):
        poor.examine()
