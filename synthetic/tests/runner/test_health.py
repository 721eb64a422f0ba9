"""Claims about the runner's own word on its health: each reason, when it holds and when it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic.core.outcome import RunOutcome
from synthetic.drivers.memory import VirtualClock
from synthetic.runner.health import MENDED_BY_RESTART, Bounds, Reason, Signs, distrust, judge_health
from synthetic.runner.health_watch import WINDOW_S, HealthWatch, Share
from synthetic.tests.sli.streams import Story

WELL = Signs(started=True, loop_age_s=0.1, scheduler_age_s=0.2, slots=100, runs=100, run_age_s=5.0, quiet_max_s=180.0)

TROUBLES: list[tuple[Reason, Signs]] = [
    (Reason.STARTING, replace(WELL, started=False)),
    (Reason.LOOP_STUCK, replace(WELL, loop_age_s=31.0)),
    (Reason.SCHEDULER_DEAD, replace(WELL, scheduler_age_s=31.0)),
    (Reason.LOOP_LAG, replace(WELL, loop_lag_s=0.3)),
    (Reason.SCHEDULE_SLIP, replace(WELL, slots_late=6)),
    (Reason.TAINTED, replace(WELL, runs_tainted=6)),
    (Reason.JOURNAL, replace(WELL, journal="disk full")),
    (Reason.AUDIT, replace(WELL, audit="disk full")),
    (Reason.KILLED, replace(WELL, killed="ann: PSP incident")),
    (Reason.CONFIG, replace(WELL, config="runner.yaml:3:1: unknown key")),
    (Reason.NO_RUNS, replace(WELL, run_age_s=181.0)),
]


@pytest.mark.parametrize(("reason", "signs"), TROUBLES, ids=[reason for reason, _ in TROUBLES])
def test_each_trouble_makes_the_runner_unready_and_only_what_a_restart_mends_not_alive(
    reason: Reason, signs: Signs
) -> None:
    """One sign, one reason, with a sentence for a person."""
    health = judge_health(signs)
    assert health.reasons == (reason,)
    assert not health.ready
    assert health.alive is (reason not in MENDED_BY_RESTART)
    assert len(health.troubles[0].message) > 15


@pytest.mark.parametrize(("reason", "signs"), TROUBLES, ids=[reason for reason, _ in TROUBLES])
def test_what_is_measured_is_distrusted_for_its_slots_and_its_runs_alone(reason: Reason, signs: Signs) -> None:
    """In the words of the health; of other troubles nothing is said."""
    said = judge_health(signs).troubles[0].message
    assert distrust(signs) == (said if reason in (Reason.SCHEDULE_SLIP, Reason.TAINTED) else "")


def test_every_reason_has_its_row() -> None:
    """A new reason is tested as well."""
    assert [reason for reason, _ in TROUBLES] == list(Reason)


WITHIN = [
    replace(WELL, loop_age_s=30.0, scheduler_age_s=30.0),
    replace(WELL, loop_lag_s=0.25),
    replace(WELL, slots_late=5),
    replace(WELL, runs_tainted=5),
    replace(WELL, runs=3, runs_tainted=3),
    replace(WELL, run_age_s=180.0),
    replace(WELL, run_age_s=9999.0, quiet_max_s=None),
    replace(WELL, slots=0, runs=0),
]


@pytest.mark.parametrize("signs", WITHIN)
def test_at_its_bound_the_runner_is_still_well(signs: Signs) -> None:
    """5 % tainted is not over 5 %, and of a few runs no share is told."""
    assert judge_health(signs).ready


def test_a_killed_runner_is_not_blamed_for_its_silence() -> None:
    """The switch is the reason, and the only one."""
    assert judge_health(replace(WELL, killed="ann: drill", run_age_s=9999.0)).reasons == (Reason.KILLED,)


def test_all_reasons_are_told_the_gravest_first() -> None:
    """Whoever reads only the first line reads the one to act on."""
    signs = replace(WELL, runs_tainted=50, journal="gone", scheduler_age_s=99.0)
    assert judge_health(signs).reasons == (Reason.SCHEDULER_DEAD, Reason.JOURNAL, Reason.TAINTED)


class Watched:
    """A watch on a virtual clock."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.stall_s = 0.0
        self.audit = ""
        self.watch = HealthWatch(self.clock, stall_s=lambda _since, _until: self.stall_s, audit=lambda: self.audit)
        self.watch.begun()

    def after(self, seconds: float) -> tuple[Reason, ...]:
        """The reasons after so long, in which the loop and the scheduler went on."""
        self.clock.advance(seconds)
        self.watch.loop_turned()
        self.watch.scheduler_looked()
        return self.watch.health().reasons

    def end_runs(self, outcome: RunOutcome, times: int) -> None:
        for n in range(times):
            for event in Story(f"r{n}").end(outcome):
                self.watch(event)


