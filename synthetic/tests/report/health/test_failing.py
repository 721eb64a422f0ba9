"""Failing runs: put together by where they failed, with what their other side did, and a link to their trace."""

from __future__ import annotations

import pytest

from synthetic.core.outcome import Blame, RunOutcome
from synthetic.report.health.failing import GROUPS_MAX, RUNS_A_GROUP_MAX, failing_groups, link_to_trace
from synthetic.tests.report.health.seen import failed, seen


def test_runs_that_failed_at_one_place_are_one_group() -> None:
    """Newest first, with the newest run's reason."""
    (group,), left_out = failing_groups([], [failed("canary", 1, reason="old"), failed("canary", 2, reason="new")])
    assert (group.count, group.reason, left_out) == (2, "new", 0)
    assert [run.run_id for run in group.runs] == ["canary-2", "canary-1"]
    assert group.failed_at == "step deposit"


def test_a_group_says_how_often_the_other_side_was_fine() -> None:
    """What the canary fails alone speaks against it; what both fail, or the other side can't say, does not."""
    canary = [failed("canary", at) for at in (1, 2, 3, 4)]
    baseline = [seen("baseline", 1), failed("baseline", 2), seen("baseline", 3, outcome=RunOutcome.TAINTED)]
    (of_canary, of_baseline), _ = failing_groups(baseline, canary)
    assert (of_canary.count, of_canary.alone) == (4, 1)
    assert [run.twin for run in of_canary.runs] == ["none", "none", "failed", "ok"]
    assert (of_baseline.side, of_baseline.alone) == ("baseline", 0)


def test_what_breaks_at_a_psp_for_the_canary_alone_is_asked_of_whoever_releases() -> None:
    """The blame says where; what both sides suffer, and what our own platform does, needs no such word."""
    fine, sick = [seen("baseline", at) for at in (1, 2)], [failed("baseline", at) for at in (1, 2)]
    at_the_psp = [failed("canary", at, blame=Blame.PSP) for at in (1, 2)]
    (alone,), _ = failing_groups(fine, at_the_psp)
    assert alone.whom_to_ask.endswith("Call whoever releases first, not the PSP.")
    assert failing_groups(sick, at_the_psp)[0][0].whom_to_ask == ""
    assert failing_groups(fine, [failed("canary", 1)])[0][0].whom_to_ask == ""


def test_the_canarys_groups_come_before_newer_ones_of_the_baseline() -> None:
    """It is the canary that is asked about."""
    told, _ = failing_groups([failed("baseline", 50)], [failed("canary", 1), failed("canary", 5, failed_step="login")])
    assert [(group.side, group.failed_at) for group in told] == [
        ("canary", "step login"),
        ("canary", "step deposit"),
        ("baseline", "step deposit"),
    ]


def test_groups_and_runs_are_bounded_and_what_is_left_out_is_told() -> None:
    """The newest stay."""
    many = [failed("canary", at, failed_step=f"s{at % 30}") for at in range(300)]
    told, left_out = failing_groups([], many)
    assert (len(told), left_out) == (GROUPS_MAX, 30 - GROUPS_MAX)
    assert {len(group.runs) for group in told} == {RUNS_A_GROUP_MAX}
    assert told[0].failed_at == "step s29"


def test_a_trace_is_linked_by_the_operators_template() -> None:
    """`{trace_id}` is where the id goes; without a template there is no link."""
    assert link_to_trace("https://t.example/{trace_id}?x=1", "0af7") == "https://t.example/0af7?x=1"
    assert link_to_trace("", "0af7") == ""
    assert link_to_trace("https://t.example/{trace_id}", "") == ""


@pytest.mark.parametrize(
    "template", ["javascript:alert(1)//{trace_id}", "data:text/html,{trace_id}", "//t.example/{trace_id}"]
)
def test_only_http_addresses_become_links(template: str) -> None:
    """A link of the page must never run anything."""
    assert link_to_trace(template, "0af7") == ""


def test_a_trace_id_stays_within_its_place() -> None:
    """Whatever an id holds, it adds no path or query."""
    assert link_to_trace("https://t.example/{trace_id}", "a/b?c#d") == "https://t.example/a%2Fb%3Fc%23d"
