"""The kill switch: while it is on, no run is admitted; what is under way is finished and compensated."""

from __future__ import annotations

from synthetic.core.errors import Killed
from synthetic.journal.database import Transaction
from synthetic.journal.model import Kill

_KILL = "INSERT INTO kills (by_whom, reason, at_ns) VALUES (:by, :reason, :now)"
_RESUME = "UPDATE kills SET ended_by = :by, ended_ns = :now WHERE ended_ns = 0"
_KILLED = "SELECT by_whom, reason, at_ns FROM kills WHERE ended_ns = 0"


def kill(transaction: Transaction, by: str, reason: str, now_ns: int) -> None:
    """Throw it. Where it is on already, the first reason stays."""
    if killed(transaction) is None:
        transaction.change(_KILL, by=by, reason=reason, now=now_ns)


def resume(transaction: Transaction, by: str, now_ns: int) -> None:
    """Runs may begin again; who threw the switch and who took it back is kept."""
    transaction.change(_RESUME, by=by, now=now_ns)


def killed(transaction: Transaction) -> Kill | None:
    """Who threw it, why and when; None: it is off."""
    rows = transaction.rows(_KILLED)
    return Kill(*rows[0]) if rows else None


def require_off(transaction: Transaction) -> None:
    """Raises Killed."""
    kill = killed(transaction)
    if kill is not None:
        raise Killed(f"the kill switch is on, by {kill.by}: {kill.reason}; `synthetic resume` ends it")
