"""Faults of the harness itself (domain reference 7, 33-36): we ask too often, our card is used up, we crash, we bet twice.

Where nothing of the platform is broken, the runner is made to do it (`provoke`).
"""

from __future__ import annotations

from synthetic.reference.catalogue import Fault

_FLOW = "deposit-bet-withdraw"

FAULTS: tuple[Fault, ...] = (
    Fault(
        "harness_card_exhausted",
        34,
        "our own test card is used up",
        (),
        "harness",
        _FLOW,
        "step:deposit",
        provoke="pays_with_an_exhausted_card",
    ),
    Fault(
        "harness_crashes_after_deposit",
        35,
        "we end in the middle of a run, with a deposit under way",
        (),
        "harness",
        _FLOW,
        "journal",
        provoke="crashes_after_money",
    ),
    Fault(
        "harness_bets_twice",
        36,
        "we send the bet again under a new id",
        (),
        "harness",
        _FLOW,
        "own-keys-only",
        provoke="bets_under_a_second_key",
    ),
)
