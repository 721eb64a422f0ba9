"""Exit codes are those of the documentation, money first."""

from __future__ import annotations

import pytest

from synthetic.cli.exits import ExitCode, exit_code_of
from synthetic.core.events import Event
from synthetic.core.money import Money
from synthetic.core.outcome import RunOutcome
from synthetic.tests.report.recorded import records
from synthetic.tests.sli.streams import Story

OK = RunOutcome.OK
FAILED = RunOutcome.FAILED
TAINTED = RunOutcome.TAINTED
ABORTED = RunOutcome.ABORTED


def test_the_numbers_are_those_of_the_documentation() -> None:
    """0 pass, 1 failed, 2 invalid input, 3 harness, 4 stranded, 5 nothing ran, 130 interrupted."""
    assert [code.value for code in ExitCode] == [0, 1, 2, 3, 4, 5, 130]


@pytest.mark.parametrize(
    ("ends", "code"),
    [
        ([], ExitCode.NOTHING_RAN),
        ([OK], ExitCode.PASS),
        ([OK, FAILED], ExitCode.FAILED),
        ([OK, TAINTED], ExitCode.PASS),
        ([TAINTED], ExitCode.HARNESS),
        ([OK, ABORTED], ExitCode.HARNESS),
        ([FAILED, ABORTED, TAINTED], ExitCode.FAILED),
    ],
)
def test_the_worst_run_decides_and_what_says_nothing_is_no_pass(ends: list[RunOutcome], code: ExitCode) -> None:
    """A session of tainted runs only is not a pass, and an empty one is not either."""
    assert exit_code_of(records(*_ended(ends))) is code


def test_stranded_money_is_the_worst() -> None:
    """It outranks a failure and an interruption."""
    stranded = Story("s").end(FAILED, stranded=(Money(1, "EUR"),))
    assert exit_code_of(records(stranded), interrupted=True) is ExitCode.STRANDED


def test_money_that_the_journal_has_open_is_stranded_whatever_the_records_say() -> None:
    """Also without any record, and after an interruption."""
    assert exit_code_of(records(*_ended([OK])), left_open=True) is ExitCode.STRANDED
    assert exit_code_of([], interrupted=True, left_open=True) is ExitCode.STRANDED


def test_an_interrupted_session_says_so() -> None:
    """Whatever its runs came to until then, also where there was none."""
    assert exit_code_of(records(*_ended([OK, FAILED])), interrupted=True) is ExitCode.INTERRUPTED
    assert exit_code_of([], interrupted=True) is ExitCode.INTERRUPTED


def _ended(ends: list[RunOutcome]) -> list[list[Event]]:
    return [Story(f"r{number}").end(outcome) for number, outcome in enumerate(ends)]
