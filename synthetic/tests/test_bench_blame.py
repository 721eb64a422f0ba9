"""The blame benchmark: how observations are scored, and that it plays."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench.blame.__main__ import main
from bench.blame.playing import Observed
from bench.blame.scoring import confusion, misses, score


def seen(true: str, reported: str, rate: float = 1.0, outcome: str = "failed") -> Observed:
    return Observed("case", rate, true, reported, "r1", "flow", "psp-a", "ok" if reported == "ok" else outcome, "why")


def test_a_perfect_harness_passes() -> None:
    """Every fault seen and blamed right, every healthy run green."""
    scored = score([seen("psp", "psp"), seen("platform", "platform", 0.2), seen("", "ok", 0.0)])
    assert scored.passed
    assert (scored.detected_always.value, scored.right.value, scored.quiet.value) == (1.0, 1.0, 1.0)


def test_each_way_to_be_wrong_fails() -> None:
    """A fault at rate 1.0 that goes unseen or never acts, a wrong class, too many unknowns, a false alarm."""
    good = [seen("psp", "psp")] * 9
    assert score([*good, seen("", "ok", 0.0)]).passed
    healthy = [seen("", "ok", 0.0)] * 99
    assert not score([*good, *healthy, seen("psp", "ok")]).passed
    assert not score([*good, *healthy, seen("", "ok", 1.0)]).passed
    assert not score([*good, *healthy, seen("psp", "platform")]).passed
    assert not score([*good, *healthy, seen("psp", "unknown")]).passed
    assert not score([*good, *healthy, seen("", "psp", 0.0)]).passed
    assert not score([*good, *healthy, seen("", "harness", 0.0, "aborted")]).passed
    assert not score(good).passed
    assert not score([]).passed


def test_a_healthy_run_that_our_own_lag_spoilt_is_no_alarm() -> None:
    """But it is not counted as green either."""
    assert not score([seen("psp", "psp"), seen("", "harness", 0.0, "tainted")]).passed
    scored = score([seen("psp", "psp"), seen("", "harness", 0.0, "tainted")])
    assert (scored.false_alarms.held, scored.quiet.held, scored.quiet.total) == (0, 0, 1)


def test_the_matrix_and_the_misses_say_what_was_taken_for_what() -> None:
    """Once each way, with how often."""
    observed = [seen("psp", "platform"), seen("psp", "platform"), seen("", "ok", 0.0)]
    assert confusion(observed) == {"psp": {"platform": 2}, "healthy": {"ok": 1}}
    assert [(true, reported, times) for _, true, reported, times, _ in misses(observed)] == [("psp", "platform", 2)]


@pytest.mark.slow
def test_it_throws_a_fault_and_knows_whether_it_acted(tmp_path: Path, capsys: Any) -> None:
    """One fault of the platform and one of our own, two runs each, and two healthy runs, on a real platform."""
    out = tmp_path / "blame.json"
    options = ["--seeds", "1", "--rate", "1.0", "--healthy", "2", "--cells", "2", "--out", str(out)]
    assert main(["--fault", "bet_retry_debits_twice", "--fault", "harness_bets_twice", *options]) == 0
    runs = json.loads(out.read_text(encoding="utf-8"))["runs"]
    assert sorted(run["true"] for run in runs) == ["", "", "harness", "platform"]
    assert "PASSED" in capsys.readouterr().out


def test_an_unknown_fault_has_a_did_you_mean(capsys: Any) -> None:
    """Before anything starts."""
    assert main(["--fault", "bet_retry_debits_twise"]) == 2
    assert "did you mean 'bet_retry_debits_twice'?" in capsys.readouterr().err
