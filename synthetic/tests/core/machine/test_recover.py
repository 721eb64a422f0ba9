"""What recovery promises: it signs in again, asks before it undoes, tries nothing twice, and tells what it can't bring home."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from synthetic.config.platforms import load_platform
from synthetic.core.effects import Http, Intent
from synthetic.core.errors import HarnessError
from synthetic.core.events import Event, MoneyMoved, RunEnded, RunStarted, UndoEnded
from synthetic.core.machine import OpenEffect, Recovered, recover
from synthetic.core.machine.journaled import written_args
from synthetic.core.money import Money
from synthetic.core.outcome import IntentState, RunOutcome
from synthetic.core.secrets import Redactor
from synthetic.drivers.memory import InMemoryTransport, MemoryDriver, VirtualClock
from synthetic.tests.core.machine.playing import (
    DEAD,
    HEALTHY,
    PLATFORM,
    Answering,
    Journal,
    Wire,
    answers,
    make_spec,
    ok,
)

ONE = Money(100, "EUR")
STEPS = """
  - {id: login, call: login}
  - {id: start, call: balance, expect: ["out.cash == money(77, run.currency)"]}
  - {id: deposit, call: deposit, with: {amount: 1.00 EUR}, until: "out.state == 'succeeded'", within: 3s}
  - {id: cashout, call: payout, with: {amount: 1.00 EUR}, until: "out.state == 'paid'", within: 2s}
