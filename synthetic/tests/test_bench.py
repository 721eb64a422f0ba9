"""The benchmarks start and print what they promise; what they measure is no test's business."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.charts import Chart, Panel
from bench.kept import BEGIN, END, kept_results, markdown, summary, write_docs
from bench.results import Bar, Grid, Result
from synthetic.core.errors import AuthorError

ROOT = Path(__file__).parents[2]


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    """`python -m bench` from the checkout's root."""
    command = [sys.executable, "-m", "bench", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=140, check=False)


def test_the_list_names_every_benchmark() -> None:
    """What can be run is told without running it."""
    listed = bench("--list")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert [line.split()[0] for line in listed.stdout.splitlines()] == [
        "peers",
        "line",
        "accuracy",
        "growth",
        "journeys",
        "expressions",
        "journal",
    ]


GRID = Grid("how fast", ("client", "ms"), (("ours", "1.0"),), "of one run")
CHART = Chart(
    "how fast", "at once", "ms", (Panel("quiet", {"ours": [(1, 0.1), (50, 0.2)]}, limits={"1 ms": 1.0}),), log_x=True
)


def result(*, met: bool = True) -> Result:
    """One with everything."""
    bar = Bar("p99 below 1 ms", met, "0.4 ms")
    return Result("fast", "how fast it is", (GRID,), (bar,), CHART, {"p99_ms": 0.4})


def test_a_result_is_kept_with_its_chart_and_tells_its_bars(tmp_path: Path) -> None:
    """JSON for machines, a picture for people, and the exit code is the bars'."""
    kept = json.loads(result(met=False).keep(tmp_path).read_text())
    assert kept["figures"] == {"p99_ms": 0.4}
    assert kept["bars"] == [{"text": "p99 below 1 ms", "met": False, "measured": "0.4 ms", "verdict": "MISSED"}]
    assert kept["machine"]["cores"] >= 1
    assert (tmp_path / "fast.png").read_bytes().startswith(b"\x89PNG")
    assert (result().exit_code, result(met=False).exit_code) == (0, 1)


def test_no_figure_that_is_none_is_kept(tmp_path: Path) -> None:
    """Not a number is no JSON, and no measurement."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        Result("odd", "", (GRID,), figures={"p99_ms": float("nan")}).keep(tmp_path)


def test_what_was_kept_stands_between_the_marks_of_the_page(tmp_path: Path) -> None:
    """Each bar and table as Markdown; what is around the marks stays, and the next figures replace these."""
    result().keep(tmp_path)
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    for _ in range(2):
        text = write_docs(page, tmp_path).read_text()
        assert text == f"before\n{BEGIN}\n{markdown(kept_results(tmp_path))}\n{END}\nafter\n"
    assert "| `fast` | p99 below 1 ms | 0.4 ms | PASSED |" in text
    assert "| client | ms |\n|---|---:|\n| ours | 1.0 |\n\nof one run" in text


def test_a_page_without_marks_is_left_alone(tmp_path: Path) -> None:
    """Figures are put where somebody wanted them, and nowhere without any."""
    with pytest.raises(AuthorError, match="no benchmark has kept anything"):
        kept_results(tmp_path)
    page = tmp_path / "page.md"
    page.write_text("nothing")
    with pytest.raises(AuthorError, match="no place for the figures"):
        write_docs(page, tmp_path)
    assert page.read_text() == "nothing"


def test_a_benchmark_that_kept_nothing_is_told_in_the_summary(tmp_path: Path) -> None:
    """Silence is no success."""
    result().keep(tmp_path)
    cells = [list(column.cells) for column in summary(["fast", "gone"], tmp_path).columns]
    assert cells[0] == ["fast", "gone"]
    assert cells[1:3] == [["PASSED", "-"], ["p99 below 1 ms", "nothing was kept"]]


@pytest.mark.slow
def test_expressions_prints_a_ratio_against_the_bare_runtime() -> None:
    """The journey still plays in memory, its assertions agree with the bare runtime, and every column is there."""
    run = bench("expressions", "-n", "200")
    assert (run.returncode, run.stderr) == (0, "")
    _, _, head, _, assertions, values, *_ = run.stdout.splitlines()
    for column in ("expressions", "per journey", "us each", "bare CEL us", "x", "us per journey"):
        assert column in head
    name, count, each, bare, times, _ = assertions.split()
    assert name == "assertions"
    assert int(count) >= 20
    assert float(each) > 0 < float(bare)
    assert times.endswith("x")
    assert values.split()[0] == "values"


@pytest.mark.slow
def test_journal_prints_a_ratio_against_a_commit_per_row() -> None:
    """Alone, and with ten and fifty at once."""
    run = bench("journal", "-n", "100")
    assert (run.returncode, run.stderr) == (0, "")
    rows = [line.split() for line in run.stdout.splitlines() if line.endswith("x ") and line[1:2].isdigit()]
    assert [row[0] for row in rows] == ["1", "10", "50"]
    assert all(float(row[-1].removesuffix("x")) > 0 for row in rows)


@pytest.mark.slow
def test_a_benchmark_is_bounded_and_known() -> None:
    """Too many rounds and an unknown name are refused as an author's mistake, before anything starts."""
    many, unknown = bench("journeys", "-n", "100000"), bench("journey")
    assert (many.returncode, unknown.returncode) == (2, 2)
    assert "1 to 200 rounds" in many.stderr
    assert "did you mean 'journeys'?" in unknown.stderr
