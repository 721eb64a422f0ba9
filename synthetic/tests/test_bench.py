"""The benchmarks start and print what they promise; what they measure is no test's business."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    """`python -m bench` from the checkout's root."""
    command = [sys.executable, "-m", "bench", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=140, check=False)


def test_the_list_names_every_benchmark() -> None:
    """What can be run is told without running it."""
    listed = bench("--list")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert [line.split()[0] for line in listed.stdout.splitlines()] == ["journeys", "expressions", "journal"]


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
