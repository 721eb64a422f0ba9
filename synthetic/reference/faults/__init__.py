"""The faults of domain reference 7, each as the switches that make it; one module for each part of the platform."""

from __future__ import annotations

from synthetic.reference.catalogue import Fault
from synthetic.reference.faults import identity, payments, rounds

FAULTS: dict[str, Fault] = {
    fault.name: fault
    for fault in sorted((*payments.FAULTS, *rounds.FAULTS, *identity.FAULTS), key=lambda fault: fault.number)
}

__all__ = ["FAULTS"]
