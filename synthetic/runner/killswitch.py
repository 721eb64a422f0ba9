"""The kill switch as a worker sees it: a row of the journal, a file, a call, and its own end. What can't be read counts as on.

It stops new runs only. What is under way plays on, and money that is on its way is brought home.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from stat import S_ISREG

from synthetic.core.errors import HarnessError, Killed
from synthetic.core.ports import Clock
from synthetic.journal.book import Book
from synthetic.journal.model import Kill
from synthetic.runner.outside import OffLoop

LOOK_EVERY_S = 0.25
STALE_S = 1.0  # nobody has looked for so long: then it counts as on, so that a look that hangs lets nothing begin
REASON_MAX = 500
UNREADABLE = "(nobody)"
NO_REASON = "the kill file is there"


def _tell_nobody(_kill: Kill | None) -> None:
    return


class KillSwitch:
    """Looks at the journal and at `file`; `killed` answers at once what was seen last. Threads may share it.

    `changed` hears each time that it goes on (with who and why) or off again; it must not block or raise.
    """

    def __init__(
        self,
        book: Book,
        clock: Clock,
        *,
        file: Path | None = None,
        changed: Callable[[Kill | None], None] = _tell_nobody,
    ) -> None:
        self._book = book
        self._clock = clock
        self._file = file
        self._changed = changed
        self._own: Kill | None = None
        self._durable: Kill | None = None  # the own one that is a row of the journal; from then on the row counts
        self._ending: Kill | None = None
        self._seen: Kill | None = None
        self._seen_at_ns: int | None = None
        self._told: Kill | None = None

    @property
    def killed(self) -> Kill | None:
        """Who stopped new runs, why, and since when; None: they may begin."""
        return self._ending or self._own or self._seen or self._stale()

    def require_off(self) -> None:
        """Raises Killed."""
        kill = self.killed
        if kill is not None:
            raise Killed(f"the kill switch is on, by {kill.by}: {kill.reason}")

    def look(self) -> Kill | None:
        """Look at every source once; blocks while it reads."""
        began_ns, durable = self._clock.monotonic_ns(), self._durable
        seen = self._read_file() or self._read_book()
        self._seen, self._seen_at_ns = seen, began_ns
        if seen is None and durable is not None and self._own is durable:
            self._own = None  # its row was there before we looked: somebody has resumed, from wherever
        self._tell()
        return self.killed

    async def watch(self, off_loop: OffLoop = asyncio.to_thread, every_s: float = LOOK_EVERY_S) -> None:
        """Look for ever, until cancelled."""
        while True:
            await off_loop(self.look)
            await asyncio.sleep(every_s)

    def throw(self, by: str, reason: str) -> None:
        """Stop this worker at once, and all others through the journal.

        It ends with the row, whoever takes that back. Raises JournalUnavailable where the others can't be told; this worker is
        stopped all the same then, until somebody releases it here.
        """
        # A new one each time, with the first words: a look under way, at a row that is gone, must not end it.
        own = replace(self._own) if self._own else Kill(by, _shortened(reason), self._clock.wall_ns())
        self._own = own
        self._tell()
        self._book.kill(by, _shortened(reason))
        self._durable = own

    def release(self, by: str) -> Kill | None:
        """Let runs begin again; answers what still stops them, such as the file. Raises JournalUnavailable."""
        self._book.resume(by)
        self._own = None
        return self.look()

    def end(self, by: str, reason: str) -> None:
        """This worker ends (a signal): it begins nothing any more, whatever becomes of the switch. The others go on."""
        self._ending = Kill(by, _shortened(reason), self._clock.wall_ns())
        self._tell()

    def _stale(self) -> Kill | None:
        now_ns = self._clock.monotonic_ns()
        if self._seen_at_ns is None:
            return self._unknown("nobody has looked at the kill switch yet")
        if now_ns - self._seen_at_ns > STALE_S * 1e9:
            return self._unknown(f"the kill switch could not be read for {(now_ns - self._seen_at_ns) / 1e9:.1f} s")
        return None

    def _read_book(self) -> Kill | None:
        try:
            return self._book.killed()
        except HarnessError as error:
            return self._unknown(f"the kill switch in the journal can't be read: {error}")

    def _read_file(self) -> Kill | None:
        """On where it is there. A folder that is missing is one where nobody could put it."""
        if self._file is None:
            return None
        try:
            mode = self._file.lstat().st_mode
        except FileNotFoundError:
            if self._file.parent.is_dir():
                return None
            return self._unknown(f"the folder of the kill file {self._file} is not there")
        except OSError as error:
            return self._unknown(f"the kill file {self._file} can't be looked for: {error.strerror}")
        return Kill(f"file {self._file}", _reason_in(self._file) if S_ISREG(mode) else NO_REASON, self._clock.wall_ns())

    def _unknown(self, reason: str) -> Kill:
        return Kill(UNREADABLE, reason, self._clock.wall_ns())

    def _tell(self) -> None:
        now = self._ending or self._own or self._seen
        if _named(now) != _named(self._told):
            self._told = now
            self._changed(now)


def _reason_in(file: Path) -> str:
    """Its first line, whatever else is wrong with it: it is there, and that is what counts."""
    try:
        with file.open("rb") as stream:
            first = stream.readline(REASON_MAX * 4).decode(errors="replace").strip()
    except OSError as error:
        return f"{NO_REASON}; it can't be read: {error.strerror}"
    return _shortened(first) or NO_REASON


def _named(kill: Kill | None) -> tuple[str, str] | None:
    return (kill.by, kill.reason) if kill else None


def _shortened(reason: str) -> str:
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in reason).split())
    return line if len(line) <= REASON_MAX else f"{line[: REASON_MAX - 1]}…"
