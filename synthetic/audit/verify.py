"""Verifying: every chain from its first record to its anchor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from synthetic.audit.anchor import BadAnchor, read_anchor
from synthetic.audit.entry import Kind
from synthetic.audit.line import Head, Record
from synthetic.audit.places import (
    anchor_path,
    anchored_in,
    chains_in,
    segment_name,
    segment_number,
    segments_in,
)
from synthetic.audit.walk import Broken, Damage, walk


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


def verify(folder: Path, *, anchors: Path | None = None, key: bytes | None = None) -> list[ChainReport]:
    """A report for every chain that has segments or an anchor. Raises OSError where a file can't be read."""
    anchored = anchors or folder
    names = chains_in(folder) | anchored_in(anchored)
    return [_examine(folder / chain, anchor_path(anchored, chain), chain, key) for chain in sorted(names)]


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


def _examine(folder: Path, anchor: Path, chain: str, key: bytes | None) -> ChainReport:
    """The anchor is read first: a worker that goes on meanwhile only adds behind it."""
    head, damage, seal, known = Head(), None, "", None
    try:
        kept = read_anchor(anchor, chain, key)
        known = kept.head
        seal = "not looked at (no key)" if kept.keyed and key is None else ("keyed" if kept.keyed else "unkeyed")
    except BadAnchor as bad:
        damage = Damage(anchor, 1, 0, str(bad))
    segments = segments_in(folder)
    try:
        for record in walk_chain(segments, chain):
            head = record.head
            _require_known(record, known, anchor)
    except Broken as broken:
        return ChainReport(chain, head, len(segments), broken.damage, seal)
    if known and head.count < known.count:
        lost = f"the tail was cut off: the anchor knows of {known.count} records"
        damage = Damage(segments[-1] if segments else folder, 1, head.count, lost)
    unanchored = head.count - known.count if known and damage is None else 0
    return ChainReport(chain, head, len(segments), damage, seal, unanchored)


def _require_known(record: Record, known: Head | None, anchor: Path) -> None:
    if known and record.head.count == known.count and record.head != known:
        raise Broken(Damage(anchor, 1, record.seq, "the chain has another record here than the anchor knows"))
