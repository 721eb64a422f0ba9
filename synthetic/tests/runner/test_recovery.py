"""A run that is cut off anywhere comes home: nothing stranded, nothing twice, whoever dies while bringing it home."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import count

import pytest

from synthetic.config.shipped import shipped_root
from synthetic.core.machine import Baseline
from synthetic.core.money import Money
from synthetic.core.outcome import IntentState
from synthetic.tests.representative import combination, one_in
from synthetic.tests.runner.recovering import Crash, Cut, Stage, behind, behind_money, behind_money_effect, stage

JOURNEY = "deposit_bet_withdraw"
EFFECTS = 38  # a few more than the journey has, its polls included


@pytest.fixture(scope="module")
def on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A stage for all of them."""
    with stage(tmp_path_factory.mktemp("world")) as running:
        yield running


@pytest.mark.parametrize("operation", ["cashier.deposit", "games.bet", "cashier.withdraw"])
def test_an_effect_whose_answer_nobody_heard_comes_home(on: Stage, operation: str) -> None:
    """It has happened, and the journal knows only that it was meant to."""
    cut = on.cut(on.plan(JOURNEY), behind_money(operation))
    assert cut.crashed
    on.bring_home(cut)
    on.check_home(cut)


@pytest.mark.slow
@pytest.mark.parametrize("number", one_in(3, range(1, EFFECTS + 1)))
def test_a_run_that_is_cut_off_behind_any_effect_comes_home(on: Stage, number: int) -> None:
    """Log-in, polls, frames, the journal's own: whatever was the last thing that the process did."""
    cut = on.cut(on.plan(JOURNEY), behind(number))
    on.bring_home(cut)
    on.check_home(cut)


@pytest.mark.slow
@pytest.mark.parametrize("number", one_in(2, range(1, 16)))
def test_a_recovery_that_is_cut_off_behind_any_effect_is_started_again(on: Stage, number: int) -> None:
    """Nothing is undone twice: every effect is looked up before it is undone."""
    cut = on.cut(on.plan(JOURNEY), behind_money("cashier.withdraw"))
    with suppress(Crash):
        on.recover(cut, behind(number))
    on.bring_home(cut)
    on.check_home(cut)


@pytest.mark.parametrize("operation", ["cashier.deposit", pytest.param("cashier.withdraw", marks=pytest.mark.slow)])
def test_a_request_that_arrives_after_it_was_asked_for_comes_home(on: Stage, operation: str) -> None:
    """The first recovery does not find it and leaves it open; it arrives; later ones find and undo it."""
    cut = on.cut_before(on.plan(JOURNEY), operation)
    assert not on.recover(cut, age_ns=0).is_home
    on.let_it_arrive(cut)
    on.bring_home(cut, age_ns=0)
    on.check_home(cut)


@pytest.mark.parametrize("operation", ["cashier.deposit", pytest.param("cashier.withdraw", marks=pytest.mark.slow)])
def test_a_request_that_never_left_is_settled_after_the_quiet_time(on: Stage, operation: str) -> None:
    """Ten minutes later nobody has seen it: it never happened, and what waited for it comes home."""
    cut = on.cut_before(on.plan(JOURNEY), operation)
    assert not on.recover(cut, age_ns=0).is_home
    assert on.recover(cut).is_home
    on.check_home(cut)


def test_a_platform_that_is_away_gets_its_recovery_later(on: Stage) -> None:
    """Nobody answers: everything stays open, and is told; as soon as somebody does, it comes home."""
    cut = on.cut(on.plan(JOURNEY), behind_money("games.bet"))
    dead = replace(cut.spec.cell, endpoints={**cut.spec.cell.endpoints, "api": "http://127.0.0.1:9"})
    away = on.recover(replace(cut, spec=replace(cut.spec, cell=dead)))
    assert "signing in again failed" in away.unreachable
    assert [str(amount) for amount in away.stranded] == ["0.20 EUR", "1.00 EUR"]
    assert on.recover(cut).is_home
    on.check_home(cut)


def test_a_players_state_is_left_by_whoever_recovers_his_run(on: Stage) -> None:
    """He was excluded by the run, and could not even sign in; its process went, and then he can deposit again."""
    cut = on.cut(on.plan("self_excluded_deposit"), behind_money("cashier.deposit"))
    assert cut.crashed
    assert on.recover(cut).is_home
    again = on.cut(on.plan(JOURNEY), lambda _effect: False, player=cut.spec.player["id"])
    assert not again.crashed
    on.check_home(again)


def surplus(cut: Cut) -> Baseline:
    """A baseline of which the player has 0.30 more: somebody had to win them."""
    return Baseline(Money(cut.cash_minor - 30, "EUR"))


def test_what_is_above_the_baseline_goes_back_through_the_psp(on: Stage) -> None:
    """Once, paid out by the PSP that the deposit came from, under the run's own key."""
    cut = on.cut(on.plan(JOURNEY), behind_money("cashier.deposit"))
    on.bring_home(cut, surplus(cut))
    assert on.cash_of(cut) == cut.cash_minor - 30
    assert [(e.intent.step, e.state) for e in cut.journal.entries()] == [
        ("deposit", IntentState.COMPENSATED),
        ("sweep", IntentState.SETTLED),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("number", one_in(2, range(1, 16)))
def test_a_sweep_that_is_cut_off_behind_any_effect_withdraws_once(on: Stage, number: int) -> None:
    """Whoever goes on asks for the withdrawal by its key; no second one leaves."""
    cut = on.cut(on.plan(JOURNEY), behind_money("cashier.deposit"))
    with suppress(Crash):
        on.recover(cut, behind(number), baseline=surplus(cut))
    on.bring_home(cut, surplus(cut))
    assert on.cash_of(cut) == cut.cash_minor - 30
    assert cut.journal.open_intents() == []


MOVING = {
    file.stem: frozenset(re.findall(r"call: ([a-z_.]+)", file.read_text(encoding="utf-8")))
    for file in sorted((shipped_root() / "scenarios").rglob("*.yaml"))
    if "limits:" in file.read_text(encoding="utf-8")
}
"""The scenarios that move money, and which operations each calls."""
FIRST_OF_THEIR_CALLS = {calls: scenario for scenario, calls in reversed(MOVING.items())}
PAID_IN_PART = {"wallet_a_partial_wins": 1, "wallet_b_partial_wins": 1}
"""Scenarios that can't come home behind more effects than so many: their round is open and has paid in part."""


@pytest.mark.slow
@pytest.mark.parametrize(
    "scenario",
    [combination(scenario, played=FIRST_OF_THEIR_CALLS[calls] == scenario) for scenario, calls in MOVING.items()],
)
def test_every_scenario_comes_home_behind_each_of_its_money_effects(on: Stage, scenario: str) -> None:
    """Also those of wallets, promotions and refused calls; what can't is stranded and told, as it is by the run itself.

    Of scenarios that call the same operations, CI plays one.
    """
    plan = on.plan(scenario)
    for number in count(1):
        cut = on.cut(plan, behind_money_effect(number))
        if not cut.crashed:
            assert number > 1, "it has limits, so it moves money"
            return
        if number > PAID_IN_PART.get(scenario, 99):
            assert [str(amount) for amount in on.recover(cut).stranded] == ["0.20 EUR"]
            continue
        on.bring_home(cut)
        assert cut.journal.open_intents() == []
        own = [item for item in on.open_items(cut.spec.player["id"]) if cut.spec.run_id in item["reference"]]
        assert own == []
