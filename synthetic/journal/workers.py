"""Workers: those that say that they live, and since when the others are silent."""

from __future__ import annotations

from synthetic.journal.database import Transaction

_BEAT = """
INSERT INTO workers (worker, beaten_ns) VALUES (:worker, :now) ON CONFLICT (worker) DO UPDATE SET beaten_ns = excluded.beaten_ns
"""


def beat(transaction: Transaction, worker: str, now_ns: int) -> None:
    """This worker lives."""
    transaction.change(_BEAT, worker=worker, now=now_ns)


def dead(transaction: Transaction, silent_s: float, now_ns: int) -> list[str]:
    """Those that have been silent for longer, the longest first."""
    before = now_ns - round(silent_s * 10**9)
    found = "SELECT worker FROM workers WHERE beaten_ns < :before ORDER BY beaten_ns, worker"
    return [worker for (worker,) in transaction.rows(found, before=before)]


def forget(transaction: Transaction, worker: str) -> None:
    """It has ended, or what it left was taken over."""
    transaction.change("DELETE FROM workers WHERE worker = :worker", worker=worker)
