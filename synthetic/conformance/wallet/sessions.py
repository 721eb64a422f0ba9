"""Invariants 26, 27 and 40: what a session's token and currency allow."""

from __future__ import annotations

from dataclasses import dataclass, replace

from synthetic.conformance.dialects.protocol import Seat
from synthetic.conformance.laws import Law
from synthetic.conformance.stories import Breach, NotTestable, Story
from synthetic.conformance.wallet.judging import breach_unless_refused_still, moved
from synthetic.conformance.wallet.provider import Provider, Said
from synthetic.conformance.wallet.scope import SECOND_NEEDED
from synthetic.core.money import Money


def expired_token_blocks_bets_only(wallet: Provider) -> Story[Breach | None]:
    """With an expired token a bet is refused; the win and the rollback of bets from before are not."""
    token = wallet.given.expired_token
    if token is None:
        raise NotTestable("give --expired-token, a token of this player that was good and has expired")
    stale = replace(wallet.given.seat, token=token)
    before = yield from wallet.cash()
    bet = yield from wallet.insist(wallet.bet(seat=stale), "a bet with an expired token")
    after = yield from wallet.cash()
    found = breach_unless_refused_still(before, after, bet, "a bet with an expired token")
    if found is not None:
        return found
    for name in ("win", "rollback"):
        live = yield from _ended(wallet, name, wallet.given.seat)
        late = yield from _ended(wallet, name, stale)
        if not late.said.done or late.after - late.before != live.after - live.before:
            message = f"the {name} of an open bet, with a token that has expired since, was answered {late.said.told}"
            message += f", and {moved(late.before, late.after)}; with a live token {moved(live.before, live.after)}"
            return Breach(message, (late.bet.exchange, late.said.exchange))
    return None


@dataclass(frozen=True, slots=True)
class _End:
    """A bet, its end under some token, and what the balance did at it."""

    bet: Said
    said: Said
    before: Money
    after: Money


def _ended(wallet: Provider, name: str, seat: Seat) -> Story[_End]:
    bet = yield from wallet.needed(wallet.bet())
    before = yield from wallet.cash()
    end = wallet.win(bet.ask, wallet.given.stake) if name == "win" else wallet.rollback(bet.ask)
    said = yield from wallet.insist(replace(end, seat=seat), name)
    after = yield from wallet.cash()
    return _End(bet, said, before, after)


def currency_is_the_sessions(wallet: Provider) -> Story[Breach | None]:
    """A bet, and a win of an open bet, in another currency than the session's: refused, and nothing moves."""
    other = wallet.given.other_currency
    foreign = Money(wallet.given.stake.minor, other)
    open_bet = yield from wallet.needed(wallet.bet())
    before = yield from wallet.cash()
    for ask, what in (
        (wallet.bet(stake=foreign), f"a bet in {other}"),
        (wallet.win(open_bet.ask, foreign), f"a win in {other}"),
    ):
        said = yield from wallet.insist(ask, what)
        after = yield from wallet.cash()
        found = breach_unless_refused_still(before, after, said, f"{what} in a session in {before.currency}")
        if found is not None:
            return found
    return None


def token_is_the_players(wallet: Provider) -> Story[Breach | None]:
    """A bet of one player with the token of another, both ways: refused, and nothing moves for either."""
    first, second = wallet.given.seat, wallet.given.second
    if second is None:
        raise NotTestable(SECOND_NEEDED)
    for player, token in ((first, second.token), (second, first.token)):
        before = yield from _both(wallet, first, second)
        foreign = wallet.bet(seat=replace(player, token=token))
        said = yield from wallet.insist(foreign, "a bet with another player's token")
        after = yield from _both(wallet, first, second)
        for was, now in zip(before, after, strict=True):
            found = breach_unless_refused_still(was, now, said, "a bet with another player's token")
            if found is not None:
                return found
    return None


def _both(wallet: Provider, first: Seat, second: Seat) -> Story[tuple[Money, Money]]:
    return (yield from wallet.cash(first)), (yield from wallet.cash(second))


LAWS: tuple[Law[Provider], ...] = (
    Law(26, "expired-token", "an expired token blocks bets only", expired_token_blocks_bets_only),
    Law(27, "session-currency", "the currency is the session's", currency_is_the_sessions),
    Law(40, "token-bound-to-player", "a token is bound to its player", token_is_the_players),
)
