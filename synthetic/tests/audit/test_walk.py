"""Each thing that can be wrong with a record is told by its own name, also where whoever did it linked it with care."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from synthetic.audit.entry import Entry, Kind
from synthetic.audit.line import Head, Record, link, read
from synthetic.audit.verify import walk_chain
from synthetic.audit.walk import Broken
from synthetic.tests.audit.writing import START_NS, damage, fact, write

OPENED = Entry(Kind.OPENED, "audit", data={"segment": 1})
SEAL = Entry(Kind.SEAL, "audit")


def linked(*entries: Entry, head: Head | None = None) -> list[Record]:
    """Entries linked one to the other, as anybody can do it."""
    records: list[Record] = []
    for entry in entries:
        records.append(link(entry, "w1", records[-1].head if records else head or Head(), START_NS))
    return records


def told(folder: Path, *segments: Sequence[Record]) -> str:
    """What walking these segments says."""
    paths = [folder / f"{number:06d}.jsonl" for number in range(1, len(segments) + 1)]
    for path, records in zip(paths, segments, strict=True):
        path.write_bytes(b"".join(record.line + b"\n" for record in records))
    try:
        return f"{len(list(walk_chain(paths, 'w1')))} records"
    except Broken as broken:
        return f"{broken.damage.file.name}:{broken.damage.line}: {broken.damage.reason}"


def test_a_chain_that_is_linked_well_is_walked_to_its_end(tmp_path: Path) -> None:
    """Or nothing that is told below would mean anything."""
    first = linked(OPENED, fact(1), SEAL)
    second = linked(Entry(Kind.OPENED, "audit", data={"segment": 2}), fact(2), head=first[-1].head)
    assert told(tmp_path, first, second) == "5 records"


def test_another_spelling_of_the_same_content_is_an_edit(tmp_path: Path) -> None:
    """Its hash is right, and its bytes are not those that were written."""
    write(tmp_path, [1])
    segment = tmp_path / "w1" / "000001.jsonl"
    segment.write_bytes(segment.read_bytes().replace(b"\\u00eb", b"\\u00EB"))
    assert "record 1: it is not in the canonical form" in damage(tmp_path)


def test_a_record_with_the_wrong_number_is_told(tmp_path: Path) -> None:
    """Though it follows the hash before it."""
    (opened,) = linked(OPENED)
    assert "the number of the record here is 5" in told(tmp_path, [opened, *linked(fact(1), head=Head(5, opened.hash))])


def test_a_record_that_follows_another_one_is_told(tmp_path: Path) -> None:
    """Though its number is right."""
    (opened,) = linked(OPENED)
    assert "it does not follow the record before it" in told(
        tmp_path, [opened, *linked(fact(1), head=Head(1, "ab" * 32))]
    )


def test_a_record_of_another_chain_is_told(tmp_path: Path) -> None:
    """Though it is linked."""
    (opened,) = linked(OPENED)
    assert "it belongs to the chain 'w2'" in told(tmp_path, [opened, link(fact(1), "w2", opened.head, START_NS)])


def test_a_record_behind_the_seal_is_told(tmp_path: Path) -> None:
    """A finished segment stays as it is."""
    assert "000001.jsonl:4: it stands behind the seal" in told(tmp_path, linked(OPENED, fact(1), SEAL, fact(2)))


@pytest.mark.parametrize(
    "entries", [(fact(1),), (OPENED, fact(1), OPENED), (Entry(Kind.OPENED, "audit", data={"segment": 7}),)]
)
def test_a_segment_begins_with_what_opens_it_and_nowhere_else(tmp_path: Path, entries: tuple[Entry, ...]) -> None:
    """Under the number that its file has."""
    assert "a segment begins with the record that opens it" in told(tmp_path, linked(*entries))


def test_a_segment_without_its_seal_has_no_successor(tmp_path: Path) -> None:
    """Its last records may have been taken away."""
    first = linked(OPENED, fact(1))
    second = linked(Entry(Kind.OPENED, "audit", data={"segment": 2}), head=first[-1].head)
    assert "000001.jsonl:3: the segment ends without its seal" in told(tmp_path, first, second)


def test_a_history_of_the_same_length_is_not_what_the_anchor_knows(tmp_path: Path) -> None:
    """Its last hash is another one."""
    write(tmp_path, range(3))
    shutil.move(tmp_path / "w1.anchor.json", tmp_path / "kept")
    shutil.rmtree(tmp_path / "w1")
    write(tmp_path, range(5, 9))
    shutil.move(tmp_path / "kept", tmp_path / "w1.anchor.json")
    assert "record 3: the chain has another record here than the anchor knows" in damage(tmp_path)


@pytest.mark.parametrize("line", [b"[]", b"{}", b'{"prev":1}', b"\xff", b"[" * 100_000, b'{"prev":"zz","hash":"zz"}'])
def test_what_is_no_record_is_told_and_nothing_else_happens(tmp_path: Path, line: bytes) -> None:
    """Whatever stands there is somebody else's bytes."""
    write(tmp_path, [1])
    segment = tmp_path / "w1" / "000001.jsonl"
    segment.write_bytes(line + b"\n" + segment.read_bytes())
    assert "000001.jsonl:1: record 0: it " in damage(tmp_path)


def test_a_record_is_read_as_it_was_linked() -> None:
    """Fields, hash and bytes."""
    (record,) = linked(fact(1))
    assert read(record.line) == record
