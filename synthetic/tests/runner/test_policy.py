"""Policies: what is forbidden is not played, and in production neither is what nobody has allowed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from synthetic.config.cells import load_cells
from synthetic.config.platforms import load_platform
from synthetic.config.scenarios import load_scenario
from synthetic.config.shipped import shipped_root
from synthetic.core.errors import Place
from synthetic.core.plan import CellPlan, ScenarioPlan
from synthetic.core.plan_serving import Instrument, PolicyPlan, Withdraw
from synthetic.runner.policy import Refusal, fit_players, may_withdraw, policy_for, psps_of, refusals, takes_back
from synthetic.runner.timetable import Missed

DATA = Path(__file__).parent.parent / "data" / "serving"
CELLS = load_cells(DATA / "cells.yaml")
SMALL = load_platform(DATA / "platforms" / "small.yaml")
CANARY, STAGING = CELLS["canary"], CELLS["staging"]
UNTIL_NS = 1_800_000_000 * 10**9


def scenario(name: str) -> ScenarioPlan:
    """A scenario of the project in tests/data."""
    return load_scenario(DATA / "scenarios" / f"{name}.yaml", SMALL)


def policy(
    withdraw: Withdraw = "off",
    instrument: Instrument = "none",
    *,
    market: str = "MT",
    brand: str = "*",
    psp: str = "*",
    approval: str = "MGA-1",
) -> PolicyPlan:
    """A policy whose approval, if it needs one, is there."""
    return PolicyPlan(Place(), market, brand, psp, withdraw, instrument, approval, UNTIL_NS)


def rules(
    policies: list[PolicyPlan], name: str, *, psp: str = "psp-a", cell: CellPlan = CANARY, now_ns: int = 0
) -> list[str]:
    """The rules that refuse."""
    return [one.rule for one in refusals(policies, scenario(name), cell, {"psp": psp}, now_ns=now_ns)]


@pytest.mark.parametrize(
    ("withdraw", "name", "refused"),
    [
        ("off", "payout", ["withdraw-off"]),
        ("off", "payout_cancelled", ["withdraw-off"]),
        ("off", "payout_refused", ["withdraw-off"]),
        ("off", "login", []),
        ("request-then-cancel", "payout", ["withdraw-cancelled"]),
        ("request-then-cancel", "payout_cancelled_too_late", ["withdraw-cancelled"]),
        ("request-then-cancel", "payout_cancelled", []),
        ("request-then-cancel", "payout_refused", []),
        ("approved", "payout", []),
        ("approved", "payout_cancelled_too_late", []),
    ],
)
def test_a_withdrawal_is_played_only_as_far_as_it_is_allowed(withdraw: Withdraw, name: str, refused: list[str]) -> None:
    """`off`: none is even asked for. `request-then-cancel`: only what the scenario takes back, and what has to be refused."""
    assert rules([policy(withdraw)], name) == refused


@pytest.mark.parametrize(
    ("instrument", "name", "refused"),
    [
        ("none", "deposit", ["no-instrument"]),
        ("real", "deposit", []),
        ("sandbox-in-prod", "deposit", []),
        ("sandbox-in-prod", "deposit_real", ["sandbox-instrument"]),
        ("none", "payout", []),
    ],
)
def test_a_deposit_is_paid_only_with_what_may_be_paid_with(
    instrument: Instrument, name: str, refused: list[str]
) -> None:
    """`none`: nothing. `sandbox-in-prod`: only by players whose instrument is marked so."""
    assert rules([policy("approved", instrument)], name) == refused


def test_only_players_with_a_sandbox_instrument_are_lent_where_only_a_sandbox_may_be_paid_with() -> None:
    """Of a mixed pool the others are left out; where real money is allowed, or none is paid in, all may play."""
    mixed = replace(CANARY, players=(replace(CANARY.players[0], attributes={}), CANARY.players[1]))
    deposit, row = scenario("deposit"), {"psp": "psp-a"}
    sandbox = [policy("approved", "sandbox-in-prod")]
    assert [player.id for player in fit_players(sandbox, deposit, mixed, row)] == ["p2"]
    assert [player.id for player in fit_players([policy("off", "real")], deposit, mixed, row)] == ["p1", "p2"]
    assert [player.id for player in fit_players(sandbox, scenario("login"), mixed, {})] == ["p1", "p2"]


def test_what_no_policy_covers_is_refused_in_production() -> None:
    """Another market, another PSP, no policy at all; a login of a market that nobody knows, too."""
    assert rules([], "login") == ["known-market"]
    assert rules([policy(market="SE")], "login") == ["known-market"]
    assert rules([policy(brand="borealis")], "deposit") == ["known-market", "known-psp"]
    assert rules([policy("approved", "real", psp="psp-b")], "deposit") == ["known-psp"]
    assert rules([policy("approved", "real", psp="psp-b")], "deposit", psp="psp-b") == []


def test_outside_of_production_nobody_has_to_be_asked() -> None:
    """But what a policy forbids is forbidden there, too."""
    test = replace(CANARY, environment="reference")
    assert rules([], "deposit", cell=test) == []
    assert rules([policy()], "deposit", cell=test) == ["no-instrument"]
    assert rules([], "login", cell=STAGING) == []


@pytest.mark.parametrize(
    ("withdraw", "instrument", "name"), [("approved", "none", "payout"), ("off", "real", "deposit")]
)
def test_an_approval_has_to_be_there_and_holds_up_to_its_last_day(
    withdraw: Withdraw, instrument: Instrument, name: str
) -> None:
    """For withdrawals and for real money."""
    approved = policy(withdraw, instrument)
    assert rules([approved], name, now_ns=UNTIL_NS - 1) == []
    assert rules([approved], name, now_ns=UNTIL_NS) == ["approval"]
    assert rules([replace(approved, until_ns=0)], name, now_ns=UNTIL_NS) == []
    assert rules([replace(approved, approval="")], name) == ["approval"]


def test_an_approval_that_ran_out_forbids_only_what_needed_it() -> None:
    """A sandbox needs none."""
    assert rules([policy("approved", "sandbox-in-prod")], "deposit", now_ns=UNTIL_NS) == []


def test_the_first_policy_that_fits_is_the_one_that_counts() -> None:
    """A narrow one before a wide one is an exception to it."""
    policies = [policy("approved", "real", psp="psp-a"), policy()]
    assert policy_for(policies, CANARY, "psp-a") is policies[0]
    assert policy_for(policies, CANARY, "psp-b") is policies[1]
    assert policy_for(policies, STAGING, "psp-a") is None


def test_a_psp_that_only_the_run_can_tell_is_every_psp_of_the_cell() -> None:
    """Of a literal and of a column of the matrix it is known before; else all of them have to allow it."""
    assert psps_of(scenario("deposit").steps[1], CANARY, {"psp": "psp-b"}) == ("psp-b",)
    assert psps_of(scenario("payout_cancelled").steps[0], CANARY, {}) == ("psp-a",)
    assert psps_of(scenario("deposit_real").steps[0], CANARY, {}) == ("psp-a", "psp-b")
    assert psps_of(scenario("login").steps[0], CANARY, {}) == ()
    half = [policy("off", "real", psp="psp-a"), policy("off", "none", psp="psp-b")]
    assert rules(half, "deposit_real") == ["no-instrument"]


def test_the_shipped_payout_that_is_too_late_to_cancel_is_none_that_is_taken_back() -> None:
    """Its cancellation has to be refused: the money leaves."""
    reference = load_platform(shipped_root() / "fixtures/platforms/reference.yaml")
    path = shipped_root() / "scenarios/negative/withdraw_cancelled_mid_payout.yaml"
    plan = load_scenario(path, reference)
    withdraw = next(step for step in plan.steps if step.operation.name == "cashier.withdraw")
    assert not takes_back(plan, withdraw)


def test_an_address_off_the_allow_list_is_refused_before_anything_is_sent() -> None:
    """Whoever has made the cell: the file's loader refuses it, too."""
    elsewhere = replace(STAGING, endpoints={"api": "https://elsewhere.example.org"})
    assert rules([], "login", cell=elsewhere) == ["allow-list"]


