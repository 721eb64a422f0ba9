"""One play of a game provider at a wallet: every call with what the model expects of it, and a look at the balance after it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from synthetic.conformance.dialects.protocol import Action, Ask, Seat
from synthetic.conformance.stories import Exchange, NotTried
from synthetic.conformance.wallet.provider import Provider, Said
from synthetic.contracts.laws.evidence import Evidence
from synthetic.contracts.laws.findings import Finding
from synthetic.contracts.laws.stage import Stage
from synthetic.contracts.laws.wallet.facts import AS_ALWAYS, Circumstances, amounts_told, call_facts, echo_fault
from synthetic.contracts.laws.wallet.model import BetState, Expected, Knobs, KnownBet
from synthetic.core.effects import FaultKind, TransportFault
from synthetic.core.history import LedgerEntry, Round
from synthetic.core.money import Money
from synthetic.core.outcome import StepOutcome
from synthetic.core.secrets import Redactor

CHECKS = (
    "amounts-are-exact",
    "balance-after-transaction",
    "cash-never-negative",
    "same-call-moves-once",
    "replay-returns-stored-id",
    "changed-replay-is-rejected",
    "keys-are-scoped",
    "concurrent-duplicates-move-once",
    "ids-outlive-retries",
    "batch-is-atomic",
    "voided-bet-is-refunded",
    "won-round-pays",
    "refund-at-most-stake",
    "rollback-is-idempotent",
    "unknown-rollback-moves-nothing",
    "late-bet-never-sticks",
    "no-win-after-rollback",
    "no-bet-on-closed-round",
    "free-bet-costs-no-cash",
    "expired-token-blocks-bets-only",
    "bet-in-session-currency",
    "bad-signature-changes-nothing",
    "raw-bytes-are-signed",
    "token-bound-to-player",
)
"""The named checks that can be judged from a wallet's published API."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a call goes out: once, with what signature of its bytes (None: the right one), and under which circumstances."""

    circumstances: Circumstances = AS_ALWAYS
    signed: Callable[[bytes], str | None] | None = None


PLAIN = Way()


