"""Whatever somebody does to the files of an audit is found: laws over every byte, every line and every length."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from synthetic.audit.line import Head, link, read
from synthetic.audit.verify import verify
from synthetic.tests.audit.writing import START_NS, damage, fact, write

KEY = b"a key that only the auditor has"
RECORDS = 12
EXAMPLES = 150


class Audit:
    """A chain in several segments, its anchor sealed with a key, and a way back to what it was."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        write(folder, range(RECORDS), segment_bytes=1200, key=KEY)
        self.segments = sorted((folder / "w1").glob("*.jsonl"))
        self.anchor = folder / "w1.anchor.json"
        self._whole = {path: path.read_bytes() for path in (*self.segments, self.anchor)}

    def mend(self) -> None:
        """Everything as it was written."""
        for path, data in self._whole.items():
            self.put(path, data)

    def put(self, path: Path, data: bytes) -> None:
        """As somebody who may do everything on this machine."""
        path.unlink(missing_ok=True)
        path.write_bytes(data)

    def all_lines(self) -> list[tuple[Path, int]]:
        """Every line as (segment, index)."""
        return [(path, index) for path in self.segments for index in range(self._whole[path].count(b"\n"))]

    def line(self, at: tuple[Path, int]) -> bytes:
        """A line with its end."""
        return self._whole[at[0]].splitlines(keepends=True)[at[1]]

    def replace(self, at: tuple[Path, int], text: bytes) -> None:
        """Put something in the place of a line."""
        found = at[0].read_bytes().splitlines(keepends=True)
        found[at[1]] = text
        self.put(at[0], b"".join(found))

    def is_found(self) -> bool:
        """Whether the auditor sees that something was done."""
        return any(report.damage for report in verify(self.folder, key=KEY))

    def is_found_and_mended(self) -> bool:
        """The same, and the audit is whole again for whoever shares it."""
        try:
            return self.is_found()
        finally:
            self.mend()


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody writes to these files meanwhile."""
    monkeypatch.setattr("synthetic.audit.verify.LOOK_AGAIN_S", 0.0)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Audit:
    """One audit for all laws."""
    return Audit(tmp_path_factory.mktemp("audit"))


@pytest.fixture
def audit(shared: Audit) -> Iterator[Audit]:
    """The audit, which is mended afterwards."""
    yield shared
    shared.mend()


def test_what_nobody_touched_holds(audit: Audit) -> None:
    """The laws below judge an audit of several segments that is whole."""
    assert len(audit.segments) >= 4
    assert not audit.is_found()


@settings(max_examples=EXAMPLES, deadline=None)
@given(data=st.data())
def test_a_flipped_bit_is_found(shared: Audit, data: st.DataObject) -> None:
    """In any byte of any segment, and of the anchor."""
    path = data.draw(st.sampled_from([*shared.segments, shared.anchor]))
    text = bytearray(path.read_bytes())
    text[data.draw(st.integers(0, len(text) - 1))] ^= data.draw(st.integers(1, 255))
    shared.put(path, bytes(text))
    assert shared.is_found_and_mended()


@settings(max_examples=EXAMPLES, deadline=None)
@given(data=st.data())
def test_a_deleted_line_is_found(shared: Audit, data: st.DataObject) -> None:
    """The first of the chain, the last, the seal of a segment, or any other."""
    shared.replace(data.draw(st.sampled_from(shared.all_lines())), b"")
    assert shared.is_found_and_mended()


@settings(max_examples=EXAMPLES, deadline=None)
@given(data=st.data())
def test_a_line_that_is_there_twice_is_found(shared: Audit, data: st.DataObject) -> None:
    """Behind itself, or behind any other."""
    one, other = (data.draw(st.sampled_from(shared.all_lines())) for _ in range(2))
    shared.replace(other, shared.line(other) + shared.line(one))
    assert shared.is_found_and_mended()


@settings(max_examples=EXAMPLES, deadline=None)
@given(data=st.data())
def test_swapped_lines_are_found(shared: Audit, data: st.DataObject) -> None:
    """Neighbours, or lines of two segments."""
    one, other = (data.draw(st.sampled_from(shared.all_lines())) for _ in range(2))
    assume(one != other)
    shared.replace(one, shared.line(other))
    shared.replace(other, shared.line(one))
    assert shared.is_found_and_mended()


@settings(max_examples=EXAMPLES, deadline=None)
@given(data=st.data())
def test_a_segment_that_was_cut_is_found(shared: Audit, data: st.DataObject) -> None:
    """At any byte, also at the end of a line, also of the last segment: the anchor knows how long the chain was."""
    path = data.draw(st.sampled_from(shared.segments))
    text = path.read_bytes()
    shared.put(path, text[: data.draw(st.integers(0, len(text) - 1))])
    assert shared.is_found_and_mended()


@settings(max_examples=EXAMPLES, deadline=None)
@given(data=st.data())
def test_a_record_that_somebody_put_in_is_found(shared: Audit, data: st.DataObject) -> None:
    """Even one that is linked well to the record before it."""
    at = data.draw(st.sampled_from(shared.all_lines()))
    before = read(shared.line(at).rstrip(b"\n"))
    forged = link(fact(99), "w1", before.head, START_NS)
    shared.replace(at, shared.line(at) + forged.line + b"\n")
    last = at == shared.all_lines()[-1]  # behind the anchor a record is what a crash may have left unanchored
    try:
        assert shared.is_found() or last
    finally:
        shared.mend()


@pytest.mark.parametrize("which", [0, 1, -1])
def test_a_missing_segment_is_found(audit: Audit, which: int) -> None:
    """The first, one in the middle and the last."""
    audit.segments[which].unlink()
    told = damage(audit.folder, key=KEY)
    assert ("the tail was cut off" if which < 0 else f"{audit.segments[which]}:1: ") in told
    assert ("the anchor knows of" if which < 0 else "the segment is missing") in told


def test_the_first_bad_record_is_named(audit: Audit) -> None:
    """File, line, number and what is wrong with it."""
    at = audit.all_lines()[2]
    audit.replace(at, audit.line(at).replace(b'"amount_minor":10', b'"amount_minor":90'))
    told = damage(audit.folder, key=KEY)
    assert told == f"{at[0]}:{at[1] + 1}: record 2: its hash is not that of its content: it was edited"


def test_a_chain_that_was_taken_away_is_found(audit: Audit) -> None:
    """Its anchor is still there."""
    for segment in audit.segments:
        segment.unlink()
    assert "the tail was cut off: the anchor knows of" in damage(audit.folder, key=KEY)


def test_a_missing_anchor_is_found(audit: Audit) -> None:
    """Without it nobody could tell whether the tail is all there."""
    audit.anchor.unlink()
    assert "w1.anchor.json is missing" in damage(audit.folder, key=KEY)


def rewritten(folder: Path, key: bytes | None) -> None:
    """Another history of the same length, well linked, with an anchor of its own."""
    shutil.rmtree(folder / "w1")
    (folder / "w1.anchor.json").unlink()
    write(folder, range(100, 100 + RECORDS), segment_bytes=1200, key=key)


@pytest.mark.parametrize(
    ("key", "told"), [(None, "sealed without the key"), (b"another key", "does not bear its seal")]
)
def test_another_history_is_found_with_the_key(tmp_path: Path, key: bytes | None, told: str) -> None:
    """Who writes it has no key, or another one."""
    write(tmp_path, range(3), key=KEY)
    rewritten(tmp_path, key)
    assert told in damage(tmp_path, key=KEY)


def test_without_the_key_another_history_is_not_found(tmp_path: Path) -> None:
    """As documented: hashes alone need no secret, so an anchor that lies elsewhere or is keyed is what proves the whole."""
    write(tmp_path, range(3))
    rewritten(tmp_path, key=None)
    assert damage(tmp_path) == ""


def test_a_chain_that_bears_another_name_is_found(tmp_path: Path) -> None:
    """Segments of one worker can't stand in for those of another."""
    write(tmp_path, range(3))
    (tmp_path / "w1").rename(tmp_path / "w2")
    (tmp_path / "w1.anchor.json").rename(tmp_path / "w2.anchor.json")
    assert "belongs to the chain 'w1'" in damage(tmp_path) or "not as it was written" in damage(tmp_path)


def test_a_chain_begins_at_its_first_record(tmp_path: Path) -> None:
    """A head that nobody has written is that of an empty chain."""
    write(tmp_path, range(1))
    first = read((tmp_path / "w1" / "000001.jsonl").read_bytes().split(b"\n")[0])
    assert (first.seq, first.fields["prev"]) == (0, Head().hash)
