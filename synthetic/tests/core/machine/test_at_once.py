"""One money request that leaves several times at the same moment, as a double click does."""

from __future__ import annotations

import pytest

from synthetic.core.events import CheckJudged, ExchangeDone, UndoEnded
from synthetic.core.outcome import RunOutcome, StepOutcome
from synthetic.drivers.memory import Reply
from synthetic.tests.core.machine.playing import DEAD, HEALTHY, answers, ok, played

CLICKS = """
  - {id: login, call: login}
  - {id: deposit, call: deposit, with: {amount: 1.00 EUR}, at_once: 3, until: "out.state == 'succeeded'", within: 3s}
"""


def test_all_are_the_same_request_under_one_key() -> None:
    """One intent's key, one body, one effect to undo, three exchanges that a report shows."""
    run = played(CLICKS, answers(HEALTHY))
    assert run.ended.outcome is RunOutcome.OK
    posts = [request for request in run.requests("/deposits") if request.method == "POST"]
    assert len(posts) == 3
    assert len(set(posts)) == 1
    assert {intent.key for intent in run.journal.intents} == {"run1-deposit"}
    shown = [event for event in run.of(ExchangeDone) if event.request_line.startswith("POST http://api.test/deposits")]
    assert len(shown) == 3


def test_a_refusal_beside_a_done_one_is_none() -> None:
    """A platform may answer the others that the first is under way (Stripe: 409)."""
    posts = [ok(409, error="in_flight"), ok(id="d1", state="pending"), ok(409, error="in_flight")]
    assert played(CLICKS, answers(HEALTHY | {"POST /deposits": posts})).ended.outcome is RunOutcome.OK


@pytest.mark.parametrize("bad", [DEAD, Reply(500)])
def test_one_without_an_answer_makes_the_step_unknown(bad: object) -> None:
    """A platform that breaks on a double click is not healthy; the effect is looked up and undone, once."""
    posts = [ok(id="d1", state="pending"), bad, ok(id="d1", state="pending")]
    run = played(CLICKS, answers(HEALTHY | {"POST /deposits": posts}))
    assert run.ended.outcome is RunOutcome.FAILED
    assert [(event.step, event.result) for event in run.of(UndoEnded)] == [("deposit", "undone")]


def test_refused_is_refused() -> None:
    """Where all of them are."""
    run = played(CLICKS, answers(HEALTHY | {"POST /deposits": ok(409, error="no")}))
    assert "409 no" in run.ended.reason
    assert run.of(UndoEnded) == []
    assert StepOutcome.REFUSED in {event.outcome for event in run.events if hasattr(event, "outcome")}


TOLD = (
    CLICKS.replace("\n  - {id: deposit", "\n  - {id: before, call: ledger}\n  - {id: deposit")
    + "  - {id: after, call: ledger}\n"
)


@pytest.mark.parametrize(("credits_", "held"), [(1, True), (2, False)])
def test_each_answer_is_evidence_of_its_own(credits_: int, *, held: bool) -> None:
    """The judge sees that several were under way at one time, and whether they moved once."""
    posted = [
        {"id": n, "kind": "deposit", "reference": "d1", "bucket": "cash", "amount_minor": 100, "currency": "EUR"}
        for n in range(credits_)
    ]
    statements = {"GET /ledger": [ok(entries=[]), ok(entries=posted)]}
    run = played(TOLD + "checks: [concurrent-duplicates-move-once]\n", answers(HEALTHY | statements))
    (judged,) = run.of(CheckJudged)
    assert judged.held is held
