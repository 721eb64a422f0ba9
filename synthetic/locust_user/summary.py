"""What a load test came to, as text: thresholds, blame, money, and why it ends as it does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from synthetic.core.money import Money
from synthetic.core.outcome import RunOutcome
from synthetic.core.wording import counted
from synthetic.locust_user.asked import Asked
from synthetic.locust_user.figures import Figures
from synthetic.locust_user.histogram import Histogram
from synthetic.locust_user.reconciling import Reconciled
from synthetic.locust_user.thresholds import Judgement

REASONS_SHOWN = 10
_COLUMNS = (
    ("in_minor", "paid in"),
    ("staked_minor", "staked"),
    ("paid_minor", "won"),
    ("out_minor", "paid out"),
    ("unknown_minor", "unknown"),
    ("stranded_minor", "stranded"),
)


@dataclass(frozen=True, slots=True)
class Told:
    """Everything that there is to tell. `reconciled` None: nothing was compared; `limit`: what a step to failure has found.

    `played`: how many users for how long; `is_open`: runs were due at a rate.
    """

    asked: Asked
    figures: Figures
    judgement: Judgement
    reconciled: Reconciled | None = None
    limit: str = ""
    played: str = ""
    is_open: bool = False

    @property
    def a_run(self) -> str:
        """What the time of a run is counted from."""
        return "a run, from when it was due" if self.is_open else "a run"


def summary(told: Told) -> str:
    """Everything, for a terminal or a log."""
    cell, figures, judgement = told.asked.cell, told.figures, told.judgement
    lines = [
        "",
        f"Load on cell {cell.name} ({cell.version}): {judgement.headline} (exit code {int(judgement.exit)})",
        *(f"  ! {sentence}" for sentence in judgement.sentences),
        *([f"Limit: {told.limit}"] if told.limit else []),
        "",
        *_thresholds(judgement),
        "",
        *([f"Played: {told.played}"] if told.played else []),
        f"Runs: {told_runs(figures)}",
        *_times(told),
        *(f"  not begun: {count} ({reason})" for reason, count in figures.missed.items()),
        *_reasons(figures),
        *(f"Money {currency}: {moved}" for currency, moved in told_money(figures)),
        f"Reconciled: {told_reconciled(told.reconciled)}",
        "",
    ]
    return "\n".join(lines) + "\n"


def _thresholds(judgement: Judgement) -> Iterator[str]:
    rows = [
        (
            row.verdict.value.upper(),
            f"{row.name} {row.label}".strip(),
            row.promised,
            row.measured,
            samples(row.samples, row.left_out),
        )
        for row in judgement.rows
    ]
    yield from _table(("THRESHOLD", "OF", "PROMISED", "MEASURED", "SAMPLES"), rows)


def samples(counted: int, left_out: int) -> str:
    """How many were counted, and how many say nothing for our own lag."""
    return f"{counted} (+{left_out} left out)" if left_out else str(counted)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, *rows):
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def told_runs(figures: Figures) -> str:
    """How many runs ended how."""
    known = [str(outcome) for outcome in RunOutcome]
    parts = [f"{figures.outcomes[outcome]} {outcome}" for outcome in known if figures.outcomes[outcome]]
    return f"{figures.runs} ({', '.join(parts) or 'none'})"


def _times(told: Told) -> Iterator[str]:
    figures = told.figures
    if not figures.runs:
        return
    yield f"  {told.a_run}, whatever it came to: {told_percentiles(figures.from_due)}"
    if (late := figures.late.percentile_ms(99)) is not None and late > 1:
        yield f"  begun late by: {told_percentiles(figures.late)}"


def told_percentiles(latencies: Histogram) -> str:
    """The usual percentiles of a histogram."""
    parts = [(f"p{percent:g}", latencies.percentile_ms(percent)) for percent in (50, 95, 99, 100)]
    return ", ".join(f"{name} {value:.0f} ms" for name, value in parts if value is not None)


def _reasons(figures: Figures) -> Iterator[str]:
    reasons = figures.told_reasons()
    if reasons:
        blames = ", ".join(f"{blame} {count}" for blame, count in figures.blames.most_common())
        yield f"Blamed: {blames}"
        yield from (f"  {count} x {blame}, {what}: {why}" for blame, what, why, count in reasons[:REASONS_SHOWN])


def told_money(figures: Figures) -> Iterator[tuple[str, str]]:
    """What moved, by currency."""
    for currency, columns in figures.told_money().items():
        told = [f"{name} {Money(columns[column], currency)}" for column, name in _COLUMNS if columns.get(column)]
        yield currency, ", ".join(told) or "nothing moved"


def told_reconciled(reconciled: Reconciled | None) -> str:
    """Whether journal, ledger and PSP reports agree."""
    if reconciled is None:
        return "no (--no-reconcile); `synthetic reconcile --journal ...` does it"
    if not reconciled.accounts:
        return "no account could be compared" if reconciled.unread else "there was nothing to compare"
    if not reconciled.holds:
        differences, unread = len(reconciled.differences), len(reconciled.unread)
        return f"{counted(differences, 'difference')}, {counted(unread, 'account')} not read of {reconciled.accounts + unread}"
    return (
        f"journal = ledger = PSP reports, to the cent: {counted(reconciled.accounts, 'account')},"
        f" {counted(reconciled.effects, 'effect')} of this test"
    )
