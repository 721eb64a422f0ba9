"""Shipping and exporting: finished segments leave once, with a manifest; what was shipped is held against what is here."""

from __future__ import annotations

import csv
import json
import shutil
import stat
import sys
from pathlib import Path

import pytest

from synthetic.audit.chain import Chain
from synthetic.audit.entry import Entry, Kind
from synthetic.audit.export import COLUMNS, as_row, records, row
from synthetic.audit.ship import ship_by, ship_to
from synthetic.audit.walk import Damage
from synthetic.core.errors import HarnessError
from synthetic.tests.audit.writing import DAY_NS, START_NS, chain_of, damage, fact, write


@pytest.fixture
def audit(tmp_path: Path) -> Path:
    """A chain of several segments; the last one is not finished."""
    folder = tmp_path / "audit"
    write(folder, range(8), segment_bytes=1200)
    return folder


def names(folder: Path) -> list[str]:
    """The files in a folder."""
    return sorted(path.name for path in folder.iterdir())


def test_finished_segments_are_copied_once_and_read_only(audit: Path, tmp_path: Path) -> None:
    """Each with its manifest; the one that is still written to stays."""
    target = tmp_path / "worm"
    shipped = ship_to(audit, target)
    ours = sorted(path.name for path in (audit / "w1").glob("*.jsonl"))
    assert [one.manifest.segment for one in shipped] == ours[:-1]
    assert names(target / "w1") == sorted(name for one in ours[:-1] for name in (one, f"{one}.manifest.json"))
    for path in (target / "w1").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o444
    assert ship_to(audit, target) == []


def test_the_manifest_says_what_the_segment_was(audit: Path, tmp_path: Path) -> None:
    """Its hash, its records, and the head that the next one follows."""
    first, *_ = ship_to(audit, tmp_path / "worm")
    said = json.loads((tmp_path / "worm" / "w1" / "000001.jsonl.manifest.json").read_text())
    seal = json.loads((audit / "w1" / "000001.jsonl").read_text().splitlines()[-1])
    assert (said["first"], said["count"], said["hash"]) == (0, seal["seq"] + 1, seal["hash"])
    assert said["sha256"] == first.manifest.sha256


def test_another_history_is_found_by_what_was_shipped(audit: Path, tmp_path: Path) -> None:
    """Without any key: who rewrites the chain and its anchor can't reach the copies."""
    ship_to(audit, tmp_path / "worm")
    shutil.rmtree(audit)
    write(audit, range(20, 28), segment_bytes=1200)
    assert damage(audit) == ""
    assert "000001.jsonl:1: record 0: it differs from the copy that was shipped" in damage(
        audit, shipped=tmp_path / "worm"
    )


def test_an_audit_that_was_taken_away_whole_is_found_by_what_was_shipped(audit: Path, tmp_path: Path) -> None:
    """Its chain is known, and the anchor is missing."""
    ship_to(audit, tmp_path / "worm")
    shutil.rmtree(audit)
    assert "anchor.json is missing" in damage(audit, shipped=tmp_path / "worm")


def test_a_copy_that_was_changed_or_is_missing_is_found(audit: Path, tmp_path: Path) -> None:
    """By its manifest."""
    ship_to(audit, tmp_path / "worm")
    copy = tmp_path / "worm" / "w1" / "000001.jsonl"
    data = copy.read_bytes()
    copy.unlink()
    assert "000001.jsonl is missing; its manifest is there" in damage(audit, shipped=tmp_path / "worm")
    copy.write_bytes(data.replace(b"run-0", b"run-9"))
    assert "000001.jsonl is not what was shipped" in damage(audit, shipped=tmp_path / "worm")


def test_shipped_segments_may_be_cleared_away_here(audit: Path, tmp_path: Path) -> None:
    """The chain is walked over both places, and later segments are still shipped."""
    ship_to(audit, tmp_path / "worm")
    (audit / "w1" / "000001.jsonl").unlink()
    assert damage(audit, shipped=tmp_path / "worm") == ""
    write(audit, range(8, 12), segment_bytes=1200)
    assert ship_to(audit, tmp_path / "worm")
    assert damage(audit, shipped=tmp_path / "worm") == ""


def test_damage_is_not_shipped_as_if_it_were_whole(audit: Path, tmp_path: Path) -> None:
    """It is told, and the copies that were made before stay what they are."""
    segment = audit / "w1" / "000001.jsonl"
    segment.chmod(0o644)
    segment.write_bytes(segment.read_bytes().replace(b"run-0", b"run-9"))
    with pytest.raises(HarnessError, match=r"nothing more is shipped: the audit is broken at .*000001\.jsonl:2"):
        ship_to(audit, tmp_path / "worm")
    assert not (tmp_path / "worm").exists()


