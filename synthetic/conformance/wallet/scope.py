"""Invariants 13 and 16: an id belongs to one player, and a batch happens whole or not at all."""

from __future__ import annotations

from dataclasses import replace

from synthetic.conformance.dialects.protocol import Action, Ask, Move
from synthetic.conformance.laws import Law
from synthetic.conformance.stories import Breach, NotTestable, Story
from synthetic.conformance.wallet.judging import breach_unless_refused_still, moved
from synthetic.conformance.wallet.provider import Provider

SECOND_NEEDED = "give a second player's session (--second-player and --second-token)"


def scope_is_the_player(wallet: Provider) -> Story[Breach | None]:
    """Two players bet under one transaction id, each in a round of his own: both stakes are taken."""
    second = wallet.given.second
    if second is None:
        raise NotTestable(SECOND_NEEDED)
    first = yield from wallet.needed(wallet.bet())
    before = yield from wallet.cash(second)
    same = replace(first.ask, seat=second, round=wallet.new_id())
    said = yield from wallet.insist(same, "the same id for another player")
    after = yield from wallet.cash(second)
    if said.done and after == before - wallet.given.stake:
        return None
    message = f"a bet of another player under the same id was answered {said.told}, and {moved(before, after)}"
    return Breach(message, (first.exchange, said.exchange))


def batch_is_atomic(wallet: Provider) -> Story[Breach | None]:
    """A bet that can be paid and one that can't, in one batch: refused, and nothing moves."""
    before = yield from wallet.cash()
    too_much = before + wallet.given.stake
    moves = (Move(Action.BET, wallet.new_id(), wallet.given.stake), Move(Action.BET, wallet.new_id(), too_much))
    said = yield from wallet.insist(
        Ask(Action.BATCH, wallet.given.seat, wallet.new_id(), moves), "a batch whose second bet is above the balance"
    )
    after = yield from wallet.cash()
    return breach_unless_refused_still(before, after, said, "a batch whose second bet can't be paid")


LAWS: tuple[Law[Provider], ...] = (
    Law(13, "scope-is-the-player", "the scope of an id is (provider, player, id)", scope_is_the_player),
    Law(16, "batch-is-atomic", "a batch happens whole or not at all", batch_is_atomic),
)
