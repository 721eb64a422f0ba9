"""Planted defects of the cell's own code. A harness is proven by the bugs that it catches: each has the check that has to."""

from __future__ import annotations

from synthetic.reference.catalogue import Fault
from synthetic.reference.defects import access, ledger, payments, rounds, rules, wallet

DEFECTS: dict[str, Fault] = {
    defect.name: defect
    for defect in (
        *ledger.DEFECTS,
        *wallet.DEFECTS,
        *rounds.DEFECTS,
        *payments.DEFECTS,
        *access.DEFECTS,
        *rules.DEFECTS,
    )
}

__all__ = ["DEFECTS"]
