"""gather(): from the stream of events to pairs; what can't be compared is missing, never a pass and never a failure."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from synthetic.core.checks import CHECKS
from synthetic.core.events import CheckJudged, Event, RunEnded, RunStarted
from synthetic.core.outcome import Blame, RunOutcome
from synthetic.gate.evidence import Evidence, Stream, gather

OK, FAILED, TAINTED, ABORTED = RunOutcome.OK, RunOutcome.FAILED, RunOutcome.TAINTED, RunOutcome.ABORTED
LAW = "one-credit-per-deposit"


def started(run_id: str, track: str, pair: str, psp: str = "") -> RunStarted:
    return RunStarted(
        run_id=run_id,
        seed=1,
        scenario="deposit-bet-withdraw",
        title="",
        tags=(),
        row={"psp": psp} if psp else {"provider": "provider-a"},
        cell=f"cell-{track}",
        track=track,
        environment="test",
        market="mt",
        brand="brand-one",
        version="1.1.0",
        currency="EUR",
        player="player-1",
        trace_id="0af7651916cd43dd8448eb211c80319c",
        scheduled_at_ns=0,
        at_ns=0,
        wall_ns=0,
        pair=pair,
    )


def ended(run_id: str, outcome: RunOutcome) -> RunEnded:
    blame = Blame.PLATFORM if outcome is FAILED else None
    return RunEnded(run_id, outcome, blame, f"{run_id} {outcome}", "", "", (), 1)


def run(track: str, outcome: RunOutcome, *, pair: str, psp: str = "", broken: Iterable[str] = ()) -> list[Event]:
    """One run as a person would tell it: began, broke these laws, ended so."""
    run_id = f"{pair}-{track}"
    laws = [CheckJudged(run_id, law, held=False, message="", blame=Blame.PLATFORM) for law in broken]
    return [started(run_id, track, pair, psp), *laws, ended(run_id, outcome)]


def pair(number: int, canary: RunOutcome, baseline: RunOutcome, psp: str = "") -> list[Event]:
    """Both runs of one pair."""
    name = f"pair-{number}"
    return [*run("canary", canary, pair=name, psp=psp), *run("baseline", baseline, pair=name, psp=psp)]


@pytest.mark.parametrize(
    ("canary", "baseline", "stream"),
    [
        (OK, OK, Stream("pooled", 1)),
        (FAILED, OK, Stream("pooled", 1, canary_only=1)),
        (OK, FAILED, Stream("pooled", 1, baseline_only=1)),
        (FAILED, FAILED, Stream("pooled", 1, both=1)),
    ],
)
def test_a_pair_counts_by_which_side_failed(canary: RunOutcome, baseline: RunOutcome, stream: Stream) -> None:
    """Four cells of a McNemar table."""
    evidence = gather(pair(1, canary, baseline))
    assert evidence.pooled == stream
    assert evidence.missing_pairs == 0


@pytest.mark.parametrize("unusable", [TAINTED, ABORTED])
@pytest.mark.parametrize("other", [OK, FAILED, TAINTED])
def test_a_pair_with_a_side_that_says_nothing_is_missing(unusable: RunOutcome, other: RunOutcome) -> None:
    """Our own lag or fault on either side: the pair is in no rate, and counts as the harness's."""
    for sides in ((unusable, other), (other, unusable)):
        evidence = gather(pair(1, *sides))
        assert (evidence.pooled.pairs, evidence.missing_pairs) == (0, 1)


def test_a_pair_whose_other_side_never_came_is_missing() -> None:
    """Neither a run without its partner nor one without its end is taken for a healthy pair."""
    alone = run("canary", OK, pair="pair-1")
    unfinished = [*run("canary", OK, pair="pair-2"), started("pair-2-baseline", "baseline", "pair-2")]
    assert gather(alone).missing_pairs == 1
    assert gather(unfinished).missing_pairs == 1
    assert gather(alone + unfinished).pooled.pairs == 0


def test_a_run_without_a_pair_is_left_out() -> None:
    """It was not played for a comparison: it neither counts nor is it missing, even if it failed."""
    evidence = gather([*run("canary", FAILED, pair=""), *run("baseline", OK, pair="")])
    assert evidence == Evidence(Stream("pooled"))


