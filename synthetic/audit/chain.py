"""One chain on the disk: appended to by one process, in segments that are sealed and made read-only when they are full.

Nothing is ever overwritten or cut: what a crash left half-written stays, and the next record names it (`recovered`).
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from synthetic.audit.anchor import KEY_VARIABLE, BadAnchor, folder_here, key_here, read_anchor, write_anchor
from synthetic.audit.entry import OWN_KINDS, Detail, Entry, Kind
from synthetic.audit.line import BadLine, Head, link, read, utc
from synthetic.audit.places import anchor_path, require_name, segment_name, segment_number, segments_in
from synthetic.audit.walk import DAY_CHARS, Broken, Damage, cut_off, last_whole
from synthetic.core.errors import HarnessError

SEGMENT_BYTES = 8 * 1024 * 1024
READ_ONLY = 0o444
_OWN = "audit"


class AuditUnwritable(HarnessError):  # noqa: N818 - the sentence reads "audit unwritable"
    """The audit can't be written: a full disk, a lost one, a chain that somebody else holds or that is broken."""


class ChainHeld(AuditUnwritable):
    """Another process writes this chain just now."""


class Chain:
    """Appends to the chain of one worker. A context manager; one process at a time. Raises AuditUnwritable.

    `key` seals the anchor; `anchors` is its folder where it should lie apart from the chain, which is wise. Without them the
    environment is asked (`anchor.KEY_VARIABLE`, `anchor.FOLDER_VARIABLE`).
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        *,
        anchors: Path | None = None,
        key: bytes | None = None,
        wall_ns: Callable[[], int] = time.time_ns,
        segment_bytes: int = SEGMENT_BYTES,
    ) -> None:
        self.name = require_name(name)
        self.folder = folder / name
        self.head = Head()
        self._anchor = anchor_path(anchors or folder_here() or folder, name)
        self._key = key or key_here()
        self._wall_ns = wall_ns
        self._segment_bytes = segment_bytes
        self._day = ""
        self._file = -1
        self._lock = -1
        try:
            self._open()
        except OSError as error:
            self.close()
            raise self._unwritable(error) from error
        except (Broken, BadAnchor) as error:
            self.close()
            hint = "look at it with `synthetic audit verify`, keep the folder as it is, and begin with a new one"
            raise AuditUnwritable(f"the audit chain {name!r} is broken: {error}; {hint}") from None
        except AuditUnwritable:
            self.close()
            raise

    def append(self, facts: Sequence[tuple[int, Entry]]) -> None:
        """Put facts with their instants (ns since the Unix epoch) on the disk, durably. Raises AuditUnwritable."""
        if not facts:
            return
        try:
            self._turn_over_where_due()
            self._write(facts)
            self._keep_head()
        except OSError as error:
            raise self._unwritable(error) from error

    def facts_since(self, count: int) -> int:
        """How many facts the chain has behind its first `count` records: what an append that failed had written all the same."""
        lines = [line for path in segments_in(self.folder)[-2:] for line in path.read_bytes().split(b"\n")]
        facts = 0
        for line in lines:
            with suppress(BadLine):
                record = read(line)
                facts += record.seq >= count and record.kind not in OWN_KINDS
        return facts

    def seal(self) -> None:
        """Finish the current segment; the next fact begins another one. Raises AuditUnwritable."""
        try:
            if self._file >= 0:
                self._seal("asked for")
        except OSError as error:
            raise self._unwritable(error) from error

    def close(self) -> None:
        """Close the files; the segment stays open for the next process of this name."""
        for descriptor in (self._file, self._lock):
            if descriptor >= 0:
                os.close(descriptor)
        self._file = self._lock = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _unwritable(self, error: OSError) -> AuditUnwritable:
        return AuditUnwritable(f"the audit {self.folder} can't be written: {error.strerror or error}")

    def _open(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        self._anchor.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
        self._lock = os.open(self.folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ChainHeld(f"another process writes the audit chain {self.name!r} in {self.folder}") from None
        segments = segments_in(self.folder)
        if segments:
            self._resume(segments[-1], self._read_anchor())
        elif not self._anchor.exists():
            self._keep_head()  # from here on a missing anchor means that somebody took it away
        elif self._read_anchor() != Head():
            raise Broken(Damage(self.folder, 1, 0, "the anchor knows of records, and there are none"))

    def _read_anchor(self) -> Head:
        """What the anchor knows. Whoever writes on without the key would take its seal away."""
        anchor = read_anchor(self._anchor, self.name, self._key)
        if anchor.keyed and self._key is None:
            raise AuditUnwritable(f"the anchor {self._anchor} is sealed with a key, and {KEY_VARIABLE} is not set")
        return anchor.head

    def _resume(self, segment: Path, anchored: Head) -> None:
        """Go on where the last process ended, whether or not it came to its end."""
        if segment.stat().st_size == 0:  # it ended between making the file and writing to it
            self.head = anchored
            self._begin(segment)
            return
        end = last_whole(segment, self.name, anchored)
        self.head = end.head
        if end.sealed:
            segment.chmod(READ_ONLY)
            self._keep_head()
            return
        self._day = end.day
        self._file = os.open(segment, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        if end.damage_at is not None:
            self._recover(segment, end.damage_at)

    def _recover(self, segment: Path, offset: int) -> None:
        torn = segment.read_bytes()[offset:]
        if not torn.endswith(b"\n"):
            _write_all(self._file, b"\n")
            torn += b"\n"
        self._write([(self._wall_ns(), self._own(Kind.RECOVERED, **cut_off(torn)))])
        self._keep_head()

    def _turn_over_where_due(self) -> None:
        if self._file >= 0:
            state = os.fstat(self._file)
            if state.st_size >= self._segment_bytes:
                self._seal("size")
            elif utc(self._wall_ns())[:DAY_CHARS] > self._day:
                self._seal("day")
        if self._file < 0:
            segments = segments_in(self.folder)
            self._begin(self.folder / segment_name(segment_number(segments[-1]) + 1 if segments else 1))

    def _begin(self, segment: Path) -> None:
        self._file = os.open(segment, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        self._write([(self._wall_ns(), self._own(Kind.OPENED, segment=segment_number(segment)))])
        _sync_folder(self.folder)
        self._keep_head()

    def _seal(self, reason: str) -> None:
        self._write([(self._wall_ns(), self._own(Kind.SEAL, records=self.head.count + 1, reason=reason))])
        os.fchmod(self._file, READ_ONLY)
        self._keep_head()  # before the next segment: the anchor never lies further back than the newest one
        os.close(self._file)
        self._file = -1

    def _write(self, facts: Sequence[tuple[int, Entry]]) -> None:
        head, lines = self.head, bytearray()
        for at_ns, entry in facts:
            record = link(entry, self.name, head, at_ns)
            head = record.head
            lines += record.line + b"\n"
        _write_all(self._file, lines)
        os.fdatasync(self._file)
        self.head = head
        self._day = max(self._day, utc(facts[-1][0])[:DAY_CHARS])

    def _keep_head(self) -> None:
        write_anchor(self._anchor, self.name, self.head, self._wall_ns(), self._key)

    def _own(self, kind: Kind, **data: Detail) -> Entry:
        return Entry(kind, _OWN, data=data)


def _write_all(file: int, data: bytes | bytearray) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]


def _sync_folder(folder: Path) -> None:
    """A new file's name is on the disk only when its folder is."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
