"""Runs as plain lines, one a run: for logs, and for terminals that are none."""

from __future__ import annotations

from collections.abc import Sequence

from synthetic.core.outcome import RunOutcome
from synthetic.core.wording import one_line
from synthetic.report.records import RunRecord

_WORDS = {
    RunOutcome.OK: "ok",
    RunOutcome.FAILED: "FAILED",
    RunOutcome.TAINTED: "tainted",
    RunOutcome.ABORTED: "aborted",
}


def run_line(record: RunRecord) -> str:
    """One run on one line: outcome, scenario and row, cell, duration, and for a bad one whom to blame, why, and its id."""
    line = f"{_WORDS[record.outcome]:<7}  {record.name}  on {record.cell}  {record.duration_ms:.0f} ms"
    if record.outcome is not RunOutcome.OK:
        blamed = record.attribution or (f"{record.blame}: {record.reason}" if record.blame else "")
        line += f"  blame {one_line(blamed)}" if blamed else f"  {one_line(record.reason)}"
    if record.stranded:
        line += f"  STRANDED {', '.join(str(amount) for amount in record.stranded)}"
    return f"{line}  run {record.run_id}"


def closing_line(records: Sequence[RunRecord]) -> str:
    """How many runs ended how: `12 runs: 10 ok, 1 failed, 1 tainted`."""
    if not records:
        return "nothing ran"
    ends = [record.outcome for record in records]
    counts = [f"{ends.count(outcome)} {outcome}" for outcome in RunOutcome if outcome in ends]
    return f"{len(records)} {'run' if len(records) == 1 else 'runs'}: {', '.join(counts)}"
