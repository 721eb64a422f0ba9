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
)