COPY = "import shutil, sys; shutil.copy(sys.argv[1], sys.argv[2])"


def test_a_command_ships_each_segment_once(audit: Path, tmp_path: Path) -> None:
    """It gets the file, the manifest and the hash as arguments, whatever they look like to a shell."""
    (tmp_path / "out").mkdir()
    command = f"{sys.executable} -c '{COPY}' {{file}} '{tmp_path}/out/{{chain}}-{{name}}-{{sha256}} $(id)'"
    shipped = ship_by(audit, command)
    assert names(tmp_path / "out") == [f"w1-{one.manifest.segment}-{one.manifest.sha256} $(id)" for one in shipped]
    assert ship_by(audit, command) == []


def test_a_command_that_fails_is_told_and_tried_again(audit: Path) -> None:
    """With what it said; the segment is not marked as shipped."""
    with pytest.raises(HarnessError, match="ended with 3: no bucket"):
        ship_by(audit, f"{sys.executable} -c 'import sys; print(\"no bucket\", file=sys.stderr); sys.exit(3)'")
    with pytest.raises(HarnessError, match="can't be shipped: No such file"):
        ship_by(audit, "no-such-program {file}")
    assert len(ship_by(audit, "true")) >= 2


def test_records_are_exported_in_the_order_of_their_time(tmp_path: Path) -> None:
    """Of all workers together, from an instant on, or of one run."""
    for name, offset in (("w1", 0), ("w2", 5)):
        with chain_of(tmp_path, name) as chain:
            chain.append([(START_NS + 10 * n + offset, fact(n)) for n in range(3)])
    none: list[Damage] = []
    told = [record for record in records(tmp_path, none) if record.kind == "intent"]
    assert [record.fields["chain"] for record in told] == ["w1", "w2"] * 3
    later = records(tmp_path, none, since_ns=START_NS + 20)
    assert [record.fields["at"][-4:-1] for record in later] == ["020", "025"]
    assert {record.fields["run"] for record in records(tmp_path, none, runs=["run-1"])} == {"run-1"}
    assert none == []


def test_a_broken_chain_is_exported_up_to_its_damage(tmp_path: Path) -> None:
    """And the other chains whole."""
    for name in ("w1", "w2"):
        with chain_of(tmp_path, name) as chain:
            chain.append([(START_NS + n, fact(n)) for n in range(3)])
    segment = tmp_path / "w1" / "000001.jsonl"
    segment.write_bytes(segment.read_bytes().replace(b"run-1", b"run-9"))
    damages: list[Damage] = []
    told = [(record.fields["chain"], record.seq) for record in records(tmp_path, damages)]
    assert sorted(told) == [("w1", 0), ("w1", 1), *(("w2", n) for n in range(4))]
    assert [one.seq for one in damages] == [2]


def test_a_line_that_is_being_written_is_not_exported_and_no_damage(tmp_path: Path) -> None:
    """Whether it was cut off is for `verify` to say; one in the middle of the chain is damage here as well."""
    write(tmp_path, range(8), segment_bytes=1200)
    first, *_, last = sorted((tmp_path / "w1").glob("*.jsonl"))
    last.write_bytes(last.read_bytes()[:-10])
    damages: list[Damage] = []
    assert len(list(records(tmp_path, damages))) > 8
    assert damages == []
    first.chmod(0o644)
    first.write_bytes(first.read_bytes()[:-10])
    assert len(list(records(tmp_path, damages))) < 8
    assert len(damages) == 1


def test_a_table_holds_the_same_and_no_formula(tmp_path: Path) -> None:
    """A reason that begins with `=` is text for a spreadsheet, too."""
    with Chain(tmp_path, "w1", wall_ns=lambda: START_NS + DAY_NS) as chain:
        chain.append([(START_NS, Entry(Kind.KILL, "=cmd()", data={"reason": 'a "quote", and more'}))])
    kill = list(records(tmp_path, []))[-1]
    (cells,) = csv.DictReader([row(COLUMNS), as_row(kill)])
    assert (cells["kind"], cells["who"], cells["seq"], cells["hash"]) == ("kill", "'=cmd()", "1", kill.hash)
    assert json.loads(cells["data"]) == {"reason": 'a "quote", and more'}
