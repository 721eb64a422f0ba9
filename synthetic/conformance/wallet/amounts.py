"""Invariants 5 and 9: how a balance is written, and that it is the one after the transaction."""

from __future__ import annotations

from synthetic.conformance.laws import Law
from synthetic.conformance.stories import Breach, NotTestable, Story
from synthetic.conformance.wallet.judging import moved
from synthetic.conformance.wallet.provider import Provider


def amounts_are_exact(wallet: Provider) -> Story[Breach | None]:
    """The balance of a balance call and of a bet: an integer or a decimal text, as the dialect has it, and never a float."""
    for said in ((yield from wallet.balance()), (yield from wallet.needed(wallet.bet()))):
        if said.answer.flaw:
            return Breach(said.answer.flaw, (said.exchange,))
    return None


def balance_is_the_one_after(wallet: Provider) -> Story[Breach | None]:
    """A bet: the balance call tells a stake less than before, and so does the bet's own answer."""
    before = yield from wallet.cash()
    bet = yield from wallet.needed(wallet.bet())
    told = yield from wallet.balance()
    after, expected = told.answer.balance, before - wallet.given.stake
    if after is None:
        raise NotTestable(f"the wallet tells no balance: {told.told}")
    if after != expected:
        wallet.balance_is_unreliable = True
        message = f"after a bet of {wallet.given.stake} {moved(before, after)}, as the balance call tells it"
        return Breach(message, (bet.exchange, told.exchange))
    if bet.answer.balance != expected:
        message = f"a bet of {wallet.given.stake} from {before} answers a balance of {bet.answer.balance}"
        return Breach(message, (bet.exchange, told.exchange))
    return None


LAWS: tuple[Law[Provider], ...] = (
    Law(5, "exact-amounts", "amounts are integers or decimals, never floats", amounts_are_exact),
    Law(9, "balance-after", "a returned balance is the balance after that transaction", balance_is_the_one_after),
)
