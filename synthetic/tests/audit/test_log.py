"""The audit of a running worker: it never blocks, tells when it can't write, and counts what it could not keep."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

from synthetic.audit.chain import AuditUnwritable, Chain
from synthetic.audit.log import AuditLog
from synthetic.tests.audit.writing import chain_of, damage, fact, facts, lines

WITHIN_S = 30.0


def test_what_was_noted_is_on_the_disk_at_the_end(tmp_path: Path) -> None:
    """Of several threads at once, each fact once, and in the order of its thread."""
    with AuditLog(lambda: chain_of(tmp_path)) as log:
        threads = [threading.Thread(target=note_ten, args=(log, base)) for base in (0, 100, 200)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    kept = facts(tmp_path)
    assert sorted(kept) == sorted(f"run-{base + one}" for base in (0, 100, 200) for one in range(10))
    assert [run for run in kept if run.startswith("run-1") and len(run) == 7] == [
        f"run-{100 + one}" for one in range(10)
    ]
    assert damage(tmp_path) == ""


def note_ten(log: AuditLog, base: int) -> None:
    """Ten facts with numbers of their own."""
    for one in range(10):
        log.note(fact(base + one))


def test_a_flush_waits_until_it_is_on_the_disk(tmp_path: Path) -> None:
    """For a kill or a verdict that somebody waits for; however long a group may otherwise gather."""
    log = AuditLog(lambda: chain_of(tmp_path), flush_s=60.0)
    log.note(fact(1))
    assert log.flush(WITHIN_S)
    assert facts(tmp_path) == ["run-1"]
    assert log.close()


class Refusing:
    """A chain's door that stays shut until it is opened."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.shut = True
        self.told: list[str] = []
        self.mended = threading.Event()

    def __call__(self) -> Chain:
        if self.shut:
            raise AuditUnwritable("no disk")
        return chain_of(self._folder)


def test_an_audit_that_can_not_be_written_is_told_and_goes_on_when_it_can(tmp_path: Path) -> None:
    """Facts wait; what there was no room for is counted in a record, where it was lost."""
    door = Refusing(tmp_path)
    log = AuditLog(door, audit_failed=door.told.append, audit_mended=door.mended.set, retry_s=0.01, queue_max=3)
    for number in range(8):
        log.note(fact(number))
    assert not log.flush(WITHIN_S)
    assert (door.told, log.failed) == (["no disk"], "no disk")
    door.shut = False
    assert door.mended.wait(WITHIN_S)
    assert log.flush(WITHIN_S)
    log.note(fact(9))
    assert log.close()
    assert facts(tmp_path) == ["run-0", "run-1", "run-2", "run-9"]
    assert [line["data"] for line in lines(tmp_path) if line["kind"] == "lost"] == [{"facts": 5}]
    assert (log.failed, damage(tmp_path)) == ("", "")


def test_before_it_is_open_it_counts_as_failed(tmp_path: Path) -> None:
    """A worker that starts admits nothing until it knows that the audit can be written."""
    may_open = threading.Event()

    def slowly() -> Chain:
        assert may_open.wait(WITHIN_S)
        return chain_of(tmp_path)

    log = AuditLog(slowly)
    assert log.failed == "it is not open yet"
    may_open.set()
    assert log.flush(WITHIN_S)
    assert log.failed == ""
    assert log.close()


def test_an_end_without_a_disk_says_so(tmp_path: Path) -> None:
    """Closing does not wait for a disk that does not come back."""
    log = AuditLog(Refusing(tmp_path), retry_s=60.0)
    log.note(fact(1))
    assert not log.close(WITHIN_S)


FULL = """
import json, resource, signal, sys, threading
from pathlib import Path
from synthetic.audit.log import AuditLog
from synthetic.tests.audit.writing import chain_of, fact
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # then a write beyond the limit is an error, as on a full disk
failed, mended, told = threading.Event(), threading.Event(), []
def audit_failed(reason):
    told.append(reason)
    failed.set()
limit = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limit[1]))
log = AuditLog(lambda: chain_of(Path(sys.argv[1])), audit_failed=audit_failed, audit_mended=mended.set, retry_s=0.02)
for number in range(200):
    log.note(fact(number))
assert failed.wait(30)
resource.setrlimit(resource.RLIMIT_FSIZE, limit)
assert mended.wait(30)
assert log.close()
print(json.dumps(told))
"""


def test_a_disk_that_is_full_in_the_middle_of_a_group_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """A real write that ends half-way: told, named by a record when there is room again, and every fact is there once."""
    done = subprocess.run([sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (told,) = json.loads(done.stdout)
    assert "can't be written" in told
    assert facts(tmp_path) == [f"run-{number}" for number in range(200)]
    assert [line["kind"] for line in lines(tmp_path)].count("recovered") == 1
    assert damage(tmp_path) == ""
