"""`synthetic serve` as a process: it plays, is killed, recovers, takes over, and ends when all money is home."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from synthetic.journal.book import Book, open_book
from synthetic.runner.duty import GAPS
from synthetic.runner.health import Reason
from synthetic.tests.cli.calling import call
from synthetic.tests.cli.serving.conftest import Starting
from synthetic.tests.journal.conftest import own_schema

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

OF_A_BUSY_MACHINE = {reason.value for reason in (Reason.LOOP_LAG, Reason.SCHEDULE_SLIP, Reason.TAINTED)}
"""What a worker may say of itself where it shares two cores with other tests; everything else is wrong."""


def get(url: str) -> tuple[int, str]:
    """Status and body."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - the service's own address
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def is_each_slot_told(book: Book) -> bool:
    """Slots a second apart, each ended, none left out."""
    slots = [slot for slot in book.slots() if slot.probe != GAPS]
    instants = [slot.slot_ns for slot in slots]
    return all(slot.outcome for slot in slots) and instants == list(range(instants[0], instants[-1] + 1, 10**9))


def test_it_plays_tells_and_ends_clean(start: Starting, tmp_path: Path) -> None:
    """Pass rates on /metrics, health that is well, a record to explain, and nothing open behind SIGTERM."""
    service = start("w1")
    service.wait(lambda: len(service.of("run_ended")) >= 6)
    status, metrics = get(f"{service.address}/metrics")
    assert status == 200
    assert 'outcome="ok",psp="psp-a"' in metrics
    assert "synthetic_stranded_minor" in metrics
    status, body = get(f"{service.address}/readyz")
    reasons = {reason["reason"] for reason in json.loads(body).get("reasons", ())}
    assert (status == 200) is (not reasons)
    assert reasons <= OF_A_BUSY_MACHINE, body
    assert service.terminate() == 0
    outcomes = {line["outcome"] for line in service.of("run_ended")}
    assert "ok" in outcomes
    assert outcomes <= {"ok", "tainted"}
    assert service.of("stopped")[0]["left"] == 0
    with open_book(tmp_path / "runner.db") as book:
        assert (book.open_intents(), book.open_runs()) == ([], [])
        assert is_each_slot_told(book), book.slots()


def test_a_killed_worker_is_recovered_by_the_next_one(start: Starting, tmp_path: Path) -> None:
    """Under the same name and on the same file: what was under way comes home, and every slot is told of."""
    for _ in range(2):
        service = start("w1")
        ended = len(service.of("run_ended"))
        service.wait(lambda service=service, ended=ended: len(service.of("run_ended")) > ended)  # type: ignore[misc]
        with open_book(tmp_path / "runner.db") as book:
            service.wait(lambda book=book: bool(book.open_intents()))  # type: ignore[misc]
            service.kill()
            assert book.open_runs()
    service = start("w1")
    with open_book(tmp_path / "runner.db") as book:
        killed = {row.run.run_id for row in book.open_runs()}
        service.wait(lambda: not killed & {row.run.run_id for row in book.open_runs()})
        # What passed within the last lease is counted by whoever is there next: a living worker could still be at it.
        service.wait(lambda: is_each_slot_told(book))
        assert service.terminate() == 0
        assert (book.open_intents(), book.open_runs(), book.left().effects) == ([], [], 0)


def test_a_survivor_takes_over_within_a_lease_and_five_seconds(
    start: Starting, tmp_path: Path, postgres_server_url: str
) -> None:
    """Two workers on Postgres, one killed in the middle of its runs: the other brings them home in time, and no slot is lost."""
    database = own_schema(postgres_server_url)
    first, second = start("w1", database=database), start("w2", database=database)
    with open_book(database) as book:
        first.wait(lambda: bool(first.of("run_ended")) and bool(second.of("run_ended")))
        first.wait(lambda: any(row.lease.worker == "w1" for row in book.open_runs()) and bool(book.open_intents()))
        first.kill()
        killed = {row.run.run_id for row in book.open_runs() if row.lease.worker == "w1"}
        # Home, or looked up: a deposit whose request may never have left is unknown until it can't arrive any more.
        second.wait(
            lambda: not [r for r in book.open_runs() if r.run.run_id in killed and not r.tries], within_s=3.0 + 5.0
        )
        second.wait(lambda: not killed & {row.run.run_id for row in book.open_runs()})
        second.wait(lambda: is_each_slot_told(book))
        assert second.terminate() == 0
        assert (book.open_intents(), book.open_runs()) == ([], [])
    assert len({line["run_id"] for line in second.of("took_over")}) >= len(killed)


def test_the_kill_switch_stops_a_running_service_and_resume_goes_on(start: Starting, tmp_path: Path) -> None:
    """By the command line, on the same database: readyz says so, and afterwards it plays again."""
    service = start("w1")
    service.wait(lambda: len(service.of("run_ended")) >= 2)
    database = str(tmp_path / "runner.db")
    assert call("kill", "--reason", "drill", "--database", database).code == 0
    service.wait(lambda: bool(service.of("killed")))
    status, body = get(f"{service.address}/readyz")
    assert status == 503
    assert "killed" in {reason["reason"] for reason in json.loads(body)["reasons"]}
    assert call("resume", "--database", database).code == 0
    ended = len(service.of("run_ended"))
    service.wait(lambda: len(service.of("run_ended")) >= ended + 4)
    assert service.terminate() == 0
