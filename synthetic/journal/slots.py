"""Slots: each instant of a probe's schedule is taken by one worker, once, or counted as missed with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from synthetic.journal.database import Transaction
from synthetic.journal.model import Slot

MISSED = "missed"
_NAMES_MAX = 200
_CLAIM = """
INSERT INTO slots (probe, slot_ns, worker, claimed_ns, ended_ns, outcome, reason)
VALUES (:probe, :slot_ns, :worker, :now, :ended, :outcome, :reason) ON CONFLICT (probe, slot_ns) DO NOTHING
"""
_END = "UPDATE slots SET outcome = :outcome, ended_ns = :now WHERE probe = :probe AND slot_ns = :slot_ns"
_END_OWN = f"{_END} AND worker = :worker"
_SLOTS = "SELECT probe, slot_ns, worker, claimed_ns, ended_ns, outcome, reason FROM slots"
_GOING_BEFORE = """
SELECT worker FROM slots WHERE probe = :probe AND slot_ns >= :since AND slot_ns < :slot_ns AND ended_ns = 0 ORDER BY slot_ns LIMIT 1
"""
_SELECT = f"{_SLOTS} WHERE slot_ns >= :since"
_UNENDED = f"{_SLOTS} WHERE worker = :worker AND ended_ns = 0 ORDER BY slot_ns, probe"


def claim(transaction: Transaction, probe: str, slot_ns: int, worker: str, now_ns: int) -> bool:
    """Take the slot. False: it was taken or counted as missed before, by whomever."""
    return _add(transaction, Slot(probe, slot_ns, worker, now_ns))


def going_before(transaction: Transaction, probe: str, slot_ns: int, since_ns: int) -> str | None:
    """Who is still at a slot of this probe between these instants, the earliest first; None: nobody."""
    rows = transaction.rows(_GOING_BEFORE, probe=probe, slot_ns=slot_ns, since=since_ns)
    return str(rows[0][0]) if rows else None


def end(transaction: Transaction, probe: str, slot_ns: int, outcome: str, now_ns: int) -> None:
    """Write down how it ended."""
    transaction.change(_END, probe=probe, slot_ns=slot_ns, outcome=outcome, now=now_ns)


def settle(transaction: Transaction, probe: str, slot_ns: int, worker: str, outcome: str, now_ns: int) -> None:
    """Write down how a slot ended that this worker has taken. Where nobody has it is missed so; another worker's stays as it is."""
    own = transaction.change(_END_OWN, probe=probe, slot_ns=slot_ns, worker=worker, outcome=outcome, now=now_ns)
    if not own:
        miss(transaction, probe, {slot_ns: outcome}, now_ns)


def miss(transaction: Transaction, probe: str, reasons: Mapping[int, str], now_ns: int) -> None:
    """Count slots as missed; those that somebody took stay as they are."""
    for slot_ns, reason in sorted(reasons.items()):
        _add(transaction, Slot(probe, slot_ns, "", now_ns, now_ns, MISSED, reason))


def _add(transaction: Transaction, slot: Slot) -> bool:
    added = transaction.change(
        _CLAIM,
        probe=slot.probe,
        slot_ns=slot.slot_ns,
        worker=slot.worker,
        now=slot.claimed_ns,
        ended=slot.ended_ns,
        outcome=slot.outcome,
        reason=slot.reason,
    )
    return added == 1


def unended(transaction: Transaction, worker: str) -> list[Slot]:
    """The slots that this worker has taken and not ended, in their order."""
    return [Slot(*row) for row in transaction.rows(_UNENDED, worker=worker)]


def last_of(transaction: Transaction, probes: Sequence[str]) -> dict[str, int]:
    """The latest slot of each of these probes that has any."""
    found: dict[str, int] = {}
    for first in range(0, len(probes), _NAMES_MAX):
        names = {f"p{number}": name for number, name in enumerate(probes[first : first + _NAMES_MAX])}
        asked = " UNION ALL ".join(f"SELECT :{key} AS probe" for key in names)
        # Each name is one step into the primary key: GROUP BY would read every slot that there is.
        query = (
            f"SELECT probe, (SELECT max(slot_ns) FROM slots WHERE slots.probe = names.probe) FROM ({asked}) AS names"  # noqa: S608 - made of our own names
        )
        found |= {
            str(probe): int(slot_ns) for probe, slot_ns in transaction.rows(query, **names) if slot_ns is not None
        }
    return found


def since(transaction: Transaction, probe: str | None, since_ns: int) -> list[Slot]:
    """The slots from an instant on, of one probe or of all, in their order."""
    if probe is None:
        rows = transaction.rows(f"{_SELECT} ORDER BY slot_ns, probe", since=since_ns)
    else:
        rows = transaction.rows(f"{_SELECT} AND probe = :probe ORDER BY slot_ns", since=since_ns, probe=probe)
    return [Slot(*row) for row in rows]
