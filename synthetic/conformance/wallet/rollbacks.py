"""Invariants 18 to 22: what a rollback gives back, and what comes before and after it."""

from __future__ import annotations

from synthetic.conformance.dialects.protocol import Reason
from synthetic.conformance.laws import Law
from synthetic.conformance.stories import Breach, NotTestable, Story
from synthetic.conformance.wallet.judging import breach_unless_refused_still, breach_unless_still
from synthetic.conformance.wallet.provider import Provider


def refunds_at_most_the_stake(wallet: Provider) -> Story[Breach | None]:
    """One bet, rolled back under three ids: it gives back no more than its stake."""
    start = yield from wallet.cash()
    bet = yield from wallet.needed(wallet.bet())
    first = yield from wallet.insist(wallet.rollback(bet.ask), "rollback")
    second = yield from wallet.insist(wallet.rollback(bet.ask), "a second rollback, under another id")
    third = yield from wallet.insist(wallet.rollback(bet.ask), "a third rollback, under another id")
    after = yield from wallet.cash()
    if second.refused:
        wallet.knobs["second_rollback_id"] = "refused"
    elif second.done:
        wallet.knobs["second_rollback_id"] = "ok"
    if after > start:
        message = f"a bet of {wallet.given.stake} gave back {after - start} more than it took, under three rollback ids"
        return Breach(message, (bet.exchange, first.exchange, second.exchange, third.exchange))
    return None


def rollback_is_idempotent(wallet: Provider) -> Story[Breach | None]:
    """One rollback, sent again under its id: nothing moves, and it is answered as done (or as done before)."""
    bet = yield from wallet.needed(wallet.bet())
    first = yield from wallet.needed(wallet.rollback(bet.ask), "rollback")
    before = yield from wallet.cash()
    again = yield from wallet.repeat(first, "the same rollback again")
    after = yield from wallet.cash()
    found = breach_unless_still(before, after, "a rollback that was sent again moved money", first, again)
    if found is None and again.refused and again.answer.reason not in (Reason.ROLLED_BACK, Reason.DUPLICATE):
        message = f"a rollback that stands was answered {again.told} when it was sent again: the provider goes on repeating it"
        return Breach(message, (first.exchange, again.exchange))
    return found


def unknown_rollback_moves_nothing(wallet: Provider) -> Story[Breach | None]:
    """The rollback of a bet that never was: done or refused, but nothing moves."""
    before = yield from wallet.cash()
    said = yield from wallet.insist(wallet.rollback(wallet.bet()), "rollback of a bet that never was")
    after = yield from wallet.cash()
    if said.refused:
        wallet.knobs["unknown_rollback"] = "not-found"
    elif said.done:
        wallet.knobs["unknown_rollback"] = "ok"
    return breach_unless_still(before, after, "the rollback of a bet that never was moved money", said)


def late_bet_never_sticks(wallet: Provider) -> Story[Breach | None]:
    """A rollback, and then the bet that it means: the bet is refused, or at the least takes nothing.

    A wallet that knows no rollback of an unknown bet (knob `unknown_rollback: not-found`) has said that nothing was rolled back.
    """
    bet = wallet.bet()
    rollback = yield from wallet.insist(wallet.rollback(bet), "rollback, before its bet")
    before = yield from wallet.cash()
    late = yield from wallet.insist(bet, "the late bet")
    after = yield from wallet.cash()
    if before != after and rollback.answer.reason is Reason.UNKNOWN_BET:
        message = f"this wallet answers the rollback of an unknown bet with {rollback.told} (knob unknown_rollback: not-found)"
        raise NotTestable(f"{message}, and takes the bet as one that was never rolled back")
    return breach_unless_still(before, after, "a bet that came after its rollback took its stake", rollback, late)


def no_win_after_rollback(wallet: Provider) -> Story[Breach | None]:
    """The win of a bet that was rolled back is refused, and nothing moves."""
    bet = yield from wallet.needed(wallet.bet())
    rollback = yield from wallet.needed(wallet.rollback(bet.ask), "rollback")
    before = yield from wallet.cash()
    win = yield from wallet.insist(wallet.win(bet.ask, wallet.given.stake), "a win after the rollback")
    after = yield from wallet.cash()
    found = breach_unless_refused_still(before, after, win, "the win of a bet that was rolled back")
    return found and Breach(found.message, (rollback.exchange, *found.shown_by))


LAWS: tuple[Law[Provider], ...] = (
    Law(
        18, "rollbacks-give-the-stake", "the rollbacks of a bet give back at most its stake", refunds_at_most_the_stake
    ),
    Law(19, "rollback-is-idempotent", "a rollback that is sent again moves nothing", rollback_is_idempotent),
    Law(20, "unknown-rollback", "the rollback of an unknown bet moves nothing", unknown_rollback_moves_nothing),
    Law(21, "late-bet-never-sticks", "a bet that comes after its rollback never sticks", late_bet_never_sticks),
    Law(22, "no-win-after-rollback", "a win after the rollback is refused", no_win_after_rollback),
)
