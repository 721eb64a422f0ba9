"""Load from scenarios against the reference platform: money to the cent, thresholds, one process and several."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from synthetic.cli.platform_process import reference_platform
from synthetic.journal.book import open_book
from synthetic.locust_user.thresholds import Exit
from synthetic.tests.locust_user.locusts import LENIENT, LOCUSTFILE, locust

IMPOSSIBLE = LENIENT + "  - {name: instant, sli: login, p95_at_most: 1 ms}\n"


@pytest.mark.slow
def test_a_load_is_played_counted_judged_and_reconciled(tmp_path: Path, cells: Path) -> None:
    """Every run comes to its end, its money is home, and the report has our thresholds above Locust's own."""
    ended = locust(tmp_path, cells, "-u", "10", "-r", "10", "-t", "3s", "--html", "report.html")
    assert ended.code == Exit.PASS or (ended.code == Exit.HARNESS and ended.lagged), ended.out
    runs = re.search(r"^Runs: (\d+) \((\d+) ok\)$", ended.out, re.MULTILINE)
    assert runs is not None, ended.out
    assert runs[1] == runs[2]
    assert int(runs[1]) >= 10
    assert "Reconciled: journal = ledger = PSP reports, to the cent" in ended.out
    for told in (
        r"HTTP +cashier\.deposit \[psp-a\]",
        r"WS +games\.ping",
        r"WS-OPEN +games\.launch",
        r"RUN +deposit-bet-withdraw",
    ):
        assert re.search(told + r" +\d+ +0\(0\.00%\)", ended.out), told
    with open_book(tmp_path / "load.db") as book:
        assert (book.open_runs(), book.open_intents()) == ([], [])
        assert len(book.entries()) == 3 * int(runs[1])
    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert report.index("runs_good") < report.index('<div id="root">')
    assert report.count('<main class="synthetic"') == 1


@pytest.mark.slow
def test_a_cell_that_nobody_marked_is_refused_before_any_request(tmp_path: Path, shipped_cells: Path) -> None:
    """Exit code 2, and one sentence that says who may allow it."""
    text = shipped_cells.read_text(encoding="utf-8")
    shipped_cells.write_text(text.replace("load: true", "load: false"), encoding="utf-8")
    ended = locust(tmp_path, shipped_cells, "-u", "2", "-t", "5s")
    assert ended.code == 2, ended.out
    assert "load refused: cell 'canary' is not marked for load; its owner allows it by `load: true`" in ended.out
    assert not (tmp_path / "load.db").exists()


@pytest.mark.slow
@pytest.mark.exhaustive
def test_a_locustfile_that_does_not_attach_is_told_so(tmp_path: Path, shipped_cells: Path) -> None:
    """In place of options that nobody knows."""
    (tmp_path / "own.py").write_text(LOCUSTFILE.read_text(encoding="utf-8").replace("attach(events)", ""))
    ended = locust(tmp_path, shipped_cells, "-u", "2", "-t", "5s", files=(tmp_path / "own.py",))
    assert ended.code == 2, ended.out
    assert "load refused: this locustfile does not say `attach(events)`" in ended.out


@pytest.mark.slow
@pytest.mark.exhaustive
def test_a_missed_threshold_is_exit_code_1(tmp_path: Path, cells: Path) -> None:
    """Nobody signs in within a millisecond."""
    ended = locust(tmp_path, cells, "-u", "12", "-r", "12", "-t", "6s", slo=IMPOSSIBLE)
    assert ended.code == Exit.MISSED or (ended.code == Exit.HARNESS and ended.lagged), ended.out
    assert "! instant: " in ended.out


@pytest.mark.slow
@pytest.mark.exhaustive
def test_two_processes_play_on_one_journal_and_lose_nothing(tmp_path: Path, cells: Path) -> None:
    """The figures of both are added up, no account is played twice at a time, and the runs that go on come to their end."""
    ended = locust(tmp_path, cells, "-u", "12", "-r", "12", "-t", "6s", "--processes", "2")
    assert ended.code == Exit.PASS or (ended.code == Exit.HARNESS and ended.lagged), ended.out
    runs = re.search(r"^Runs: (\d+) \((\d+) ok\)$", ended.out, re.MULTILINE)
    assert runs is not None, ended.out
    assert runs[1] == runs[2]
    with open_book(tmp_path / "load.db") as book:
        assert (book.open_runs(), book.open_intents()) == ([], [])
        assert len({entry.intent.run_id for entry in book.entries()}) == int(runs[1])
    assert "Reconciled: journal = ledger = PSP reports, to the cent" in ended.out


@pytest.mark.slow
@pytest.mark.exhaustive
def test_a_psp_that_declines_is_blamed_and_costs_no_money(tmp_path: Path) -> None:
    """Its failures stand under its name in Locust's statistics and in ours; the others' deposits hold."""
    with reference_platform(cells=1, players=24, fault=["bin_declined"]) as cells:
        ended = locust(tmp_path, cells, "-u", "10", "-r", "10", "-t", "6s")
    assert ended.code == Exit.MISSED or (ended.code == Exit.HARNESS and ended.lagged), ended.out
    assert re.search(r"^Blamed: psp \d+$", ended.out, re.MULTILINE), ended.out
    assert "psp: do_not_honor" in ended.out
    assert "Reconciled: journal = ledger = PSP reports, to the cent" in ended.out
