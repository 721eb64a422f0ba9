"""One run as a waterfall."""

from __future__ import annotations

import io

import pytest
from inline_snapshot import snapshot
from rich.console import Console

from synthetic.core import effects
from synthetic.core.money import Money
from synthetic.core.outcome import Blame, RunOutcome
from synthetic.report.bars import Axis, Bar, group_polls
from synthetic.report.records import RunRecord
from synthetic.report.waterfall import Waterfall, failing_exchange, waterfall_text
from synthetic.tests.report.recorded import record
from synthetic.tests.sli.streams import MS, Story, failing, passing


def _shown(run: RunRecord, *, width: int = 80, full: bool = False, encoding: str = "utf-8") -> str:
    raw = io.BytesIO()
    console = Console(file=io.TextIOWrapper(raw, encoding), width=width, color_system=None, legacy_windows=False)
    console.print(Waterfall(run, full=full))
    console.file.flush()
    return raw.getvalue().decode(encoding)


def test_a_failed_run_tells_its_story() -> None:
    """When, what, expected and came, blame, money, checks, and what was brought back."""
    assert _shown(record(failing())) == snapshot("""\
FAILED  deposit-bet-withdraw[psp-a]  on canary 1.1.0
A player deposits, plays one round and cashes out
run      run-2  seed 4711  player player-7
started  2026-09-21T14:13:20.123Z  took 80.0 ms  2.0 ms after its time
trace    0af7651916cd43dd8448eb211c80319c
blame    psp
reason   the PSP never told the outcome of the deposit

   at ms  took ms  exchange                                 0                 80
     0.0     10.0  login  op.login  done
     0.0     10.0   200 POST /auth/login                    ━━
    10.0     60.0  deposit  op.deposit  FAILED unknown
                   the PSP never told the outcome of the deposit (blame psp)
    10.0     10.0   202 POST /cashier/deposits                ━━━
    20.0     40.0   200 GET /cashier/deposits/d-1 x4             ━━━━━━━━━━
    60.0     10.0   503 GET /cashier/deposits/d-1                          ━━
    > GET http://cell/cashier/deposits/d-1
    > authorization: ***
    expected  status == 200
    < HTTP 503
    < content-type: application/json
    < {
    <   "error": "psp_unavailable"
    < }
    left at 60.000 ms, took 10.000 ms, span 00f067aa0ba902b7
    70.0     10.0  deposit  cashier.refund  done (undo)
    70.0     10.0   200 undo: POST /refund                                   ━━━

money
  in       1.00 EUR  deposit     unknown  run-2-deposit
  out      1.00 EUR  deposit     done     run-2-deposit (undone)

checks
  unjudged one-credit-per-deposit: no statement to judge from

brought back
  deposit     undone
""")


def test_a_good_run_is_short() -> None:
    """One line an exchange."""
    assert _shown(record(passing())) == snapshot("""\
OK  deposit-bet-withdraw[psp-a]  on canary 1.1.0
A player deposits, plays one round and cashes out
run      run-1  seed 4711  player player-7
started  2026-09-21T14:13:20.123Z  took 20.0 ms  2.0 ms after its time
trace    0af7651916cd43dd8448eb211c80319c

   at ms  took ms  exchange                                 0                 20
     0.0     10.0  login  op.login  done
     0.0     10.0   200 POST /auth/login                    ━━━━━━━━━━
    10.0     10.0  deposit  op.deposit  done
    10.0     10.0   200 POST /cashier/deposits                        ━━━━━━━━━━
    20.0      3.0  ping  op.ping  done

money
  in       1.00 EUR  in          done     run-1-in
  stake    0.20 EUR  stake       done     run-1-stake
  payout   0.19 EUR  payout      done     run-1-payout
  out      0.99 EUR  out         done     run-1-out

checks
  held     balance-equals-ledger
""")


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    """Long addresses, reasons and bodies are cut or wrapped."""
    story = (
        Story().begin("deposit").http("deposit", "POST http://cell/" + "x" * 300, answer='{"a": "' + "y" * 300 + '"}')
    )
    story.end_step("deposit", held=False, reason="because " * 40, blame=Blame.PSP)
    story.check("check-" + "z" * 90, "evidence " * 40, held=False, message="broken " * 40)
    shown = _shown(record(story.end(RunOutcome.FAILED, reason="why " * 90, step="deposit")), width=width, full=True)
    assert max(len(line) for line in shown.splitlines()) <= width


def test_as_text_it_is_the_same() -> None:
    """For a file or a test's message: plain, at the width that is asked for."""
    assert waterfall_text(record(failing()), width=80) == _shown(record(failing()))


