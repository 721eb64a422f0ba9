"""What the laws judge: the platform's record, the history, and what the journal says in the end; nothing of how all this works."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from synthetic.core.outcome import IntentState
from synthetic.journal.entry import JournalEntry
from synthetic.journal.model import Caps, RunRow, Slot
from synthetic.simulation.history import Act
from synthetic.simulation.platform import Happening, Payment

NS = 1_000_000_000
SWEEP = "sweep"


@dataclass(frozen=True, slots=True)
class Sent:
    """A request that moves money, at the moment it left: by which life, of which run, and whether its key was durable then."""

    at_ns: int
    life: str
    run_id: str
    key: str
    durable: bool
    undoes: bool


@dataclass(frozen=True, slots=True)
class LookedUp:
    """A look-up at the moment it left: which life asked for which key."""

    at_ns: int
    life: str
    key: str


@dataclass(frozen=True, slots=True)
class Violation:
    """A law that was broken: by what, and when (virtual time)."""

    law: str
    what: str
    at_ns: int = 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """Of one seed, after everything has worked for long enough. `runs` by id; `steady`: lives that nothing has befallen."""

    record: Sequence[Happening]
    payments: Sequence[Payment]
    balances: Mapping[str, int]
    float_minor: int
    report: Mapping[str, int]
    sent: Sequence[Sent]
    looked_up: Sequence[LookedUp]
    acts: Sequence[Act]
    entries: Sequence[JournalEntry]
    runs: Mapping[str, RunRow]
    slots: Sequence[Slot]
    expected_slots: Mapping[str, Sequence[int]]
    caps: Caps
    steady: frozenset[str]
    end_ns: int

    def payments_by_key(self) -> dict[str, Payment]:
        """What the platform has under each key."""
        return {payment.key: payment for payment in self.payments}

    def swept(self) -> frozenset[str]:
        """The keys of the withdrawals by which recovery has brought a wallet back to its baseline."""
        return frozenset(entry.intent.key for entry in self.entries if entry.intent.step == SWEEP)

    def states(self) -> dict[str, IntentState]:
        """What the journal says of each key."""
        return {entry.intent.key: entry.state for entry in self.entries}
