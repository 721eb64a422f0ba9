"""The lives of intents and payouts as a merchant sees them (https://docs.stripe.com/payments/paymentintents/lifecycle).

A merchant sees a state only when it looks, so what it sees next may be any state that can be reached in several steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

Table = Mapping[str, frozenset[str]]


def _table(text: str) -> Table:
    rows = (line.split("->") for line in text.strip().splitlines())
    return {state.strip(): frozenset(after.split()) for state, after in rows}


INTENT = _table(
    """
    requires_payment_method -> requires_confirmation processing requires_action succeeded canceled
    requires_confirmation -> requires_payment_method requires_action processing succeeded canceled
    requires_action -> requires_payment_method processing succeeded requires_capture canceled
    processing -> requires_payment_method succeeded requires_capture canceled
    requires_capture -> succeeded canceled
    succeeded ->
    canceled ->
    """
)
PAYOUT = _table(
    """
    pending -> in_transit paid failed canceled
    in_transit -> paid failed canceled
    paid -> failed
    failed ->
    canceled ->
    """
)


def first_illegal(table: Table, seen: list[str]) -> str | None:
    """The first step of a life that no path of the table explains, as `a -> b`; None where all are legal."""
    for state in seen:
        if state not in table:
            return f"{state!r}, which is no state"
    for before, after in pairwise(seen):
        if before != after and after not in _reachable(table, before):
            return f"{before} -> {after}"
    return None


def _reachable(table: Table, state: str) -> frozenset[str]:
    found: frozenset[str] = table[state]
    while True:
        more = found.union(*(table[after] for after in found))
        if more == found:
            return found
        found = more
