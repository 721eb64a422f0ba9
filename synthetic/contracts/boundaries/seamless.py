"""What both wallet dialects have in common: the states of a wallet, and how the game provider's client is exercised."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from synthetic.contracts.interactions import Exercise, State
from synthetic.contracts.states import WRONG_SEAL
from synthetic.reference.game.operators import Operator
from synthetic.reference.game.pace import Pace
from synthetic.reference.game.wallet_calls import Bet, Outcome, Seat, Wallet

W = TypeVar("W", bound=Wallet)

PLAYER, SESSION, CURRENCY = "p-1", "gs-1", "EUR"
BEFORE_MINOR, STAKE_MINOR = 500, 20
AFTER_MINOR = BEFORE_MINOR - STAKE_MINOR
PACE = Pace(retries=0)
NOBODY = "pact-key-nobody"

EXPIRED_SESSIONS, DISABLED_PLAYERS, TWO_PLAYERS = "expired sessions", "disabled players", "two players"
LOST_ANSWERS = "lost answers"
"""What an interaction may need: sessions that have run out, players who may not bet, a session of another player, a wallet
whose answers can be lost on purpose."""

EXPIRED = State("an expired session")
LOSING = State("a wallet whose answers to bets are lost")
FOREIGN = State("a session of another player")


@dataclass(frozen=True, slots=True)
class Call(Generic[W]):
    """One call of the game provider: where to, what it sends, and how its client is asked for it."""

    path: str
    body: Mapping[str, Any]
    send: Callable[[W, Operator], Awaitable[Outcome]]


def a_player(dialect: str, balance_minor: int = BEFORE_MINOR) -> State:
    """A player in a session, who has exactly this."""
    return State("a player", {"dialect": dialect, "balance_minor": balance_minor})


def a_disabled_player(dialect: str) -> State:
    """A player in a session, who may no longer bet."""
    return State("a disabled player", {"dialect": dialect})


def a_bet(bet: Bet) -> State:
    """The player's bet is debited."""
    return State("a bet", {"bet": bet.bet_id, "round": bet.round_id, "stake_minor": bet.stake_minor})


def another_bet(bet: Bet) -> State:
    """A further bet of the player's is debited; `${wallet_id}` is not its."""
    return State("another bet", {"bet": bet.bet_id, "round": bet.round_id, "stake_minor": bet.stake_minor})


def a_win(bet: Bet, amount_minor: int, *, closes: bool = True) -> State:
    """The bet is paid, as the whole of its win or as the first part."""
    return State("a win", {"bet": bet.bet_id, "round": bet.round_id, "amount_minor": amount_minor, "closes": closes})


def a_rollback(bet: Bet) -> State:
    """The bet is rolled back, whether it ever came or not."""
    return State("a rollback", {"bet": bet.bet_id, "round": bet.round_id})


def seat_of(bet: Bet) -> Seat:
    """Where the bet is placed."""
    return Seat(bet.player, bet.session, bet.game, bet.currency)


def is_stated(given: Iterable[State]) -> bool:
    """Whether the provider has to be brought into a state; how a request is sealed is none."""
    return any(state.name != WRONG_SEAL for state in given)


def exercise(make: Callable[[], W], dialect: str, call: Call[W], expected: Outcome, secret: str = "") -> Exercise:
    """Let the provider's client make the call; it has to conclude what is expected."""

    async def play(url: str) -> None:
        wallet = make()
        operator = Operator("operator", "cell", "unused", f"{url}/wallet/{dialect}", secret)
        try:
            assert await call.send(wallet, operator) == expected
        finally:
            await wallet.aclose()

    return lambda url: asyncio.run(play(url.rstrip("/")))
