"""The reckoning: every key of the journal beside what the platform's database and the PSPs' reports hold of it.

It reads the platform's tables and the PSPs' settlement reports themselves, with no code of the harness in between.
"""

from __future__ import annotations

import sqlite3
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from bench.crash_storm.scene import Scene, cells_of
from synthetic.core.errors import HarnessError
from synthetic.core.outcome import IntentState
from synthetic.journal.entry import OPEN_STATES, JournalEntry

QUIET_WITHIN_S = 60.0
CAME_BACK = ("refund", "payout_reversal", "chargeback")
# key -> how often and how much (minor units): what went in, and what came back.
_DEPOSITS = """
SELECT d.idempotency_key, e.kind, p.amount_minor FROM deposits d
JOIN journal_entries e ON e.reference = d.deposit_id AND e.kind IN ('deposit', 'refund', 'refund_failed')
JOIN postings p ON p.entry_id = e.id JOIN accounts a ON a.id = p.account_id AND a.player_id IS NOT NULL
"""
_WITHDRAWALS = "SELECT idempotency_key, amount_minor FROM withdrawals WHERE state = 'paid'"
_BETS = """
SELECT b.req_id, e.kind, -p.amount_minor FROM bets b
JOIN journal_entries e ON e.reference = b.bet_id AND e.player_id = b.player_id AND e.kind IN ('bet', 'rollback')
JOIN postings p ON p.entry_id = e.id JOIN accounts a ON a.id = p.account_id AND a.player_id IS NOT NULL
WHERE b.req_id IS NOT NULL
"""
_IDS = """
SELECT idempotency_key, deposit_id FROM deposits UNION SELECT idempotency_key, withdrawal_id FROM withdrawals
UNION SELECT req_id, bet_id FROM bets WHERE req_id IS NOT NULL
"""
_UNDER_WAY = """
SELECT count(*) FROM (SELECT 1 FROM deposits WHERE state = 'pending' UNION ALL
SELECT 1 FROM withdrawals WHERE state IN ('pending', 'in_transit') UNION ALL
SELECT 1 FROM refunds WHERE state = 'requested' UNION ALL SELECT 1 FROM rounds WHERE state = 'OPEN')
"""


@dataclass(slots=True)
class Held:
    """What one book holds of a key: in how many movements, and how much of it has not come back (minor units)."""

    times: int = 0
    net_minor: int = 0

    def add(self, minor: int, *, again: bool = True) -> None:
        """A movement; of one that came back the amount is negative, and it is no further effect (`again`)."""
        self.times += again
        self.net_minor += minor


@dataclass(slots=True)
class Books:
    """Per key: the ledger's and the PSPs'; `references`: by which id the platform knows a key."""

    ledger: dict[str, Held] = field(default_factory=lambda: defaultdict(Held))
    psp: dict[str, Held] = field(default_factory=lambda: defaultdict(Held))
    references: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reckoning:
    """What was found. `differences`: one line for each key on which the three books differ.

    `wrong`: the keys of all of it, each with the platform's own reference.
    """

    doubled: tuple[str, ...]
    unjournaled: tuple[str, ...]
    differences: tuple[str, ...]
    totals: Mapping[str, tuple[int, int, int | None]]
    under_way: int
    wrong: Mapping[str, str]

    @property
    def is_clean(self) -> bool:
        """Whether all three books say the same of every key, each effect happened once, and none without an intent."""
        equal = all(journal == ledger and psp in (None, journal) for journal, ledger, psp in self.totals.values())
        return equal and not (self.doubled or self.unjournaled or self.differences or self.under_way)


def reckon(scene: Scene, entries: Sequence[JournalEntry]) -> Reckoning:
    """Read and compare. Waits until the platform has nothing under way; what still is, is told."""
    under_way = _await_quiet(scene)
    books = Books()
    for cell, described in cells_of(scene.cells_file).items():
        _read_cell(scene, cell, described, books)
    return compare(entries, books, under_way)


def compare(entries: Sequence[JournalEntry], books: Books, under_way: int = 0) -> Reckoning:
    """The journal beside the other two books."""
    known = {entry.intent.key for entry in entries}
    return Reckoning(
        doubled=tuple(
            f"{key}: {held.times} times in the {name}"
            for name, book in (("ledger", books.ledger), ("PSP's report", books.psp))
            for key, held in sorted(book.items())
            if held.times > 1
        ),
        unjournaled=tuple(sorted((books.ledger.keys() | books.psp.keys()) - known)),
        differences=tuple(line for entry in entries for line in _differences(entry, books)),
        wrong={key: books.references.get(key, "") for key in sorted(_wrong(entries, books))},
        totals=_totals(entries, books),
        under_way=under_way,
    )


