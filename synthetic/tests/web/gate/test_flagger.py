"""Claims about Flagger's hooks: what goes on, what waits, and that only a failed canary is rolled back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx

from synthetic.gate.observed import Observation
from synthetic.tests.rollouts.evidence import pairs
from synthetic.tests.web.gate.faces import CELLS, HOOK, Gate, hook
from synthetic.web.gate.cells import Cells

ID = "prod.shop.abc123"
HOOKS = ("confirm-rollout", "confirm-traffic-increase", "confirm-promotion", "rollback", "event")


def posted(gate: Gate, *calls: tuple[str, Any] | list[Observation] | float) -> list[httpx.Response]:
    """The answers to hooks; a number lets so many seconds pass, and runs are seen."""

    async def play(client: httpx.AsyncClient) -> list[httpx.Response]:
        answers = []
        for call in calls:
            if isinstance(call, tuple):
                answers.append(await client.post(f"/v1/flagger/{call[0]}", json=call[1]))
            elif isinstance(call, list):
                gate.store.observe(call)
            else:
                gate.pass_s(call)
        return answers

    return gate.asked(play)


def statuses(answers: Sequence[httpx.Response]) -> list[int]:
    return [answer.status_code for answer in answers]


def test_a_rollout_begins_with_its_confirmation(gate: Gate) -> None:
    """There are no runs of it yet, so Flagger is let on to bring the canary up; and once more is the same rollout."""
    answers = posted(gate, ("confirm-rollout", hook()), ("confirm-rollout", hook()))
    assert statuses(answers) == [200, 200]
    (rollout,) = gate.store.rollouts()
    assert (rollout.id, rollout.cell, rollout.baseline, rollout.by) == (ID, "canary", "baseline", "flagger")


def test_no_rollout_begins_while_all_runs_are_stopped(gate: Gate) -> None:
    """Nothing could be judged: Flagger waits, and no failed check is counted."""
    gate.stopped = ["by ann: PSP incident"]
    (answer,) = posted(gate, ("confirm-rollout", hook()))
    assert (answer.status_code, answer.json()["reason"]) == (412, "harness")
    assert "PSP incident" in answer.json()["explanation"]
    assert gate.store.rollouts() == []


def test_traffic_waits_for_a_pass_and_goes_on_with_one(gate: Gate) -> None:
    """412 holds it without a failed check; the reason is in the body for whoever tries by hand."""
    answers = posted(
        gate,
        ("confirm-rollout", hook()),
        ("confirm-traffic-increase", hook()),
        70.0,
        pairs(range(70)),
        ("confirm-traffic-increase", hook()),
        ("confirm-promotion", hook()),
    )
    assert statuses(answers) == [200, 412, 200, 200]
    assert answers[1].json()["reason"] == "insufficient"


def test_a_failed_canary_is_rolled_back_and_confirmed_by_nothing(gate: Gate) -> None:
    """403 is not tried again, and 200 behind the rollback hook rolls back."""
    bad = pairs(range(1, 60), canary_fails=True)
    answers = posted(gate, ("confirm-traffic-increase", hook()), 60.0, bad, *((name, hook()) for name in HOOKS[:4]))[1:]
    assert statuses(answers) == [403, 403, 403, 200]
    assert answers[3].json()["verdict"] == "fail"


def test_a_fail_rolls_back_also_where_another_rollout_has_begun_since(gate: Gate) -> None:
    """It stands for its own id; nobody has promoted that canary."""
    bad = pairs(range(1, 60), canary_fails=True)
    answers = posted(
        gate,
        ("confirm-traffic-increase", hook()),
        60.0,
        bad,
        ("rollback", hook()),
        ("confirm-rollout", {**hook(), "checksum": "other"}),
        ("rollback", hook()),
        ("rollback", {**hook(), "checksum": "other"}),
    )
    assert statuses(answers) == [412, 200, 200, 200, 412]


def test_the_fail_of_an_attempt_that_has_ended_does_not_roll_back_the_next_one(gate: Gate) -> None:
    """The same spec again, while the kill switch holds its start: there is only the old rollout of that name."""
    bad = pairs(range(1, 60), canary_fails=True)
    before = ("confirm-traffic-increase", hook()), 60.0, bad, ("rollback", hook())
    gate.stopped = ["by ann: PSP incident"]
    answers = posted(
        gate,
        *before,
        ("event", {**hook(), "phase": "Failed"}),
        3600.0,
        ("confirm-rollout", hook()),
        ("rollback", hook()),
    )
    assert statuses(answers)[1:] == [200, 200, 412, 412]
    assert "has ended" in answers[-1].json()["explanation"]


def test_a_fail_whose_cell_was_taken_long_ago_rolls_back_nothing(gate: Gate) -> None:
    """Whatever Flagger has there by now, nobody has judged it."""
    bad = pairs(range(1, 60), canary_fails=True)
    other = ("confirm-rollout", {**hook(), "checksum": "other"})
    answers = posted(
        gate, ("confirm-traffic-increase", hook()), 60.0, bad, ("rollback", hook()), other, 61.0, ("rollback", hook())
    )
    assert statuses(answers)[1:] == [200, 200, 412]


def test_nothing_but_a_fail_rolls_back(gate: Gate) -> None:
    """Not an unknown rollout, not one that is undecided, not one that passes, not one that is shared, not one that has ended."""
    assert statuses(posted(gate, ("rollback", hook()))) == [412]
    assert gate.store.rollouts() == []
    answers = posted(
        gate,
        ("confirm-rollout", hook()),
        ("rollback", hook()),
        70.0,
        pairs(range(70)),
        ("rollback", hook()),
        60.0,
        ("rollback", hook()),
        ("event", {**hook(), "phase": "Succeeded"}),
        ("rollback", hook()),
    )
    assert statuses(answers) == [200, 412, 409, 412, 200, 412]


def test_a_fault_on_both_sides_neither_promotes_nor_rolls_back(gate: Gate) -> None:
    """It is not the release's."""
    shared = pairs(range(70), both_fail=True)
    answers = posted(
        gate, ("confirm-rollout", hook()), 70.0, shared, *((name, hook()) for name in ("confirm-promotion", "rollback"))
    )
    assert statuses(answers)[1:] == [412, 412]
    assert {answer.json()["reason"] for answer in answers[1:]} == {"shared_fault"}


