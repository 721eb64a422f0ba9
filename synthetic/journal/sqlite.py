"""The journal of one command: effects in one SQLite file, on the disk before `intend` returns, without leases and budgets."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from synthetic.core.effects import Intent
from synthetic.core.outcome import IntentState
from synthetic.journal.book import open_book
from synthetic.journal.entry import JournalEntry
from synthetic.journal.group import GroupCommit


class SqliteJournal:
    """`core.ports.Journal` in one file. Threads may share it; processes may share the file.

    A key stands for one effect for ever, across runs. Raises HarnessError where the file can't be used.
    """

    def __init__(self, path: Path | str, wall_ns: Callable[[], int] = time.time_ns) -> None:
        self._book = open_book(Path(path), wall_ns=wall_ns)

    def intend(self, intent: Intent) -> None:
        """Put the intent on the disk; once more under the same key is no mistake. Raises HarnessError; then nothing may be sent."""
        self._book.intend(intent, None)

    @property
    def shares(self) -> GroupCommit:
        """See `Opened.shares`."""
        return self._book.shares

    def together(self, calls: Sequence[Callable[[], None]]) -> list[Exception | None]:
        """Make calls of this journal in one transaction; answers what each raised. All are on the disk when this returns."""
        return self._book.together(calls)

    def resolve(self, key: str, state: IntentState) -> None:
        """Record what became of an intent. Raises HarnessError for a key that was never intended, and on disk errors."""
        self._book.resolve(key, state)

    def entries(self) -> list[JournalEntry]:
        """Every intent, oldest first."""
        return self._book.entries()

    def runs_known(self, run_ids: Iterable[str]) -> set[str]:
        """Those of these runs that have moved money before."""
        return self._book.runs_known(run_ids)

    def open_intents(self) -> list[JournalEntry]:
        """The intents that nobody has settled, oldest first."""
        return self._book.open_intents()

    def close(self) -> None:
        """Close the file."""
        self._book.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
