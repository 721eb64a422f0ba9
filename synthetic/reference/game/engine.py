"""The round engine: a bet is debited, and a moment later its round is paid and closed, or cancelled by a rollback.

What it owes a wallet (a win, a rollback) it insists on, under the same id, until the wallet has it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace

from synthetic.reference.background import Background
from synthetic.reference.game.games import Game, share_of
from synthetic.reference.game.operators import Operator, Operators
from synthetic.reference.game.pace import Pace
from synthetic.reference.game.wallet_calls import UNKNOWN, Bet, Outcome, Verdict, Wallet
from synthetic.reference.state_table import StateTable
from synthetic.reference.switchboard import Switchboard

_log = logging.getLogger(__name__)

ROUNDS_MAX = 100_000

ROUND = StateTable(
    name="provider round",
    initial="betting",
    rows={
        ("betting", "debited"): "open",
        ("betting", "refused"): "rejected",
        ("betting", "undecided"): "cancelling",
        ("open", "settle"): "settling",
        ("open", "cancel"): "cancelling",
        ("settling", "done"): "closed",
        ("settling", "given_up"): "failed",
        ("cancelling", "done"): "cancelled",
        ("cancelling", "given_up"): "failed",
    },
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gateway is told about a bet: accepted with the balance after it, or rejected with a code."""

    is_accepted: bool
    code: str = ""
    balance_minor: int | None = None


@dataclass(slots=True)
class Round:
    """A round of one operator. `is_voided`: the operator asked to cancel it."""

    operator: str
    bet: Bet
    payout_minor: int | None
    state: str = ROUND.initial
    is_voided: bool = False
    opening: asyncio.Task[Answer] | None = field(default=None, repr=False)

    def move(self, event: str) -> None:
        """Take the round to its next state; the table says which moves there are."""
        state = ROUND.after(self.state, event)
        assert state is not None, f"round {self.bet.round_id} is {self.state}: {event!r} can't happen"
        self.state = state


