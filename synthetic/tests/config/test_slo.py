"""SLO files: what a policy is made of, and every kind of mistake in the author's own language."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synthetic.config import percents
from synthetic.config.shipped import shipped_root
from synthetic.config.slis import slis_of
from synthetic.config.slo import load_slo, shipped_policy
from synthetic.core.errors import AuthorError, Mistake
from synthetic.core.plan import PlatformPlan
from synthetic.gate.policy import RUN, HardStop, Objective, Policy
from synthetic.tests.config.test_mistakes import FILE, Case, cases, told
from synthetic.tests.config.test_serving import mutated_from

ROOT = shipped_root()
DOC = Path(__file__).parents[3] / "docs" / "gate-slo.md"
KNOWN = {"login": frozenset[str](), "deposit": frozenset({"psp"}), RUN: frozenset({"psp", "provider"})}
SMALL = "slo: small\nobjectives: [{name: a, sli: login, at_least: 99 %}]\n"


def policy_of(text: str) -> Policy:
    """The policy of an SLO file, whatever its SLIs are."""
    return load_slo(FILE, text=text)


@pytest.mark.parametrize("case", cases("slo.txt"), ids=str)
def test_a_mistake_in_an_slo_file_is_told_in_its_place(case: Case) -> None:
    """Exactly these mistakes, no more and no fewer."""
    assert told(load_slo, text=case.text, known=KNOWN) == case.told


def test_what_is_not_said_is_as_the_gate_has_it() -> None:
    """One source of defaults: the policy itself."""
    made = policy_of(SMALL)
    assert replace(made, objectives=(), digest="", name="") == Policy(())
    assert made.objectives == (Objective("a", "login", 0.99, share=1.0),)
    assert (len(made.digest), made.name) == (12, "small")


def test_the_thresholds_stand_in_the_shipped_file_as_they_were_given() -> None:
    """Logins, deposits, sockets, every PSP, and withdrawals; in the file's own words and in the policy."""
    promised = {
        one.name: (one.sli, one.by, one.measure, one.target, one.threshold_ms) for one in shipped_policy().objectives
    }
    assert promised == {
        "login_success_ratio": ("login", "", "success", 0.999, 0.0),
        "p95_payments_deposit": ("deposit", "", "latency", 0.95, 400.0),
        "ws_rtt_p95": ("ws_rtt", "", "latency", 0.95, 120.0),
        "deposit_success_by_psp": ("deposit", "psp", "success", 0.99, 0.0),
        "withdrawals_paid": ("withdraw", "", "success", 0.99, 0.0),
        "runs_good": (RUN, "", "success", 0.999, 0.0),
    }
    written = (ROOT / "fixtures/slo/reference.yaml").read_text()
    assert all(threshold in written for threshold in ("99.9 %", "400 ms", "120 ms", "99 %"))


def test_the_shipped_policy_is_about_what_the_reference_mapping_tells(reference: PlatformPlan) -> None:
    """Each of its SLIs is told by a mapping, with the label it is split by, and there is nothing left to share."""
    policy = load_slo(ROOT / "fixtures/slo/reference.yaml", known=slis_of([reference], []))
    assert policy == shipped_policy()
    assert sum(one.share for one in policy.objectives) == pytest.approx(1.0)
    assert (policy.window_s, policy.tick_s, policy.consecutive) == (900.0, 20.0, 3)


def test_shares_that_are_not_written_divide_what_the_others_leave() -> None:
    """So that all of them are the whole error level, and one more objective is no more chance of a false rollback."""
    made = policy_of(
        "slo: s\nobjectives:\n"
        "  - {name: a, sli: login, at_least: 99 %, share: 40 %}\n"
        "  - {name: b, sli: deposit, at_least: 99 %}\n"
        "  - {name: c, sli: deposit, p99_at_most: 1.5 s}\n"
    )
    assert [one.share for one in made.objectives] == pytest.approx([0.4, 0.3, 0.3])
    assert (made.objectives[2].target, made.objectives[2].threshold_ms) == (0.99, 1500.0)


