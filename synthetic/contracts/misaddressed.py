"""A verification that says nothing of its provider: we came with the wrong key, or to the wrong address.

Whoever is on call must not be told that a PSP breaks its contract because a key of ours was rotated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from synthetic.contracts.results import InteractionResult
from synthetic.contracts.sealing import OUR_ANSWER
from synthetic.contracts.states import WRONG_SEAL

_WHY = {
    frozenset({401}): "the provider does not take our credentials (401): look at what the environment gives",
    frozenset({403}): "the provider does not take our credentials (403): look at what the environment gives",
    frozenset({404}): "nothing at this URL answers as this provider does (404 to everything): look at the URL's path",
}


def without_misaddressed(results: Sequence[InteractionResult]) -> tuple[InteractionResult, ...]:
    """The results; none of them is judged where every request that we meant well got the same refusal."""
    meant_well = [one.exchange for one in results if one.exchange is not None and WRONG_SEAL not in one.states]
    statuses = frozenset(exchange.status for exchange in meant_well if exchange.status != OUR_ANSWER)
    why = _WHY.get(statuses, "")
    if not why or all(one.held for one in results):
        return tuple(results)
    return tuple(replace(one, mismatches=(), reason=one.reason or why) for one in results)