class RoundEngine:
    """The rounds of one provider, for all its operators."""

    def __init__(
        self, *, wallet: Wallet, games: Mapping[str, Game], operators: Operators, board: Switchboard, pace: Pace
    ) -> None:
        self._wallet = wallet
        self._games = games
        self._operators = operators
        self._board = board
        self._pace = pace
        self.background = Background()
        self.background.at_stop(wallet.aclose)
        self._rounds: dict[tuple[str, str], Round] = {}

    async def bet(self, operator: Operator, bet: Bet) -> Answer:
        """Debit the bet and start its round. A repetition is given the first answer; another bet for the round is refused."""
        round_ = self._rounds.get((operator.name, bet.round_id))
        if round_ is not None and round_.bet != bet:
            return Answer(is_accepted=False, code="duplicate")
        if round_ is None:
            game = self._games.get(bet.game)
            if game is None or not (game.is_enabled or self._board.is_on("plays_disabled_games", cell=operator.cell)):
                return Answer(is_accepted=False, code="game_disabled")
            round_ = self._begin(operator, bet, game)
        assert round_.opening is not None, "a known round has been opened"
        return await asyncio.shield(round_.opening)  # an impatient caller must not end the round for the others

    def void(self, operator: Operator, round_id: str) -> bool | None:
        """Cancel a round. True where it is or will be cancelled, False where it is too late, None where there is no such round."""
        round_ = self.find(operator, round_id)
        if round_ is None:
            return None
        if round_.state == "open":
            round_.move("cancel")
            self.background.spawn(self._undo(round_), name=f"rollback of {round_id}")
        round_.is_voided = round_.is_voided or round_.state == "betting"
        return round_.is_voided or round_.state in {"cancelling", "cancelled"}

    def find(self, operator: Operator, round_id: str) -> Round | None:
        """The operator's round, or None."""
        return self._rounds.get((operator.name, round_id))

    def _begin(self, operator: Operator, bet: Bet, game: Game) -> Round:
        while len(self._rounds) >= ROUNDS_MAX:
            del self._rounds[next(iter(self._rounds))]  # the oldest; a provider forgets ids after some months
        round_ = Round(operator.name, bet, game.rules(bet.round_id, bet.stake_minor))
        self._rounds[operator.name, bet.round_id] = round_
        round_.opening = self.background.spawn(self._open(round_), name=f"debit of {bet.round_id}")
        return round_

    async def _open(self, round_: Round) -> Answer:
        is_paid = await self._before_the_bet(round_)
        outcome = await self._debit(round_)
        match outcome.verdict:
            case Verdict.DONE:
                round_.move("debited")
                if not is_paid:
                    self.background.spawn(self._end(round_), name=f"end of {round_.bet.round_id}")
                return Answer(is_accepted=True, balance_minor=outcome.balance_minor)
            case Verdict.REFUSED:
                round_.move("refused")
                return Answer(is_accepted=False, code=outcome.code)
            case Verdict.UNKNOWN:
                round_.move("undecided")
                self.background.spawn(self._undo(round_), name=f"rollback of {round_.bet.round_id}")
                return Answer(is_accepted=False, code="wallet_unavailable")

    async def _before_the_bet(self, round_: Round) -> bool:
        """What the switches send before the bet itself. True where the win is out, and won't be sent again."""
        operator, bet = self._operators.named(round_.operator), round_.bet
        if self._board.is_on("rolls_back_before_betting", cell=operator.cell):
            earlier = replace(bet, bet_id=f"{bet.bet_id}-first")
            await self._wallet.rollback(operator, earlier, f"{earlier.bet_id}-rollback")
            await self._wallet.debit(operator, earlier)
        if round_.payout_minor is None or not self._board.is_on("sends_win_first", cell=operator.cell):
            return False
        if round_.payout_minor:
            await self._wallet.pay(operator, bet, round_.payout_minor, part=1)
        else:
            await self._wallet.settle(operator, bet, 0)
        return True

    async def _debit(self, round_: Round) -> Outcome:
        operator, bet = self._operators.named(round_.operator), round_.bet
        if self._board.is_on("drifts_stakes", cell=operator.cell):
            bet = replace(bet, stake_minor=bet.stake_minor - 1)
        try:
            async with asyncio.timeout(self._pace.bet_limit_s):
                return await self._wallet.debit(operator, bet)
        except TimeoutError:
            return UNKNOWN

    async def _end(self, round_: Round) -> None:
        """Play the round out: settle it, or cancel it where the game or the operator says so."""
        if not round_.is_voided:
            await asyncio.sleep(self._pace.settles_after(share_of(round_.bet.round_id, "pace")))
        if round_.state != "open":
            return
        if round_.is_voided or round_.payout_minor is None:
            round_.move("cancel")
            await self._undo(round_)
            return
        round_.move("settle")
        payout_minor = round_.payout_minor
        if self._board.is_on("loses_closes", cell=self._operators.named(round_.operator).cell):
            await self._pay_in_parts(round_, payout_minor)
            return
        await self._insist(round_, "win", lambda operator: self._wallet.settle(operator, round_.bet, payout_minor))

    async def _pay_in_parts(self, round_: Round, payout_minor: int) -> None:
        """Half the win, the rest of it, and no word of the round's end."""
        halves = (payout_minor // 2, payout_minor - payout_minor // 2)
        for part, amount_minor in enumerate(halves, start=1):
            if amount_minor:
                await self._wallet.pay(self._operators.named(round_.operator), round_.bet, amount_minor, part)
        round_.move("done")

    async def _undo(self, round_: Round) -> None:
        cell = self._operators.named(round_.operator).cell
        if self._board.is_on("loses_rollbacks", cell=cell):
            round_.move("done")
            return
        await self._insist(round_, "rollback", lambda operator: self._rollback(operator, round_, "rollback"))
        if self._board.is_on("sends_second_rollback_id", cell=cell):
            await self._rollback(self._operators.named(round_.operator), round_, "rollback-again")

    async def _rollback(self, operator: Operator, round_: Round, suffix: str) -> Outcome:
        return await self._wallet.rollback(operator, round_.bet, f"{round_.bet.bet_id}-{suffix}")

    async def _insist(self, round_: Round, what: str, call: Callable[[Operator], Awaitable[Outcome]]) -> None:
        """Make a call until the wallet has decided; give up, loudly, on a refusal or when the attempts are used up."""
        outcome = UNKNOWN
        for attempt in range(self._pace.owed_attempts):
            outcome = await call(self._operators.named(round_.operator))
            if outcome.verdict is not Verdict.UNKNOWN:
                break
            await asyncio.sleep(self._pace.owed_pause_s(attempt))
        round_.move("done" if outcome.verdict is Verdict.DONE else "given_up")
        if round_.state == "failed":
            why = outcome.code or "no answer"
            _log.error("the %s of round %s was given up: %s", what, round_.bet.round_id, why)
