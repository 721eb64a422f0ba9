"""Plain lines."""

from __future__ import annotations

from inline_snapshot import snapshot

from synthetic.core.money import Money
from synthetic.core.outcome import Blame, RunOutcome
from synthetic.core.wording import printable
from synthetic.report.text import closing_line, run_line
from synthetic.tests.report.recorded import record, records
from synthetic.tests.sli.streams import Story, failing, passing


def test_one_run_is_one_line() -> None:
    """A good run says how long it took; a bad one whom to blame and why."""
    assert "\n".join(run_line(one).replace("  blame", "\nblame") for one in records(passing(), failing())) == snapshot("""\
ok       deposit-bet-withdraw[psp-a]  on canary  20 ms  run run-1
FAILED   deposit-bet-withdraw[psp-a]  on canary  80 ms
blame psp: the PSP never told the outcome of the deposit  run run-2\
""")


def test_an_answer_can_not_forge_a_line_or_reach_the_terminal() -> None:
    """Line breaks are folded, escape sequences shown as what they are not."""
    reason = "bad\nok  fake line\r\x1b[2J \u202e"
    line = run_line(record(Story().end(RunOutcome.FAILED, blame=Blame.PLATFORM, reason=reason)))
    assert "blame platform: bad ok fake line \ufffd[2J \ufffd  run" in line
    assert printable("a\tb\nc") == "a\tb\nc"


def test_stranded_money_is_on_the_line() -> None:
    """Nobody may overlook it."""
    assert "STRANDED 1.00 EUR" in run_line(record(Story().end(RunOutcome.FAILED, stranded=(Money(100, "EUR"),))))


def test_closing_line_counts_the_ends() -> None:
    """Only the outcomes that there were."""
    assert closing_line(records(passing("a"), failing("b"), failing("c"))) == "3 runs: 1 ok, 2 failed"
    assert closing_line(records(passing("a"))) == "1 run: 1 ok"
    assert closing_line([]) == "nothing ran"
    cut_off = Story("d").end(RunOutcome.ABORTED)
    assert closing_line(records(passing("a"), cut_off)) == "2 runs: 1 ok, 1 aborted"
