"""The benchmark of the checks: how it is scored, and that it plays."""

from __future__ import annotations

from typing import Any

import pytest

from bench.checkers.__main__ import main, passed
from bench.checkers.laws import INVARIANTS, Broken, judged_by_hand, laws, planted_for, shipped_cases
from bench.checkers.playing import Verdicts


def test_every_invariant_is_broken_by_hand_and_caught_with_its_number() -> None:
    """51 of 51, by the histories alone."""
    judged = laws(judged_by_hand(shipped_cases()))
    assert [law.invariant for law in judged if law.is_caught] == list(INVARIANTS)


def test_an_invariant_that_nothing_breaks_is_not_caught() -> None:
    """Nor is one of which something is missed; what breaks another law does not count for it."""
    judged = {law.invariant: law for law in laws([Broken(1, "x", "a", caught=True), Broken(2, "x", "b", caught=False)])}
    assert (judged[1].is_caught, judged[2].is_caught, judged[3].is_caught) == (True, False, False)


def test_a_bug_of_the_platform_is_planted_for_the_law_that_has_to_catch_it() -> None:
    """By the number of the check that the catalogue names."""
    assert "late_bet_sticks" in [planted.name for planted in planted_for(21)]
    assert planted_for(0) == []


@pytest.mark.slow
def test_healthy_runs_are_judged_by_every_check_and_none_is_accused(capsys: Any) -> None:
    """A few, on a real platform; the benchmark plays a thousand."""
    assert main(["--runs", "8", "--cells", "2", "--by-hand", "--seed", "7"]) == 0
    told = capsys.readouterr().out
    assert "invariants caught      51/51" in told
    assert "healthy runs judged    8/8" in told
    assert "false alarms           0" in told
    assert told.splitlines()[-1] == "PASSED"


@pytest.mark.parametrize("alarms", [[], ["x"]])
def test_a_false_alarm_or_a_missed_run_fails(alarms: list[str]) -> None:
    """The bar is none; and a history that was never played proves nothing."""
    caught = laws([Broken(number, "x", "a", caught=True) for number in INVARIANTS])
    verdicts = Verdicts(alarms=alarms)
    verdicts.ends["ok"] = 10
    assert passed(caught, verdicts, 10) is (not alarms)
    assert not passed(caught, verdicts, 100)
    assert not passed(caught[:50] + laws([])[:1], verdicts, 10)
