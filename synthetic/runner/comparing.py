"""Compares the journal of an account with the platform's ledger and the PSPs' reports: every difference by amount and key. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from synthetic.core.machine.statements import StatementEntry, Statements
from synthetic.core.money import Money
from synthetic.core.outcome import IntentState
from synthetic.journal.entry import OPEN_STATES, JournalEntry

_S = 10**9
CLOCKS_APART_NS = 60 * _S
"""So much earlier than it is asked for the journal's own effects are judged: the clock of the worker that wrote one may be behind
ours. What only the ledger has is cut exactly, as it may be of another journal, which played here before."""


class Kind(StrEnum):
    """What is different."""

    NOT_IN_LEDGER = "in the journal, not in the ledger"
    NOT_IN_JOURNAL = "in the ledger, not in the journal"
    AMOUNTS_DIFFER = "journal and ledger differ in the amount"
    PSP_DIFFERS = "ledger and PSP report differ"
    UNSETTLED = "nobody has settled it"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference of one account. An amount that a side does not have is None; all are as the wallet sees them."""

    kind: Kind
    cell: str
    player: str
    effect: str
    key: str = ""
    reference: str = ""
    journal: Money | None = None
    ledger: Money | None = None
    psp: Money | None = None

    @property
    def sentence(self) -> str:
        """One line for a person."""
        sides = (("journal", self.journal), ("ledger", self.ledger), ("PSP", self.psp))
        amounts = ", ".join(f"{name} {amount}" for name, amount in sides if amount is not None)
        named = " ".join(text for text in (self.key and f"key {self.key}", self.reference) if text)
        return f"{self.kind}: {self.effect} {named} of {self.player} on {self.cell}: {amounts}"


@dataclass(frozen=True, slots=True)
class Scope:
    """What is compared: of which kinds the ledger tells, which of them go through a PSP, and from when on (Unix seconds)."""

    kinds: frozenset[str]
    psp_kinds: frozenset[str]
    since_s: int = 0


def compare(
    cell: str, player: str, effects: Sequence[JournalEntry], statements: Statements, scope: Scope
) -> list[Difference]:
    """Every difference. `effects`: all of the account's, the older ones too: what they explain is no news."""
    ledger = _by_reference(entry for entry in statements.ledger if entry.kind in scope.kinds)
    journal: dict[Named, list[JournalEntry]] = {}
    for effect in effects:
        if effect.intent.kind in scope.kinds:
            journal.setdefault(_named(effect, statements), []).append(effect)
    differing = partial(Difference, cell=cell, player=player)
    found: list[Difference] = []
    for named, group in journal.items():
        if any(effect.created_ns >= scope.since_s * _S - CLOCKS_APART_NS for effect in group):
            found += _journal_side(differing, named, group, ledger.get(named, ()))
    for named in ledger.keys() - journal.keys():
        if _is_recent(ledger[named], scope):
            amount = _net(ledger[named]) if _net(ledger[named]).minor else ledger[named][0].amount
            found.append(differing(Kind.NOT_IN_JOURNAL, effect=named[0], reference=named[1], ledger=amount))
    return [*found, *_psp_side(differing, statements, scope)]


Named = tuple[str, str]
"""The kind of an effect, and the reference by which the statements name it; of one that they do not know, its key."""


def _named(effect: JournalEntry, statements: Statements) -> Named:
    """By its own key where the ledger has that, else by what the look-up said."""
    intent = effect.intent
    by_key = next((entry.reference for entry in statements.ledger if entry.key == intent.key), "")
    return intent.kind, by_key or statements.references.get(intent.key, intent.key)


def _journal_side(
    differing: Callable[..., Difference],
    named: Named,
    group: Sequence[JournalEntry],
    entries: Sequence[StatementEntry],
) -> Iterator[Difference]:
    """What the journal says of one effect, against what the ledger has of it."""
    kind, reference = named
    meant = _sum([_signed(effect) for effect in group])
    seen = _net(entries) if entries else None
    told = partial(
        differing,
        effect=kind,
        key=group[0].intent.key,
        reference=reference if entries else "",
        journal=meant,
        ledger=seen,
    )
    if any(effect.state in OPEN_STATES for effect in group):
        yield told(Kind.UNSETTLED)
    elif not entries and any(effect.state is IntentState.SETTLED for effect in group):
        yield told(Kind.NOT_IN_LEDGER)
    elif seen is not None and seen.minor not in _possible(group):
        yield told(Kind.AMOUNTS_DIFFER)


def _possible(group: Sequence[JournalEntry]) -> set[int]:
    """What the ledger may have of an effect in all. A settled one is there; or it was given back afterwards, as a void round is."""
    sums = {0}
    for effect in group:
        own = {0, _signed(effect).minor} if effect.state is IntentState.SETTLED else {0}
        sums = {before + one for before in sums for one in own}
    return sums


def _psp_side(differing: Callable[..., Difference], statements: Statements, scope: Scope) -> Iterator[Difference]:
    """What the ledger says that came from and went to the PSPs, against what they say themselves."""
    if not statements.psp:
        return
    ledger = _by_reference(entry for entry in statements.ledger if entry.kind in scope.psp_kinds)
    reported = _by_reference(entry for entries in statements.psp.values() for entry in entries)
    for named in sorted(ledger.keys() | reported.keys()):
        ours, theirs = ledger.get(named, ()), reported.get(named, ())
        if not _is_recent([*ours, *theirs], scope):
            continue
        here, there = (_net(side).minor if side else 0 for side in (ours, theirs))
        if here != there:
            currency = (*ours, *theirs)[0].amount.currency
            yield differing(
                Kind.PSP_DIFFERS,
                effect=named[0],
                reference=named[1],
                ledger=Money(here, currency),
                psp=Money(there, currency),
            )


def _by_reference(entries: Iterable[StatementEntry]) -> dict[Named, list[StatementEntry]]:
    found: dict[Named, list[StatementEntry]] = {}
    for entry in entries:
        found.setdefault((entry.kind, entry.reference), []).append(entry)
    return found


def _is_recent(entries: Sequence[StatementEntry], scope: Scope) -> bool:
    return any(entry.at_s is None or entry.at_s >= scope.since_s for entry in entries)


def _signed(effect: JournalEntry) -> Money:
    amount = effect.intent.amount
    return -amount if effect.intent.source == "wallet" else amount


def _net(entries: Sequence[StatementEntry]) -> Money:
    return _sum([entry.amount for entry in entries])


def _sum(amounts: Sequence[Money]) -> Money:
    return Money(sum(amount.minor for amount in amounts), amounts[0].currency)
