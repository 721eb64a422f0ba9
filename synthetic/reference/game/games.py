"""The games: what a round pays, decided by the round's id alone, so that a round can be replayed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

CHANCE_TO_DOUBLE = 0.49  # of 2x the stake: a return of 98 %

# (round id, stake in minor units) -> payout in minor units, or None where the provider cancels the round.
Rules = Callable[[str, int], int | None]


@dataclass(frozen=True, slots=True)
class Game:
    """A game of the provider. A disabled one takes no bets."""

    code: str
    rules: Rules
    is_enabled: bool = True


def double_or_nothing(round_id: str, stake_minor: int) -> int:
    """Twice the stake in 49 of 100 rounds, else nothing."""
    return 2 * stake_minor if share_of(round_id, "result") < CHANCE_TO_DOUBLE else 0


def stake_back(_round_id: str, stake_minor: int) -> int:
    """Exactly the stake: a round that costs nothing."""
    return stake_minor


def cancelled(_round_id: str, _stake_minor: int) -> None:
    """The round is never played: its bet is rolled back."""


def share_of(round_id: str, purpose: str) -> float:
    """A number in [0, 1) that the round's id and the purpose decide, uniform over ids."""
    digest = hashlib.sha256(f"{purpose}\n{round_id}".encode()).digest()
    return int.from_bytes(digest[:7]) / 2**56


def games_of(kind: str) -> Mapping[str, Game]:
    """A provider's games by code. `kind` is what it makes: `dice` or `wheel`."""
    games = [
        Game(f"low-variance-{kind}", double_or_nothing),
        Game(f"steady-{kind}", stake_back),
        Game(f"void-{kind}", cancelled),
        Game(f"disabled-{kind}", stake_back, is_enabled=False),
        Game(f"small-{kind}", stake_back),
    ]
    return {game.code: game for game in games}
