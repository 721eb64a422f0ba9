"""A game provider at one wallet: what it asks, what it was answered, and which of its bets are still open."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from synthetic.conformance.answers import told
from synthetic.conformance.dialects.protocol import Action, Answer, Ask, Dialect, Message, Move, Reason, Seat
from synthetic.conformance.stories import Exchange, NotTried, Story, exchange, exchanges
from synthetic.core.effects import Http, HttpReply
from synthetic.core.money import Money
from synthetic.core.outcome import StepOutcome

ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Given:
    """What the operator gives: who plays, with what stake, and what only some laws need (None: those can't be tried)."""

    seat: Seat
    stake: Money
    second: Seat | None = None
    expired_token: str | None = field(default=None, repr=False)
    retry_window_s: float | None = None
    other_currency: str = "USD"
    timeout_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Said:
    """An ask, the exchange that carried it, and what its answer proves."""

    ask: Ask
    exchange: Exchange
    answer: Answer

    @property
    def done(self) -> bool:
        """Whether the wallet says that it was done."""
        return self.answer.outcome is StepOutcome.DONE

    @property
    def refused(self) -> bool:
        """Whether the wallet says that nothing was done."""
        return self.answer.outcome is StepOutcome.REFUSED

    @property
    def told(self) -> str:
        """The answer in a few words."""
        return self.answer.code or told(self.exchange.result)


class Provider:
    """One story's view of the wallet: every id is fresh, every bet that may stand is remembered until it is over."""

    def __init__(self, dialect: Dialect, url: str, given: Given, new_id: Callable[[], str]) -> None:
        self.dialect = dialect
        self.given = given
        self.new_id = new_id
        self.open_bets: dict[tuple[str, str], Ask] = {}  # (player, bet id) -> the bet
        self.knobs: dict[str, str] = {}
        self.balance_is_unreliable = False
        self._asked: dict[tuple[str, str], Ask] = {}  # bets that have left and are not answered yet
        self._over: set[tuple[str, str]] = set()
        self._url = url.rstrip("/")

    # --- what a provider asks -----------------------------------------------------------------------------------------

    def bet(
        self, *, stake: Money | None = None, round_id: str = "", seat: Seat | None = None, free: bool = False
    ) -> Ask:
        """A new bet, in a round of its own unless told otherwise."""
        move = Move(Action.BET, self.new_id(), stake or self.given.stake)
        return Ask(Action.BET, seat or self.given.seat, round_id or self.new_id(), (move,), free=free)

    def win(self, bet: Ask, amount: Money, *, closes: bool = True) -> Ask:
        """A new win of a bet; it closes the round unless told otherwise."""
        move = Move(Action.WIN, self.new_id(), amount, reference=bet.moves[0].id)
        return Ask(Action.WIN, bet.seat, bet.round, (move,), closes=closes)

    def rollback(self, bet: Ask) -> Ask:
        """A new rollback of a bet."""
        first = bet.moves[0]
        return Ask(
            Action.ROLLBACK, bet.seat, bet.round, (Move(Action.ROLLBACK, self.new_id(), first.amount, first.id),)
        )

    def close(self, bet: Ask) -> Ask:
        """The end of a round that pays nothing: a win of zero, or the dialect's own call."""
        nothing = Move(Action.WIN, self.new_id(), Money(0, bet.seat.currency), reference=bet.moves[0].id)
        return Ask(Action.CLOSE, bet.seat, bet.round, (nothing,), closes=True)

    def balance_ask(self, seat: Seat | None = None) -> Ask:
        """What a player has."""
        return Ask(Action.BALANCE, seat or self.given.seat)

    # --- saying it ------------------------------------------------------------------------------------------------------

    def say(self, ask: Ask, label: str, *, signed: Callable[[bytes], str | None] | None = None) -> Story[Said]:
        """Ask once. `signed` makes another signature of the raw body than the right one (None: no signature)."""
        request, request_id = self._written(ask, _compact, signed)
        self._leaves(ask)
        sent = yield from exchange(label, request)
        return self._heard(ask, request_id, sent)

    def say_written(
        self,
        ask: Ask,
        label: str,
        write: Callable[[Mapping[str, Any]], bytes],
        sign_as: Callable[[Mapping[str, Any]], bytes],
    ) -> Story[Said]:
        """Ask in a body that `write` writes, under a signature of what `sign_as` writes of the same fields."""
        request_id = self.new_id()
        message = self.dialect.message(ask, request_id)
        request = self._request(message, write(message.body), self.dialect.sign(sign_as(message.body)))
        self._leaves(ask)
        sent = yield from exchange(label, request)
        return self._heard(ask, request_id, sent)

    def repeat(self, said: Said, label: str) -> Story[Said]:
        """The same request once more, byte for byte."""
        sent = yield from exchange(label, said.exchange.request)
        return self._heard(said.ask, _request_id(said), sent)

    def say_at_once(self, ask: Ask, label: str, count: int) -> Story[tuple[Said, ...]]:
        """The same request so many times, in parallel."""
        request, request_id = self._written(ask, _compact, None)
        self._leaves(ask)
        sent = yield from exchanges(label, (request,) * count)
        return tuple(self._heard(ask, request_id, one) for one in sent)

    def insist(self, ask: Ask, label: str) -> Story[Said]:
        """Ask, and repeat the same bytes where the answer proves nothing, as a provider does."""
        said = yield from self.say(ask, label)
        return (yield from self.persist(said, label))

    def persist(self, said: Said, label: str) -> Story[Said]:
        """Repeat what was said, a few times, until an answer proves something."""
        for _ in range(ATTEMPTS - 1):
            if said.answer.outcome is not StepOutcome.UNKNOWN:
                break
            said = yield from self.repeat(said, f"{label}, sent again as its answer proves nothing")
        return said

    def needed(self, ask: Ask, label: str = "bet") -> Story[Said]:
        """An ask that the story needs done. Raises NotTestable where it is not."""
        said = yield from self.insist(ask, label)
        if not said.done:
            raise NotTried(f"the wallet did not accept a plain {label} that this needs: {said.told}")
        return said

    def balance(self, seat: Seat | None = None) -> Story[Said]:
        """The balance call of a player."""
        return (yield from self.insist(self.balance_ask(seat), "balance"))

    def cash(self, seat: Seat | None = None) -> Story[Money]:
        """The player's balance as the wallet says it. Raises NotTestable where it does not."""
        said = yield from self.balance(seat)
        if not said.done or said.answer.balance is None:
            raise NotTried(f"the wallet tells no balance: {said.told}")
        return said.answer.balance

    # --- bringing the money home ------------------------------------------------------------------------------------------

    def settle_all(self) -> Story[tuple[Said, ...]]:
        """Roll back every bet that may stand; what was said last of those that are not known to be over.

        The stake of a bet whose rollback is refused is paid as a win. Where nothing proves what became of the rollback no win
        follows: a wallet that pays wins of rolled-back bets would pay twice.
        """
        left: list[Said] = []
        for key, bet in [*self.open_bets.items(), *self._asked.items()]:
            said = yield from self.insist(self.rollback(bet), "rollback that clears up")
            if said.refused and said.answer.reason not in (Reason.ROLLED_BACK, Reason.UNKNOWN_BET):
                said = yield from self.insist(self.win(bet, bet.moves[0].amount), "win that clears up")
                if not said.done:
                    left.append(said)
            elif said.answer.outcome is StepOutcome.UNKNOWN:
                left.append(said)
            self._end(key)
        return tuple(left)

    # --- writing and reading ----------------------------------------------------------------------------------------------

    def _written(
        self, ask: Ask, write: Callable[[Mapping[str, Any]], bytes], signed: Callable[[bytes], str | None] | None
    ) -> tuple[Http, str]:
        request_id = self.new_id()
        message = self.dialect.message(ask, request_id)
        raw = write(message.body)
        return self._request(message, raw, (signed or self.dialect.sign)(raw)), request_id

    def _request(self, message: Message, raw: bytes, signature: str | None) -> Http:
        headers = [("Content-Type", "application/json")]
        if signature is not None:
            headers.append((self.dialect.signature_header, signature))
        return Http("POST", f"{self._url}{message.path}", tuple(headers), raw, self.given.timeout_s)

    def _heard(self, ask: Ask, request_id: str, sent: Exchange) -> Said:
        reply = sent.result
        answer = self.dialect.read(ask, request_id, reply) if isinstance(reply, HttpReply) else _silence(sent)
        said = Said(ask, sent, answer)
        self._remember(said)
        return said

    def _leaves(self, ask: Ask) -> None:
        """A bet may stand from the moment it leaves: who interrupts us then has to find it here."""
        for move in ask.moves:
            bet = (ask.seat.player, move.id)
            if move.action is Action.BET and bet not in self._over and bet not in self.open_bets:
                self._asked[bet] = replace(ask, action=Action.BET, moves=(move,))

    def _remember(self, said: Said) -> None:
        """A bet may stand unless it was refused; a rollback or a closing win that was done ends it."""
        player = said.ask.seat.player
        for move in said.ask.moves:
            bet = (player, move.reference or move.id)
            self._asked.pop(bet, None)
            if move.action is Action.BET and not said.refused and bet not in self._over:
                self.open_bets.setdefault(bet, replace(said.ask, action=Action.BET, moves=(move,)))
            elif move.reference and said.done and (move.action is Action.ROLLBACK or said.ask.closes):
                self._end(bet)

    def _end(self, bet: tuple[str, str]) -> None:
        if self.open_bets.pop(bet, None) is not None:
            self._over.add(bet)


def _silence(sent: Exchange) -> Answer:
    result = sent.result
    assert not isinstance(result, HttpReply), "a reply is read by the dialect"
    return Answer(StepOutcome.UNKNOWN, code="" if result.maybe_sent else "not sent")


def _compact(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()


def _request_id(said: Said) -> str:
    body = json.loads(said.exchange.request.body)
    return str(body.get("request_uuid", ""))
