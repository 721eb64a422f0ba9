"""What a user class of a locustfile says. It is Python, so anything may stand there: each mistake is one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from synthetic.config.names import NOWHERE
from synthetic.core.errors import AuthorError

_PLAYS = "say `plays = {'deposit-bet-withdraw': 1}`: scenarios with their weights"
_BUDGET = 'say `budget = {"run": "5.00 EUR", "day": "5000.00 EUR"}`'
_ONLY = 'say `only = {"psp": "psp-a"}`: columns of the matrix with the value to keep'


@dataclass(frozen=True, slots=True)
class Plays:
    """What a user class of the locustfile says: scenarios with their weights, the budget, rows of the matrices to keep."""

    plays: Mapping[str, int]
    budget: Mapping[str, str]
    only: Mapping[str, str]


def plays_of(user: Any) -> Plays:
    """What a user class says. Raises AuthorError of what is no mapping, no text, or no weight."""
    name = user.__name__
    plays = _mapping(f"{name}.plays", user.plays, _PLAYS)
    for scenario, weight in plays.items():
        if isinstance(weight, bool) or not isinstance(weight, int) or weight < 1:
            message = f"{name}.plays: the weight of {scenario} is {weight!r}; it has to be a whole number, 1 or more"
            raise AuthorError.at(NOWHERE, message, _PLAYS)
    return Plays(plays, _texts(f"{name}.budget", user.budget, _BUDGET), _texts(f"{name}.only", user.only, _ONLY))


def _texts(what: str, said: Any, hint: str) -> Mapping[str, str]:
    texts = _mapping(what, said, hint)
    for key, text in texts.items():
        if not isinstance(text, str):
            raise AuthorError.at(NOWHERE, f"{what}: {key} is {text!r}, which is no text", hint)
    return texts


def _mapping(what: str, said: Any, hint: str) -> Mapping[str, Any]:
    if not isinstance(said, Mapping):
        raise AuthorError.at(NOWHERE, f"{what} is a {type(said).__name__}, and has to be a dict", hint)
    for key in said:
        if not isinstance(key, str):
            raise AuthorError.at(NOWHERE, f"{what}: the name {key!r} is no text", hint)
    return said
