"""One session's conversation over the game socket, sans I/O: what comes in, what goes out, and what has to be done.

Every frame that goes out has the next `seq`, whether a socket is there to take it or not, and the last hundred are kept for
a client that comes back. A bet's `req_id` is used once: a repetition is given the first answer again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from synthetic.reference.cell.gateway.frames import AskBalance, BadFrame, Bet, ClientFrame, Hello, Ping, Resume, parse

FRAMES_KEPT = 100
BETS_REMEMBERED = 1000  # older ones are found in the database
BETS_IN_FLIGHT_MAX = 16

Frame = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """What the session plays for."""

    session: str
    currency: str
    min_stake_minor: int
    max_stake_minor: int
    takes_anything: bool = False  # the defect `takes_any_stake`


@dataclass(frozen=True, slots=True)
class PlaceBet:
    """To do: place this bet, then tell `bet_accepted` or `bet_refused`."""

    req_id: str
    round_id: str
    bet_id: str
    stake_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class ReadBalance:
    """To do: read the player's balance, then tell `balance_read`."""

    req_id: str


@dataclass(frozen=True, slots=True)
class Reaction:
    """What a frame leads to: frames to send, in order, and something to do."""

    frames: tuple[Frame, ...] = ()
    todo: PlaceBet | ReadBalance | None = None


@dataclass(slots=True)
class _Asked:
    """A bet that was asked for. `answer` is None while it is in flight; a result that is faster than the answer waits."""

    bet: PlaceBet
    answer: Frame | None = None
    waiting: list[Frame] = field(default_factory=list)


