"""Which versions a cell has shown, in rows of their own: runs are forgotten, and what was decided of a version must not be.

A version that the cell's answers tell goes before one of the cells file: a run that got no answer at all still carries the latter,
and is no other release.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from synthetic.gate.observed import Observation
from synthetic.journal.database import Transaction

_OF_CELL = "SELECT version, told, first_ns, since_ns, last_ns FROM gate_versions WHERE cell = :cell"
_KEEP = """
INSERT INTO gate_versions (cell, version, told, first_ns, since_ns, last_ns)
VALUES (:cell, :version, :told, :first_ns, :since_ns, :last_ns)
ON CONFLICT (cell, version) DO UPDATE SET told = :told, since_ns = :since_ns, last_ns = :last_ns
"""

VERSIONS_MAX = 200
"""Of one cell, the newest: a cell that tells another version with each answer must not fill the store."""


@dataclass(frozen=True, slots=True)
class VersionSeen:
    """A version of a cell. Wall nanoseconds: first seen ever, there since (it may have come back), last seen.

    `first_ns` never moves, so it may stand in a name. `told`: the cell's own answers have said it.
    """

    version: str
    told: bool
    first_ns: int
    since_ns: int
    last_ns: int


def present(transaction: Transaction, cell: str) -> VersionSeen | None:
    """The version that a cell shows now; None: no run was ever seen there."""
    return _present(_versions(transaction, cell))


def cells_seen(transaction: Transaction) -> list[str]:
    """The cells of which a run was ever seen, by name."""
    return [cell for (cell,) in transaction.rows("SELECT DISTINCT cell FROM gate_versions ORDER BY cell")]


def note_versions(transaction: Transaction, observations: Sequence[Observation]) -> None:
    """Note what new runs have shown of their cells' versions."""
    for cell in sorted({one.cell for one in observations}):
        before = _versions(transaction, cell)
        versions = dict(before)
        for one in sorted((one for one in observations if one.cell == cell), key=lambda one: one.started_ns):
            versions[one.version] = _seen_in(one, versions)
        kept = sorted(versions, key=lambda name: versions[name].last_ns)[-VERSIONS_MAX:]
        for gone in before.keys() - set(kept):
            transaction.change("DELETE FROM gate_versions WHERE cell = :cell AND version = :gone", cell=cell, gone=gone)
        for name in kept:
            seen = versions[name]
            if seen != before.get(name):
                transaction.change(
                    _KEEP,
                    cell=cell,
                    version=name,
                    told=int(seen.told),
                    first_ns=seen.first_ns,
                    since_ns=seen.since_ns,
                    last_ns=seen.last_ns,
                )


def age_versions(transaction: Transaction, now_ns: int, *, untold_before_ns: int, forget_before_ns: int) -> None:
    """Forget what was not seen for so long; a cell that has stopped to tell its version is known by its cells file again.

    What a worker with a wrong clock has dated in the future was seen now, or no later version would ever be the present one.
    """
    transaction.change("UPDATE gate_versions SET last_ns = :now WHERE last_ns > :now", now=now_ns)
    transaction.change(
        "UPDATE gate_versions SET told = 0 WHERE told = 1 AND last_ns < :before", before=untold_before_ns
    )
    transaction.change("DELETE FROM gate_versions WHERE last_ns < :before", before=forget_before_ns)


def _versions(transaction: Transaction, cell: str) -> dict[str, VersionSeen]:
    rows = transaction.rows(_OF_CELL, cell=cell)
    return {row[0]: VersionSeen(row[0], bool(row[1]), row[2], row[3], row[4]) for row in rows}


def _present(versions: dict[str, VersionSeen]) -> VersionSeen | None:
    return max(versions.values(), key=lambda seen: (seen.told, seen.last_ns), default=None)


def _seen_in(one: Observation, versions: dict[str, VersionSeen]) -> VersionSeen:
    at_ns, known, shown = one.started_ns, versions.get(one.version), _present(versions)
    if known is None:
        return VersionSeen(one.version, one.version_told, at_ns, at_ns, at_ns)
    told = known.told or one.version_told
    came_back = shown is not None and shown.version != one.version and at_ns > shown.last_ns and told >= shown.told
    since_ns = at_ns if came_back else known.since_ns
    return replace(known, told=told, since_ns=since_ns, last_ns=max(known.last_ns, at_ns))
