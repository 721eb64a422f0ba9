"""Success ratios by SLI, flow, PSP, market and brand."""

from __future__ import annotations

from synthetic.core.outcome import RunOutcome
from synthetic.report.health.document import Group
from synthetic.report.health.groups import groups
from synthetic.sli.ratios import wilson
from synthetic.tests.report.health.seen import failed, seen, step


def found(told: list[Group], kind: str, name: str, value: str = "") -> Group:
    (only,) = [group for group in told if (group.kind, group.name, group.value) == (kind, name, value)]
    return only


def test_flows_psps_and_markets_count_runs_beside_each_other() -> None:
    """The same group on both sides, also where only one of them has failed."""
    told = groups([seen("baseline", 0), seen("baseline", 1)], [failed("canary", 0), seen("canary", 1)])
    for kind, name in [("flow", "deposit-bet-withdraw"), ("psp", "psp-a"), ("market", "MT")]:
        group = found(told, kind, name)
        assert (group.baseline.held, group.baseline.total) == (2, 2)
        assert (group.canary.held, group.canary.total) == (1, 2)


def test_slis_count_steps_whole_and_by_label() -> None:
    """`deposit`, and `deposit` of each PSP."""
    told = groups([], [seen("canary", 0), failed("canary", 1, steps=(step(held=False, psp="psp-b"),))])
    assert found(told, "sli", "deposit").canary.total == 2
    assert found(told, "sli", "deposit", "psp-a").canary.held == 1
    assert found(told, "sli", "deposit", "psp-b").canary.held == 0


def test_a_ratio_carries_its_wilson_interval() -> None:
    """The interval of the SLIs, to six digits."""
    share = found(groups([], [seen("canary", at) for at in range(9)] + [failed("canary", 9)]), "psp", "psp-a").canary
    interval = wilson(9, 10)
    assert (share.ratio, share.low, share.high) == (0.9, round(interval.low, 6), round(interval.high, 6))


def test_what_one_side_has_not_counted_is_unknown() -> None:
    """A PSP that only the canary has: nothing of nothing is no ratio."""
    baseline = found(groups([], [seen("canary", 0)]), "psp", "psp-a").baseline
    assert (baseline.total, baseline.ratio, baseline.low, baseline.high) == (0, None, None, None)


def test_a_run_that_says_nothing_of_the_target_is_in_no_group() -> None:
    """Neither as held nor as failed, and its steps neither."""
    assert (
        groups([], [seen("canary", 0, outcome=RunOutcome.TAINTED), seen("canary", 1, outcome=RunOutcome.ABORTED)]) == []
    )


def test_a_step_that_says_nothing_is_not_counted() -> None:
    """`held` None is missing data."""
    told = groups([], [seen("canary", 0, steps=(step(held=None),))])
    assert [group.kind for group in told] == ["flow", "psp", "market"]


def test_kinds_come_in_the_order_in_which_they_are_asked_for() -> None:
    """SLIs, flows, PSPs, providers, a user's own matrix column, markets; brands where there is more than one."""
    row = {"tier": "gold", "provider": "provider-a", "psp": "psp-a"}
    told = groups([seen("baseline", 0, row=row, brand="borealis")], [seen("canary", 0, row=row)])
    kinds = list(dict.fromkeys(group.kind for group in told))
    assert kinds == ["sli", "flow", "psp", "provider", "tier", "market", "brand"]
