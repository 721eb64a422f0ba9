"""What a mapping says of a player's wallet as a whole: how its surplus is brought home, and which statements it is compared by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from synthetic.core.expressions import Expression, Kind, Vocabulary
from synthetic.core.plan import CallPlan
from synthetic.core.templates import Template

SURPLUS: Vocabulary = {"surplus": Kind.MONEY, "source": Kind.MAP}
"""What the withdrawal of a surplus may read: the amount, and the arguments of the newest payment that came in."""
PSP: Vocabulary = {"psp": Kind.STRING}
"""What the call of a PSP's statement may read."""


@dataclass(frozen=True, slots=True)
class WithdrawPlan:
    """How a surplus leaves the wallet: an operation that moves money out of it, and when it has done so."""

    operation: str
    arguments: Mapping[str, Template]
    until: Expression | None = None
    within_s: float = 15.0


@dataclass(frozen=True, slots=True)
class SweepPlan:
    """How a player's cash is read, and how what is above its baseline goes back to where it came from."""

    balance: CallPlan
    cash: Expression
    withdraw: WithdrawPlan | None = None


@dataclass(frozen=True, slots=True)
class StatementPlan:
    """A statement: the operation that reads it, and its entries in one form (`statements.StatementEntry`)."""

    call: CallPlan
    entries: Expression


@dataclass(frozen=True, slots=True)
class ReconcilePlan:
    """The statements that the journal is compared by.

    `kinds`: of which effects the ledger tells. `reference`: the look-ups' output by which the statements name an effect.
    """

    ledger: StatementPlan
    kinds: frozenset[str]
    psp: StatementPlan | None = None
    reference: str = "id"
