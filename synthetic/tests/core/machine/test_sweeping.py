"""The end of a recovery: the player's cash is what it was, or the difference is told."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from synthetic.config.platforms import load_platform
from synthetic.core.effects import Http, Intent
from synthetic.core.events import RunEnded
from synthetic.core.machine import Baseline, OpenEffect, Recovered, play, recover
from synthetic.core.machine.journaled import written_args
from synthetic.core.money import Money
from synthetic.core.outcome import IntentState
from synthetic.core.plan import PlatformPlan
from synthetic.core.secrets import Redactor
from synthetic.drivers.memory import InMemoryTransport, MemoryDriver, VirtualClock
from synthetic.tests.core.machine.playing import DEAD, HEALTHY, PLATFORM, Journal, Wire, answers, make_spec, ok, played

BASE = Money(5000, "EUR")
STEPS = """
  - {id: login, call: login}
  - {id: deposit, call: deposit, with: {amount: 1.00 EUR}, until: "out.state == 'succeeded'", within: 3s}
"""
SWEEP = """
sweep:
  balance: balance
  cash: out.cash
  withdraw: {call: payout, with: {amount: "${{ surplus }}"}, until: "out.state == 'paid'", within: 2s}
"""
PAID = {
    "GET /balance": ok(cash=5030),
    "POST /payouts": ok(id="w1", state="paid"),
    "GET /find": ok(found=True, id="d1", state="paid"),
}


def no_hook(*_args: Any) -> Any:
    """A hook that nobody plays."""
    raise AssertionError


@cache
def mapping(text: str = SWEEP) -> PlatformPlan:
    """The small platform, with a sweep."""
    return load_platform(Path("tiny.yaml"), text=PLATFORM + text, resolve_hook=lambda _dotted: no_hook)


def deposited(state: IntentState = IntentState.COMPENSATED) -> OpenEffect:
    """A deposit of 1.00 EUR."""
    args = written_args({"amount": Money(100, "EUR")}, Redactor())
    intent = Intent(
        "run1", "deposit", "deposit", "deposit", Money(100, "EUR"), "run1-deposit", "psp", "wallet", "c1", "p1", args
    )
    return OpenEffect(intent, state)


def swept_before(state: IntentState, age_ns: int = 0) -> OpenEffect:
    """The withdrawal that an earlier recovery has sent."""
    args = written_args({"amount": Money(30, "EUR")}, Redactor())
    intent = Intent(
        "run1", "sweep", "payout", "withdraw", Money(30, "EUR"), "run1-sweep", "wallet", "psp", "c1", "p1", args
    )
    return OpenEffect(intent, state, age_ns)


class Sweeping:
    """One recovery with a baseline: what it came to, the requests, and the journal."""

    def __init__(
        self, *effects: OpenEffect, routes: dict[str, Any], limit: int = 500, text: str = SWEEP, **more: Any
    ) -> None:
        clock = VirtualClock()
        self.journal = Journal()
        self.paths: list[str] = []
        self.bodies: list[Any] = []
        self.reasons: list[str] = []
        platform = answers(HEALTHY | PAID | routes)

        def listening(wire: Wire) -> Any:
            assert isinstance(wire, Http)
            self.paths.append(f"{wire.method} {wire.url.removeprefix('http://api.test')}")
            if wire.method == "POST" and wire.body:
                self.bodies.append(json.loads(wire.body))
            return platform(wire)

        spec = make_spec(STEPS)
        limits = {**spec.cell.limits, "withdraw": Money(limit, "EUR")} if limit else spec.cell.limits
        spec = replace(spec, plan=replace(spec.plan, platform=mapping(text)), cell=replace(spec.cell, limits=limits))
        machine = recover(spec, effects, **({"baseline": Baseline(BASE)} | more))
        driver = MemoryDriver(InMemoryTransport(listening, clock), clock)
        self.came_to: Recovered = driver.run(machine, sink=self._hear, journal=self.journal)

    def _hear(self, event: Any) -> None:
        if isinstance(event, RunEnded):
            self.reasons.append(event.reason)

    @property
    def payouts(self) -> int:
        """How many withdrawals were sent."""
        return sum(path.startswith("POST /payouts") for path in self.paths)


def test_a_surplus_goes_home_under_a_key_of_its_own() -> None:
    """0.30 above the baseline: withdrawn by an effect of the run, journaled before it left, and settled."""
    run = Sweeping(deposited(), routes={})
    (intent,) = run.journal.intents
    assert (intent.key, intent.amount, intent.step) == ("run1-sweep", Money(30, "EUR"), "sweep")
    assert run.journal.states == {"run1-sweep": IntentState.SETTLED}
    assert run.bodies[-1] == {"minor": 30, "key": "run1-sweep"}
    assert run.came_to.is_home
    assert run.reasons == ["recovered after its worker was gone: 1 withdrawn"]


@pytest.mark.parametrize("cash", [5000, 4980])
def test_without_a_surplus_nothing_is_sent(cash: int) -> None:
    """The player has what he had, or has lost a round."""
    run = Sweeping(deposited(), routes={"GET /balance": ok(cash=cash)})
    assert (run.payouts, run.came_to.is_home, run.came_to.residue) == (0, True, None)


def test_the_surplus_is_read_behind_the_undo() -> None:
    """First every effect comes home, then the wallet is looked at."""
    run = Sweeping(deposited(IntentState.DONE), routes={"GET /balance": ok(cash=5000)})
    assert [path.split("?")[0] for path in run.paths] == [
        "POST /login",
        "GET /find",
        "POST /refunds/d1",
        "GET /balance",
    ]
    assert run.came_to.is_home


def test_while_an_effect_is_open_nothing_is_swept() -> None:
    """What is in the wallet may be this effect's money."""
    run = Sweeping(deposited(IntentState.DONE), routes={"POST /refunds": DEAD})
    assert not [path for path in run.paths if path.startswith("GET /balance")]
    assert not run.came_to.is_home


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"baseline": Baseline(BASE, may_withdraw=False)}, "nothing may be withdrawn here"),
        ({"limit": 29}, "it is over the withdraw limit 0.29 EUR of cell c1"),
        ({"limit": 0}, "it is over the withdraw limit of nothing of cell c1"),
        (
            {"text": "sweep: {balance: balance, cash: out.cash}\n"},
            "the mapping does not say how a surplus is withdrawn",
        ),
        (
            {"routes": {"POST /payouts": ok(409, error="kyc_required")}},
            "its withdrawal was refused: HTTP 409 kyc_required",
        ),
    ],
)
def test_a_surplus_that_may_not_leave_is_told(more: dict[str, Any], says: str) -> None:
    """The run is closed, and its reason says how much is left in the wallet and why."""
    run = Sweeping(deposited(), **({"routes": {}} | more))
    assert run.came_to.is_home
    assert (run.came_to.residue, run.came_to.residue_reason) == (Money(30, "EUR"), says)
    assert "0.30 EUR more than before stay in the wallet" in run.reasons[0]