def test_each_psp_has_a_stream_of_its_own() -> None:
    """Sorted by name; a row without a PSP is in the pool only."""
    events = [
        *pair(1, FAILED, OK, "psp-b"),
        *pair(2, OK, OK, "psp-a"),
        *pair(3, FAILED, FAILED, "psp-b"),
        *pair(4, OK, OK),
    ]
    evidence = gather(events)
    assert evidence.by_psp == (Stream("psp-a", 1), Stream("psp-b", 2, canary_only=1, both=1))
    assert evidence.pooled == Stream("pooled", 4, canary_only=1, both=1)


def test_runs_may_come_interleaved() -> None:
    """Canary and baseline play in the same instant, so their events come mixed."""
    canary, baseline = run("canary", FAILED, pair="p"), run("baseline", OK, pair="p")
    mixed = [canary[0], baseline[0], baseline[1], canary[1]]
    assert gather(mixed) == gather(canary + baseline)


def test_a_broken_law_is_kept_by_track() -> None:
    """Each law once a track, sorted: one breach is proof, ten are no more."""
    other = "balance-equals-ledger"
    events = [
        *run("canary", FAILED, pair="p1", broken=[LAW, other]),
        *run("canary", FAILED, pair="p2", broken=[LAW]),
        *run("baseline", FAILED, pair="p1", broken=[other]),
    ]
    assert gather(events).broken_laws == {"canary": (other, LAW), "baseline": (other,)}


def test_only_a_breach_of_a_named_law_is_proof() -> None:
    """A scenario's own invariant, a law that held, and one that could not be judged prove nothing."""
    judged = [
        CheckJudged("p-canary", "end.cash == start.cash", held=False, message="", blame=Blame.PLATFORM),
        CheckJudged("p-canary", LAW, held=True, message="", blame=None),
        CheckJudged("p-canary", LAW, held=None, message="not enough evidence", blame=None),
        CheckJudged("never-began", LAW, held=False, message="", blame=Blame.PLATFORM),
    ]
    assert gather([started("p-canary", "canary", "p"), *judged]).broken_laws == {}
    assert LAW in CHECKS


@pytest.mark.parametrize("outcome", [TAINTED, ABORTED])
def test_a_law_broken_in_a_tainted_run_is_broken_all_the_same(outcome: RunOutcome) -> None:
    """Our lag spoils a measurement, but never posts a second credit."""
    assert gather(run("canary", outcome, pair="p", broken=[LAW])).broken_laws == {"canary": (LAW,)}


def test_the_reasons_of_failed_runs_are_kept_by_track() -> None:
    """For the person who has to act on the decision; runs that did not fail have none."""
    evidence = gather([*pair(1, FAILED, OK), *pair(2, FAILED, TAINTED), *pair(3, TAINTED, FAILED)])
    assert evidence.failures == {
        "canary": ("pair-1-canary failed", "pair-2-canary failed"),
        "baseline": ("pair-3-baseline failed",),
    }


def test_no_events_are_no_evidence() -> None:
    """Nothing measured is nothing known."""
    assert gather([]) == Evidence(Stream("pooled"))


@pytest.mark.parametrize(
    ("blame", "laws"),
    [
        (Blame.PLATFORM, {"canary": (LAW,)}),
        (Blame.UNKNOWN, {"canary": (LAW,)}),
        (Blame.HARNESS, {}),
        (Blame.PSP, {}),
    ],
)
def test_only_the_cells_own_breach_is_proof_against_it(blame: Blame, laws: dict[str, tuple[str, ...]]) -> None:
    """A bet that we sent twice, or a PSP that captured another amount, breaks a law as well; the release did neither."""
    judged = CheckJudged("p-canary", LAW, held=False, message="", blame=blame)
    assert gather([started("p-canary", "canary", "p"), judged]).broken_laws == laws


def test_what_we_stirred_up_ourselves_breaks_no_law_of_the_cells() -> None:
    """Our second bet is settled while the balance is read: that the two do not agree is our doing, too."""
    laws = [("own-keys-only", Blame.HARNESS), ("balance-equals-ledger", Blame.PLATFORM)]
    judged = [CheckJudged("p-canary", name, held=False, message="", blame=blame) for name, blame in laws]
    assert gather([started("p-canary", "canary", "p"), *judged]).broken_laws == {}


def test_our_own_clock_excuses_no_broken_law() -> None:
    """Only a key of ours that the run never sent proves that we stirred it up."""
    laws = [("clocks-agree", Blame.HARNESS), (LAW, Blame.PLATFORM)]
    judged = [CheckJudged("p-canary", name, held=False, message="", blame=blame) for name, blame in laws]
    assert gather([started("p-canary", "canary", "p"), *judged]).broken_laws == {"canary": (LAW,)}
