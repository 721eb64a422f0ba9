"""Invariants 10, 11, 12, 14 and 15: whatever is sent again moves once, and says so."""

from __future__ import annotations

from dataclasses import replace

from synthetic.conformance.dialects.protocol import Ask, Reason
from synthetic.conformance.laws import Law
from synthetic.conformance.stories import Breach, NotTestable, Story, wait
from synthetic.conformance.wallet.judging import breach_unless_refused_still, breach_unless_still, moved
from synthetic.conformance.wallet.provider import Provider, Said
from synthetic.core.money import Money
from synthetic.core.outcome import StepOutcome

AT_ONCE = 16
STORMS = 3


def moves_once(wallet: Provider) -> Story[Breach | None]:
    """A bet and a win, each sent twice: the second time nothing moves, and it is answered as done or as a duplicate."""
    bet = wallet.bet()
    for ask, name in ((bet, "bet"), (wallet.win(bet, wallet.given.stake), "win")):
        first = yield from wallet.needed(ask, name)
        before = yield from wallet.cash()
        again = yield from wallet.repeat(first, f"the same {name} again")
        after = yield from wallet.cash()
        if (
            found := breach_unless_still(before, after, f"a {name} that was sent again moved money", first, again)
        ) is not None:
            return found
        if (found := _answered_as_known(wallet, again, name)) is not None:
            return found
    return None


def _answered_as_known(wallet: Provider, again: Said, name: str) -> Breach | None:
    if again.refused and again.answer.reason is not Reason.DUPLICATE:
        message = (
            f"a {name} that stands was answered {again.told} when it was sent again: the provider takes it for refused"
        )
        return Breach(message, (again.exchange,))
    if again.answer.outcome is not StepOutcome.UNKNOWN:
        wallet.knobs["duplicate"] = "error" if again.refused else "ok"
    return None


def returns_stored(wallet: Provider) -> Story[Breach | None]:
    """A repetition brings the id that the wallet gave at first, and the balance of then, or of now."""
    first = yield from wallet.needed(wallet.bet())
    yield from wallet.needed(wallet.bet(), "bet in between")
    again = yield from wallet.repeat(first, "the first bet again")
    now = yield from wallet.cash()
    if again.refused and again.answer.reason is Reason.DUPLICATE:
        raise NotTestable(
            f"this wallet answers a repetition with {again.told} (knob duplicate: error), so it brings no id"
        )
    if not again.done:
        return Breach(
            f"the repetition of a bet that stands was answered {again.told}", (first.exchange, again.exchange)
        )
    if again.answer.stored != first.answer.stored:
        message = f"the bet got the id {first.answer.stored!r}, its repetition {again.answer.stored!r}"
        return Breach(message, (first.exchange, again.exchange))
    return _known_balance(wallet, first, again, now)


def _known_balance(wallet: Provider, first: Said, again: Said, now: Money) -> Breach | None:
    told = again.answer.balance
    if told == first.answer.balance:
        wallet.knobs["replayed_balance"] = "stored"
    elif told == now:
        wallet.knobs["replayed_balance"] = "current"
    else:
        message = (
            f"the repetition tells a balance of {told}; at first it was {first.answer.balance}, and now it is {now}"
        )
        return Breach(message, (first.exchange, again.exchange))
    return None


def other_body_refused(wallet: Provider) -> Story[Breach | None]:
    """The id of a bet that stands, with another amount, then in another round: refused, and nothing moves."""
    first = yield from wallet.needed(wallet.bet())
    before = yield from wallet.cash()
    for ask, what in (
        (_with_amount(first.ask, wallet.given.stake + wallet.given.stake), "another amount"),
        (replace(first.ask, round=wallet.new_id()), "another round"),
    ):
        second = yield from wallet.insist(ask, f"the same id with {what}")
        after = yield from wallet.cash()
        found = breach_unless_refused_still(before, after, second, f"a bet under a used id, with {what},")
        if found is not None:
            return replace(found, shown_by=(first.exchange, *found.shown_by))
    return None


def _with_amount(bet: Ask, amount: Money) -> Ask:
    return replace(bet, moves=(replace(bet.moves[0], amount=amount),))


def storm_moves_once(wallet: Provider) -> Story[Breach | None]:
    """Sixteen copies of one bet in parallel, then of one win, in three storms: each moves the balance by one stake.

    A race is won by luck, so there are several; and the connections are opened before, or the copies would come one by one.
    """
    for _ in range(STORMS):
        yield from wallet.say_at_once(wallet.balance_ask(), "balance", AT_ONCE)
        bet = wallet.bet()
        for ask, name in ((bet, "bet"), (wallet.win(bet, wallet.given.stake), "win")):
            found = yield from _storm(wallet, ask, name)
            if found is not None:
                return found
    return None


def _storm(wallet: Provider, ask: Ask, name: str) -> Story[Breach | None]:
    stake = wallet.given.stake
    before = yield from wallet.cash()
    copies = yield from wallet.say_at_once(ask, f"{name}, one of {AT_ONCE} at once", AT_ONCE)
    settled = yield from wallet.repeat(copies[0], f"the {name} once more, after the storm")
    after = yield from wallet.cash()
    done = [said for said in copies if said.done]
    if not done and not settled.done:
        raise NotTestable(f"none of {AT_ONCE} {name}s at once was accepted: {copies[0].told}")
    unpaid = name == "win" and after == before  # a win that is never paid breaks invariant 17, not this one
    if after == (before - stake if name == "bet" else before + stake) or unpaid:
        return None
    message = f"{AT_ONCE} copies of one {name} of {stake} at once: {moved(before, after)}"
    return Breach(message, tuple(said.exchange for said in done[:2] or [settled]))


def ids_outlive_the_window(wallet: Provider) -> Story[Breach | None]:
    """A bet that is repeated after the longest retry window still moves nothing."""
    window_s = wallet.given.retry_window_s
    if window_s is None:
        raise NotTestable(
            "give --retry-window, the longest time after which a provider still repeats; this waits for so long"
        )
    first = yield from wallet.needed(wallet.bet())
    told = yield from wallet.cash()
    yield from wallet.repeat(first, "the same bet at once")
    before = yield from wallet.cash()
    if before != told:
        raise NotTestable("a bet that is sent again moves money at once, which is the breach of invariant 10")
    yield from wait(window_s)
    again = yield from wallet.repeat(first, f"the same bet after {window_s:g} s")
    after = yield from wallet.cash()
    return breach_unless_still(
        before, after, f"a bet that was sent again after {window_s:g} s moved money", first, again
    )


LAWS: tuple[Law[Provider], ...] = (
    Law(10, "same-body-moves-once", "the same id and body moves money once", moves_once),
    Law(11, "replay-returns-stored", "a replay returns the stored id and balance", returns_stored),
    Law(12, "other-body-is-refused", "the same id with another body is refused and moves nothing", other_body_refused),
    Law(14, "concurrent-duplicates", f"{AT_ONCE} concurrent duplicates move once", storm_moves_once),
    Law(15, "ids-outlive-retries", "ids outlive the longest retry window", ids_outlive_the_window),
)
