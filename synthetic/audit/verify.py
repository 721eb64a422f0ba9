"""Verifying: every chain from its first record to its anchor, and against the copies that were shipped."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from synthetic.audit.anchor import BadAnchor, folder_here, key_here, read_anchor
from synthetic.audit.entry import Kind
from synthetic.audit.line import Head, Record
from synthetic.audit.manifest import BadCopy, manifests_in, read_manifest, require_copy
from synthetic.audit.places import (
    anchor_path,
    anchored_in,
    chains_in,
    segment_name,
    segment_number,
    segments_in,
)
from synthetic.audit.walk import Broken, Damage, walk

LOOKS_MAX = 4
LOOK_AGAIN_S = 0.05


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What a chain came to: how far it holds, and the first damage. `seal`: what the anchor's seal proves, in words.

    `unanchored`: how many records stand behind the anchor: of a crash or a worker that goes on, or somebody's.
    """

    chain: str
    head: Head
    segments: int
    damage: Damage | None
    seal: str = ""
    unanchored: int = 0


def verify(
    folder: Path, *, anchors: Path | None = None, key: bytes | None = None, shipped: Path | None = None
) -> list[ChainReport]:
    """A report for every chain that has segments, an anchor or a shipped copy. Raises OSError where a file can't be read.

    Without `anchors` and `key` the environment is asked for them, as by `Chain`. Finished segments that are only in `shipped`
    any more are read there.
    """
    anchored, key = anchors or folder_here() or folder, key or key_here()
    names = chains_in(folder) | anchored_in(anchored) | (chains_in(shipped) if shipped else set())
    reports = []
    for chain in sorted(names):
        copies = _Copies(folder / chain, shipped / chain) if shipped else None
        reports.append(_examine(folder / chain, anchor_path(anchored, chain), chain, key, copies))
    return reports


def walk_chain(segments: Sequence[Path], chain: str) -> Iterator[Record]:
    """Every record of a chain, from its first segment on. Raises Broken at the first damage."""
    head, line, sealed = Head(), 0, True
    for number, segment in enumerate(segments, 1):
        if segment_number(segment) != number:
            missing = segment.with_name(segment_name(number))
            raise Broken(Damage(missing, 1, head.count, "the segment is missing"))
        if not sealed:
            before = segments[number - 2]
            raise Broken(Damage(before, line + 1, head.count, "the segment ends without its seal, and is not the last"))
        line = 0
        for record in walk(segment, chain, head):
            head, sealed, line = record.head, record.kind == Kind.SEAL, line + 1
            yield record


class _Copies:
    """The shipped copies of one chain, beside its own segments."""

    def __init__(self, own: Path, shipped: Path) -> None:
        self._own = own
        self._shipped = shipped

    def segments(self) -> list[Path]:
        """Every segment once, its own file where there still is one."""
        found = {path.name: path for folder in (self._shipped, self._own) for path in segments_in(folder)}
        return sorted(found.values(), key=segment_number)

    def difference(self) -> Damage | None:
        """The first segment that is not as it was shipped."""
        for path in manifests_in(self._shipped):
            try:
                manifest = read_manifest(path)
                copy = require_copy(self._shipped, manifest)
            except BadCopy as bad:
                return Damage(path, 1, 0, str(bad))
            own = self._own / manifest.segment
            if own.exists() and own.read_bytes() != copy:
                return Damage(own, 1, manifest.first, f"it differs from the copy that was shipped to {self._shipped}")
        return None


def _examine(folder: Path, anchor: Path, chain: str, key: bytes | None, copies: _Copies | None) -> ChainReport:
    """A line without its end may be one that a worker is just writing: then look again."""
    for _ in range(LOOKS_MAX - 1):
        report, unfinished = _look(folder, anchor, chain, key, copies)
        if not unfinished:
            return report
        time.sleep(LOOK_AGAIN_S)
    return _look(folder, anchor, chain, key, copies)[0]


def _look(
    folder: Path, anchor: Path, chain: str, key: bytes | None, copies: _Copies | None
) -> tuple[ChainReport, bool]:
    """A report, and whether the last line had no end. The anchor is read first: who writes meanwhile only adds behind it."""
    head, damage, seal, known = Head(), None, "", None
    try:
        kept = read_anchor(anchor, chain, key)
        known = kept.head
        seal = "not looked at (no key)" if kept.keyed and key is None else ("keyed" if kept.keyed else "unkeyed")
    except BadAnchor as bad:
        damage = Damage(anchor, 1, 0, str(bad))
    segments = copies.segments() if copies else segments_in(folder)
    try:
        for record in walk_chain(segments, chain):
            head = record.head
            _require_known(record, known, anchor)
    except Broken as broken:
        unfinished = broken.at_end and broken.damage.file == segments[-1]
        return ChainReport(chain, head, len(segments), broken.damage, seal), unfinished
    damage = damage or (copies.difference() if copies else None)
    if known and head.count < known.count:
        lost = f"the tail was cut off: the anchor knows of {known.count} records"
        damage = Damage(segments[-1] if segments else folder, 1, head.count, lost)
    unanchored = head.count - known.count if known and damage is None else 0
    return ChainReport(chain, head, len(segments), damage, seal, unanchored), False


def _require_known(record: Record, known: Head | None, anchor: Path) -> None:
    if known and record.head.count == known.count and record.head != known:
        raise Broken(Damage(anchor, 1, record.seq, "the chain has another record here than the anchor knows"))