def test_a_refusal_says_what_is_forbidden_where_and_which_step_wants_it() -> None:
    """One sentence for whoever asks where the runs are, and the reason of the missed slot."""
    (refusal,) = refusals([policy()], scenario("payout"), CANARY, {"psp": "psp-a"}, now_ns=0)
    assert (
        str(refusal) == "withdraw-off: withdrawals are off for MT, aurora, psp-a, and the step 'withdraw' asks for one"
    )
    assert refusal.reason is Missed.POLICY
    (refusal,) = refusals([policy("off", "sandbox-in-prod")], scenario("deposit_real"), CANARY, {}, now_ns=0)
    assert refusal == Refusal("sandbox-instrument", refusal.sentence, Missed.NO_PLAYER)


@pytest.mark.parametrize(
    ("policies", "cell", "now_s", "allowed"),
    [
        ([policy("approved")], CANARY, 0, True),
        ([policy("approved")], CANARY, 1_800_000_000, False),
        ([policy("approved", approval="")], CANARY, 0, False),
        ([policy("request-then-cancel")], CANARY, 0, False),
        ([policy("off")], CANARY, 0, False),
        ([policy("approved", psp=CANARY.psps[0])], CANARY, 0, len(CANARY.psps) == 1),
        ([], CANARY, 0, False),
        ([], STAGING, 0, True),
        ([policy("off", market=STAGING.market)], STAGING, 0, False),
    ],
)
def test_a_surplus_is_withdrawn_only_where_withdrawals_are_approved(
    policies: list[PolicyPlan], cell: CellPlan, now_s: int, allowed: object
) -> None:
    """By every PSP of the cell, and while the approval lasts; outside of production, where no policy speaks against it."""
    assert may_withdraw(policies, cell, now_ns=now_s * 10**9) is allowed
