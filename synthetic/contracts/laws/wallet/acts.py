"""What a provider does in the life of its rounds: bets, wins, rollbacks, ends, and all of them sent again."""

from __future__ import annotations

from dataclasses import replace

from synthetic.conformance.dialects.protocol import Action, Ask, Move
from synthetic.conformance.stories import wait
from synthetic.conformance.wallet.provider import Said
from synthetic.contracts.laws.wallet import model
from synthetic.contracts.laws.wallet.facts import Circumstances
from synthetic.contracts.laws.wallet.model import BetState, Expected, KnownBet
from synthetic.contracts.laws.wallet.play import PLAIN, WalletPlay, Way
from synthetic.core.money import Money
from synthetic.core.outcome import StepOutcome

OPEN = (BetState.OPEN, BetState.PAID_IN_PART)


def bet(play: WalletPlay, way: Way = PLAIN) -> KnownBet | None:
    """A bet in a round of its own; the bet where it was done."""
    ask = play.wallet.bet()
    said = play.say(ask, "bet", model.plain_bet(play.stake.minor), way)
    return _kept(play, said, play.stake.minor)


def free_bet(play: WalletPlay) -> KnownBet | None:
    """A bet that is not the player's money. A wallet may want to know the reward before, and refuse it."""
    expected = Expected("free-bet-costs-no-cash", "a free bet", model.EITHER)
    return _kept(play, play.say(play.wallet.bet(free=True), "free bet", expected), 0)


def win(play: WalletPlay, bet: KnownBet, times: int, *, closes: bool = True, way: Way = PLAIN) -> Said:
    """A win of so many stakes, at least one: the end of a round that pays nothing is `close`."""
    amount = Money(play.stake.minor * times, play.stake.currency)
    ask = play.wallet.win(bet.ask, amount, closes=closes)
    said = play.say(ask, f"win of {times} stakes", model.win_of(bet, amount.minor, play.knobs), way)
    if said.done and bet.state in OPEN:
        bet.paid_minor += amount.minor
        _settle(play, bet, is_over=closes)
    return said


def close(play: WalletPlay, bet: KnownBet, way: Way = PLAIN) -> Said:
    """The end of an open bet's round, without a win."""
    expected = Expected("zero-win-closes", "the end of an open round", model.DONE)
    said = play.say(play.wallet.close(bet.ask), "end of the round", expected, way)
    if said.done:
        _settle(play, bet, is_over=True)
    return said


def rollback(play: WalletPlay, bet: KnownBet, way: Way = PLAIN) -> Said:
    """A rollback of a bet under a new id, wherever the bet is by now."""
    said = play.say(
        play.wallet.rollback(bet.ask), f"rollback of a bet that is {bet.state}", model.rollback_of(bet, play.knobs), way
    )
    if said.done and bet.state is BetState.OPEN:
        bet.state = BetState.ROLLED_BACK
        play.tell_end(bet, "VOID")
    elif said.done and bet.state is BetState.NEVER_PLACED:
        bet.state = BetState.BURIED
    return said


def rollback_of_nothing(play: WalletPlay) -> KnownBet:
    """The rollback of a bet that never was; its bet may come yet."""
    bet = KnownBet(play.wallet.bet(), BetState.NEVER_PLACED, 0)
    rollback(play, bet)
    return bet


def late_bet(play: WalletPlay) -> None:
    """A rollback, and then the bet that it means: it takes nothing. Where the rollback was not done, the bet may be."""
    bet = rollback_of_nothing(play)
    expected = Expected("late-bet-never-sticks", "a bet that comes after its rollback", model.EITHER)
    if play.knobs.unknown_rollback != "ok":
        expected = replace(expected, moves=frozenset({0, -play.stake.minor}))
    play.say(bet.ask, "late bet", expected)


def repeat(play: WalletPlay, number: int) -> None:
    """Something that was done, sent again byte for byte."""
    said = play.done[number % len(play.done)]
    law = "rollback-is-idempotent" if said.ask.action is Action.ROLLBACK else "same-call-moves-once"
    play.repeat(said, model.repetition(said.ask.action, play.knobs, law=law))


def repeat_late(play: WalletPlay, number: int, after_s: float) -> None:
    """The same after the longest time that a provider waits."""
    said = play.done[number % len(play.done)]
    play.stage.play(wait(after_s))
    expected = model.repetition(f"{said.ask.action} after {after_s:g} s", play.knobs, law="ids-outlive-retries")
    play.repeat(said, expected, Circumstances(delay_s=max(1, round(after_s))))


def bet_at_once(play: WalletPlay, copies: int) -> None:
    """Copies of one bet in the same moment, on connections that are open already: one stake is taken."""
    play.stage.play(play.wallet.say_at_once(play.wallet.balance_ask(), "balance", copies))
    ask = play.wallet.bet()
    sent = play.stage.play(play.wallet.say_at_once(ask, f"bet, one of {copies} at once", copies))
    settled = play.stage.play(play.wallet.repeat(sent[0], "the bet once more, after the storm"))
    expected = replace(model.plain_bet(play.stake.minor), law="concurrent-duplicates-move-once")
    play.weigh(
        (settled, *(said for said in sent if said.answer.outcome is not StepOutcome.UNKNOWN)), expected, Circumstances()
    )
    _kept(play, settled, play.stake.minor)


def win_at_once(play: WalletPlay, bet: KnownBet, copies: int) -> None:
    """The same with the win of an open bet."""
    ask = play.wallet.win(bet.ask, play.stake)
    sent = play.stage.play(play.wallet.say_at_once(ask, f"win, one of {copies} at once", copies))
    settled = play.stage.play(play.wallet.repeat(sent[0], "the win once more, after the storm"))
    expected = replace(model.win_of(bet, play.stake.minor, play.knobs), law="concurrent-duplicates-move-once")
    play.weigh(
        (settled, *(said for said in sent if said.answer.outcome is not StepOutcome.UNKNOWN)), expected, Circumstances()
    )
    if settled.done:
        bet.paid_minor += play.stake.minor
        _settle(play, bet, is_over=True)


def batch(play: WalletPlay, *, is_payable: bool) -> None:
    """Two bets in one request; the second of one that is not payable is above the balance, and then neither is taken."""
    first = Move(Action.BET, play.wallet.new_id(), play.stake)
    second = replace(first, id=play.wallet.new_id(), amount=play.stake if is_payable else play.cash + play.stake)
    ask = Ask(Action.BATCH, play.wallet.given.seat, play.wallet.new_id(), (first, second))
    moves = frozenset({-2 * play.stake.minor if is_payable else 0})
    expected = Expected("batch-is-atomic", "a batch of two bets", model.DONE if is_payable else model.REFUSED, moves)
    play.say(ask, "batch of two bets", expected)


def look(play: WalletPlay) -> None:
    """A balance call, held against what the provider knows."""
    expected = Expected("balance-equals-ledger", "a balance call", model.DONE)
    play.say(play.wallet.balance_ask(), "balance", expected)


def _kept(play: WalletPlay, said: Said, cost_minor: int) -> KnownBet | None:
    if not said.done:
        return None
    play.bets.append(KnownBet(said.ask, BetState.OPEN, cost_minor))
    return play.bets[-1]


def _settle(play: WalletPlay, bet: KnownBet, *, is_over: bool) -> None:
    bet.state = BetState.CLOSED if is_over else BetState.PAID_IN_PART
    if is_over:
        play.tell_end(bet, "WON" if bet.paid_minor else "LOST")