def test_full_shows_every_exchange() -> None:
    """Each poll on its own, each with its request and answer."""
    brief, full = _shown(record(failing())), _shown(record(failing()), full=True)
    assert (brief.count("expected"), full.count("expected")) == (1, 8)
    assert full.count("/cashier/deposits/d-1\n") > brief.count("/cashier/deposits/d-1\n")


def test_broken_checks_show_their_evidence_and_stranded_money_shouts() -> None:
    """The judge's reasons, and what somebody has to bring back by hand."""
    story = Story().check("one-credit-per-deposit", "deposit d-1: two postings", held=False, message="credited twice")
    story.undo("deposit", "stuck", Money(100, "EUR"))
    shown = _shown(record(story.end(RunOutcome.FAILED, check="one-credit-per-deposit", stranded=(Money(100, "EUR"),))))
    assert "BROKEN   one-credit-per-deposit: credited twice (blame platform)" in shown
    assert "deposit d-1: two postings" in shown
    assert "STRANDED 1.00 EUR" in shown


def test_a_fault_says_that_nothing_came() -> None:
    """No answer is not an answer."""
    story = Story().begin("x").http("x", status=None, fault="read_timeout: no answer in 10 s", held=False)
    shown = _shown(record(story.end_step("x", held=False).end(RunOutcome.FAILED, step="x")))
    assert "came      nothing: read_timeout: no answer in 10 s" in shown
    assert " FAIL POST /x" in shown


def test_answers_do_not_reach_the_terminal_raw() -> None:
    """An escape sequence in a body is shown, not performed."""
    story = Story().begin("x").http("x", answer="\x1b[2Jgone\x07", held=False).end_step("x", held=False)
    assert "\x1b" not in _shown(record(story.end(RunOutcome.FAILED, step="x")))


def test_markup_in_answers_is_text() -> None:
    """`[red]` is what the target said."""
    story = Story().begin("x").http("x", answer="[red]x[/]", held=False).end_step("x", held=False, reason="[b]y[/b]")
    shown = _shown(record(story.end(RunOutcome.FAILED, step="x", reason="[link=http://x]")))
    assert "[red]x[/]" in shown
    assert "[b]y[/b]" in shown
    assert "[link=http://x]" in shown


def test_plain_characters_where_the_terminal_has_no_others() -> None:
    """Bars are `=` in an ASCII terminal."""
    shown = _shown(record(passing()), encoding="ascii")
    assert "====" in shown


def test_the_failing_exchange_is_the_last_that_did_not_hold() -> None:
    """Of the failed step; look-ups and undo calls explain nothing; a step that came too late shows its last poll."""
    found = failing_exchange(record(failing()))
    assert found is not None
    assert (found.answer.status, found.purpose) == (503, "poll")
    late = Story().begin("x").http("x", "A a").http("x", "B b", purpose="poll").http("x", "C c", purpose="lookup")
    overdue = failing_exchange(record(late.end_step("x", held=False).end(RunOutcome.FAILED, step="x")))
    assert overdue is not None
    assert overdue.request.line == "B b"
    assert failing_exchange(record(passing())) is None


def test_an_opened_connection_shows_before_the_bar() -> None:
    """Dashed, and in words: what the name, TCP and TLS took before the request left, and what the answer took."""
    phases = effects.Phases(dns=2 * MS, connect=3 * MS, tls=5 * MS, first_byte=9 * MS, body=MS)
    story = Story()
    story.now_ns += 10 * MS
    told = _shown(record(story.begin("x").http("x", phases=phases).end_step("x").end()), full=True, width=200)
    (bar,) = [line for line in told.splitlines() if "POST /x" in line and "http" not in line]
    assert bar.rstrip().endswith("╌" * 20 + "━" * 20)
    assert "(before it left: name 2.000 ms, connect 3.000 ms, TLS 5.000 ms)" in told
    assert "first byte 9.000 ms, body 1.000 ms" in told


def test_polls_that_say_the_same_are_one_bar() -> None:
    """From the first one's beginning to the last one's end; a different status starts a new bar."""
    bars = group_polls(record(failing()).steps[1].exchanges)
    assert [(bar.count, bar.start_ms, bar.took_ms) for bar in bars] == [
        (1, 10.0, 10.0),
        (4, 20.0, 40.0),
        (1, 60.0, 10.0),
    ]


@pytest.mark.parametrize(("start", "took"), [(0, 0), (0, 100), (100, 0), (99, 50), (250, 1), (50, 0.001), (-5, 10)])
def test_bars_stay_on_their_axis(start: float, took: float) -> None:
    """At least one column and never past the end, whatever the times say."""
    axis = Axis(total_ms=100.0, width=80)
    exchange = record(passing()).steps[0].exchanges[0]
    drawn = axis.draw(Bar(start, took, "200", "x", held=True, last=exchange))
    assert 1 <= len(drawn) <= axis.bar_width
    assert drawn.strip()