def test_a_surplus_of_a_run_that_has_paid_nothing_in_is_told() -> None:
    """Nobody knows where it could go back to."""
    withdrawn = replace(swept_before(IntentState.COMPENSATED).intent, step="cashout", key="run1-cashout")
    run = Sweeping(OpenEffect(withdrawn, IntentState.COMPENSATED), routes={})
    assert run.payouts == 0
    assert run.came_to.residue_reason == "the run has paid nothing in that it could go back to"


def test_a_run_of_which_nothing_has_happened_leaves_no_surplus() -> None:
    """Somebody has topped the player up: that is not ours to withdraw."""
    run = Sweeping(deposited(IntentState.REFUSED), routes={})
    assert (run.paths, run.came_to.is_home) == ([], True)


def test_a_balance_that_can_not_be_read_keeps_the_run_open() -> None:
    """Whether something is left in the wallet is not known."""
    run = Sweeping(deposited(), routes={"GET /balance": DEAD})
    assert not run.came_to.is_home
    assert run.came_to.unswept.startswith("the balance can't be read: GET /balance")


@pytest.mark.parametrize(
    ("routes", "state"),
    [
        ({"POST /payouts": DEAD}, IntentState.UNKNOWN),
        (
            {"POST /payouts": ok(id="w1", state="pending"), "GET /payouts": ok(id="w1", state="pending")},
            IntentState.DONE,
        ),
    ],
)
def test_a_withdrawal_that_is_not_paid_yet_keeps_the_run_open(routes: dict[str, Any], state: IntentState) -> None:
    """Its answer is lost, or it is pending: it is not undone, and asked for later."""
    run = Sweeping(deposited(), routes=routes)
    assert run.journal.states == {"run1-sweep": state}
    assert run.came_to.still_open == ("run1-sweep",)