def test_what_failed_before_the_canary_was_up_does_not_count(gate: Gate) -> None:
    """Between its confirmation and its first traffic Flagger scales the canary from nothing."""
    starting, up = pairs(range(40), canary_fails=True), pairs(range(45, 115))
    answers = posted(
        gate,
        ("confirm-rollout", hook()),
        41.0,
        starting,
        ("confirm-traffic-increase", hook()),
        75.0,
        up,
        ("confirm-traffic-increase", hook()),
    )
    assert statuses(answers) == [200, 412, 200]


def test_flaggers_events_tell_the_steps_and_the_end(gate: Gate) -> None:
    """Each step needs pairs of its own, and a promotion ends the watch."""
    advance = "Advance shop.prod canary weight {}"
    answers = posted(
        gate,
        ("confirm-rollout", hook()),
        ("event", hook(eventMessage=advance.format(10))),
        ("event", hook(eventMessage=advance.format(50))),
        ("event", hook(eventMessage="Advance shop.prod canary weight 999")),
        ("event", {**hook(eventMessage="Promotion completed! Scaling down shop.prod"), "phase": "Finalising"}),
    )
    assert statuses(answers) == [200] * 5
    (rollout,) = gate.store.rollouts()
    assert ([step.weight for step in rollout.steps], rollout.ending) == ([10, 50], "promoted")


def test_a_spec_that_comes_again_is_another_rollout(gate: Gate) -> None:
    """Flagger's checksum is that of the spec: the decision of the last time is not the one of this time."""
    failed = {**hook(), "phase": "Failed"}
    posted(gate, ("confirm-rollout", hook()), ("event", failed), 5.0, ("confirm-rollout", hook()), ("event", failed))
    ids = {rollout.id: rollout.ending for rollout in gate.store.rollouts()}
    assert ids == {ID: "rolled_back", f"{ID}~2": "rolled_back"}


def test_an_event_of_nothing_that_is_known_is_heard_and_left_aside(gate: Gate) -> None:
    """It is a notice: an error would only fill Flagger's log."""
    answers = posted(gate, ("event", hook(eventMessage="Initialization done! shop.prod")))
    assert statuses(answers) == [200]
    assert gate.store.rollouts() == []


def test_cells_may_be_left_out_where_there_is_one_pair(gate: Gate) -> None:
    """Else the hook's metadata has to say which canary it is."""
    bare = {**HOOK, "metadata": {}}
    (answer,) = posted(gate, ("confirm-rollout", bare))
    assert answer.status_code == 422
    assert "metadata" in answer.json()["error"]
    gate.cells = Cells(pairs=lambda: frozenset({("canary", "baseline")}))
    assert statuses(posted(gate, ("confirm-rollout", bare))) == [200]


MALFORMED: list[Any] = [
    {},
    [],
    0,
    {**HOOK, "checksum": ""},
    {**HOOK, "name": "../x"},
    {**HOOK, "namespace": None},
    {**HOOK, "metadata": {"cell": 7}},
    {**HOOK, "metadata": "cell"},
]
WRONG_CELLS: list[Any] = [
    {**HOOK, "metadata": {**CELLS, "baseline": "canary"}},
    {**HOOK, "metadata": {**CELLS, "cell": "a b"}},
    {**HOOK, "metadata": {**CELLS, "version": "a b\n"}},
]


def test_a_malformed_hook_is_a_4xx_and_changes_nothing(gate: Gate) -> None:
    """Above all it is no 2xx: behind the rollback hook that would roll back."""
    begin = HOOKS[:3]  # the others read no metadata but what they need
    answers = posted(
        gate, *((name, body) for name in HOOKS for body in (MALFORMED + WRONG_CELLS if name in begin else MALFORMED))
    )
    assert statuses(answers) == [422] * len(answers)
    assert all(answer.json()["error"] for answer in answers)
    assert gate.store.rollouts() == []


def test_a_cell_that_nobody_has_is_told_with_the_one_that_was_meant(gate: Gate) -> None:
    """A typing mistake in a Canary's metadata would hold it for ever."""
    gate.cells = Cells(names=lambda: frozenset({"canary", "baseline"}))
    (answer,) = posted(gate, ("confirm-rollout", {**HOOK, "metadata": {"cell": "canry", "baseline": "baseline"}}))
    assert (answer.status_code, answer.json()["error"]) == (404, "there is no cell 'canry'; did you mean 'canary'?")
