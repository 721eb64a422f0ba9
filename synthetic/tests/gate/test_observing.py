"""observe(): from the stream of events to what a run says of the target."""

from __future__ import annotations

import pytest

from synthetic.core.checks import CHECKS
from synthetic.core.events import CheckJudged, Event
from synthetic.core.money import Money
from synthetic.core.outcome import Blame, RunOutcome
from synthetic.gate.observed import Observation
from synthetic.gate.observing import ObservationFold, observe
from synthetic.tests.sli.streams import WALL_NS, Story, failing, passing

LAW = "one-credit-per-deposit"


def seen_of(events: list[Event]) -> Observation:
    (seen,) = observe(events)
    return seen


def judged(*laws: tuple[str, Blame], outcome: RunOutcome = RunOutcome.FAILED) -> Observation:
    """A run in which these checks did not hold."""
    story = Story()
    story.events += [CheckJudged("run-1", law, held=False, message="", blame=blame) for law, blame in laws]
    return seen_of(story.end(outcome))


def test_an_observation_says_which_run_it_is() -> None:
    """Cell, track, row, version, time and trace are those of the run's start; its steps are those with an SLI."""
    seen = seen_of(passing("c1"))
    assert (seen.run_id, seen.cell, seen.track, seen.version) == ("c1", "canary", "canary", "1.1.0")
    assert (seen.started_ns, seen.row, seen.failed) == (WALL_NS, {"psp": "psp-a"}, False)
    assert seen.duration_ns > 0
    assert [step.sli for step in seen.steps][:2] == ["login", "deposit"]
    assert all(step.held and step.latency_ns > 0 for step in seen.steps)


def test_a_failed_run_says_why() -> None:
    """Its step, whom it is blamed on, and the sentence for whoever looks at it."""
    seen = seen_of(failing("c2"))
    assert (seen.failed, seen.failed_step, seen.blame) == (True, "deposit", Blame.PSP)
    assert seen.reason == "the PSP never told the outcome of the deposit"
    assert [step.held for step in seen.steps if step.sli == "deposit"] == [False]


def test_a_run_is_observed_when_it_has_ended_and_not_before() -> None:
    """Interleaved with another one, too; what never began is left aside."""
    folding = ObservationFold()
    one, two = passing("a"), passing("b")
    mixed = [*one[:-1], *two[:-1]]
    assert [folding.take(event) for event in mixed] == [None] * len(mixed)
    assert folding.open_runs == 2
    ended = [folding.take(two[-1]), folding.take(one[-1]), folding.take(one[-1])]
    assert [seen and seen.run_id for seen in ended] == ["b", "a", None]
    assert folding.open_runs == 0


@pytest.mark.parametrize("outcome", [RunOutcome.TAINTED, RunOutcome.ABORTED])
def test_a_law_broken_in_a_tainted_run_is_broken_all_the_same(outcome: RunOutcome) -> None:
    """Our lag spoils a measurement, but never posts a second credit."""
    seen = judged((LAW, Blame.PLATFORM), outcome=outcome)
    assert seen.failed is None
    assert seen.breaches == (LAW,)


def test_only_a_breach_of_a_named_law_is_proof() -> None:
    """A scenario's own invariant, a law that held, and one that could not be judged prove nothing."""
    story = Story()
    story.events += [
        CheckJudged("run-1", "end.cash == start.cash", held=False, message="", blame=Blame.PLATFORM),
        CheckJudged("run-1", LAW, held=True, message="", blame=None),
        CheckJudged("run-1", LAW, held=None, message="not enough evidence", blame=None),
        CheckJudged("never-began", LAW, held=False, message="", blame=Blame.PLATFORM),
    ]
    assert seen_of(story.end(RunOutcome.FAILED)).breaches == ()
    assert LAW in CHECKS


@pytest.mark.parametrize(
    ("blame", "breaches"),
    [(Blame.PLATFORM, (LAW,)), (Blame.UNKNOWN, (LAW,)), (Blame.HARNESS, ()), (Blame.PSP, ()), (Blame.PROVIDER, ())],
)
def test_only_the_cells_own_breach_is_proof_against_it(blame: Blame, breaches: tuple[str, ...]) -> None:
    """A bet that we sent twice, or a PSP that captured another amount, breaks a law as well; the release did neither."""
    assert judged((LAW, blame)).breaches == breaches


def test_what_we_stirred_up_ourselves_breaks_no_law_of_the_cells() -> None:
    """Our second bet is settled while the balance is read: that the two do not agree is our doing, too."""
    assert judged(("own-keys-only", Blame.HARNESS), ("balance-equals-ledger", Blame.PLATFORM)).breaches == ()


def test_our_own_clock_excuses_no_broken_law() -> None:
    """Only a key of ours that the run never sent proves that we stirred it up."""
    assert judged(("clocks-agree", Blame.HARNESS), (LAW, Blame.PLATFORM)).breaches == (LAW,)


def test_what_a_step_says_of_the_target() -> None:
    """A failure that is our own or the player's card is none; one under our lag neither; that it held in spite of it is."""
    story = Story()
    story.end_step("a", sli="a", held=False, blame=Blame.USER)
    story.end_step("b", sli="b", held=False, blame=Blame.HARNESS)
    story.end_step("c", sli="c", held=False, blame=Blame.PSP)
    story.end_step("d", sli="d", held=False, blame=Blame.PLATFORM, tainted=True)
    story.end_step("e", sli="e", tainted=True)
    seen = seen_of(story.end(RunOutcome.FAILED))
    assert {step.sli: (step.held, step.tainted) for step in seen.steps} == {
        "a": (None, False), "b": (None, False), "c": (False, False), "d": (None, True), "e": (True, True),
    }  # fmt: skip


def test_stranded_money_is_summed_by_currency() -> None:
    """In minor units."""
    stranded = (Money(100, "EUR"), Money(50, "EUR"), Money(7, "JPY"))
    assert seen_of(Story().end(RunOutcome.FAILED, stranded=stranded)).stranded_minor == {"EUR": 150, "JPY": 7}
