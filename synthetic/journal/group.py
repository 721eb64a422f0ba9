"""Group commit: whoever comes first commits for all that queued while the previous commit ran.

A commit that is synced costs the same for one row and for a hundred. The first thread that finds nobody committing leads: it takes
everything that is queued, does it, commits once, and then appoints the first of those who queued meanwhile as the next leader
before it wakes its own group. So one thread that is alone waits for nobody, and no wake-up is lost.

A piece that fails undoes itself alone. As hardly any does, a group is done without savepoints at first, and where something fails
once more from the beginning, each piece inside a savepoint of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, TypeVar

from synthetic.core.errors import JournalUnavailable
from synthetic.journal.database import Contended, Database, Transaction

_TRIES = 4  # of a group that the database gave up in favour of another one

T = TypeVar("T")


class GroupCommit:
    """Runs pieces of work in shared transactions. Any thread may call `do`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._mutex = threading.Lock()
        self._queue: list[_Piece] = []
        self._within = threading.local()
        self._leader: _Piece | None = None

    def do(self, work: Callable[[Transaction], T]) -> T:
        """Do the work in a transaction, and return when it is committed. It may run more than once: it only uses its transaction.

        What the work raises is raised here and undoes only this piece. Raises JournalUnavailable where nothing was promised.
        """
        transaction = self._going()
        if transaction is not None:
            return work(transaction)
        piece = _Piece(work)
        try:
            with self._mutex:
                self._queue.append(piece)
                self._leader = self._leader or piece
                leads = self._leader is piece
            if not leads:
                piece.wait()
            if not piece.finished:
                self._lead()
        except BaseException:  # an interrupted thread must not keep the others waiting
            self._withdraw(piece)
            raise
        result: T = piece.outcome()
        return result

    def together(self, calls: Sequence[Callable[[], None]]) -> list[Exception | None]:
        """Calls that `do` something, in one transaction; answers what each raised, which undoes only that call.

        They are committed when this returns. They may run more than once. Raises JournalUnavailable where nothing was promised.
        """

        def work(transaction: Transaction) -> list[Exception | None]:
            self._within.transaction = transaction
            try:
                return [_raised_by(call, transaction) for call in calls]
            finally:
                self._within.transaction = None

        return self.do(work)

    def read(self) -> AbstractContextManager[Transaction]:
        """A snapshot; within `together` its transaction, so that what was changed there is seen. Raises JournalUnavailable."""
        transaction = self._going()
        return self._database.read() if transaction is None else nullcontext(transaction)

    def _going(self) -> Transaction | None:
        """The transaction of the `together` that this thread is in."""
        transaction: Transaction | None = getattr(self._within, "transaction", None)
        return transaction

    def _lead(self) -> None:
        with self._mutex:
            group, self._queue = self._queue, []
        try:
            self._commit(group)
        finally:
            for piece in group:
                piece.finished = True
            self._appoint()
            for piece in group:
                piece.wake()

    def _appoint(self) -> None:
        with self._mutex:
            self._leader = self._queue[0] if self._queue else None
            leader = self._leader
        if leader is not None:
            leader.wake()

    def _withdraw(self, piece: _Piece) -> None:
        with self._mutex:
            if piece in self._queue:
                self._queue.remove(piece)
            appointed = self._leader is piece
        if appointed:
            self._appoint()

    def _commit(self, group: list[_Piece]) -> None:
        for tries_left in reversed(range(_TRIES)):
            try:
                self._write(group)
            except Contended as error:
                if not tries_left:
                    _fail(group, f"{self._database.where}: the journal can't be used: {error}")
            except JournalUnavailable as error:
                _fail(group, str(error))
                return
            except BaseException as error:
                _fail(group, f"{self._database.where}: interrupted: {error!r}")
                raise
            else:
                return

    def _write(self, group: list[_Piece]) -> None:
        if len(group) == 1:
            self._write_alone(group[0])
            return
        try:
            with self._database.write() as transaction:
                for piece in group:
                    piece.attempt(_Unguarded(transaction))
        except _Undone:
            self._write_guarded(group)

    def _write_alone(self, piece: _Piece) -> None:
        """What fails takes nobody with it."""
        try:
            with self._database.write() as transaction:
                piece.result = piece.work(_Unguarded(transaction))
        except _Undone:
            self._write_guarded([piece])
        except (JournalUnavailable, Contended):
            raise
        except Exception as error:  # noqa: BLE001 - raised again by `outcome`, in the same thread as ever
            piece.error = error

    def _write_guarded(self, group: list[_Piece]) -> None:
        with self._database.write() as transaction:
            for piece in group:
                piece.attempt(transaction)


class _Undone(BaseException):
    """Something failed that had no savepoint, so all of it is undone."""


class _Unguarded:
    """A transaction whose attempts have no savepoints: the first one that fails undoes everything. Raises _Undone."""

    def __init__(self, transaction: Transaction) -> None:
        self.rows = transaction.rows
        self.change = transaction.change

    @contextmanager
    def attempt(self) -> Iterator[None]:
        try:
            yield
        except (JournalUnavailable, Contended):
            raise
        except Exception as error:
            raise _Undone from error


def _raised_by(call: Callable[[], None], transaction: Transaction) -> Exception | None:
    try:
        with transaction.attempt():
            call()
    except (JournalUnavailable, Contended):
        raise
    except Exception as error:  # noqa: BLE001 - told to whoever made the call
        return error
    return None


class _Piece:
    """One caller's work, and what became of it."""

    def __init__(self, work: Callable[[Transaction], Any]) -> None:
        self.work = work
        self.result: Any = None
        self.error: Exception | None = None
        self.finished = False
        self._asleep = threading.Lock()
        self._asleep.acquire()

    def attempt(self, transaction: Transaction) -> None:
        self.result, self.error = None, None
        try:
            with transaction.attempt():
                self.result = self.work(transaction)
        except (JournalUnavailable, Contended):
            raise
        except Exception as error:  # noqa: BLE001 - raised again by `outcome`, in the thread that asked for the work
            self.error = error

    def wait(self) -> None:
        """Sleep until it is finished, or appointed to lead."""
        self._asleep.acquire()

    def wake(self) -> None:
        """Once for each `wait`: a leader was woken when it was appointed."""
        if self._asleep.locked():
            self._asleep.release()

    def outcome(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.result


def _fail(group: list[_Piece], why: str) -> None:
    for piece in group:
        piece.result, piece.error = None, JournalUnavailable(why)
