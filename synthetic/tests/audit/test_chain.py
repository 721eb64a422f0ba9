"""A chain on the disk: what it writes, when a segment is finished, and what it does after a crash."""

from __future__ import annotations

import json
import re
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from synthetic.audit.chain import AuditUnwritable
from synthetic.audit.line import link, read
from synthetic.audit.verify import verify
from synthetic.tests.audit.writing import DAY_NS, START_NS, chain_of, damage, fact, facts, lines, write

WITHIN_S = 20.0
DOCS = Path(__file__).parents[3] / "docs" / "runner-audit.md"


def test_a_record_says_who_when_what_where_and_how_much(tmp_path: Path) -> None:
    """In one line of canonical JSON."""
    write(tmp_path, [7])
    opened, record = lines(tmp_path)
    assert opened["kind"] == "opened"
    assert record | {"hash": "", "prev": ""} == {
        "v": 1,
        "chain": "w1",
        "seq": 1,
        "prev": "",
        "hash": "",
        "at": "2026-09-21T14:13:20.000000007Z",
        "kind": "intent",
        "who": "worker:w1",
        "cell": "canary",
        "run": "run-7",
        "key": "key-7",
        "amount_minor": 107,
        "currency": "EUR",
        "data": {"step": "deposit", "operation": "cashier.deposit", "name": "Zoë"},
    }


def test_the_chain_can_be_checked_without_our_code(tmp_path: Path) -> None:
    """By the few lines that the documentation shows to an auditor: they pass, and stop at what was edited."""
    write(tmp_path, range(3))
    (program,) = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    program = program.replace("DIR/NAME", str(tmp_path / "w1"))
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
    segment = tmp_path / "w1" / "000001.jsonl"
    segment.write_bytes(segment.read_bytes().replace(b"run-1", b"run-2"))
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True)
    assert b"AssertionError" in done.stderr


def test_a_full_segment_is_sealed_and_read_only(tmp_path: Path) -> None:
    """Its last record is the seal, and the next segment carries its hash on."""
    write(tmp_path, range(8), segment_bytes=1000)
    first, second, *_ = sorted((tmp_path / "w1").glob("*.jsonl"))
    seal = json.loads(first.read_text().splitlines()[-1])
    opened = json.loads(second.read_text().splitlines()[0])
    assert (seal["kind"], seal["data"]["reason"], opened["prev"]) == ("seal", "size", seal["hash"])
    assert seal["data"]["records"] == opened["seq"]
    assert stat.S_IMODE(first.stat().st_mode) == 0o444
    assert damage(tmp_path) == ""


def test_a_new_day_begins_a_new_segment(tmp_path: Path) -> None:
    """By UTC, also in a process that was started after midnight."""
    write(tmp_path, range(2))
    write(tmp_path, range(2, 4), at_ns=START_NS + DAY_NS)
    assert [path.name for path in sorted((tmp_path / "w1").glob("*.jsonl"))] == ["000001.jsonl", "000002.jsonl"]
    assert (facts(tmp_path), damage(tmp_path)) == (["run-0", "run-1", "run-2", "run-3"], "")


def test_the_next_process_goes_on_where_the_last_one_ended(tmp_path: Path) -> None:
    """One chain over any number of processes, in the same segment."""
    for number in range(4):
        write(tmp_path, [number])
    assert [line["seq"] for line in lines(tmp_path)] == [0, 1, 2, 3, 4]
    assert damage(tmp_path) == ""


@pytest.mark.parametrize("kept", [0, 1, 40, -1])
def test_a_torn_line_is_named_by_a_record_of_its_own(tmp_path: Path, kept: int) -> None:
    """What a crash left half-written stays where it is; until then verifying says what is wrong."""
    write(tmp_path, range(3))
    segment = tmp_path / "w1" / "000001.jsonl"
    *_, last = segment.read_bytes().splitlines(keepends=True)
    torn = last[:kept]
    with segment.open("ab") as stream:
        stream.write(torn)
    assert ("its line has no end" in damage(tmp_path)) is bool(torn)
    write(tmp_path, [5])
    recovered = [line for line in lines(tmp_path) if line["kind"] == "recovered"]
    assert len(recovered) == bool(torn)
    assert torn in segment.read_bytes()
    assert (facts(tmp_path)[-1], damage(tmp_path)) == ("run-5", "")


def test_what_a_crash_left_can_not_be_changed_afterwards(tmp_path: Path) -> None:
    """The record that names it has its hash."""
    write(tmp_path, range(2))
    segment = tmp_path / "w1" / "000001.jsonl"
    segment.write_bytes(segment.read_bytes() + b'{"half a rec\x00\x00\nord')
    write(tmp_path, [5])
    assert damage(tmp_path) == ""
    segment.write_bytes(segment.read_bytes().replace(b"half", b"hall"))
    assert "record 3: it is not JSON" in damage(tmp_path)