"""
MINUTE_NS = 60 * 10**9
NOT_FOUND = ok(found=False, id="", state="")
IN, OUT = ("psp", "wallet"), ("wallet", "psp")


@dataclass
class Recovery:
    """One recovery: what it came to, its events, the requests, and what the journal was told."""

    recovered: Recovered
    events: list[Event]
    paths: list[str]
    states: dict[str, IntentState]

    def results(self) -> list[tuple[str, str]]:
        """Each effect with its result."""
        return [(end.step, end.result) for end in self.recovered.effects]


def effect(
    step: str, operation: str, state: IntentState, *, way: tuple[str, str] = IN, age_ns: int = 0, **args: Any
) -> OpenEffect:
    """An effect of 1.00 EUR as the journal has it."""
    written = written_args({"amount": ONE, **args}, Redactor())
    intent = Intent("run1", step, operation, "deposit", ONE, f"run1-{step}", *way, "c1", "p1", written)
    return OpenEffect(intent, state, age_ns)


def recovery(
    effects: Sequence[OpenEffect],
    platform: Answering,
    steps: str = STEPS,
    *,
    journal: Journal | None = None,
    **more: Any,
) -> Recovery:
    """Recover a run with these effects from a platform."""
    clock, journal = VirtualClock(), journal or Journal()
    events: list[Event] = []
    paths: list[str] = []

    def listening(wire: Wire) -> Any:
        if isinstance(wire, Http):
            paths.append(f"{wire.method} {wire.url.removeprefix('http://api.test')}")
        return platform(wire)

    driver = MemoryDriver(InMemoryTransport(listening, clock), clock)
    ended = driver.run(recover(make_spec(steps), effects, **more), sink=events.append, journal=journal)
    return Recovery(ended, events, paths, journal.states)


def deposited(state: IntentState, **more: Any) -> OpenEffect:
    """The deposit of the scenario."""
    return effect("deposit", "deposit", state, **more)


def cashed_out(state: IntentState, **more: Any) -> OpenEffect:
    """The payout of the scenario."""
    return effect("cashout", "payout", state, way=OUT, **more)


@pytest.mark.parametrize("state", [IntentState.INTENT, IntentState.DONE, IntentState.UNKNOWN, IntentState.STUCK])
def test_an_open_effect_is_looked_up_by_its_key_and_then_undone(state: IntentState) -> None:
    """Whatever the journal knew of it."""
    run = recovery([deposited(state)], answers(HEALTHY))
    assert run.paths == ["GET /find?key=run1-deposit", "POST /refunds/d1"]
    assert run.states == {"run1-deposit": IntentState.COMPENSATED}
    assert run.recovered.is_home


@pytest.mark.parametrize("state", [IntentState.REFUSED, IntentState.COMPENSATED, IntentState.SETTLED])
def test_an_effect_that_is_over_is_left_alone(state: IntentState) -> None:
    """Recovery was cut off and started again: nothing is undone twice, nobody is asked."""
    run = recovery([deposited(state)], answers(HEALTHY))
    assert (run.paths, run.states) == ([], {})
    assert run.recovered.is_home


def test_the_newest_effect_comes_home_first() -> None:
    """The payout is cancelled, so that the deposit can be refunded."""
    finds = [ok(found=True, id="w1", state="pending"), ok(found=True, id="d1")]
    run = recovery(
        [deposited(IntentState.DONE), cashed_out(IntentState.DONE)],
        answers(HEALTHY | {"GET /find": finds, "POST /cancel": ok()}),
    )
    assert run.results() == [("cashout", "undone"), ("deposit", "undone")]


def test_a_settled_payout_still_counts() -> None:
    """It was settled before recovery was cut off: refunding its deposit, too, would pay out twice."""
    run = recovery([deposited(IntentState.DONE), cashed_out(IntentState.SETTLED)], answers(HEALTHY))
    assert run.paths == []
    assert run.states == {"run1-deposit": IntentState.SETTLED}


def test_a_payout_that_was_compensated_does_not_count() -> None:
    """Its money is back in the wallet."""
    run = recovery([deposited(IntentState.DONE), cashed_out(IntentState.COMPENSATED)], answers(HEALTHY))
    assert run.states == {"run1-deposit": IntentState.COMPENSATED}


@pytest.mark.parametrize(("age_ns", "state"), [(10 * MINUTE_NS - 1, "unknown"), (10 * MINUTE_NS, "refused")])
def test_what_is_not_found_has_never_happened_only_after_the_quiet_time(age_ns: int, state: str) -> None:
    """A request may be on its way for ten minutes; until then the effect stays open."""
    run = recovery([deposited(IntentState.INTENT, age_ns=age_ns)], answers(HEALTHY | {"GET /find": NOT_FOUND}))
    assert run.states == {"run1-deposit": IntentState(state)}
    assert run.recovered.is_home is (state == "refused")
    assert run.recovered.still_open == (() if state == "refused" else ("run1-deposit",))


def no_hook(*_args: Any) -> Any:
    """A hook that nobody plays."""
    raise AssertionError


def test_the_mapping_may_say_how_long_a_request_can_be_on_its_way() -> None:
    """A bank whose gateway repeats for an hour."""
    text = PLATFORM.replace("defaults:\n", "defaults:\n  late_after: 1h\n")
    spec = make_spec(STEPS)
    mapping = load_platform(Path("tiny.yaml"), text=text, resolve_hook=lambda _dotted: no_hook)
    patient = replace(spec, plan=replace(spec.plan, platform=mapping))
    clock, journal = VirtualClock(), Journal()
    driver = MemoryDriver(InMemoryTransport(answers(HEALTHY | {"GET /find": NOT_FOUND}), clock), clock)
    aged = [deposited(IntentState.UNKNOWN, age_ns=20 * MINUTE_NS)]
    driver.run(recover(patient, aged), sink=lambda _event: None, journal=journal)
    assert journal.states == {"run1-deposit": IntentState.UNKNOWN}


def test_an_acknowledged_effect_that_is_not_found_is_never_forgotten() -> None:
    """The platform said yes and now denies it: that is lost money, however old it is."""
    run = recovery([deposited(IntentState.DONE, age_ns=60 * MINUTE_NS)], answers(HEALTHY | {"GET /find": NOT_FOUND}))
    assert run.states == {"run1-deposit": IntentState.STUCK}
    assert run.recovered.stranded == (ONE,)


def test_a_look_up_without_an_answer_leaves_the_effect_open() -> None:
    """Nothing is sent blindly; whoever comes later asks again."""
    run = recovery([deposited(IntentState.UNKNOWN)], answers(HEALTHY | {"GET /find": DEAD}))
    assert not [path for path in run.paths if path.startswith("POST /refunds")]
    assert run.states == {"run1-deposit": IntentState.UNKNOWN}
    assert run.recovered.still_open == ("run1-deposit",)


def test_a_deposit_waits_for_the_payout_that_nobody_knows_of() -> None:
    """It may have been paid out again: it is neither refunded nor settled."""
    run = recovery(
        [deposited(IntentState.DONE), cashed_out(IntentState.INTENT)], answers(HEALTHY | {"GET /find": NOT_FOUND})
    )
    assert run.states == {"run1-cashout": IntentState.UNKNOWN, "run1-deposit": IntentState.DONE}


TOKENED = """
  - {id: login, call: login}
  - {id: again, call: login}
  - {id: start, call: balance}
  - {id: pay, call: tokened, with: {amount: 1.00 EUR}}
  - {id: later, call: login}
