"""The benchmark of the polls: each bar is missed by itself, chance is no effect, and a short one polls while probes play."""

from __future__ import annotations

import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bench.gate_polls.phases import Measured, Phase, Round, difference

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
QUIET = Phase([5.0] * 50, 25, 0, 0.2)
ROUNDS = [Round(QUIET, replace(QUIET, cpu_share=0.3))] * 12
MEASURED = Measured(ROUNDS, [2.0] * 100, {"200 inconclusive": 90, "200 pass": 10})
LAG = "p99 of the lag at most 5 ms above that without polls, for certain (95%)"


def rounds_with(polled: Phase) -> list[Round]:
    """Twelve rounds with such phases where polls came."""
    return [Round(QUIET, polled)] * 12


@pytest.mark.parametrize(
    ("measured", "unmet"),
    [
        (MEASURED, []),
        (replace(MEASURED, polls_ms=[2.0] * 90 + [51.0] * 10), ["p99 of a poll below 50 ms"]),
        (replace(MEASURED, answers={"200 pass": 99, "503": 1}), ["every poll was answered with a verdict"]),
        (replace(MEASURED, answers={}), ["every poll was answered with a verdict"]),
        (replace(MEASURED, rounds=rounds_with(replace(QUIET, lags_ms=[10.1] * 50))), [LAG]),
        (replace(MEASURED, rounds=rounds_with(replace(QUIET, missed=1))), ["no missed slot"]),
        (replace(MEASURED, rounds=rounds_with(replace(QUIET, due=0))), ["no missed slot"]),
    ],
)
def test_each_bar_is_missed_by_itself(measured: Measured, unmet: list[str]) -> None:
    """What the issue asks for, as it is printed."""
    assert [bar.text for bar in measured.bars if not bar.met] == unmet


def lag_bar(measured: Measured) -> str:
    """What the bar of the lag says."""
    return next(bar.verdict for bar in measured.bars if bar.text == LAG)


def noisy(draw: random.Random, more_ms: float, *, outlier_in: float) -> Phase:
    """A phase on a machine that now and then does something else for a while; `more_ms` is what polls cost."""
    late_ms = 60.0 if draw.random() < outlier_in else 0.0
    lags = sorted(draw.uniform(4.0, 6.0) + more_ms + (late_ms if place < 5 else 0.0) for place in range(100))
    return Phase(lags, 50, 0, 0.2)


def noisy_rounds(more_ms: float, *, outlier_in: float) -> list[Round]:
    """Thirty rounds of it, always the same ones."""
    draw = random.Random(4711)
    return [
        Round(noisy(draw, 0.0, outlier_in=outlier_in), noisy(draw, more_ms, outlier_in=outlier_in)) for _ in range(30)
    ]


def test_what_polls_cost_is_found() -> None:
    """Within its interval, and too much of it misses the bar."""
    more = difference(noisy_rounds(8.0, outlier_in=0.0), 0.99)
    assert more.at_least_ms <= 8.0 <= more.at_most_ms
    assert more.at_most_ms - more.at_least_ms < 0.5
    measured = replace(MEASURED, rounds=noisy_rounds(8.0, outlier_in=0.0))
    assert lag_bar(measured) == "MISSED"
    assert not measured.restless


def test_a_restless_machine_proves_nothing() -> None:
    """Where chance alone may be more than the bar, it is not met, and the machine is said to be the reason."""
    measured = replace(MEASURED, rounds=noisy_rounds(0.0, outlier_in=0.2))
    assert lag_bar(measured) == "MISSED"
    assert measured.restless


@pytest.mark.slow
def test_a_short_one_polls_while_pairs_are_played() -> None:
    """Every poll gets a verdict, and every slot is played on both sides; how fast is for a quiet machine to say."""
    options = {"--probes": "10", "--every": "2", "--seconds": "2", "--rounds": "2", "--polls": "40"}
    command = [sys.executable, "-m", "bench.gate_polls", *(word for option in options.items() for word in option)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=140, check=False)
    assert "PASSED every poll was answered with a verdict" in run.stderr, run.stdout + run.stderr
    assert "PASSED no missed slot" in run.stderr, run.stdout + run.stderr
    assert "answered 200 inconclusive 160" in " ".join(run.stdout.split())
