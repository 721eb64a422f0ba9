"""Claims about the judge: what it decides of what is kept, what it keeps of that, and what it never lets pass."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from synthetic.audit.entry import Entry
from synthetic.audit.trail import AuditTrail
from synthetic.gate.coverage import Coverage
from synthetic.gate.decision import Reason
from synthetic.gate.observed import Observation, Signal
from synthetic.gate.policy import Policy
from synthetic.journal.sqlite_database import SqliteDatabase
from synthetic.rollouts import store as store_module
from synthetic.rollouts.judge import SUSPECT_FOR_S, Asked, Judge
from synthetic.rollouts.model import Rollout, Step
from synthetic.rollouts.store import Store
from synthetic.rollouts.watch import Judged
from synthetic.tests.rollouts.evidence import NOON_NS, POLICY, S, TestClock, pairs, run

ROLLOUT = Rollout("r1", "canary", "baseline", "", NOON_NS, "ann")
R1 = Asked(rollout="r1")


@dataclass
class Heard:
    """Whom the judge tells: the audit, and whoever plays denser."""

    entries: list[Entry] = field(default_factory=list)
    suspected: list[tuple[str, float]] = field(default_factory=list)

    def suspect(self, cell: str, for_s: float) -> None:
        self.suspected.append((cell, for_s))


def judge_of(store: Store, clock: TestClock, heard: Heard | None = None, policy: Policy = POLICY) -> Judge:
    heard = heard or Heard()
    return Judge(store, lambda: policy, clock, AuditTrail(heard.entries.append, "worker:w1"), heard)


def passing(store: Store, clock: TestClock, rollout: Rollout = ROLLOUT) -> None:
    """A rollout that has been clean for a minute and a bit."""
    store.begin(rollout)
    store.observe(pairs(range(70)))
    clock.advance(70)


def told(judged: Judged) -> tuple[str, str]:
    return judged.decision.verdict, judged.decision.reason


def test_a_clean_release_passes_and_that_is_kept_and_audited_once(store: Store, clock: TestClock) -> None:
    """However often it is asked; the audit names cell and rollout."""
    heard = Heard()
    passing(store, clock)
    judge = judge_of(store, clock, heard)
    assert [told(judge.judge(R1)) for _ in range(3)] == [("pass", Reason.CLEAN)] * 3
    assert [one.verdict for one in store.decisions("r1")] == ["pass"]
    assert [(entry.cell, entry.data["decision"], entry.data["release"]) for entry in heard.entries] == [
        ("canary", "pass", "r1")
    ]


def test_a_psp_that_neither_side_has_played_is_missing(store: Store, clock: TestClock) -> None:
    """A release that breaks it would pass by the others. One that no probe plays at all is told beside the verdict."""
    passing(store, clock)
    policy = replace(POLICY, objectives=(replace(POLICY.objectives[0], by="psp"),))
    judge = judge_of(store, clock, policy=policy)
    assert told(judge.judge(R1)) == ("pass", Reason.CLEAN)
    judge.coverage = lambda _cell, _baseline: Coverage({"deposits": frozenset({"psp-a", "psp-b"})})
    decision = judge.judge(R1).decision
    assert (decision.verdict, decision.reason) == ("inconclusive", Reason.INSUFFICIENT)
    assert "Nothing was measured of deposits[psp-b]" in decision.explanation
    psp_c = {"psp": frozenset({"psp-c"})}
    judge.coverage = lambda _cell, _baseline: Coverage({"deposits": frozenset({"psp-a"})}, psp_c)
    decision = judge.judge(R1).decision
    assert decision.verdict == "pass"
    assert decision.explanation.endswith("This says nothing of psp psp-c, which the cell has and no probe plays.")


def test_signals_are_held_against_what_the_canary_takes_of_the_traffic(store: Store, clock: TestClock) -> None:
    """Three times the baseline's chargebacks are what 75 % of the traffic bring; where 5 % bring them, they are the canary's."""
    reported = [Signal("chargebacks", cell, 1.0, NOON_NS + S) for cell in ["canary"] * 12 + ["baseline"] * 4]
    store.signal(reported)
    verdicts = []
    for name, weight in (("r1", 75), ("r2", 5)):
        store.begin(replace(ROLLOUT, id=name, steps=(Step(weight, NOON_NS),)))
        clock.advance(5)
        verdicts.append(told(judge_of(store, clock).judge(Asked(rollout=name))))
    assert verdicts == [("inconclusive", Reason.SHARED_FAULT), ("fail", Reason.HARD_STOP)]


def test_what_is_new_counts_at_the_next_look(store: Store, clock: TestClock) -> None:
    """Also what another worker has written, and what comes late."""
    store.begin(ROLLOUT)
    judge = judge_of(store, clock)
    assert told(judge.judge(R1)) == ("inconclusive", Reason.INSUFFICIENT)
    *most, late = pairs(range(60))
    store.observe(most)
    clock.advance(70)
    before = judge.judge(R1).decision.streams[0].counts.pairs
    store.observe([late])
    assert judge.judge(R1).decision.streams[0].counts.pairs == before + 1


def test_a_bad_canary_fails_and_stays_failed(store: Store, clock: TestClock) -> None:
    """Also after a restart, and where all is well again: whoever rolls back may ask late."""
    store.begin(ROLLOUT)
    store.observe(pairs(range(70), canary_fails=True))
    clock.advance(70)
    assert told(judge_of(store, clock).judge(R1)) == ("fail", Reason.REGRESSION)
    forgetful = replace(POLICY, warm_up_s=75.0)
    store.observe(pairs(range(80, 170)))
    clock.advance(100)
    judged = judge_of(store, clock, policy=forgetful).judge(R1)
    assert told(judged) == ("fail", Reason.REGRESSION)
    assert "that stands" in judged.decision.explanation


def test_a_fault_on_both_sides_is_held(store: Store, clock: TestClock) -> None:
    """It is not the release's."""
    store.begin(ROLLOUT)
    store.observe(pairs(range(70), both_fail=True))
    clock.advance(70)
    assert told(judge_of(store, clock).judge(R1)) == ("inconclusive", Reason.SHARED_FAULT)


