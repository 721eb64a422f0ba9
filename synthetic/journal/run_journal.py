"""What the driver of one run gets: the book, through the run's lease and under its caps."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from synthetic.core.effects import Intent
from synthetic.core.outcome import IntentState
from synthetic.journal.book import Book
from synthetic.journal.group import GroupCommit
from synthetic.journal.model import Caps, Lease


class RunJournal:
    """`core.ports.Journal`. Once the lease is over or taken every call raises FencedOff, so that nothing more is sent.

    Without a lease nobody is fenced off: for runs that have no account of their own.
    """

    def __init__(self, book: Book, lease: Lease | None, caps: Sequence[Caps] = ()) -> None:
        self._book = book
        self._lease = lease
        self._caps = tuple(caps)

    def intend(self, intent: Intent) -> None:
        """Durable, fenced and within the budget before the request leaves. Raises what `Book.intend` does."""
        self._book.intend(intent, self._lease, self._caps)

    @property
    def shares(self) -> GroupCommit:
        """See `Opened.shares`: the runs of a book share its commits."""
        return self._book.shares

    def together(self, calls: Sequence[Callable[[], None]]) -> list[Exception | None]:
        """See `Opened.together`."""
        return self._book.together(calls)

    def resolve(self, key: str, state: IntentState) -> None:
        """Record what became of an intent. Raises what `Book.resolve` does."""
        self._book.resolve(key, state, self._lease)