"""


def test_recovery_signs_in_again_with_the_last_step_that_saves_what_is_needed() -> None:
    """One log-in before the effect, and none behind it: the look-up needs a token, and nothing else is played."""
    run = recovery([effect("pay", "tokened", IntentState.DONE)], answers(HEALTHY), TOKENED)
    assert run.paths == ["POST /login", "GET /found?key=run1-pay", "POST /refunds/d1"]


def test_what_nobody_needs_is_not_signed_in_for() -> None:
    """The look-up of this platform needs no token."""
    assert "POST /login" not in recovery([deposited(IntentState.DONE)], answers(HEALTHY)).paths


def test_an_expectation_of_the_scenario_is_no_matter_when_signing_in() -> None:
    """The balance was what it was; here only what a step saves counts."""
    steps = TOKENED.replace("again, call: login", 'again, call: login, expect: ["1 == 2"]')
    assert recovery([effect("pay", "tokened", IntentState.DONE)], answers(HEALTHY), steps).recovered.is_home


def test_what_the_scenario_waits_for_is_not_waited_for_when_signing_in() -> None:
    """Only what the step saves counts; polling for a state that may never come again would cost its whole time."""
    steps = TOKENED.replace(
        "again, call: login}", "again, call: login_in_time, until: \"out.state == 'gone'\", within: 5s}"
    )
    run = recovery([effect("pay", "tokened", IntentState.DONE)], answers(HEALTHY), steps)
    assert run.paths.count("POST /login") == 1
    assert run.recovered.is_home


class Deaf(Journal):
    """A journal that takes nothing: another worker has the run."""

    def resolve(self, key: str, state: IntentState) -> None:
        raise HarnessError(f"{key}: another worker has taken the lease over, {state} is not taken")


def test_recovery_goes_no_further_once_the_journal_takes_nothing() -> None:
    """Whoever has the run now does the rest: the payout is cancelled, the deposit is left to him."""
    finds = [ok(found=True, id="w1", state="pending"), ok(found=True, id="d1")]
    run = recovery(
        [deposited(IntentState.DONE), cashed_out(IntentState.DONE)],
        answers(HEALTHY | {"GET /find": finds, "POST /cancel": ok()}),
        journal=Deaf(),
    )
    assert [path for path in run.paths if path.startswith("POST")] == ["POST /cancel/w1"]
    assert "the journal takes nothing: run1-cashout: another worker" in run.recovered.unreachable
    assert not run.recovered.is_home


def test_who_can_not_sign_in_leaves_everything_open() -> None:
    """The platform is down: the journal is told nothing, and no other request leaves."""
    run = recovery([effect("pay", "tokened", IntentState.DONE)], answers(HEALTHY | {"POST /login": DEAD}), TOKENED)
    assert run.paths == ["POST /login"]
    assert run.states == {}
    assert run.recovered.still_open == ("run1-pay",)
    assert "signing in again failed at step 'again'" in run.recovered.unreachable


def test_a_player_whom_a_state_keeps_out_is_taken_out_of_it_to_sign_in() -> None:
    """He is self-excluded by the run's own doing, so the platform does not let him in."""
    logins = [ok(409, error="self_excluded"), ok(token="t-0123456789")]
    steps = TOKENED + "states: [{state: excluded, after: start}]\n"
    run = recovery([effect("pay", "tokened", IntentState.DONE)], answers(HEALTHY | {"POST /login": logins}), steps)
    assert run.paths[:3] == ["POST /login", "POST /readmit/p1", "POST /login"]
    assert run.recovered.is_home


