"""The summary: one document, printed as tables."""

from __future__ import annotations

import io
import json

from inline_snapshot import snapshot
from jsonschema import Draft202012Validator
from rich.console import Console

from synthetic.core.events import Event
from synthetic.core.money import Money
from synthetic.core.outcome import Blame, RunOutcome
from synthetic.gate.decision import Decision, Reason
from synthetic.report.summary import ShareBlock, Summary, summary_of, summary_schema
from synthetic.report.tables import LAGGED, SummaryTables, verdict_text
from synthetic.sli.samples import fold
from synthetic.tests.sli.streams import Story, failing, passing

DECISION = Decision("fail", Reason.REGRESSION, "The canary alone failed 1 of 2 pairs.\nRoll back.", ())


def _session() -> list[Event]:
    runs = [passing("c1"), failing("c2"), passing("b1", "baseline"), passing("b2", "baseline", "psp-b")]
    return [event for run in runs for event in run]


def _shown(summary: Summary, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None, legacy_windows=False)
    console.print(SummaryTables(summary))
    shown = str(console.file.getvalue())  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in shown.splitlines()) + "\n"


def test_tables_show_canary_beside_baseline() -> None:
    """Runs, pass ratios per step and PSP, latencies, WebSocket round trip, money, and what did not pass."""
    assert _shown(summary_of(fold(_session()), DECISION)) == snapshot("""\
Runs

                           canary 1.1.0    baseline 1.1.0
 ────────────────────────────────────────────────────────
 runs                                 2                 2
 ok                                   1                 2
 failed                               1                 0
   blame psp                          1                 0
 pass ratio                  50.0 % 1/2         100 % 2/2
 95 % interval            9.5 .. 90.5 %   34.2 .. 100.0 %
   deposit-bet-withdraw      50.0 % 1/2         100 % 2/2
 WebSocket RTT p95               3.0 ms            3.0 ms

Steps: pass ratio and latency

               canary   p50 ms   p95 ms    baseline   p50 ms   p95 ms
 ────────────────────────────────────────────────────────────────────
 login      100 % 2/2     10.0     10.0   100 % 2/2     10.0     10.0
 deposit   50.0 % 1/2     10.0     10.0   100 % 2/2     10.0     10.0
   psp-a   50.0 % 1/2     10.0     10.0   100 % 1/1     10.0     10.0
   psp-b            -        -        -   100 % 1/1     10.0     10.0
 ws_rtt     100 % 1/1      3.0      3.0   100 % 2/2      3.0      3.0

Money

                         canary   baseline
 ─────────────────────────────────────────
 in                    2.00 EUR   2.00 EUR
 out                   1.99 EUR   1.98 EUR
 net cost of playing   0.01 EUR   0.02 EUR

Not passed
  failed: deposit-bet-withdraw: step deposit
    blame psp: 1 on canary
    the PSP never told the outcome of the deposit
    synthetic explain c2

""")


def test_tables_fit_eighty_columns() -> None:
    """Also with large counts and long latencies."""
    runs = [passing(f"c{n}", latency_ms=12_345) for n in range(120)] + [
        passing(f"b{n}", "baseline") for n in range(120)
    ]
    shown = _shown(summary_of(fold([event for run in [*runs, failing("f")] for event in run])))
    assert "99.2 % 120/121" in shown
    assert max(len(line) for line in shown.splitlines()) <= 80


def test_the_document_validates_against_its_schema_and_survives_json() -> None:
    """A file of it can be read by others."""
    summary = summary_of(fold(_session()), DECISION, {"seed": 4711, "fault": None})
    document = json.loads(summary.model_dump_json())
    Draft202012Validator(summary_schema()).validate(document)
    assert Summary.model_validate(document) == summary
    assert document["cells"][0]["slis"][1]["passed"] == {
        "held": 1,
        "total": 2,
        "ratio": 0.5,
        "low": 0.094531,
        "high": 0.905469,
    }