def test_a_segment_that_a_crash_left_empty_is_begun_again(tmp_path: Path) -> None:
    """Between making the file and writing to it."""
    with chain_of(tmp_path) as chain:
        chain.append([(START_NS, fact(1))])
        chain.seal()
    (tmp_path / "w1" / "000002.jsonl").touch()
    assert "the segment is empty" in damage(tmp_path)
    write(tmp_path, [2])
    assert (facts(tmp_path), damage(tmp_path)) == (["run-1", "run-2"], "")


def test_a_torn_first_line_of_a_segment_is_recovered(tmp_path: Path) -> None:
    """Then the segment begins with what names it, and the next process can go on as well."""
    with chain_of(tmp_path) as chain:
        chain.append([(START_NS, fact(1))])
        chain.seal()
    (tmp_path / "w1" / "000002.jsonl").write_bytes(b'{"at":"2026')
    for number in (2, 3):
        write(tmp_path, [number])
    assert (facts(tmp_path), damage(tmp_path)) == (["run-1", "run-2", "run-3"], "")


def test_a_tail_that_no_crash_explains_is_not_written_on(tmp_path: Path) -> None:
    """What the anchor knows of was on the disk: a missing record is somebody's work, and nothing may cover it up."""
    write(tmp_path, range(4))
    segment = tmp_path / "w1" / "000001.jsonl"
    cut = b"".join(segment.read_bytes().splitlines(keepends=True)[:-1])
    segment.write_bytes(cut)
    with pytest.raises(AuditUnwritable, match="its tail was cut off; look at it with `synthetic audit verify`"):
        chain_of(tmp_path)
    segment.write_bytes(cut[:-20])
    with pytest.raises(AuditUnwritable, match="is broken"):
        chain_of(tmp_path)
    assert segment.read_bytes() == cut[:-20]


def test_one_chain_has_one_writer(tmp_path: Path) -> None:
    """Two workers of one name would tear it in two."""
    with chain_of(tmp_path), pytest.raises(AuditUnwritable, match="another process writes the audit chain 'w1'"):
        chain_of(tmp_path)


def test_every_worker_has_a_chain_and_all_are_verified(tmp_path: Path) -> None:
    """Damage in one does not hide the other."""
    for name in ("w1", "w2"):
        with chain_of(tmp_path, name) as chain:
            chain.append([(START_NS, fact(1))])
    (tmp_path / "w1" / "000001.jsonl").write_bytes(b"nothing\n")
    assert [(report.chain, report.damage is None) for report in verify(tmp_path)] == [("w1", False), ("w2", True)]


@pytest.mark.parametrize("name", ["", "a/b", "..", "x.anchor.json", "a\n"])
def test_a_name_that_is_no_folder_is_refused(tmp_path: Path, name: str) -> None:
    """A worker's name comes from a configuration or a host."""
    with pytest.raises(Exception, match="can't name an audit chain"):
        chain_of(tmp_path, name)


WRITER = """
import sys
from pathlib import Path
from synthetic.tests.audit.writing import chain_of, fact, START_NS
number = 0
with chain_of(Path(sys.argv[1]), segment_bytes=20_000) as chain:
    while True:
        chain.append([(START_NS + number + one, fact(number + one)) for one in range(5)])
        number += 5
        print(number, flush=True)
"""


def test_a_line_that_is_just_being_written_is_no_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The auditor looks while the worker works: half a line that becomes a whole one was never torn."""
    monkeypatch.setattr("synthetic.audit.verify.LOOK_AGAIN_S", 0.3)
    write(tmp_path, range(3))
    segment = tmp_path / "w1" / "000001.jsonl"
    line = link(fact(9), "w1", read(segment.read_bytes().splitlines()[-1]).head, START_NS).line + b"\n"
    with segment.open("ab", buffering=0) as stream:
        stream.write(line[:50])
        finishing = threading.Timer(0.1, stream.write, [line[50:]])
        finishing.start()
        assert damage(tmp_path) == ""
        finishing.join()


def test_a_killed_writer_loses_nothing_that_it_had_written(tmp_path: Path) -> None:
    """SIGKILL in the middle: every fact whose append had returned is there, once, and the chain holds after the next start."""
    with subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        deadline, told = time.monotonic() + WITHIN_S, 0
        while told < 200 and time.monotonic() < deadline:
            told = int(writer.stdout.readline())
        writer.send_signal(signal.SIGKILL)
        told = max([told, *map(int, writer.stdout.read().split())])
    write(tmp_path, [10**6])
    kept = facts(tmp_path)
    assert kept[:told] == [f"run-{number}" for number in range(told)]
    assert len(set(kept)) == len(kept)
    assert damage(tmp_path) == ""
