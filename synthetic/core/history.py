"""The evidence of one run, as facts in the order they came: what was asked for, what the ledger and the PSP report say.

Facts come from the platform mapping's `evidence:` blocks. Checkers read nothing else, so they know no implementation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from synthetic.core.money import Money
from synthetic.core.outcome import StepOutcome


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One posting of the player's ledger, in its own view. `reference`: the deposit, withdrawal or bet that it belongs to."""

    id: str
    kind: str  # deposit, refund, bet, win, rollback, withdraw_reserve, withdraw_release, withdraw_paid, payout_failed, bonus
    reference: str
    bucket: str  # cash, bonus, locked
    amount: Money


@dataclass(frozen=True, slots=True)
class PspEntry:
    """One line of a PSP's settlement report. `reference`: the merchant's id of the deposit or withdrawal."""

    id: str
    kind: str  # capture, refund, payout
    reference: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Deposit:
    """A deposit as its caller saw it end."""

    step: str
    outcome: StepOutcome
    reference: str
    amount: Money
    state: str


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A withdrawal as its caller saw it end."""

    step: str
    outcome: StepOutcome
    reference: str
    amount: Money
    state: str


@dataclass(frozen=True, slots=True)
class Bet:
    """A bet as its caller saw it end."""

    step: str
    outcome: StepOutcome
    reference: str
    stake: Money


@dataclass(frozen=True, slots=True)
class Round:
    """The end of the round of one bet: `WON`, `LOST` or `VOID`, or `OPEN` where it was still undecided."""

    step: str
    outcome: StepOutcome
    reference: str
    state: str
    payout: Money


@dataclass(frozen=True, slots=True)
class Rollback:
    """A rollback of a bet that the wallet acknowledged."""

    step: str
    outcome: StepOutcome
    reference: str


@dataclass(frozen=True, slots=True)
class Tampered:
    """A request with a bad signature that would have moved money under this reference."""

    step: str
    outcome: StepOutcome
    reference: str


@dataclass(frozen=True, slots=True)
class Balance:
    """A balance that was read."""

    step: str
    outcome: StepOutcome
    cash: Money


@dataclass(frozen=True, slots=True)
class Ledger:
    """The player's ledger statement, whole."""

    step: str
    outcome: StepOutcome
    entries: tuple[LedgerEntry, ...]


@dataclass(frozen=True, slots=True)
class PspReport:
    """A PSP's settlement report for the player, whole."""

    step: str
    outcome: StepOutcome
    psp: str
    entries: tuple[PspEntry, ...]


F = TypeVar("F", bound="Fact")
E = TypeVar("E", LedgerEntry, PspEntry)
Fact = Deposit | Withdrawal | Bet | Round | Rollback | Tampered | Balance | Ledger | PspReport

FACTS: dict[str, type[Fact]] = {
    "deposit": Deposit,
    "withdrawal": Withdrawal,
    "bet": Bet,
    "round": Round,
    "rollback": Rollback,
    "tampered": Tampered,
    "balance": Balance,
    "ledger": Ledger,
    "psp_report": PspReport,
}


def fields_of(kind: str) -> tuple[str, ...]:
    """The fields that a mapping's `evidence: {<kind>: {...}}` has to give."""
    return tuple(f.name for f in fields(FACTS[kind]) if f.name not in ("step", "outcome"))


class MalformedEvidence(ValueError):  # noqa: N818 - it is evidence, and malformed
    """A statement that can't be read: a missing field, a wrong type."""


def fact(kind: str, step: str, outcome: StepOutcome, values: Mapping[str, Any]) -> Fact:
    """Build the fact from a mapping's values. Raises MalformedEvidence."""
    given = {f.name: _read(kind, f.name, f.type, values.get(f.name)) for f in fields(FACTS[kind]) if f.name in values}
    try:
        if kind == "ledger":
            given["entries"] = tuple(_ledger_entry(row) for row in _rows(values["entries"]))
        if kind == "psp_report":
            given["entries"] = tuple(_psp_entry(row) for row in _rows(values["entries"]))
    except (KeyError, TypeError, ValueError) as error:
        raise MalformedEvidence(f"the {kind.replace('_', ' ')} has a line that can't be read: {error!r}") from None
    return FACTS[kind](step=step, outcome=outcome, **given)


def _read(kind: str, name: str, wanted: Any, value: Any) -> Any:
    """A value of the type that the fact declares. An id may be a number in one place and a text in another."""
    if wanted == "Money" and not isinstance(value, Money):
        raise MalformedEvidence(f"the {name} of the {kind} is {value!r}, which is no amount")
    if wanted == "str" and (isinstance(value, bool) or not isinstance(value, str | int)):
        raise MalformedEvidence(f"the {name} of the {kind} is {value!r}, which is no text")
    return str(value) if wanted == "str" else value


def _rows(entries: Any) -> Sequence[Mapping[str, Any]]:
    if not isinstance(entries, list | tuple):
        raise TypeError(f"its entries are {type(entries).__name__}, not a list")
    return entries


def _ledger_entry(row: Mapping[str, Any]) -> LedgerEntry:
    amount = Money(row["amount_minor"], row["currency"])
    return LedgerEntry(str(row["id"]), row["kind"], str(row["reference"]), row["bucket"], amount)


def _psp_entry(row: Mapping[str, Any]) -> PspEntry:
    return PspEntry(str(row["id"]), row["kind"], str(row["reference"]), Money(row["amount_minor"], row["currency"]))


@dataclass(frozen=True, slots=True)
class History:
    """All facts of a run. `unknown_stakes`: bets that were sent and never answered; each may or may not have been debited."""

    facts: tuple[Fact, ...]
    currency: str
    unknown_stakes: tuple[Money, ...] = ()

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
