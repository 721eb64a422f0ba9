"""One run as a page shows it."""

from __future__ import annotations

from synthetic.core.money import Money
from synthetic.core.outcome import RunOutcome
from synthetic.report.health import RunView
from synthetic.tests.report.recorded import record
from synthetic.tests.sli.streams import Story, failing


def test_a_failing_run_tells_its_steps_with_their_bars() -> None:
    """When, how long, what came; polls in a row that said the same are one bar."""
    view = RunView.of(record(failing()))
    login, deposit, undo = view.steps
    assert (login.id, login.held, login.start_ms, login.took_ms) == ("login", True, 0.0, 10.0)
    assert [bar.what for bar in deposit.bars] == [
        "POST /cashier/deposits",
        "GET /cashier/deposits/d-1 x4",
        "GET /cashier/deposits/d-1",
    ]
    assert (deposit.held, deposit.blame) == (False, "psp")
    assert undo.words == "done (undo)"


def test_one_exchange_is_marked_as_the_one_that_failed() -> None:
    """The same that `synthetic explain` unfolds, with what was sent, expected and came."""
    bars = [bar for step in RunView.of(record(failing())).steps for bar in step.bars]
    (marked,) = [bar for bar in bars if bar.failing]
    assert marked.status == "503"
    assert "expected  status == 200" in marked.dialogue
    assert '<   "error": "psp_unavailable"' in marked.dialogue


def test_checks_money_and_what_is_stranded_are_told() -> None:
    """What finance asks for."""
    story = Story().check("one-credit-per-deposit", "deposit d-1: two postings", held=False, message="credited twice")
    story.undo("deposit", "stuck", Money(100, "EUR"))
    view = RunView.of(
        record(story.end(RunOutcome.FAILED, check="one-credit-per-deposit", stranded=(Money(100, "EUR"),)))
    )
    assert [(check.name, check.held) for check in view.checks] == [("one-credit-per-deposit", False)]
    assert [str(amount) for amount in view.stranded] == ["1.00 EUR"]


def test_the_trace_is_linked_by_the_template() -> None:
    """None where there is no template."""
    run = record(failing())
    assert RunView.of(run).trace_url == ""
    assert RunView.of(run, trace_url="https://t.example/{trace_id}").trace_url == f"https://t.example/{run.trace_id}"