def test_nothing_counted_is_unknown() -> None:
    """A cell whose runs were all tainted shows `unknown`, and null in the document."""
    summary = summary_of(fold(Story().end_step("bet", sli="bet").end(RunOutcome.TAINTED, reason="lag")))
    assert summary.cells[0].passed.ratio is None
    shown = _shown(summary)
    assert "unknown" in shown
    assert "100" not in shown
    assert summary_of([]).started_at is None


def test_a_ratio_is_never_rounded_up_to_all() -> None:
    """9 999 of 10 000 is not 100 %."""
    steps = Story()
    for number in range(2000):
        steps.end_step(f"s{number}", sli="bet", held=number > 0)
    assert "99.9 % 1999/2000" in _shown(summary_of(fold(steps.end(RunOutcome.FAILED))))


def test_failures_are_grouped_and_the_largest_comes_first() -> None:
    """By scenario, step or check, and blame; with the number per cell and a run to look at."""
    law = Story("x", cell="baseline").end(RunOutcome.FAILED, blame=Blame.PLATFORM, check="c", step="s", reason="r")
    tainted = [Story(f"t{n}").end(RunOutcome.TAINTED, blame=Blame.HARNESS, step="deposit") for n in range(9)]
    runs = [law, failing("f1"), failing("f2", "baseline"), passing(), *tainted]
    groups = summary_of(fold([event for run in runs for event in run])).failures
    assert [(group.where, group.blame, group.cells, group.example) for group in groups] == [
        ("step deposit", "psp", {"baseline": 1, "canary": 1}, "f1"),
        ("check c", "platform", {"baseline": 1}, "x"),
        ("step deposit", "harness", {"canary": 9}, "t0"),
    ]


def test_stranded_and_unknown_money_appear_only_where_there_is_some() -> None:
    """A clean session has no alarming zeroes; one with stranded money says so."""
    assert "STRANDED" not in _shown(summary_of(fold(passing())))
    stranded = Story().end(RunOutcome.FAILED, stranded=(Money(100, "EUR"),))
    assert "STRANDED" in _shown(summary_of(fold(stranded)))


def test_a_rollout_stands_below_everything_else_share_by_share() -> None:
    """What the gate said, and what a controller does then; nothing of it where none was played."""
    shares = [
        ShareBlock(weight=5, pairs=44, verdict="pass", reason="clean", then="goes on"),
        ShareBlock(weight=25, pairs=52, verdict="inconclusive", reason="shared_fault", then="holds it"),
    ]
    shown = _shown(summary_of(fold(_session()), rollout=shares)).splitlines()
    assert [line.split() for line in shown if "%  " in line][-2:] == [
        ["5", "%", "44", "pass", "(clean)", "goes", "on"],
        ["25", "%", "52", "inconclusive", "(shared_fault)", "holds", "it"],
    ]
    assert "Rollout" not in _shown(summary_of(fold(_session())))


def test_where_most_steps_do_not_count_that_is_said() -> None:
    """Below the runs: whoever reads on must know what the figures rest on. Half of them is not most."""
    summary = summary_of(fold(_session()))
    steps = sum(sli.passed.total for cell in summary.cells for sli in cell.slis if not sli.labels)
    for left_out, is_said in ((steps, False), (steps + 1, True)):
        first, *others = summary.cells
        whole, *parts = first.slis
        lagged = first.model_copy(update={"slis": [whole.model_copy(update={"left_out": left_out}), *parts]})
        shown = _shown(summary.model_copy(update={"cells": [lagged, *others]}), width=300)
        assert (LAGGED in shown) is is_said


def test_verdict_is_one_line() -> None:
    """Whatever the explanation holds."""
    summary = summary_of(fold(_session()), DECISION)
    assert summary.verdict is not None
    assert verdict_text(summary.verdict).plain == (
        "verdict: fail (regression). The canary alone failed 1 of 2 pairs. Roll back."
    )
