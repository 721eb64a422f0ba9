"""Which steps another process has to play again before it can look effects up and undo them."""

from __future__ import annotations

from functools import cache

import pytest

from synthetic.config.platforms import load_platform
from synthetic.config.scenarios import load_scenario
from synthetic.config.shipped import shipped_root
from synthetic.core.plan import PlatformPlan, ScenarioPlan
from synthetic.core.plan_reading import Footing, made_by, needed_by, sign_in_steps


@cache
def reference() -> PlatformPlan:
    """The mapping of the reference platform."""
    return load_platform(shipped_root() / "fixtures" / "platforms" / "reference.yaml")


def shipped(name: str) -> ScenarioPlan:
    """A scenario of this package."""
    return load_scenario(next((shipped_root() / "scenarios").rglob(f"{name}.yaml")), reference())


@pytest.mark.parametrize(
    ("operation", "needs"),
    [
        ("auth.login", set()),
        ("auth.login_2fa", set()),  # its own first exchange makes the challenge
        ("auth.sso_login", set()),
        ("auth.answer", {"session.challenge"}),
        ("auth.refresh_and_keep", {"session.token"}),  # it keeps the old token before it has the new one
        ("cashier.refund", {"session.token"}),
        ("games.launch", {"session.token"}),
        ("games.bet", {"connection game"}),
        ("wallet_api.rollback", {"session.game_session", "session.game"}),
    ],
)
def test_an_operation_needs_what_its_own_exchanges_do_not_make(operation: str, needs: set[str]) -> None:
    """Evidence and blame are read afterwards, and stand on nothing."""
    assert needed_by(reference().operations[operation]).names == needs


def test_an_operation_makes_what_it_saves_and_opens() -> None:
    """Session values, and WebSockets by name."""
    made = made_by(reference().operations["games.launch"])
    assert {"session.game_session", "connection game"} <= made


@pytest.mark.parametrize(
    ("scenario", "needs", "steps"),
    [
        ("deposit_bet_withdraw", {"session.token"}, ["login"]),
        ("deposit_bet_withdraw", {"connection game"}, ["login", "launch"]),
        ("deposit_bet_withdraw", set(), []),
        ("wallet_a_late_win", {"session.game_session", "session.game"}, ["login", "launch"]),
        (
            "totp_wrong",
            {"session.token"},
            ["challenge", "right"],
        ),  # a wrong code has to be refused, and signs nobody in
    ],
)
def test_only_what_is_needed_is_played_again(scenario: str, needs: set[str], steps: list[str]) -> None:
    """Straight from the shipped scenarios: a log-in, and a launch where the undo names the game session."""
    plan = shipped(scenario)
    assert [step.id for step in sign_in_steps(plan, Footing(frozenset(needs)))] == steps


def test_code_in_python_may_need_whatever_was_saved() -> None:
    """Nobody can see what it reads, so everything that saves is played."""
    everything = sign_in_steps(shipped("deposit_bet_withdraw"), Footing(all_of_it=True))
    assert {"login", "launch"} <= {step.id for step in everything}
    assert all(step.operation.moves is None for step in everything)


def test_a_step_behind_the_effect_is_not_played() -> None:
    """The launch came after the deposit."""
    plan = shipped("deposit_bet_withdraw")
    assert sign_in_steps(plan, Footing(frozenset({"connection game"})), "deposit") == ()
