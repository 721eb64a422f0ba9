"""The states of a seamless wallet, brought about through its own API by the game provider's client, in either dialect."""

from __future__ import annotations

import asyncio
import secrets
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from synthetic.contracts.keys import fresh_salt
from synthetic.contracts.providers.seats import Seats
from synthetic.contracts.states import StateHandler
from synthetic.reference.game.operators import Operator
from synthetic.reference.game.wallet_calls import Bet, Outcome, Seat, Verdict, Wallet


class Client(Wallet, Protocol):
    """A game provider's client that can also ask for a balance."""

    async def balance(self, operator: Operator, seat: Seat) -> Outcome:
        """What the player has."""


Work = Callable[[Client, Operator], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True)
class Line:
    """A wallet in one dialect: whom the client calls, how one is made, who plays there and what."""

    operator: Operator
    make: Callable[[], Client]
    seats: Seats
    game: str

    def do(self, work: Work) -> Outcome:
        """The outcome of a call. Raises RuntimeError where the wallet did not do it."""
        outcome = asyncio.run(self._ask(work))
        if outcome.verdict is not Verdict.DONE:
            raise RuntimeError(f"the wallet's answer was: {outcome.verdict} {outcome.code}".rstrip())
        return outcome

    async def _ask(self, work: Work) -> Outcome:
        client = self.make()
        try:
            return await work(client, self.operator)
        finally:
            await client.aclose()

    def level(self, seat: Seat, balance_minor: int) -> None:
        """Bring the player's balance to this by a lost or a won round. Raises RuntimeError where the wallet does not do it."""
        found = self.do(lambda client, to: client.balance(to, seat))
        assert found.balance_minor is not None, "a balance was asked for and answered"
        missing_minor = balance_minor - found.balance_minor
        if missing_minor == 0:
            return
        key = f"level-{secrets.token_hex(6)}"
        stake_minor = max(1, -missing_minor)
        bet = Bet(seat.player, seat.session, seat.game, f"{key}-round", key, stake_minor, seat.currency)
        self.do(lambda client, to: client.debit(to, bet))
        self.do(lambda client, to: client.settle(to, bet, missing_minor + stake_minor))


def with_salt(text: str, salt: str) -> str:
    """The text with its keys (`pact-key-...`) made an interaction's own, by a salt in front.

    Unlike `keys.salted`, which puts it behind: a game provider's client makes the ids of wins and rollbacks by suffixes.
    """
    return text.replace("pact-key-", f"pact-key-{salt}-")


class WalletStates:
    """The states, one after another. `salt` is that of the interaction at hand: `a player` begins each with a new one."""

    def __init__(self, lines: Mapping[str, Line]) -> None:
        self._lines = lines
        self._line: Line | None = None
        self._seat: Seat | None = None
        self._loses: Seats | None = None
        self.salt = fresh_salt()

    def handlers(self) -> Mapping[str, StateHandler]:
        """By the names that the pacts use."""
        return {
            "a player": self.player,
            "a disabled player": self.disabled,
            "an expired session": self.expired,
            "a session of another player": self.foreign,
            "a bet": self.bet,
            "another bet": self.another_bet,
            "a wallet whose answers to bets are lost": self.losing,
            "a win": self.win,
            "a rollback": self.rollback,
        }

    def player(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """A player in a session, with exactly this balance: `${player}`, `${token}`, `${game}`; `${request}` names the request."""
        line = self._begin(params)
        seat = line.seats.take(line.game)
        line.level(seat, int(params["balance_minor"]))
        return self._sit(seat)

    def disabled(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """A player in a session, who may no longer bet."""
        line = self._begin(params)
        return self._sit(line.seats.disabled(line.game))

    def expired(self, _params: Mapping[str, Any]) -> Mapping[str, Any]:
        """The player's session has run out."""
        line, seat = self._now()
        return self._sit(line.seats.expire(seat))

    def foreign(self, _params: Mapping[str, Any]) -> Mapping[str, Any]:
        """The player has the session of another one."""
        line, seat = self._now()
        return self._sit(line.seats.foreign(seat))

    def bet(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """A bet that is debited; `${wallet_id}` is the wallet's own id of it."""
        line, _ = self._now()
        bet = self._bet(params)
        return {"wallet_id": line.do(lambda client, to: client.debit(to, bet)).wallet_id}

    def another_bet(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """A further bet, which is debited; `${wallet_id}` stays that of the bet before."""
        self.bet(params)
        return {}

    def losing(self, _params: Mapping[str, Any]) -> Mapping[str, Any]:
        """The wallet takes a bet, and its answer does not come through: until the next `a player`."""
        line, _ = self._now()
        line.seats.lose_answers()
        self._loses = line.seats
        return {}

    def win(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """The bet's win: the last one, or the first part of it; `${wallet_id}` as for a bet."""
        line, _ = self._now()
        bet, amount_minor = self._bet(params), int(params["amount_minor"])

        async def pay(client: Client, to: Operator) -> Outcome:
            if params["closes"]:
                return await client.settle(to, bet, amount_minor)
            return await client.pay(to, bet, amount_minor, 1)

        return {"wallet_id": line.do(pay).wallet_id}

    def rollback(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """The bet is rolled back, whether it ever came or not; `${wallet_id}` as for a bet."""
        line, _ = self._now()
        bet, rollback = self._bet(params), self._salted(f"{params['bet']}-rollback")
        return {"wallet_id": line.do(lambda client, to: client.rollback(to, bet, rollback)).wallet_id}

    def _begin(self, params: Mapping[str, Any]) -> Line:
        self.salt = fresh_salt()
        if self._loses is not None:
            self._loses.find_answers()
            self._loses = None
        self._line = self._lines[params["dialect"]]
        return self._line

    def _sit(self, seat: Seat) -> Mapping[str, Any]:
        self._seat = seat
        request = str(uuid.uuid4())
        return {
            "player": seat.player, "token": seat.session, "game": seat.game, "request": request, "salt": self.salt
        }  # fmt: skip

    def _now(self) -> tuple[Line, Seat]:
        assert self._line is not None, "'a player' comes before every other state"
        assert self._seat is not None, "'a player' sits down"
        return self._line, self._seat

    def _bet(self, params: Mapping[str, Any]) -> Bet:
        """As the boundary names it. The ids of a win and of a rollback are the client's: the bet's, with a suffix."""
        _, seat = self._now()
        return Bet(
            seat.player,
            seat.session,
            seat.game,
            self._salted(str(params["round"])),
            self._salted(str(params["bet"])),
            int(params.get("stake_minor", 0)),
            seat.currency,
        )

    def _salted(self, key: str) -> str:
        return with_salt(key, self.salt)
