"""Invariants 17, 23, 24 and 25: how a round ends, and what a free bet costs."""

from __future__ import annotations

from synthetic.conformance.laws import Law
from synthetic.conformance.stories import Breach, NotTestable, NotTried, Story
from synthetic.conformance.wallet.judging import breach_unless_refused_still, breach_unless_still, moved
from synthetic.conformance.wallet.provider import Provider


def every_bet_ends(wallet: Provider) -> Story[Breach | None]:
    """A bet that wins its stake, and one that is rolled back: each ends, and its money is back."""
    for name in ("win", "rollback"):
        before = yield from wallet.cash()
        bet = yield from wallet.needed(wallet.bet())
        end = wallet.win(bet.ask, wallet.given.stake) if name == "win" else wallet.rollback(bet.ask)
        said = yield from wallet.insist(end, name)
        after = yield from wallet.cash()
        if said.refused:
            return Breach(f"the {name} of an open bet was answered {said.told}", (bet.exchange, said.exchange))
        if not said.done:
            raise NotTried(f"no answer tells whether the {name} of an open bet was done: {said.told}")
        if after != before:
            message = f"after a bet and its {name} of {wallet.given.stake} {moved(before, after)}"
            return Breach(message, (bet.exchange, said.exchange))
    return None


def closed_takes_no_bet(wallet: Provider) -> Story[Breach | None]:
    """A round that was paid and closed: another bet in it is refused, and nothing moves."""
    bet = yield from wallet.needed(wallet.bet())
    win = yield from wallet.needed(wallet.win(bet.ask, wallet.given.stake), "win that closes")
    before = yield from wallet.cash()
    late = yield from wallet.insist(wallet.bet(round_id=bet.ask.round), "a bet in the closed round")
    after = yield from wallet.cash()
    found = breach_unless_refused_still(before, after, late, "a bet in a closed round")
    return found and Breach(found.message, (win.exchange, *found.shown_by))


def zero_win_closes(wallet: Provider) -> Story[Breach | None]:
    """A round that pays nothing is closed: no money moves, and it takes no more (no bet, or at the least no win)."""
    bet = yield from wallet.needed(wallet.bet())
    before = yield from wallet.cash()
    close = yield from wallet.insist(wallet.close(bet.ask), "the end of a round that pays nothing")
    after = yield from wallet.cash()
    if not close.done:
        return Breach(f"the end of a round that pays nothing was answered {close.told}", (close.exchange,))
    if (
        found := breach_unless_still(before, after, "the end of a round that pays nothing moved money", close)
    ) is not None:
        return found
    late_bet = yield from wallet.insist(wallet.bet(round_id=bet.ask.round), "a bet in the closed round")
    if not late_bet.done:
        return None
    late_win = yield from wallet.insist(wallet.win(bet.ask, wallet.given.stake), "a win in the closed round")
    if not late_win.done:
        return None  # the round is closed; that it took a bet all the same breaks invariant 23
    message = "a round that was closed without a win takes both another bet and a win"
    return Breach(message, (close.exchange, late_bet.exchange, late_win.exchange))


def free_bet_costs_nothing(wallet: Provider) -> Story[Breach | None]:
    """A free bet debits no cash."""
    before = yield from wallet.cash()
    said = yield from wallet.insist(wallet.bet(free=True), "free bet")
    after = yield from wallet.cash()
    found = breach_unless_still(before, after, "a free bet moved the player's cash", said)
    if found is None and not said.done:
        raise NotTestable(f"the wallet takes no free bet of ours ({said.told}); it may want to know the reward before")
    return found


LAWS: tuple[Law[Provider], ...] = (
    Law(17, "every-bet-ends", "every bet is settled or rolled back, and the money is back", every_bet_ends),
    Law(23, "no-bet-on-closed-round", "a closed round takes no bet", closed_takes_no_bet),
    Law(24, "zero-win-closes", "a round that pays nothing closes", zero_win_closes),
    Law(25, "free-bet-is-free", "a free bet debits no cash", free_bet_costs_nothing),
)