class WalletPlay:
    """What a provider has done so far in this play, and what it knows of its bets."""

    def __init__(self, stage: Stage, wallet: Provider, knobs: Knobs, redactor: Redactor) -> None:
        self.stage = stage
        self.wallet = wallet
        self.knobs = knobs
        self.redactor = redactor
        self.bets: list[KnownBet] = []
        self.done: list[Said] = []  # what may be repeated
        self.shared: set[str] = set()  # ids of bets that the second player has used, too
        self.cash = self._told_cash()[0]
        opening = LedgerEntry("opening", "funding", "opening", "cash", self.cash)
        self.evidence = Evidence(CHECKS, self.cash.currency, (opening,))

    @property
    def stake(self) -> Money:
        """What a plain bet stakes."""
        return self.wallet.given.stake

    @property
    def second(self) -> Seat:
        """The other player; rules that need one are left out where there is none."""
        assert self.wallet.given.second is not None, "rules of two players have two"
        return self.wallet.given.second

    def findings(self) -> tuple[Finding, ...]:
        """The laws that are broken so far."""
        return self.evidence.findings()

    def end(self) -> None:
        """Roll back what is open; a wallet that lets a bet be neither rolled back nor settled breaks a law."""
        left = self.stage.play(self.wallet.settle_all())
        for said in left:
            self.evidence.breach("every-bet-ends", f"an open bet could not be ended: {said.told}", said.exchange)

    # --- what all calls have in common --------------------------------------------------------------------------------------

    def say(self, ask: Ask, what: str, expected: Expected, way: Way = PLAIN) -> Said:
        """Make a call, look at the balance, and hold both against what was expected."""
        said = self.stage.play(self.wallet.say(ask, what, signed=way.signed))
        if isinstance(said.exchange.result, TransportFault) and said.exchange.result.kind is FaultKind.READ_TIMEOUT:
            told = f"a {ask.action} got no answer within {self.wallet.given.timeout_s:g} s, when a provider gives it up"
            self.evidence.breach("answers-come-in-time", told, said.exchange)
        if way.signed is None:
            said = self.stage.play(self.wallet.persist(said, what))
        self.weigh((said,), expected, way.circumstances)
        return said

    def repeat(self, said: Said, expected: Expected, circumstances: Circumstances | None = None) -> Said:
        """The same bytes again."""
        again = self.stage.play(self.wallet.repeat(said, expected.what))
        again = self.stage.play(self.wallet.persist(again, expected.what))
        self.weigh((again,), expected, replace(circumstances or AS_ALWAYS, is_repeated=True))
        return again

    def weigh(self, sendings: tuple[Said, ...], expected: Expected, circumstances: Circumstances) -> None:
        """Take one call, however often it was sent at once, into the evidence."""
        now, look = self._told_cash()
        moved = now.minor - self.cash.minor
        first = next((said for said in sendings if said.done), sendings[0])
        for said in sendings:
            is_own = said.ask.seat.player == self.wallet.given.seat.player
            for fact in call_facts(self.wallet.dialect.name, said, circumstances):
                self.evidence.tell(fact if is_own else replace(fact, balance=None), said.exchange)
            self._judge_answer(said)
        if moved:
            self._move(first.ask, moved)
        fault = expected.fault(first, moved)
        if fault:
            self.evidence.breach(expected.law, fault, first.exchange, look)
        self._judge_balance(first, now, look, circumstances)
        self.cash = now
        is_own = first.ask.seat.player == self.wallet.given.seat.player
        if first.done and is_own and first.ask.action is not Action.BALANCE and not circumstances.is_repeated:
            self.done.append(first)

    def tell_end(self, bet: KnownBet, state: str) -> None:
        """What the provider knows of the end of a bet's round."""
        payout = Money(bet.paid_minor, self.cash.currency)
        self.evidence.tell(Round("", StepOutcome.DONE, bet.id, state, payout, bet.ask.round))

    def known(self, *states: BetState) -> list[KnownBet]:
        """The bets in one of these states."""
        return [bet for bet in self.bets if bet.state in states]

    def other_cash(self, seat: Seat) -> Money:
        """What another player has."""
        return self.stage.play(self.wallet.cash(seat))

    # --- judging ------------------------------------------------------------------------------------------------------------

    def _told_cash(self) -> tuple[Money, Exchange]:
        said = self.stage.play(self.wallet.balance())
        if not said.done or said.answer.balance is None:
            raise NotTried(f"the wallet tells no balance: {said.told}")
        return said.answer.balance, said.exchange

    def _judge_answer(self, said: Said) -> None:
        """What no check knows of: an answer that proves nothing, and one that repeats the request wrongly."""
        if said.answer.outcome is StepOutcome.UNKNOWN:
            told = f"a {said.ask.action} was sent three times, and no answer proves anything: {said.told}"
            self.evidence.breach("answers-can-be-read", told, said.exchange)
        if said.answer.flaw:
            self.evidence.breach("amounts-are-exact", said.answer.flaw, said.exchange)
        for fact in amounts_told(said):
            self.evidence.tell(fact, said.exchange)
        fault = echo_fault(said)
        if fault:
            self.evidence.breach("answers-echo-their-request", fault, said.exchange)

    def _judge_balance(self, said: Said, now: Money, look: Exchange, circumstances: Circumstances) -> None:
        """The balance in an answer: after the transaction; in the answer to a repetition, that of then or of now."""
        told = said.answer.balance
        if not said.done or said.ask.seat.player != self.wallet.given.seat.player:
            return
        first = next((one for one in self.done if one.ask == said.ask), None) if circumstances.is_repeated else None
        right = {now} if first is None else {now, first.answer.balance}
        if told not in right:
            message = f"a {said.ask.action} was answered with a balance of {told}; right after it there is {now}"
            self.evidence.breach("balance-after-transaction", message, said.exchange, look)

    def _move(self, ask: Ask, moved_minor: int) -> None:
        """What the cash did, as the posting of the call before it; as that of each of its bets, where all of a batch were taken."""
        moves = ask.moves if moved_minor == -sum(move.amount.minor for move in ask.moves) else ask.moves[:1]
        for move in moves:
            minor = -move.amount.minor if len(moves) > 1 else moved_minor
            kind = {Action.CLOSE: "win", Action.BATCH: "bet"}.get(ask.action, ask.action.value)
            amount = Money(minor, self.cash.currency)
            self.evidence.move(kind, move.reference or move.id, amount, key=move.id, round_=ask.round)