def test_a_state_is_left_even_where_no_money_has_moved() -> None:
    """The run was cut off before its first effect, or behind the last."""
    run = recovery([], answers(HEALTHY), TOKENED + "states: [excluded, born_so]\n")
    assert run.paths == ["POST /readmit/p1"]
    assert run.recovered.is_home


def test_a_state_that_can_not_be_left_keeps_the_run_open() -> None:
    """The next run of this player would not be what its scenario says."""
    run = recovery([], answers(HEALTHY | {"POST /readmit": DEAD}), TOKENED + "states: [excluded]\n")
    assert not run.recovered.is_home
    assert "still in the state 'excluded'" in run.recovered.left_in


def test_an_effect_of_a_step_that_is_gone_comes_home_all_the_same() -> None:
    """The scenario has changed since; the mapping still knows the operation."""
    run = recovery([deposited(IntentState.DONE)], answers(HEALTHY), "  - {id: other, call: login}\n")
    assert run.states == {"run1-deposit": IntentState.COMPENSATED}


def test_an_effect_of_an_operation_that_is_gone_is_told() -> None:
    """Nobody can look it up any more; the journal keeps it as it is."""
    run = recovery([effect("deposit", "abolished", IntentState.DONE)], answers(HEALTHY))
    assert run.results() == [("deposit", "stuck")]
    assert "no operation 'abolished' any more" in run.recovered.effects[0].reason
    assert run.recovered.stranded == (ONE,)


def test_the_run_is_told_to_have_ended_when_all_is_home() -> None:
    """Aborted, recovered after what had happened to it; it does not start again."""
    run = recovery([deposited(IntentState.INTENT)], answers(HEALTHY), why="its worker w1 was silent for 30 s")
    (ended,) = [event for event in run.events if isinstance(event, RunEnded)]
    assert (ended.outcome, ended.stranded) == (RunOutcome.ABORTED, ())
    assert ended.reason == "recovered after its worker w1 was silent for 30 s: 1 undone"
    assert not [event for event in run.events if isinstance(event, RunStarted)]
    assert [event.result for event in run.events if isinstance(event, UndoEnded)] == ["undone"]
    assert [m.kind for m in run.events if isinstance(m, MoneyMoved)] == ["deposit", "undo deposit"]


@pytest.mark.parametrize(("more", "told"), [({}, []), ({"last_try": True}, [(ONE,)])])
def test_a_run_that_is_tried_again_has_not_ended(more: dict[str, Any], told: list[tuple[Money, ...]]) -> None:
    """Only the last try tells the end of what can't be brought home."""
    run = recovery([deposited(IntentState.DONE)], answers(HEALTHY | {"GET /find": NOT_FOUND}), **more)
    assert [event.stranded for event in run.events if isinstance(event, RunEnded)] == told


def test_recovery_makes_no_new_intent() -> None:
    """It moves money only back, and under the keys that the effects have always had."""
    clock, journal = VirtualClock(), Journal()
    driver = MemoryDriver(InMemoryTransport(answers(HEALTHY), clock), clock)
    driver.run(recover(make_spec(STEPS), [deposited(IntentState.DONE)]), sink=lambda _event: None, journal=journal)
    assert journal.intents == []