class Conversation:
    """The state of one session's protocol. `new_id(prefix)` makes the ids of rounds and bets; `skips` is the switch `skips_seq`."""

    def __init__(self, table: Table, new_id: Callable[[str], str], skips: Callable[[], bool] = lambda: False) -> None:
        self.table = table
        self._new_id = new_id
        self._skips = skips
        self._seq = 0
        self._kept: deque[Frame] = deque(maxlen=FRAMES_KEPT)
        self._asked: dict[str, _Asked] = {}
        self._by_round: dict[str, _Asked] = {}

    def welcome(self, req_id: str, resume_id: str, balance_minor: int) -> tuple[Frame, ...]:
        """The player is in, for the first time or again."""
        return self._say(
            type="welcome",
            req_id=req_id,
            session=self.table.session,
            resume_id=resume_id,
            balance_minor=balance_minor,
            currency=self.table.currency,
        )

    def catch_up(self, last_seq: int) -> tuple[Frame, ...]:
        """Everything after `last_seq` again, or `resync` where that is not kept any more."""
        missed = tuple(frame for frame in self._kept if frame["seq"] > last_seq)
        if 0 < last_seq + len(missed) == self._seq:
            return missed
        # A client that is ahead of us has seen frames from before our restart; its numbering goes on.
        self._seq = max(self._seq, last_seq)
        return self._say(type="resync")

    def receive(self, text: str | None) -> Reaction:
        """Take a client's message, None for a binary one. Nothing that a client sends can end the conversation."""
        try:
            frame = parse(text)
        except BadFrame as bad:
            return Reaction(self._error(bad.req_id, "malformed", str(bad)))
        return self._react(frame)

    def bet_accepted(self, req_id: str, *, round_id: str, bet_id: str, balance_minor: int) -> tuple[Frame, ...]:
        """The bet is debited; the ids are the original's where it was placed before."""
        return self._answer(
            {
                "type": "bet_ack",
                "req_id": req_id,
                "round": round_id,
                "bet_id": bet_id,
                "balance_minor": balance_minor,
            }
        )

    def bet_refused(self, req_id: str, code: str, message: str) -> tuple[Frame, ...]:
        """The bet does not stand."""
        return self._answer({"type": "error", "req_id": req_id, "code": code, "message": message})

    def last_bet_again(self) -> PlaceBet | None:
        """The newest acknowledged bet as a new one, for the switch `resume_bets_again`; None where there is none."""
        acked = [asked.bet for asked in self._asked.values() if asked.answer and asked.answer["type"] == "bet_ack"]
        if not acked:
            return None
        bet = acked[-1]
        return replace(bet, round_id=self._new_id("r"), bet_id=self._new_id("b"), req_id=f"again-{bet.req_id}")

    def bet_accepted_again(self, req_id: str, *, round_id: str, bet_id: str, balance_minor: int) -> tuple[Frame, ...]:
        """What became of `last_bet_again`, under the first one's `req_id`."""
        return self._say(type="bet_ack", req_id=req_id, round=round_id, bet_id=bet_id, balance_minor=balance_minor)

    def balance_read(self, req_id: str, *, cash_minor: int, bonus_minor: int) -> tuple[Frame, ...]:
        """The answer to ReadBalance."""
        return self._say(type="balance", req_id=req_id, cash_minor=cash_minor, bonus_minor=bonus_minor)

    def failed(self, req_id: str, message: str) -> tuple[Frame, ...]:
        """Something that had to be done for this request could not be done."""
        return self._error(req_id, "internal", message)

    def round_closed(self, round_id: str, state: str, *, payout_minor: int, balance_minor: int) -> tuple[Frame, ...]:
        """A round of this session has ended. Its result never comes before its bet's answer, nor for a refused bet."""
        result = {
            "type": "round_result",
            "round": round_id,
            "state": state,
            "payout_minor": payout_minor,
            "balance_minor": balance_minor,
        }
        asked = self._by_round.get(round_id)
        if asked is None:
            return self._say(**result)
        if asked.answer is None:
            asked.waiting.append(result)
            return ()
        return () if asked.answer["type"] == "error" else self._say(**result)

    def _react(self, frame: ClientFrame) -> Reaction:
        match frame:
            case Bet():
                return self._bet(frame)
            case AskBalance(req_id):
                return Reaction(todo=ReadBalance(req_id))
            case Ping(req_id):
                return Reaction(self._say(type="pong", req_id=req_id))
            case Hello(req_id) | Resume(req_id):
                return Reaction(self._error(req_id, "already_open", "this socket has its session"))

    def _bet(self, bet: Bet) -> Reaction:
        asked = self._asked.get(bet.req_id)
        if asked is not None:
            return Reaction(self._repeat(bet, asked))
        code = self._refusal(bet)
        if code is not None:
            return Reaction(self._error(bet.req_id, code, f"the bet was not placed: {code.replace('_', ' ')}"))
        todo = PlaceBet(bet.req_id, self._new_id("r"), self._new_id("b"), bet.stake_minor, bet.currency)
        self._remember(_Asked(todo))
        return Reaction(todo=todo)

    def _repeat(self, bet: Bet, asked: _Asked) -> tuple[Frame, ...]:
        if (bet.stake_minor, bet.currency) != (asked.bet.stake_minor, asked.bet.currency):
            return self._error(bet.req_id, "idempotency_mismatch", "this req_id was used for another bet")
        # While the first one is in flight its answer, which has the same req_id, is on its way.
        return () if asked.answer is None else self._say(**asked.answer)

    def _refusal(self, bet: Bet) -> str | None:
        if self.table.takes_anything:
            return None
        if bet.currency != self.table.currency:
            return "wrong_currency"
        if bet.stake_minor < self.table.min_stake_minor:
            return "below_min"
        if bet.stake_minor > self.table.max_stake_minor:
            return "above_max"
        in_flight = sum(asked.answer is None for asked in self._asked.values())
        return "too_many_bets" if in_flight >= BETS_IN_FLIGHT_MAX else None

    def _remember(self, asked: _Asked) -> None:
        self._asked[asked.bet.req_id] = asked
        self._by_round[asked.bet.round_id] = asked
        if len(self._asked) > BETS_REMEMBERED:
            oldest = next(known for known in self._asked.values() if known.answer is not None)
            del self._asked[oldest.bet.req_id], self._by_round[oldest.bet.round_id]

    def _answer(self, answer: Frame) -> tuple[Frame, ...]:
        asked = self._asked[answer["req_id"]]
        assert asked.answer is None, f"bet {asked.bet.bet_id} was answered before"
        asked.answer = answer
        results = asked.waiting if answer["type"] == "bet_ack" else []
        frames = self._say(**answer)
        for result in results:
            frames += self._say(**result)
        return frames

    def _error(self, req_id: str | None, code: str, message: str) -> tuple[Frame, ...]:
        known = {} if req_id is None else {"req_id": req_id}
        return self._say(type="error", **known, code=code, message=message)

    def _say(self, **frame: Any) -> tuple[Frame, ...]:
        self._seq += 2 if frame["type"] == "pong" and self._skips() else 1
        numbered = {"type": frame.pop("type"), "seq": self._seq, **frame}
        self._kept.append(numbered)
        return (numbered,)