def test_everything_that_is_said_is_in_the_policy() -> None:
    """Hard stops of all three kinds, error levels as odds, times in seconds."""
    made = policy_of(
        SMALL
        + "hard_stops:\n"
        + "  - {name: psp, sli: deposit, by: psp, below: 60 %, within: 10m}\n"
        + "  - {name: provider, blame: provider, above: 25 %, at_least: 8}\n"
        + "  - {signal: chargebacks, more_than: 2, within: 1h}\n"
        + "window: 10m\ntick: 20s\nconsecutive: 4\nwarm_up: 1m\nmargin: 5 %\npairs_min: 40\nstale: 90s\nmissing_max: 10 %\n"
        + "errors: {healthy: 0.5 %, shared_fault: 5 %, passed: 2 %}\nsuspicion: {denser: 8, for: 3m}\nlabels: {team: pay}\n"
    )
    assert made.hard_stops == (
        HardStop("psp", "deposit", 0.4, 5, 600.0, "psp"),
        HardStop("provider", RUN, 0.25, 8, 300.0, "", "provider"),
        HardStop("chargebacks", "signal", 2.0, 1, 3600.0),
    )
    assert (made.window_s, made.tick_s, made.consecutive, made.warm_up_s) == (600.0, 20.0, 4, 60.0)
    assert (made.pairs_min, made.stale_s, made.missing_max) == (40, 90.0, 0.1)
    assert (made.alpha_budget, made.alpha_pair, made.pass_evidence) == (0.005, 0.05, 50.0)
    assert (made.suspect_factor, made.suspect_for_s, made.labels) == (8, 180.0, {"team": "pay"})
    assert made.objectives[0].margin == 0.05


@given(st.integers(0, 10**11))
@settings(deadline=None)
def test_a_percentage_is_shown_as_it_was_meant(parts: int) -> None:
    """And reading what is shown gives the same part of 1."""
    part = parts / 10**11
    assert percents.share(percents.shown(part)) == pytest.approx(part, abs=1e-15)
    assert re.fullmatch(percents.PATTERN, percents.shown(part))


EXAMPLES = re.findall(r"<!-- (slo|slo part) -->\n```yaml\n(.*?)```", DOC.read_text(), re.DOTALL)


@given(mutated_from(next(text for kind, text in EXAMPLES if kind == "slo")))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_broken_slo_file_gives_mistakes_and_nothing_else(text: str) -> None:
    """Whatever becomes of its text: a policy whose numbers can be worked with, or mistakes with their places."""
    found: tuple[Mistake, ...] = ()
    try:
        policy = policy_of(text)
    except AuthorError as error:
        found = error.mistakes
    else:
        assert policy.objectives
        assert all(0 < one.budget < one.margin < 1 and 0 < one.share <= 1 for one in policy.objectives)
        assert sum(one.share for one in policy.objectives) <= 1 + 1e-9
        assert policy.pass_evidence >= 5
        assert all(0 < level <= 0.2 for level in (policy.alpha_budget, policy.alpha_pair))
    assert all(one.place.line >= 1 and one.place.column >= 1 and one.message for one in found)


@pytest.mark.parametrize(("kind", "text"), EXAMPLES, ids=[str(index) for index in range(len(EXAMPLES))])
def test_an_example_of_the_documentation_loads(kind: str, text: str) -> None:
    """Each one is right as it stands."""
    whole = {"slo": "", "slo part": "slo: s\n" if "objectives:" in text else SMALL}[kind] + text
    assert policy_of(whole).objectives


def test_every_yaml_block_of_the_documentation_is_an_example() -> None:
    """None escapes the test above, but for those that other tests load."""
    assert len(EXAMPLES) == len(re.findall(r"(?<!<!-- serving part -->\n)```yaml", DOC.read_text())) > 2
