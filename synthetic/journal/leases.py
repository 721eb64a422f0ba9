"""Leases: one worker plays on one account, and whoever takes it over fences the earlier holder off.

The lease is part of the run's row (worker, epoch, expiry); the account's row says which open run has it, and counts the epochs.
An epoch is given out once and the next one is higher, whatever the clocks say.
"""

from __future__ import annotations

from collections.abc import Sequence

from synthetic.core.errors import FencedOff
from synthetic.journal.database import Row, Transaction, Value
from synthetic.journal.model import Lease

_S = 10**9
_BUSY = "SELECT account FROM accounts WHERE run_id <> '' OR rests_until_ns > :now"
_TAKE = """
INSERT INTO accounts (account, epoch, run_id, rests_until_ns) VALUES (:account, 1, :run_id, 0)
ON CONFLICT (account) DO UPDATE SET epoch = accounts.epoch + 1, run_id = excluded.run_id
WHERE accounts.run_id = '' AND accounts.rests_until_ns <= :now
RETURNING epoch
"""
_FREE = "UPDATE accounts SET run_id = '', rests_until_ns = :rests_until WHERE account = :account AND run_id = :run_id"
_HOLD = "run_id = :run_id AND worker = :worker AND epoch = :epoch AND outcome = ''"
_RENEW = f"UPDATE runs SET expires_ns = :expires WHERE {_HOLD}"  # noqa: S608 - constants
_EXPIRY = f"SELECT expires_ns FROM runs WHERE {_HOLD}"  # noqa: S608 - constants
_HOLDER = "SELECT worker, epoch, outcome FROM runs WHERE run_id = :run_id"
_RISE = "UPDATE accounts SET epoch = epoch + 1 WHERE account = :account AND run_id = :run_id RETURNING epoch"
_REOPEN = """
UPDATE accounts SET epoch = epoch + 1, run_id = :run_id WHERE account = :account AND run_id = '' RETURNING epoch
"""
_TAKE_OVER = """
UPDATE runs SET worker = :worker, expires_ns = :expires, epoch = :epoch, tries = tries + 1, outcome = '', ended_ns = 0
WHERE run_id = :run_id AND expires_ns <= :now
"""
STRANDED = "stranded"
"""The outcome of a run that is closed with money that could not be brought home; whoever tries again opens it."""
UNSETTLED = f"outcome IN ('', '{STRANDED}')"
_RECOVERABLE = f"""
SELECT account, outcome FROM runs
WHERE run_id = :run_id AND {UNSETTLED} AND expires_ns <= :now AND next_try_ns <= :due
"""  # noqa: S608 - constants


def first_free(
    transaction: Transaction, run_id: str, candidates: Sequence[tuple[str, str]], now_ns: int
) -> tuple[str, str, int] | None:
    """Take the first (player, account) that no open run has and that has rested; with its new epoch. None: there is none."""
    busy = {account for (account,) in transaction.rows(_BUSY, now=now_ns)}
    for player, account in candidates:
        if account in busy:
            continue
        taken = transaction.rows(_TAKE, account=account, run_id=run_id, now=now_ns)
        if taken:
            return player, account, int(taken[0][0])
    return None


def require_held(transaction: Transaction, lease: Lease, now_ns: int) -> None:
    """Raises FencedOff where it is over by the clock, or somebody else has taken it, or its run is closed."""
    rows = transaction.rows(_EXPIRY, **names(lease))
    if not rows:
        raise FencedOff(f"run {lease.run_id}: {_became(transaction, lease)}; nothing more may be sent for it")
    if rows[0][0] <= now_ns:
        late_s = (now_ns - rows[0][0]) / _S
        raise FencedOff(
            f"run {lease.run_id}: the lease on {lease.account} is over since {late_s:.1f} s; send nothing more"
        )


def require_not_taken(transaction: Transaction, lease: Lease) -> None:
    """Raises FencedOff where somebody else has taken it or its run is closed; one that is over by the clock alone still serves."""
    if not transaction.rows(_EXPIRY, **names(lease)):
        raise FencedOff(f"run {lease.run_id}: {_became(transaction, lease)}")


def renew(transaction: Transaction, leases: Sequence[Lease], ttl_s: float, now_ns: int) -> list[Lease]:
    """Those that nobody has taken, with their new expiry."""
    expires = expiry(now_ns, ttl_s)
    return [
        Lease(lease.account, lease.worker, lease.run_id, lease.epoch, expires)
        for lease in leases
        if transaction.change(_RENEW, expires=expires, **names(lease))
    ]


def take_over(
    transaction: Transaction, run_id: str, worker: str, ttl_s: float, now_ns: int, due_ns: int
) -> Lease | None:
    """The lease of an open run whose holder let it expire, under a higher epoch. None: it is held, closed or not due.

    A stranded run is opened again, unless another one is on its account just now.
    """
    rows = transaction.rows(_RECOVERABLE, run_id=run_id, now=now_ns, due=due_ns)
    if not rows:
        return None
    account: str = rows[0][0]
    risen = transaction.rows(_REOPEN if rows[0][1] == STRANDED else _RISE, account=account, run_id=run_id)
    if not risen:
        return None
    epoch: int = risen[0][0]
    expires = expiry(now_ns, ttl_s)
    taken = transaction.change(_TAKE_OVER, worker=worker, expires=expires, epoch=epoch, run_id=run_id, now=now_ns)
    assert taken, "writers take turns, so nobody else has taken the run meanwhile"
    return Lease(account, worker, run_id, epoch, expires)


def free(transaction: Transaction, lease: Lease, rests_until_ns: int) -> None:
    """Give the account back; no new run before it has rested."""
    transaction.change(_FREE, account=lease.account, run_id=lease.run_id, rests_until=rests_until_ns)


def expiry(now_ns: int, ttl_s: float) -> int:
    """When a lease that is given now ends."""
    return now_ns + round(ttl_s * _S)


def names(lease: Lease) -> dict[str, Value]:
    """What a lease is known by, as values of a statement."""
    return {"run_id": lease.run_id, "worker": lease.worker, "epoch": lease.epoch}


def _became(transaction: Transaction, lease: Lease) -> str:
    holder: list[Row] = transaction.rows(_HOLDER, run_id=lease.run_id)
    if not holder:
        return "the journal has no such run"
    worker, epoch, outcome = holder[0]
    if outcome:
        return f"it is closed ({outcome})"
    if (worker, epoch) == ("", lease.epoch):
        return f"{lease.worker} has given the lease on {lease.account} back"
    return f"{worker or 'another worker'} has taken the lease on {lease.account} over (epoch {epoch}, ours was {lease.epoch})"
