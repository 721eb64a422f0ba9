"""The faults of domain reference 7, each as the switches that make it; one module for each part of the platform."""

from __future__ import annotations

from synthetic.reference.catalogue import Fault
from synthetic.reference.faults import harness, identity, payments, rounds

_ALL = (*payments.FAULTS, *rounds.FAULTS, *identity.FAULTS, *harness.FAULTS)
FAULTS: dict[str, Fault] = {fault.name: fault for fault in sorted(_ALL, key=lambda fault: fault.number)}

__all__ = ["FAULTS"]
