"""What the laws of the wallet have in common: how a balance is judged that must move, and one that must not."""

from __future__ import annotations

from synthetic.conformance.stories import Breach
from synthetic.conformance.wallet.provider import Said
from synthetic.core.money import Money


def moved(before: Money, after: Money) -> str:
    """What a balance did, in words: `the balance went from 1.00 EUR to 0.90 EUR`."""
    return f"the balance went from {before} to {after}" if before != after else f"the balance stayed at {before}"


def breach_unless_still(before: Money, after: Money, what: str, *shown_by: Said) -> Breach | None:
    """A breach where the balance moved although it must not have."""
    if before == after:
        return None
    return Breach(f"{what}: {moved(before, after)}", tuple(said.exchange for said in shown_by))


def breach_unless_refused_still(before: Money, after: Money, said: Said, what: str) -> Breach | None:
    """A breach where something that has to be refused moved money, or was answered as done."""
    if before != after:
        return Breach(f"{what} was answered {said.told}, and {moved(before, after)}", (said.exchange,))
    if said.done:
        return Breach(f"{what} was answered as done", (said.exchange,))
    return None
