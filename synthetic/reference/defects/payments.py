"""Planted defects of the cashier (domain reference 6, 28-37)."""

from __future__ import annotations

from synthetic.reference.catalogue import Fault
from synthetic.reference.defects.planting import defect

DEFECTS: tuple[Fault, ...] = (
    defect(
        "credits_twice_on_retry",
        "a deposit that is sent again under its key is charged and credited again",
        "credits_replayed_deposit",
        "deposit-twice-same-key",
        "one-credit-per-deposit",
    ),
    defect(
        "pays_out_twice",
        "one withdrawal is paid out twice at the PSP",
        "pays_out_twice",
        "deposit-bet-withdraw",
        "psp-report-matches",
    ),
    defect(
        "credits_before_capture",
        "a deposit is credited when the PSP has accepted it, whatever becomes of it (29)",
        "credits_before_capture",
        "deposit-failed-at-psp",
        "credit-needs-final-success",
    ),
    defect(
        "credits_with_fees",
        "a deposit is credited with more than was captured (30)",
        "credits_with_fees",
        "deposit-bet-withdraw",
        "credit-is-capture-less-fees",
    ),
    defect(
        "credits_on_redirect",
        "a player who comes back from the PSP's page with success is credited (31)",
        "credits_on_redirect",
        "deposit-failed-at-psp",
        "redirect-credits-nothing",
    ),
    defect(
        "ignores_wagering_at_payout",
        "money that is still to be played through is paid out (33)",
        "ignores_wagering_at_payout",
        "withdraw-uncleared",
        "withdraw-only-cleared",
    ),
    defect(
        "releases_twice",
        "the reserve of a withdrawal that failed is released twice (34)",
        "releases_twice",
        "payout-failed",
        "reserved-and-released-once",
    ),
    defect(
        "recredits_twice",
        "a payout that comes back is given back twice (35)",
        "recredits_twice",
        "payout-returned",
        "late-failure-recredits-once",
    ),
    defect(
        "posts_chargeback_twice",
        "a chargeback is booked twice (36)",
        "posts_chargeback_twice",
        "chargeback",
        "chargeback-posts-once",
    ),
)