def test_a_watch_that_has_not_begun_is_starting() -> None:
    """Nothing is ready before its first slot can be played."""
    watch = HealthWatch(VirtualClock())
    assert watch.health().reasons == (Reason.STARTING,)
    watch.begun()
    assert watch.health().ready


def test_a_loop_or_a_scheduler_that_stops_is_noticed() -> None:
    """No beat for longer than the bound, and the beat is all it takes to be well again."""
    watched = Watched()
    watched.clock.advance(Bounds().stuck_s + 1)
    assert set(watched.watch.health().reasons) == {Reason.LOOP_STUCK, Reason.SCHEDULER_DEAD}
    assert watched.after(0.0) == ()


def test_tainted_and_aborted_runs_count_against_the_runner_within_the_window() -> None:
    """Two of forty are 5 %; the third is too many; ten minutes later they are forgotten."""
    watched = Watched()
    watched.end_runs(RunOutcome.OK, 38)
    watched.end_runs(RunOutcome.TAINTED, 2)
    assert watched.after(1.0) == ()
    watched.end_runs(RunOutcome.ABORTED, 1)
    assert watched.after(1.0) == (Reason.TAINTED,)
    assert watched.after(WINDOW_S) == ()


def test_a_recovered_run_is_not_held_against_the_worker_that_recovers_it() -> None:
    """After a crash a survivor ends many runs as aborted; it began none of them."""
    watched = Watched()
    for n in range(100):
        watched.watch(Story(f"r{n}").end(RunOutcome.ABORTED)[-1])
    assert watched.after(1.0) == ()


@given(st.lists(st.tuples(st.integers(0, 50), st.booleans()), max_size=60))
def test_a_share_counted_along_is_the_share_that_is_summed_up(steps: list[tuple[int, bool]]) -> None:
    """Whatever comes and goes: the window holds what happened since its begin."""
    share, happened, now = Share(), list[tuple[int, bool]](), 0
    for passed, bad in steps:
        now += passed
        share.add(now, bad=bad)
        happened.append((now, bad))
        share.forget_before(now - 100)
        within = [one for one in happened if one[0] >= now - 100]
        assert (share.total, share.bad) == (len(within), sum(bad for _, bad in within))


def test_failed_runs_say_nothing_against_the_runner() -> None:
    """A platform that is down is measured well."""
    watched = Watched()
    watched.end_runs(RunOutcome.FAILED, 100)
    assert watched.after(1.0) == ()


def test_late_slots_are_a_schedule_that_slips() -> None:
    """Some lateness is noise; more than one in twenty late by over a second is not."""
    watched = Watched()
    for late_s in [0.01] * 19 + [1.5]:
        watched.watch.slot_began(late_s)
    assert watched.after(1.0) == ()
    watched.watch.slot_began(2.0)
    assert watched.after(1.0) == (Reason.SCHEDULE_SLIP,)
    assert watched.watch.distrust() == watched.watch.health().troubles[0].message


def test_silence_is_noticed_and_a_wanted_one_is_forgiven() -> None:
    """No run for too long is a reason, but the time under the kill switch is not counted."""
    watched = Watched()
    watched.watch.expects_a_run_every(60.0)
    assert watched.after(61.0) == (Reason.NO_RUNS,)
    watched.watch.killed_is("ann: drill")
    assert watched.after(600.0) == (Reason.KILLED,)
    watched.watch.killed_is("")
    assert watched.after(59.0) == ()
    assert watched.after(2.0) == (Reason.NO_RUNS,)


def test_what_others_know_is_taken_over_and_taken_back() -> None:
    """The journal, the audit, the configuration and the loop's own stalls."""
    watched = Watched()
    watched.audit = "disk full"
    assert watched.after(1.0) == (Reason.AUDIT,)
    watched.audit = ""
    watched.watch.journal_is("disk full")
    watched.watch.config_is("line 3")
    watched.stall_s = 0.4
    assert watched.after(1.0) == (Reason.JOURNAL, Reason.CONFIG, Reason.LOOP_LAG)
    watched.watch.journal_is("")
    watched.watch.config_is("")
    watched.stall_s = 0.0
    assert watched.after(1.0) == ()
