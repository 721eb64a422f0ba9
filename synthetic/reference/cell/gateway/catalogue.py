"""The games that a cell offers, and what may be staked on them."""

from __future__ import annotations

from dataclasses import dataclass

MIN_STAKE_MINOR = 10
MAX_STAKE_MINOR = 500
SMALL_STAKE_MINOR = 30  # of the games for small stakes


@dataclass(frozen=True, slots=True)
class Game:
    """A game, the provider that runs it, and the limits of one stake in minor units."""

    code: str
    provider: str
    min_stake_minor: int = MIN_STAKE_MINOR
    max_stake_minor: int = MAX_STAKE_MINOR


GAMES = {
    game.code: game
    for game in (
        Game("low-variance-dice", "provider-a"),
        Game("steady-dice", "provider-a"),
        Game("void-dice", "provider-a"),
        Game("disabled-dice", "provider-a"),  # still listed here; it is the provider that took it off
        Game("low-variance-wheel", "provider-b"),
        Game("steady-wheel", "provider-b"),
        Game("void-wheel", "provider-b"),
        Game("disabled-wheel", "provider-b"),
        Game("small-dice", "provider-a", max_stake_minor=SMALL_STAKE_MINOR),
        Game("small-wheel", "provider-b", max_stake_minor=SMALL_STAKE_MINOR),
    )
}
