"""A run becomes one sample at its end."""

from __future__ import annotations

from synthetic.core.outcome import Blame, RunOutcome, StepOutcome
from synthetic.sli.samples import SampleFold, fold
from synthetic.tests.sli.streams import MS, Story, failing, passing


def test_interleaved_runs_are_told_apart() -> None:
    """Two runs whose events alternate give the same samples as one after the other."""
    one, two = passing("a"), failing("b")
    alternating = [event for pair in zip(one, two, strict=False) for event in pair]
    alternating += one[len(two) :] + two[len(one) :]
    assert {s.run_id: s for s in fold(alternating)} == {s.run_id: s for s in fold(one + two)}


def test_a_run_without_its_end_gives_no_sample() -> None:
    """What has not ended says nothing yet; what never began is left aside."""
    folding = SampleFold()
    assert [folding.take(event) for event in passing()[:-1]].count(None) == len(passing()) - 1
    assert folding.open_runs == 1
    assert fold(passing()[1:]) == ()


def test_a_run_says_when_and_how_long() -> None:
    """Duration and schedule lag come from the monotonic clock."""
    (sample,) = fold(passing())
    assert (sample.duration_ns, sample.schedule_lag_ns) == (20 * MS, 2 * MS)
    assert sample.labels == (("rollout_step", "1"),)


def test_only_steps_of_an_sli_are_sampled_and_never_the_compensation() -> None:
    """An undo has no SLI of its own, even where its operation has one."""
    story = Story().begin("deposit").end_step("deposit", sli="deposit")
    story.begin("deposit", purpose="undo").end_step("deposit", sli="refund", purpose="undo").begin("x").end_step("x")
    (sample,) = fold(story.end())
    assert [step.sli for step in sample.steps] == ["deposit"]


def test_our_own_lag_or_fault_does_not_count() -> None:
    """A tainted step and one that failed by our doing are out; a failure of anyone else's counts."""
    story = Story().end_step("a", sli="a", tainted=True).end_step("b", sli="b", held=False, blame=Blame.HARNESS)
    story.end_step("c", sli="c", held=False, blame=Blame.PSP)
    (sample,) = fold(story.end(RunOutcome.FAILED))
    assert [step.counts for step in sample.steps] == [False, False, True]


def test_only_ok_and_failed_runs_count() -> None:
    """Tainted and aborted runs are in no pass rate."""
    counts = {outcome: fold(Story().end(outcome))[0].counts for outcome in RunOutcome}
    assert counts == {
        RunOutcome.OK: True,
        RunOutcome.FAILED: True,
        RunOutcome.TAINTED: False,
        RunOutcome.ABORTED: False,
    }


def test_broken_checks_are_kept_and_unjudged_ones_are_not() -> None:
    """`held` None is a lack of evidence, not a violation."""
    (sample,) = fold(Story().check("x", held=False).check("y", held=None).check("z").end(RunOutcome.FAILED))
    assert sample.violated == ("x",)


def test_money_is_kept_whatever_became_of_it() -> None:
    """Refused and unknown movements are in the sample; the summary decides what counts."""
    (sample,) = fold(Story().moved("in", 5, StepOutcome.REFUSED).moved("out", 7, StepOutcome.UNKNOWN).end())
    assert [moved.amount.minor for moved in sample.moved] == [5, 7]
