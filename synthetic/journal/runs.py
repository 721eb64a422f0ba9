"""Runs: admitted with an account of their own, open until somebody has closed them."""

from __future__ import annotations

import json
from collections.abc import Sequence

from synthetic.core.errors import FencedOff, HarnessError
from synthetic.journal import leases
from synthetic.journal.database import Row, Transaction
from synthetic.journal.model import Lease, NewRun, RunRow

_SELECT = """
SELECT run_id, probe, scenario, digest, cell, matrix_row, seed, number, slot_ns, pair, player, account, worker, epoch, expires_ns,
    started_ns, ended_ns, outcome, reason, tries, next_try_ns FROM runs
"""
_INSERT = """
INSERT INTO runs (run_id, probe, scenario, digest, cell, matrix_row, seed, number, slot_ns, pair, player, account, worker, epoch,
    expires_ns, started_ns)
VALUES (:run_id, :probe, :scenario, :digest, :cell, :matrix_row, :seed, :number, :slot_ns, :pair, :player, :account, :worker,
    :epoch, :expires, :now)
"""
_CLOSE = "UPDATE runs SET outcome = :outcome, reason = :reason, ended_ns = :now WHERE run_id = :run_id"
_CLOSED_SO = (
    "SELECT outcome FROM runs WHERE run_id = :run_id AND worker = :worker AND epoch = :epoch AND outcome = :outcome"
)
_POSTPONE = (
    "UPDATE runs SET worker = '', expires_ns = 0, next_try_ns = :next_try, reason = :reason WHERE run_id = :run_id"
)

_STRAND = "UPDATE runs SET expires_ns = 0, next_try_ns = :next_try WHERE run_id = :run_id"


def admit(
    transaction: Transaction,
    run: NewRun,
    candidates: Sequence[tuple[str, str]],
    worker: str,
    ttl_s: float,
    now_ns: int,
) -> Lease | None:
    """Open the run on the first free account. None: none is free. Raises HarnessError for a run that was admitted before."""
    if transaction.rows(f"{_SELECT} WHERE run_id = :run_id", run_id=run.run_id):
        raise HarnessError(
            f"the run {run.run_id} was admitted before; a run that was begun is recovered, never played again"
        )
    free = leases.first_free(transaction, run.run_id, candidates, now_ns)
    if free is None:
        return None
    player, account, epoch = free
    lease = Lease(account, worker, run.run_id, epoch, leases.expiry(now_ns, ttl_s))
    transaction.change(
        _INSERT,
        run_id=run.run_id,
        probe=run.probe,
        scenario=run.scenario,
        digest=run.digest,
        cell=run.cell,
        matrix_row=json.dumps(dict(run.row), sort_keys=True),
        seed=run.seed,
        number=run.number,
        slot_ns=run.slot_ns,
        pair=run.pair,
        player=player,
        account=account,
        worker=worker,
        epoch=epoch,
        expires=lease.expires_ns,
        now=now_ns,
    )
    return lease


def close(transaction: Transaction, lease: Lease, outcome: str, reason: str, rests_until_ns: int, now_ns: int) -> None:
    """Close the run and give its account back; once more with the same outcome is no mistake. Raises FencedOff."""
    assert outcome, "a closed run has an outcome"
    try:
        leases.require_not_taken(transaction, lease)
    except FencedOff:
        if _is_closed_so(transaction, lease, outcome):
            return
        raise
    transaction.change(_CLOSE, outcome=outcome, reason=reason, now=now_ns, run_id=lease.run_id)
    leases.free(transaction, lease, rests_until_ns)


def _is_closed_so(transaction: Transaction, lease: Lease, outcome: str) -> bool:
    names = leases.names(lease)
    return bool(transaction.rows(_CLOSED_SO, **names, outcome=outcome))


def postpone(transaction: Transaction, lease: Lease, reason: str, next_try_ns: int) -> None:
    """Give the lease back, but only for recovery: the run stays open, and its account stays taken. Raises FencedOff."""
    leases.require_not_taken(transaction, lease)
    transaction.change(_POSTPONE, next_try=next_try_ns, reason=reason, run_id=lease.run_id)


def strand(
    transaction: Transaction, lease: Lease, reason: str, rests_until_ns: int, next_try_ns: int, now_ns: int
) -> None:
    """Close the run with money that could not be brought home, and give its account back. Raises FencedOff."""
    close(transaction, lease, leases.STRANDED, reason, rests_until_ns, now_ns)
    transaction.change(_STRAND, next_try=next_try_ns, run_id=lease.run_id)


def open_runs(transaction: Transaction) -> list[RunRow]:
    """The runs that nobody has closed, oldest first."""
    return [_run(row) for row in transaction.rows(f"{_SELECT} WHERE outcome = '' ORDER BY started_ns, run_id")]


def recoverable(transaction: Transaction, worker: str, now_ns: int) -> list[RunRow]:
    """Open and stranded runs that nobody holds and that are due, first those that this worker held itself, then oldest first."""
    due = (
        f"{_SELECT} WHERE {leases.UNSETTLED} AND expires_ns <= :now AND next_try_ns <= :now ORDER BY started_ns, run_id"
    )
    found = [_run(row) for row in transaction.rows(due, now=now_ns)]
    return sorted(found, key=lambda row: row.lease.worker != worker)


def stranded(transaction: Transaction) -> list[RunRow]:
    """The runs that were closed with money that could not be brought home, oldest first."""
    rows = transaction.rows(f"{_SELECT} WHERE outcome = '{leases.STRANDED}' ORDER BY started_ns, run_id")
    return [_run(row) for row in rows]


def find(transaction: Transaction, run_id: str) -> RunRow | None:
    """One run, open or closed."""
    rows = transaction.rows(f"{_SELECT} WHERE run_id = :run_id", run_id=run_id)
    return _run(rows[0]) if rows else None


def _run(row: Row) -> RunRow:
    run_id, probe, scenario, digest, cell, matrix_row, seed, number, slot_ns, pair = row[:10]
    player, account, worker, epoch, expires_ns, started_ns, ended_ns, outcome, reason, tries, next_try_ns = row[10:]
    return RunRow(
        run=NewRun(run_id, probe, scenario, digest, cell, json.loads(matrix_row), seed, number, slot_ns, pair),
        player=player,
        lease=Lease(account, worker, run_id, epoch, expires_ns),
        started_ns=started_ns,
        ended_ns=ended_ns,
        outcome=outcome,
        reason=reason,
        tries=tries,
        next_try_ns=next_try_ns,
    )
