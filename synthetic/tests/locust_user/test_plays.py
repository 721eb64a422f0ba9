"""What a user class of a locustfile may say."""

from __future__ import annotations

from typing import Any

import pytest

from synthetic.core.errors import AuthorError
from synthetic.locust_user.plays import Plays, plays_of

BUDGET = {"run": "5.00 EUR", "day": "50.00 EUR"}


def user(plays: object, budget: object = None, only: object = None) -> Any:
    """A user class that says this."""
    said = {"plays": plays, "budget": BUDGET if budget is None else budget, "only": {} if only is None else only}
    return type("Player", (), said)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (user(["deposit-bet-withdraw"]), "Player.plays is a list, and has to be a dict"),
        (user({"steady-round": 0}), "Player.plays: the weight of steady-round is 0;"),
        (user({"steady-round": 0.5}), "Player.plays: the weight of steady-round is 0.5;"),
        (user({"steady-round": "3"}), "Player.plays: the weight of steady-round is '3';"),
        (user({"steady-round": True}), "Player.plays: the weight of steady-round is True;"),
        (user({1: 1}), "Player.plays: the name 1 is no text"),
        (user({"steady-round": 1}, "5.00 EUR"), "Player.budget is a str, and has to be a dict"),
        (user({"steady-round": 1}, {"run": 5}), "Player.budget: run is 5, which is no text"),
        (user({"steady-round": 1}, BUDGET, ["psp-a"]), "Player.only is a list, and has to be a dict"),
        (user({"steady-round": 1}, BUDGET, {"psp": None}), "Player.only: psp is None, which is no text"),
    ],
)
def test_a_mistake_of_a_locustfile_is_one_sentence(said: Any, message: str) -> None:
    """It names the class, the attribute, and how it is written."""
    with pytest.raises(AuthorError, match="say `") as told:
        plays_of(said)
    assert message in str(told.value)
    assert "\n" not in str(told.value)


def test_what_is_said_well_is_taken() -> None:
    """As it stands."""
    assert plays_of(user({"steady-round": 2}, BUDGET, {"psp": "psp-a"})) == Plays(
        {"steady-round": 2}, BUDGET, {"psp": "psp-a"}
    )
