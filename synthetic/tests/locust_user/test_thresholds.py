"""Thresholds decide how a load test ends."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from synthetic.cli.exits import ExitCode
from synthetic.core.money import Money
from synthetic.core.outcome import Blame, RunOutcome
from synthetic.gate.policy import Objective, Policy
from synthetic.locust_user.figures import Figures
from synthetic.locust_user.thresholds import (
    MONEY_DIFFERS,
    MONEY_OUT,
    NOT_COMPARED,
    SAMPLES_MIN,
    Exit,
    Verdict,
    judge,
    missed_of,
    rows_of,
)
from synthetic.sli.samples import RunSample
from synthetic.tests.locust_user.samples import run, step

SUCCESS = Objective("deposits", "deposit", 0.99)
BY_PSP = Objective("deposits_by_psp", "deposit", 0.99, by="psp")
FAST = Objective("p95_deposit", "deposit", 0.95, measure="latency", threshold_ms=400)
GOOD = run(step("deposit", 100, psp="psp-a"))
SLOW = run(step("deposit", 900, psp="psp-a"))
BAD_AT_B = run(step("deposit", 100, psp="psp-b", held=False), outcome=RunOutcome.FAILED, blame=Blame.PSP)
SPOILED = run(step("deposit", 100, counts=False), step("login", 5, counts=False), outcome=RunOutcome.TAINTED)
ABORTED = run(outcome=RunOutcome.ABORTED, blame=Blame.HARNESS)
STRANDED = run(step("deposit", 100), stranded=(Money(100, "EUR"),))
CASES = [
    pytest.param([SUCCESS], [GOOD] * 20, Exit.PASS, "", id="all is well"),
    pytest.param([SUCCESS], [GOOD] * 20 + [BAD_AT_B], Exit.MISSED, "95.24 %, promised ≥ 99 %", id="too many fail"),
    pytest.param([BY_PSP], [GOOD] * 1000 + [BAD_AT_B] * 10, Exit.MISSED, "(psp-b): 0.00 %", id="one psp fails"),
    pytest.param([FAST], [GOOD] * 18 + [SLOW] * 2, Exit.MISSED, "promised p95 ≤ 400 ms", id="too slow"),
    pytest.param([FAST], [GOOD] * 19 + [SLOW], Exit.PASS, "", id="slow within what is promised"),
    pytest.param([SUCCESS], [GOOD] * 3, Exit.NOTHING_RAN, "too little was measured", id="too little to say"),
    pytest.param([SUCCESS], [], Exit.NOTHING_RAN, "no run came to its end", id="nothing ran"),
    pytest.param([SUCCESS], [GOOD] * 20 + [ABORTED], Exit.HARNESS, "1 of 21 runs were aborted", id="our own fault"),
    pytest.param([SUCCESS], [GOOD] * 11 + [SPOILED] * 40, Exit.HARNESS, "say nothing of the target", id="our own lag"),
    pytest.param([SUCCESS], [BAD_AT_B] * 20 + [STRANDED], Exit.STRANDED, "stranded", id="money first"),
]


def figures(runs: Sequence[RunSample]) -> Figures:
    taken = Figures()
    for one in runs:
        taken.take(one)
    return taken


@pytest.mark.parametrize(("objectives", "runs", "exit_", "says"), CASES)
def test_a_load_test_ends_as_the_worst_that_happened(
    objectives: list[Objective], runs: list[RunSample], exit_: Exit, says: str
) -> None:
    """And says so in a sentence."""
    judgement = judge(Policy(tuple(objectives)), figures(runs))
    assert judgement.exit is exit_
    assert says in " / ".join(judgement.sentences)
    assert bool(judgement.sentences) is (exit_ is not Exit.PASS)


def test_money_that_does_not_agree_is_worse_than_anything() -> None:
    """Whatever the thresholds say."""
    judgement = judge(
        Policy((SUCCESS,)), figures([GOOD] * 20), money={MONEY_DIFFERS: ["p1: in the ledger, not in the journal"]}
    )
    assert (judgement.exit, judgement.sentences) == (Exit.STRANDED, ("p1: in the ledger, not in the journal",))


@pytest.mark.parametrize(
    ("runs", "found", "headline"),
    [
        ([GOOD] * 20, {MONEY_DIFFERS: ["differs"], NOT_COMPARED: ["unread"]}, "money does not agree"),
        ([GOOD] * 20, {MONEY_OUT: ["open"], NOT_COMPARED: ["unread"]}, "money is not home"),
        ([GOOD] * 20, {NOT_COMPARED: ["unread"]}, "not every account could be compared"),
        ([STRANDED] * 20, {}, "money is not home"),
    ],
)
def test_the_headline_says_what_is_wrong_with_the_money(
    runs: list[RunSample], found: dict[str, list[str]], headline: str
) -> None:
    """Money that is only out, or was not looked at, is not said to disagree."""
    judgement = judge(Policy((SUCCESS,)), figures(runs), money=found)
    assert (judgement.exit, judgement.headline) == (Exit.STRANDED, headline)


def test_the_headline_tells_how_many_thresholds_are_unknown() -> None:
    """One of which nothing is known did not hold."""
    known = figures([GOOD] * 20)
    assert judge(Policy((SUCCESS,)), known).headline == "every threshold held"
    unknown = Policy((SUCCESS, Objective("logins", "login", 0.99)))
    judgement = judge(unknown, known)
    assert (judgement.exit, judgement.headline) == (Exit.PASS, "1 of 2 thresholds held, 1 unknown")


def test_an_unknown_threshold_is_no_pass_where_that_is_asked_for() -> None:
    """And is one, where all of them are known."""
    unknown = Policy((SUCCESS, Objective("logins", "login", 0.99)))
    judgement = judge(unknown, figures([GOOD] * 20), unknown_fails=True)
    assert (judgement.exit, judgement.headline) == (Exit.NOTHING_RAN, "1 of 2 thresholds held, 1 unknown")
    assert "1 of 2 thresholds had fewer than 10 samples" in judgement.sentences[0]
    assert judge(Policy((SUCCESS,)), figures([GOOD] * 20), unknown_fails=True).exit is Exit.PASS


def test_an_interrupted_test_does_not_pass_and_is_called_so() -> None:
    """What it had shown until then held."""
    judgement = judge(Policy((SUCCESS,)), figures([GOOD] * 20), interrupted="the test was interrupted after 11 of 60 s")
    assert (judgement.exit, judgement.headline) == (Exit.HARNESS, "interrupted before its end")


def test_a_test_that_was_cut_short_does_not_pass() -> None:
    """Its budget was used up, say."""
    judgement = judge(Policy((SUCCESS,)), figures([GOOD] * 20), cut_short="the budget was used up")
    assert (judgement.exit, judgement.sentences) == (Exit.HARNESS, ("the budget was used up",))


def test_a_load_that_could_not_be_played_as_asked_for_does_not_pass() -> None:
    """Two hundred users with twelve players are no load of two hundred users; one miss among many is nothing."""
    for missed, exit_ in ((1, Exit.PASS), (3, Exit.HARNESS)):
        taken = figures([GOOD] * 20)
        for _ in range(missed):
            taken.miss("no player was free")
        judgement = judge(Policy((SUCCESS,)), taken)
        assert judgement.exit is exit_
        assert any("no player was free (3)" in one for one in judgement.sentences) is (exit_ is Exit.HARNESS)


def test_a_run_that_began_late_is_judged_from_when_it_was_due() -> None:
    """In an open model: a target that stands still would pass on the few runs that it let begin (coordinated omission)."""
    quick = Objective("p95_run", "run", 0.95, measure="latency", threshold_ms=2000)
    assert judge(Policy((quick,)), figures([run(took_ms=1000)] * 20)).exit is Exit.PASS
    assert judge(Policy((quick,)), figures([run(took_ms=1000, late_ms=5000)] * 20)).exit is Exit.MISSED


def test_a_worker_that_was_lost_does_not_pass() -> None:
    """What it played nobody knows."""
    judgement = judge(Policy((SUCCESS,)), figures([GOOD] * 20), lost=1)
    assert judgement.exit is Exit.HARNESS
    assert "1 worker lost" in judgement.sentences[0]


def test_an_objective_with_too_few_samples_is_neither_held_nor_missed() -> None:
    """Unknown is a value."""
    (row,) = rows_of(Policy((SUCCESS,)), figures([GOOD] * (SAMPLES_MIN - 1)))
    assert (row.verdict, row.measured, row.samples) == (Verdict.UNKNOWN, "100.00 %", SAMPLES_MIN - 1)


def test_the_first_objective_that_is_missed_is_told() -> None:
    """What a step to failure ends at."""
    missed = missed_of(rows_of(Policy((SUCCESS, FAST)), figures([SLOW] * 20)))
    assert missed is not None
    assert missed.name == "p95_deposit"
    assert missed_of(rows_of(Policy((SUCCESS, FAST)), figures([GOOD] * 20))) is None


def test_steps_of_which_nothing_can_be_said_do_not_pass() -> None:
    """The steps before held, and the last one never answered."""
    judgement = judge(Policy((SUCCESS,)), figures([GOOD] * 20), unclear="at 50 nothing can be said")
    assert (judgement.exit, judgement.sentences) == (Exit.NOTHING_RAN, ("at 50 nothing can be said",))


def test_exit_codes_are_those_of_the_command_line() -> None:
    """A pipeline reads one list of numbers."""
    same = {
        Exit.PASS: "PASS",
        Exit.MISSED: "FAILED",
        Exit.HARNESS: "HARNESS",
        Exit.STRANDED: "STRANDED",
        Exit.NOTHING_RAN: "NOTHING_RAN",
    }
    assert {int(one): ExitCode[name].value for one, name in same.items()} == {int(one): int(one) for one in Exit}
