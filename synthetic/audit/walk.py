"""Walking a segment line by line, from what came before it to the first line that is not as it was written."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from synthetic.audit.entry import Kind
from synthetic.audit.line import BadLine, Head, Record, read
from synthetic.audit.places import segment_number

DAY_CHARS = len("2026-01-31")


@dataclass(frozen=True, slots=True)
class Damage:
    """The first thing that is wrong: in which file, on which line, which record should have been there, and why it isn't."""

    file: Path
    line: int
    seq: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: record {self.seq}: {self.reason}"


class Broken(ValueError):  # noqa: N818 - the sentence reads "the chain is broken"
    """The walk can't go on. `offset`: where in the file the damage begins, in bytes.

    `at_end`: there is no line's end behind it, as in the moment in which somebody is writing.
    """

    def __init__(self, damage: Damage, offset: int = 0, *, at_end: bool = False) -> None:
        super().__init__(str(damage))
        self.damage = damage
        self.offset = offset
        self.at_end = at_end


@dataclass(frozen=True, slots=True)
class End:
    """Where a segment ends: its last whole record, and in which byte begins what a crash has left behind it (None: nothing)."""

    head: Head
    day: str = ""
    sealed: bool = False
    damage_at: int | None = None


def walk(path: Path, chain: str, head: Head) -> Iterator[Record]:
    """The records of the segment that follows `head`. Raises Broken at the first damage, and OSError.

    What a crash has cut off is passed over where the record after it names exactly these bytes.
    """
    data = path.read_bytes()
    offset, line, sealed = 0, 1, False
    while offset < len(data) or offset == 0:
        try:
            record = _require_next(_read_at(data, offset), path, chain, head, offset=offset, sealed=sealed)
        except BadLine as bad:
            found = _recovered(data, offset, chain, head)
            if found is None:
                at_end = data.find(b"\n", offset) < 0
                raise Broken(Damage(path, line, head.count, str(bad)), offset, at_end=at_end) from None
            record, start = found
            line, offset = line + data.count(b"\n", offset, start), start
        yield record
        head, sealed = record.head, record.kind == Kind.SEAL
        offset, line = offset + len(record.line) + 1, line + 1


def last_whole(path: Path, chain: str, anchored: Head) -> End:
    """The end of a chain's last segment. Raises Broken where it can't be explained by a crash.

    What the anchor knows was on the disk before: a crash can't have taken it.
    """
    end = End(follows(path) or anchored)
    met = end.head == anchored
    try:
        for record in walk(path, chain, end.head):
            end = End(record.head, str(record.fields.get("at"))[:DAY_CHARS], record.kind == Kind.SEAL)
            met = met or end.head == anchored
    except Broken as broken:
        if not met:
            raise
        return replace(end, damage_at=broken.offset)
    if not met:
        reason = f"the chain does not come to record {anchored.count - 1} as the anchor has it: its tail was cut off"
        raise Broken(Damage(path, 1, end.head.count, reason))
    return end


def follows(path: Path) -> Head | None:
    """The head which the first whole line of a segment says it follows."""
    for line in path.read_bytes().split(b"\n"):
        with suppress(BadLine):
            record = read(line)
            return Head(record.seq, str(record.fields["prev"]))
    return None


def cut_off(data: bytes) -> dict[str, str | int]:
    """How a record names bytes that a crash has cut off."""
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def _read_at(data: bytes, offset: int) -> Record:
    end = data.find(b"\n", offset)
    if offset == len(data):
        raise BadLine("the segment is empty")
    if end < 0:
        raise BadLine("its line has no end: it was cut off, by a crash or by somebody")
    return read(data[offset:end])


def _require_next(record: Record, path: Path, chain: str, head: Head, *, offset: int, sealed: bool) -> Record:
    """The record, where it is the one that has to stand here."""
    if record.fields.get("chain") != chain:
        raise BadLine(f"it belongs to the chain {record.fields.get('chain')!r}")
    if record.seq != head.count:
        raise BadLine(f"the number of the record here is {record.seq}: records are missing, added or out of order")
    if record.fields["prev"] != head.hash:
        raise BadLine("it does not follow the record before it")
    if sealed:
        raise BadLine("it stands behind the seal of its segment")
    opens = record.kind == Kind.OPENED
    if opens is not (offset == 0) or (opens and record.data.get("segment") != segment_number(path)):
        raise BadLine("a segment begins with the record that opens it, and nowhere else")
    return record


def _recovered(data: bytes, offset: int, chain: str, head: Head) -> tuple[Record, int] | None:
    """The record that names the damage from `offset` on, and where it stands."""
    start = data.find(b"\n", offset) + 1
    while 0 < start < len(data):
        with suppress(BadLine):
            record = _read_at(data, start)
            follows = (record.fields.get("chain"), record.head, record.fields["prev"]) == (
                chain,
                Head(head.count + 1, record.hash),
                head.hash,
            )
            named = {name: record.data.get(name) for name in ("bytes", "sha256")}
            if follows and record.kind == Kind.RECOVERED and named == cut_off(data[offset:start]):
                return record, start
        start = data.find(b"\n", start) + 1
    return None