def test_what_nobody_knows_is_inconclusive(store: Store, clock: TestClock) -> None:
    """A rollout, a cell, a canary without a baseline: each is told with what to do."""
    store.observe([run(1)])
    heard = Heard()
    judge = judge_of(store, clock, heard, replace(POLICY, eager_s=600.0))
    asked = {
        Asked(rollout="r2"): "POST /v1/rollouts",
        Asked(cell="canry", baseline="baseline"): "'canry'",
        Asked(cell="canary", baseline="made-up"): "'made-up'",
        Asked(cell="canary"): "beside a baseline",
        Asked(cell="canary", baseline="canary"): "beside a baseline",
    }
    for one, words in asked.items():
        judged = judge.judge(one)
        assert told(judged) == ("inconclusive", Reason.UNKNOWN)
        assert words in judged.decision.explanation
        assert judged.rollout is None
    assert (heard.entries, heard.suspected) == ([], [])  # anybody may poll: that leaves nothing behind


def test_a_version_that_nobody_has_begun_is_watched_since_it_was_first_seen(store: Store, clock: TestClock) -> None:
    """Runs of the version before it do not count, good or bad."""
    old = [run(n, at_s=n - 100, failed=True, version="1.9") for n in range(-50, -10)]
    store.observe([*old, *pairs(range(70))])
    clock.advance(70)
    judged = judge_of(store, clock).judge(Asked(cell="canary", baseline="baseline"))
    assert told(judged) == ("pass", Reason.CLEAN)
    assert judged.rollout is not None
    assert (judged.rollout.version, judged.rollout.since_ns, judged.registered) == ("2.0", NOON_NS, False)


def test_a_canary_that_drops_connections_is_one_version_and_fails(store: Store, clock: TestClock) -> None:
    """A run without an answer carries the version of the cells file: as a version of its own nothing would ever be certain."""
    asked, names = Asked(cell="canary", baseline="baseline"), set()
    judge = judge_of(store, clock)
    for n in range(70):
        dropped = n % 4 == 3
        canary = run(n, at_s=n, failed=dropped, version="1.9" if dropped else "2.0", version_told=not dropped)
        store.observe([canary, run(n, "baseline", at_s=n)])
        if n % 10 == 9:
            judged = judge.judge(asked)
            names.add(judged.rollout and judged.rollout.id)
        clock.advance(1)
    assert told(judge.judge(asked)) == ("fail", Reason.REGRESSION)
    assert len(names) == 1


