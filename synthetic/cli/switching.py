"""The doors of the kill switch as a command line finds them: the journal's row, the kill file, and the audit that hears of both."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from synthetic.audit.chain import AuditUnwritable, Chain, ChainHeld
from synthetic.audit.entry import Entry
from synthetic.audit.line import utc
from synthetic.audit.places import OPERATORS
from synthetic.audit.trail import AuditTrail
from synthetic.cli.screen import say
from synthetic.config.names import NOWHERE
from synthetic.config.secret_refs import BadReference
from synthetic.config.switch_places import SwitchPlaces, database_address, switch_places
from synthetic.core.errors import AuthorError, HarnessError
from synthetic.core.money import Money
from synthetic.journal.book import Book, open_book
from synthetic.journal.model import Left

_LOCK_WITHIN_S = 2.0
_TO_SECOND = len("2026-01-31T08:00:00")


class Doors:
    """What of the switch can be reached. A context manager. Where one door is shut the other one still works, and it is said."""

    def __init__(self, places: SwitchPlaces, *, both: bool = False) -> None:
        self._both = both
        self._file = places.file
        self._audit = places.audit
        self._book: Book | None = None
        self._shut = list(places.problems)
        if places.database:
            try:
                self._book = _open_existing(places.database)
            except HarnessError as error:
                self._shut.append(str(error))
        for problem in self._shut:
            say(problem, style="yellow")
        if self._book is None and self._file is None:
            raise HarnessError(
                "no door of the kill switch can be reached; to stop the runs, stop the workers (SIGTERM)"
            )

    @classmethod
    def of(cls, serve_file: Path, database: str | None, file: Path | None) -> Doors:
        """The doors that a serve file names, or those that are given. Raises AuthorError, HarnessError."""
        named = SwitchPlaces() if (database or file) and not serve_file.exists() else switch_places(serve_file)
        try:
            address = database_address(database, Path()) if database else named.database
        except BadReference as error:
            raise AuthorError.at(NOWHERE, f"--database: {error}") from None
        places = SwitchPlaces(address, file or named.file, named.audit, () if database else named.problems)
        return cls(places, both=file is not None)

    def killed(self) -> list[str]:
        """Everything that stops new runs, each with who, since when and why. Raises JournalUnavailable."""
        found = []
        if self._book is not None and (kill := self._book.killed()) is not None:
            found.append(f"by {kill.by} since {utc(kill.at_ns)[:_TO_SECOND]}Z: {kill.reason}")
        if self._file is not None and (self._file.exists() or self._file.is_symlink()):
            found.append(f"by the file {self._file}: {_first_line(self._file)}")
        return found

    def under_way(self) -> list[str]:
        """What is still to be finished, and what is stranded. Raises JournalUnavailable."""
        if self._book is None:
            return []
        runs, left = len(self._book.open_runs()), self._book.left()
        going = f"{runs} {'run is' if runs == 1 else 'runs are'} open"
        return [f"{going}; {_stranded(left)}"]

    def throw(self, by: str, reason: str) -> None:
        """In the journal; by the file where that was asked for, or the journal can't be reached. Raises HarnessError."""
        thrown = self._throw_in_book(f"user:{by}", reason)
        if not thrown and self._file is None:
            raise HarnessError("the kill switch could be thrown NOWHERE; stop the workers themselves (SIGTERM)")
        if self._file is not None and (self._both or not thrown):
            self._throw_by_file(self._file, f"{reason} (user:{by})\n")
        self._note(lambda trail: trail.kill(f"user:{by}", reason))

    def release(self, by: str) -> None:
        """In the journal, and the file is removed. Raises HarnessError where one of them can't be."""
        if self._book is not None:
            self._book.resume(f"user:{by}")
        if self._file is not None:
            try:
                self._file.unlink(missing_ok=True)
            except OSError as error:
                raise HarnessError(f"the kill file {self._file} can't be removed: {error.strerror}") from None
        self._note(lambda trail: trail.resume(f"user:{by}"))

    def close(self) -> None:
        """Let go of the database."""
        if self._book is not None:
            self._book.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _throw_in_book(self, by: str, reason: str) -> bool:
        if self._book is None:
            return False
        try:
            self._book.kill(by, reason)
        except HarnessError as error:
            say(str(error), style="yellow")
            return False
        return True

    def _throw_by_file(self, file: Path, text: str) -> None:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        except OSError as error:
            raise HarnessError(f"the kill file {file} can't be written: {error.strerror}") from None
        say(f"thrown by the file {file}: it stops the workers that can see it", style="yellow")

    def _note(self, tell: Callable[[AuditTrail], None]) -> None:
        """In the audit; that it can't be written keeps nobody from stopping the runner."""
        if self._audit is None:
            return
        noted: list[Entry] = []
        tell(AuditTrail(noted.append, "operators"))
        try:
            with _operators(self._audit) as chain:
                chain.append([(time.time_ns(), entry) for entry in noted])
        except AuditUnwritable as error:
            say(f"not in the audit: {error}", style="yellow")


def _operators(folder: Path) -> Chain:
    """The chain of those who work by hand; another command may be writing to it just now."""
    deadline = time.monotonic() + _LOCK_WITHIN_S
    while time.monotonic() < deadline:
        with suppress(ChainHeld):
            return Chain(folder, OPERATORS)
        time.sleep(0.05)
    return Chain(folder, OPERATORS)


def _open_existing(database: str) -> Book:
    """A misspelt path would make a new journal, and stop nobody."""
    if "://" not in database and not Path(database).exists():
        raise HarnessError(f"there is no journal at {database}")
    return open_book(database)


def _first_line(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").partition("\n")[0] or "no reason given"
    except OSError as error:
        return f"it is there, and can't be read: {error.strerror}"


def _stranded(left: Left) -> str:
    if not left.effects:
        return "no money is stranded"
    sums = ", ".join(str(Money(minor, currency)) for currency, minor in sorted(left.minor.items()))
    return f"STRANDED: {sums} in {left.effects} {'effect' if left.effects == 1 else 'effects'}"
