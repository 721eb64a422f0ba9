"""What a run of the suites leaves behind, whichever process found it and however it ended."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from synthetic.contracts.report.document import Results, State
from synthetic.contracts.report.writing import read_results
from synthetic.tests.contracts.report.suite import run_suite
from synthetic.tests.representative import combination

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def stored(folder: Path) -> Results:
    return read_results(folder / "reports" / "out" / "contracts.json")


def states(results: Results) -> dict[str, list[str]]:
    return {pair.provider: [row.state.value for row in pair.rows] for pair in results.pairs}


@pytest.mark.parametrize("workers", [combination("0", played=False), "2"])
def test_a_run_leaves_page_json_and_metrics(tmp_path: Path, workers: str) -> None:
    """Of all workers together; a broken contract fails its test with the path, and nothing else is left behind."""
    ran = run_suite(tmp_path, "good", "bad", "blind", arguments=("-n", workers))
    assert "2 failed, 2 passed" in ran.stdout, ran.stdout + ran.stderr
    assert re.search(r"bad breaks buyer, an order: \$\.id is 7", ran.stdout)
    assert "contracts: 1 held, 1 broken, 4 unverified" in ran.stdout
    names = sorted(path.name for path in (tmp_path / "reports" / "out").iterdir())
    assert names == ["contracts.html", "contracts.json", "contracts.prom"]
    results = stored(tmp_path)
    assert states(results) == {
        "bad": ["broken", "unverified"],
        "blind": ["unverified", "unverified"],
        "good": ["held", "unverified"],
    }
    assert not results.incomplete
    assert "cashier -> psp-a" in results.not_asked
    page = (tmp_path / "reports" / "out" / "contracts.html").read_text(encoding="utf-8")
    assert "tok-in-the" not in page


def test_a_contract_without_a_result_is_not_verified_and_says_why(tmp_path: Path) -> None:
    """Its test failed before: the run is incomplete, and each of its interactions has the reason."""
    ran = run_suite(tmp_path, "good", "lost")
    assert "(incomplete)" in ran.stdout
    results = stored(tmp_path)
    assert results.incomplete == ("no result of buyer -> lost",)
    lost = next(pair for pair in results.pairs if pair.provider == "lost")
    assert [row.state for row in lost.rows] == [State.UNVERIFIED] * 2
    assert "set SHOP_KEY: the key" in lost.rows[0].reason
    assert lost.unjudged == 2


def test_an_interrupted_run_keeps_what_it_has(tmp_path: Path) -> None:
    """And says that it was interrupted."""
    run_suite(tmp_path, "good", "stopped", "bad")
    results = stored(tmp_path)
    assert results.incomplete == ("the run was interrupted", "no result of buyer -> stopped, buyer -> bad")
    assert states(results)["good"] == ["held", "unverified"]
    bad = next(pair for pair in results.pairs if pair.provider == "bad")
    assert bad.rows[0].reason == "the run was interrupted before"


@pytest.mark.parametrize("arguments", [("--collect-only",), combination(("-k", "something_else"), played=False)])
def test_a_run_that_verifies_nothing_leaves_the_last_report_alone(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """It says nothing about contracts."""
    ran = run_suite(tmp_path, "good", arguments=arguments)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert not (tmp_path / "reports").exists()


def test_the_report_goes_where_it_is_asked_to(tmp_path: Path) -> None:
    """`--contracts-report DIR`, relative to the project."""
    run_suite(tmp_path, "good", arguments=("--contracts-report", "elsewhere"))
    assert (tmp_path / "elsewhere" / "contracts.html").exists()
    assert not (tmp_path / "reports").exists()


def test_a_table_of_impacts_with_a_mistake_is_refused_at_once(tmp_path: Path) -> None:
    """With its file and place; nothing is verified."""
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "impact.yaml").write_text("boundaries: [{consumer: buyer}]", encoding="utf-8")
    ran = run_suite(tmp_path, "good")
    assert ran.returncode == pytest.ExitCode.USAGE_ERROR
    assert re.search(r"contracts/impact\.yaml: boundaries\.0\.provider: Field required", ran.stderr)
