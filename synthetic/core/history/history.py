"""The evidence of one run, as facts in the order they came. Checkers read nothing else, so they know no implementation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from synthetic.core.history.entries import LedgerEntry, PspEntry
from synthetic.core.history.facts import Fact, Ledger, PspReport
from synthetic.core.money import Money
from synthetic.core.outcome import StepOutcome

F = TypeVar("F", bound=Fact)
E = TypeVar("E", LedgerEntry, PspEntry)


@dataclass(frozen=True, slots=True)
class Moved:
    """A money effect that the run asked for itself. `direction`: `in`, `out`, `stake`, `bonus`; `key`: its idempotency key."""

    step: str
    kind: str
    direction: str
    amount: Money
    key: str
    outcome: StepOutcome


@dataclass(frozen=True, slots=True)
class History:
    """All facts of a run. `unknown_stakes`: bets that were sent and never answered; each may or may not have been debited.

    `moved`: what the run itself asked for, `run_id` what all its keys begin with, `finished` whether it got to its end.
    """

    facts: tuple[Fact, ...]
    currency: str
    unknown_stakes: tuple[Money, ...] = ()
    moved: tuple[Moved, ...] = ()
    run_id: str = ""
    finished: bool = True

    def of(self, kind: type[F]) -> tuple[F, ...]:
        """The facts of one kind, in order."""
        return tuple(fact for fact in self.facts if isinstance(fact, kind))

    def new_ledger_entries(self) -> tuple[LedgerEntry, ...] | None:
        """What the ledger gained between the run's first and last statement; None without two statements."""
        statements = self.of(Ledger)
        return None if len(statements) < 2 else _gained(statements[0].entries, statements[-1].entries)

    def new_psp_entries(self) -> tuple[PspEntry, ...] | None:
        """What the PSP reports gained between the first and last report of each PSP; None without two of one."""
        by_psp: dict[str, list[PspReport]] = {}
        for report in self.of(PspReport):
            by_psp.setdefault(report.psp, []).append(report)
        pairs = [reports for reports in by_psp.values() if len(reports) > 1]
        if not pairs:
            return None
        return tuple(entry for reports in pairs for entry in _gained(reports[0].entries, reports[-1].entries))

    def total(self, amounts: Sequence[Money]) -> Money:
        """The sum in the run's currency, zero for none; what is in another currency belongs to another purse."""
        return sum((amount for amount in amounts if amount.currency == self.currency), Money(0, self.currency))


def _gained(before: tuple[E, ...], after: tuple[E, ...]) -> tuple[E, ...]:
    known = {entry.id for entry in before}
    return tuple(entry for entry in after if entry.id not in known)