@pytest.mark.parametrize("state", [IntentState.INTENT, IntentState.UNKNOWN, IntentState.DONE])
def test_a_withdrawal_of_an_earlier_recovery_is_asked_for_and_never_sent_again(state: IntentState) -> None:
    """It was paid: settled, without a second one, though the balance is still above its baseline."""
    run = Sweeping(deposited(), swept_before(state), routes={})
    assert (run.payouts, run.journal.states) == (0, {"run1-sweep": IntentState.SETTLED})
    assert run.came_to.is_home


def test_a_withdrawal_under_way_is_waited_for() -> None:
    """Neither undone nor sent again."""
    run = Sweeping(
        deposited(), swept_before(IntentState.DONE), routes={"GET /find": ok(found=True, id="w1", state="in_transit")}
    )
    assert (run.payouts, run.came_to.unswept) == (0, "the withdrawal of 0.30 EUR is under way")


def test_a_withdrawal_that_nobody_can_be_asked_about_stays_unknown() -> None:
    """However old it is: a look-up without an answer settles nothing, and nothing is sent."""
    run = Sweeping(deposited(), swept_before(IntentState.INTENT, 3600 * 10**9), routes={"GET /find": DEAD})
    assert (run.payouts, run.journal.states) == (0, {})
    assert run.came_to.unswept.startswith("nobody knows of the withdrawal of 0.30 EUR: GET /find")


@pytest.mark.parametrize(("age_s", "sent"), [(0, 0), (601, 1)])
def test_a_withdrawal_that_never_arrived_is_sent_again_under_its_key(age_s: int, sent: int) -> None:
    """Only after the quiet time; and under the only key that it has."""
    run = Sweeping(
        deposited(),
        swept_before(IntentState.INTENT, age_s * 10**9),
        routes={"GET /find": ok(found=False, id="", state="")},
    )
    assert run.payouts == sent
    assert {intent.key for intent in run.journal.intents} <= {"run1-sweep"}
    assert run.came_to.is_home is bool(sent)


def test_a_run_that_was_swept_is_not_swept_again() -> None:
    """Recovery was cut off just before it closed the run."""
    run = Sweeping(deposited(), swept_before(IntentState.SETTLED), routes={})
    assert (run.paths, run.came_to.is_home) == ([], True)


@pytest.mark.parametrize(
    ("behind", "cash"),
    [("", 5030), ("  - {id: more, call: deposit, with: {amount: 1.00 EUR}}\n", None)],
)
def test_a_clean_run_tells_what_it_leaves_its_player(behind: str, cash: int | None) -> None:
    """Its cash as it was read behind the last money effect; nothing where it moved money afterwards."""
    steps = STEPS + "  - {id: end, call: balance}\n" + behind
    spec = make_spec(steps)
    clock = VirtualClock()
    driver = MemoryDriver(InMemoryTransport(answers(HEALTHY | PAID), clock), clock)
    ended = driver.run(
        play(replace(spec, plan=replace(spec.plan, platform=mapping()))), sink=lambda _event: None, journal=Journal()
    )
    assert ended.cash == (None if cash is None else Money(cash, "EUR"))
    assert ended.changed == Money(100 if cash is not None else 200, "EUR")


def test_what_a_clean_run_has_changed_is_what_it_has_read() -> None:
    """Before and behind its effects, fees and gifts included: the sum of the effects (1.00) does not know of them."""
    cash = iter([5000, 5097])
    platform = answers(HEALTHY | PAID)

    def paying(wire: Wire) -> Any:
        assert isinstance(wire, Http)
        return ok(cash=next(cash)) if wire.url.endswith("/balance") else platform(wire)

    login, deposit = STEPS.strip().splitlines()
    steps = f"\n{login}\n  - {{id: start, call: balance}}\n{deposit}\n  - {{id: end, call: balance}}\n"
    spec, clock = make_spec(steps.replace("\n- ", "\n  - ")), VirtualClock()
    driver = MemoryDriver(InMemoryTransport(paying, clock), clock)
    machine = play(replace(spec, plan=replace(spec.plan, platform=mapping())))
    ended = driver.run(machine, sink=lambda _event: None, journal=Journal())
    assert (ended.cash, ended.changed) == (Money(5097, "EUR"), Money(97, "EUR"))


def test_a_mapping_without_a_sweep_tells_no_cash() -> None:
    """Nobody has said how it is read."""
    assert played(STEPS + "  - {id: end, call: balance}\n", answers(HEALTHY)).ended.cash is None