def test_a_fail_of_a_version_that_nobody_has_begun_stands_though_its_runs_are_forgotten(
    store: Store, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also for a gate that was started again since."""
    asked = Asked(cell="canary", baseline="baseline")
    store.observe(pairs(range(70), canary_fails=True))
    clock.advance(70)
    assert told(judge_of(store, clock).judge(asked)) == ("fail", Reason.REGRESSION)
    monkeypatch.setattr(store_module, "OBSERVATIONS_MAX", 140)
    store.observe(pairs(range(70, 150)))
    clock.advance(80)
    store.forget(clock.wall_ns())
    assert told(judge_of(store, clock).judge(asked)) == ("fail", Reason.REGRESSION)


def test_runs_of_another_version_than_the_release_are_no_evidence_of_it(store: Store, clock: TestClock) -> None:
    """A rollout is begun before the canary is up: the old version must not pass in its place."""
    store.begin(replace(ROLLOUT, version="3.0"))
    store.observe([replace(one, version_told=True) for one in pairs(range(70))])
    clock.advance(70)
    judged = judge_of(store, clock).judge(R1)
    assert judged.decision.verdict == "inconclusive"
    assert "70 runs of version 2.0 instead of 3.0" in judged.decision.explanation


def with_old_version_first(numbers: range) -> list[tuple[Observation, Observation]]:
    """Canary and baseline; the canary tells the version before in the first ten."""
    return [
        (run(n, at_s=n, version="1.9" if n < 10 else "3.0", version_told=True), run(n, "baseline", at_s=n))
        for n in numbers
    ]


@pytest.mark.parametrize("order", [1, -1])
def test_runs_beside_another_version_are_left_out_with_it(store: Store, clock: TestClock, order: int) -> None:
    """A release whose predecessor still answered for a while is no fault of ours, in whichever order two runs end."""
    store.begin(replace(ROLLOUT, version="3.0"))
    judge = judge_of(store, clock)
    for canary, baseline in with_old_version_first(range(75)):
        for one in (canary, baseline)[::order]:
            store.observe([one])
            if canary.started_ns < NOON_NS + 12 * S:
                judge.judge(R1)
        clock.advance(1)
    judged = judge.judge(R1)
    assert told(judged) == ("pass", Reason.CLEAN)
    assert judged.decision.streams[0].counts.pairs == 65
    assert "10 runs of version 1.9 instead of 3.0, 10 runs played beside another version" in judged.decision.explanation


def test_a_baseline_whose_canary_never_ends_is_a_pair_that_is_missing(store: Store, clock: TestClock) -> None:
    """It waits for the version that the canary tells, but not for ever: a canary that hangs must not go unnoticed."""
    store.begin(replace(ROLLOUT, version="3.0"))
    store.observe([run(n, "baseline", at_s=n) for n in range(30)])
    judge = judge_of(store, clock)
    clock.advance(30)
    assert judge.judge(R1).decision.reason == Reason.INSUFFICIENT
    assert judge.runs(ROLLOUT) == ()
    clock.advance(POLICY.stale_s + 1)
    assert judge.judge(R1).decision.verdict == "inconclusive"
    assert len(judge.runs(ROLLOUT)) == 30


def test_a_version_of_the_cells_file_is_not_held_against_the_release(store: Store, clock: TestClock) -> None:
    """Nobody edits that for each release: only what the cell itself tells is sure."""
    passing(store, clock, replace(ROLLOUT, version="3.0"))
    assert judge_of(store, clock).judge(R1).decision.verdict == "pass"


def test_runs_from_the_future_are_left_out_and_told(store: Store, clock: TestClock) -> None:
    """Not when their time comes, either: their clock is wrong."""
    store.begin(ROLLOUT)
    store.observe(pairs(range(100, 170)))
    judge = judge_of(store, clock)
    judge.judge(R1)
    clock.advance(170)
    judged = judge.judge(R1)
    assert judged.decision.verdict == "inconclusive"
    assert "140 runs dated in the future" in judged.decision.explanation


def test_a_row_that_cannot_be_read_is_told(store: Store, clock: TestClock, tmp_path: Path) -> None:
    """It counts for nothing."""
    passing(store, clock)
    other = SqliteDatabase(tmp_path / "runner.gate.db")
    with other.write() as transaction:
        transaction.change("UPDATE gate_observations SET body = '' WHERE number < 4")
    other.close()
    assert "3 runs that can't be read" in judge_of(store, clock).judge(R1).decision.explanation


def test_a_clock_that_jumps_ahead_brings_no_pass(store: Store, clock: TestClock) -> None:
    """A watch of a minute is not over because somebody has set the clock; a whole window after the jump it may be."""
    store.begin(ROLLOUT)
    store.observe(pairs(range(15)))
    clock.advance(15)
    judge = judge_of(store, clock)
    judge.judge(R1)
    clock.jump(3600)
    store.observe([replace(one, started_ns=one.started_ns + 3600 * S) for one in pairs(range(15, 30))])
    clock.advance(15)
    judged = judge.judge(R1)
    assert told(judged) == ("inconclusive", Reason.STALE)
    assert "+3600 s" in judged.decision.explanation
    store.observe([replace(one, started_ns=one.started_ns + 3600 * S) for one in pairs(range(30, 95))])
    clock.advance(65)
    assert told(judge.judge(R1)) == ("pass", Reason.CLEAN)


def test_a_clock_that_jumps_back_brings_no_pass(store: Store, clock: TestClock) -> None:
    """The start of the watch lies ahead then."""
    passing(store, clock)
    judge = judge_of(store, clock)
    assert judge.judge(R1).decision.verdict == "pass"
    clock.jump(-3600)
    assert judge.judge(R1).decision.verdict == "inconclusive"


def test_a_rollout_that_has_ended_never_passes(store: Store, clock: TestClock) -> None:
    """Its evidence is of the past; its last decision stays as it was kept."""
    passing(store, clock)
    judge = judge_of(store, clock)
    judge.judge(R1)
    store.end("r1", "promoted", clock.wall_ns())
    clock.advance(30)
    store.observe(pairs(range(80, 100), canary_fails=True))  # of the next release, perhaps
    judged = judge.judge(R1)
    assert told(judged) == ("inconclusive", Reason.STALE)
    assert "ended" in judged.decision.explanation
    assert [one.verdict for one in store.decisions("r1")] == ["pass"]


def test_another_release_into_the_same_cell_ends_the_one_before(store: Store, clock: TestClock) -> None:
    """A cell takes one release at a time."""
    passing(store, clock)
    store.begin(replace(ROLLOUT, id="r2", started_ns=clock.wall_ns()))
    before = store.rollout("r1")
    assert before is not None
    assert before.ending == "aborted"
    assert judge_of(store, clock).judge(R1).decision.verdict == "inconclusive"


def test_each_step_needs_pairs_of_its_own(store: Store, clock: TestClock) -> None:
    """More traffic may show what less has not."""
    passing(store, clock, replace(ROLLOUT, steps=(Step(5, NOON_NS),)))
    judge = judge_of(store, clock)
    assert judge.judge(R1).decision.verdict == "pass"
    store.step("r1", Step(25, clock.wall_ns()))
    assert told(judge.judge(R1)) == ("inconclusive", Reason.INSUFFICIENT)
    store.observe(pairs(range(70, 85)))
    clock.advance(15)
    assert judge.judge(R1).decision.verdict == "pass"
    assert [(one.verdict, one.weight) for one in store.decisions("r1")] == [
        ("pass", 5),
        ("inconclusive", 25),
        ("pass", 25),
    ]


def test_a_canary_that_takes_no_traffic_yet_may_still_be_starting(store: Store, clock: TestClock) -> None:
    """What failed before the first step does not count."""
    store.begin(ROLLOUT)
    store.observe(pairs(range(40), canary_fails=True))
    clock.advance(41)
    store.step("r1", Step(0, clock.wall_ns()))
    judged = judge_of(store, clock).judge(R1)
    assert told(judged) == ("inconclusive", Reason.INSUFFICIENT)


def test_probes_are_denser_for_as_long_as_the_gate_suspects(store: Store, clock: TestClock) -> None:
    """Each look asks for a little longer than until the next one; when the suspicion is over, nobody asks any more."""
    heard = Heard()
    store.begin(ROLLOUT)
    store.observe([*pairs(range(10)), *pairs(range(10, 11), canary_fails=True)])
    clock.advance(12)
    judge = judge_of(store, clock, heard)
    for _ in range(2):
        assert judge.judge(R1).decision.verdict == "inconclusive"
        clock.advance(1)
    assert heard.suspected == [("canary", SUSPECT_FOR_S)] * 2
    store.observe(pairs(range(12, 50)))
    clock.advance(36)
    judge.judge(R1)
    assert len(heard.suspected) == 2


def test_probes_are_denser_from_the_start_of_a_watch(store: Store, clock: TestClock) -> None:
    """For as long as the policy is eager: without a suspicion, as the first pairs are worth most."""
    heard = Heard()
    store.begin(ROLLOUT)
    store.observe(pairs(range(5)))
    clock.advance(6)
    judge = judge_of(store, clock, heard, replace(POLICY, eager_s=30.0))
    judge.judge(R1)
    assert heard.suspected == [("canary", SUSPECT_FOR_S)]
    store.observe(pairs(range(6, 40)))
    clock.advance(35)
    judge.judge(R1)
    assert len(heard.suspected) == 1


def test_a_hard_stop_acts_at_once(store: Store, clock: TestClock) -> None:
    """A signal of the canary alone rolls back whatever the pairs say."""
    passing(store, clock)
    store.signal([Signal("chargebacks", "canary", 3.0, clock.wall_ns())])
    assert told(judge_of(store, clock).judge(R1)) == ("fail", Reason.HARD_STOP)


def test_another_policy_judges_everything_again(store: Store, clock: TestClock) -> None:
    """A file that was read again is in force at the next look."""
    passing(store, clock)
    policies = [POLICY, replace(POLICY, pairs_min=100)]
    judge = Judge(store, lambda: policies[0], clock)
    assert judge.judge(R1).decision.verdict == "pass"
    policies.pop(0)
    assert judge.judge(R1).decision.verdict == "inconclusive"