def _wrong(entries: Sequence[JournalEntry], books: Books) -> set[str]:
    doubled = {key for book in (books.ledger, books.psp) for key, held in book.items() if held.times > 1}
    return doubled | {entry.intent.key for entry in entries if _differences(entry, books)}


def expected_minor(entry: JournalEntry) -> int | None:
    """What should have stayed where an effect has put it; None: the journal does not know, which is a difference of its own."""
    if entry.state in OPEN_STATES:
        return None
    return entry.intent.amount.minor if entry.state is IntentState.SETTLED else 0


def _differences(entry: JournalEntry, books: Books) -> list[str]:
    intent, expected = entry.intent, expected_minor(entry)
    lines = []
    for name, book in (("ledger", books.ledger), ("PSP's report", books.psp)):
        if intent.kind not in KINDS or (book is books.psp and not KINDS[intent.kind]):
            continue
        found = book[intent.key].net_minor if intent.key in book else 0
        if found != expected:
            lines.append(
                f"{intent.kind} {intent.key} of run {intent.run_id} on {intent.cell}, {entry.state}: "
                f"{expected} expected, {found} in the {name}"
            )
    return lines


KINDS = {"deposit": True, "withdraw": True, "stake": False}
"""The kinds of effects that are compared, and whether a PSP's report has them, too."""


def _totals(entries: Sequence[JournalEntry], books: Books) -> dict[str, tuple[int, int, int | None]]:
    """Each kind: minor units by the journal, the ledger and the PSPs (None: it is no business of theirs)."""
    totals: dict[str, tuple[int, int, int | None]] = {}
    for kind, at_psp in KINDS.items():
        keys = {entry.intent.key: entry for entry in entries if entry.intent.kind == kind}
        journal = sum(expected_minor(entry) or 0 for entry in keys.values())
        ledger = sum(held.net_minor for key, held in books.ledger.items() if key in keys)
        psp = sum(held.net_minor for key, held in books.psp.items() if key in keys) if at_psp else None
        totals[kind] = (journal, ledger, psp)
    return totals


def _read_cell(scene: Scene, cell: str, described: Mapping[str, Any], books: Books) -> None:
    with closing(_open(scene, cell)) as database:
        ids = {identifier: key for key, identifier in database.execute(_IDS)}
        books.references |= {key: identifier for identifier, key in ids.items()}
        for key, kind, minor in database.execute(_DEPOSITS):
            books.ledger[key].add(minor, again=kind == "deposit")
        for key, minor in database.execute(_WITHDRAWALS):
            books.ledger[key].add(minor)
        for key, kind, minor in database.execute(_BETS):
            books.ledger[key].add(minor, again=kind == "bet")
    for psp in described["psps"]:
        for entry in _report(scene, described, psp):
            key, back = ids.get(entry["reference"], f"{psp} {entry['reference']}"), entry["kind"] in CAME_BACK
            books.psp[key].add(_minor(entry["amount"]) * (-1 if back else 1), again=not back)


def _report(scene: Scene, described: Mapping[str, Any], psp: str) -> list[dict[str, Any]]:
    """Every movement of the cell at this PSP."""
    secret = (scene.cells_file.parent / described["secrets"][f"{psp}-report"].removeprefix("file:")).read_text("utf-8")
    url = described["endpoints"][psp] + ("/api/report" if psp == "psp-b" else "/v1/report")
    with httpx.Client(trust_env=False, timeout=20, headers={"Authorization": f"Bearer {secret}"}) as client:
        answer = client.get(url)
        answer.raise_for_status()
    found: list[dict[str, Any]] = answer.json()["entries"]
    return found


def _minor(amount: int | str) -> int:
    return amount if isinstance(amount, int) else int(Decimal(amount) * 100)


def _open(scene: Scene, cell: str) -> sqlite3.Connection:
    found = list(scene.platform.rglob(f"{cell}.db"))
    if len(found) != 1:
        raise HarnessError(f"{len(found)} databases of the cell {cell} under {scene.platform}")
    return sqlite3.connect(f"{Path(found[0]).as_uri()}?mode=ro", uri=True)


def _await_quiet(scene: Scene) -> int:
    """How many payments and rounds are still under way when the platform has had its time."""
    deadline_s = time.monotonic() + QUIET_WITHIN_S
    while (left := _under_way(scene)) and time.monotonic() < deadline_s:
        time.sleep(0.5)
    return left


def _under_way(scene: Scene) -> int:
    left = 0
    for cell in cells_of(scene.cells_file):
        with closing(_open(scene, cell)) as database:
            left += int(database.execute(_UNDER_WAY).fetchone()[0])
    return left


def states_of(entries: Iterable[JournalEntry]) -> Counter[str]:
    """How many effects are in which state."""
    return Counter(entry.state.value for entry in entries)
