"""A session's summary as tables: canary beside baseline, readable at 80 columns and without colour."""

from __future__ import annotations

from collections.abc import Iterator

from rich.box import SIMPLE_HEAD
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from synthetic.core.money import Money
from synthetic.core.outcome import Blame, RunOutcome
from synthetic.core.wording import one_line
from synthetic.report.summary import CellBlock, MoneyBlock, PassRatio, ShareBlock, SliBlock, Summary, VerdictBlock

LAGGED = (
    "Most steps are not counted: this machine was too slow or too busy to time them, so they say nothing of the platform. "
    "What follows rests on the rest; play again when less runs here."
)
_VERDICT_STYLES = {"pass": "bold green", "fail": "bold red", "inconclusive": "bold yellow"}


class SummaryTables:
    """A rich renderable of a whole summary, but for the verdict, which is one line however wide (`verdict_text`)."""

    def __init__(self, summary: Summary) -> None:
        self._summary = summary

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The tables in the order in which a person asks: did it pass, where not, how fast, what did it cost."""
        cells = self._summary.cells
        yield _runs(cells)
        if _mostly_left_out(cells):
            yield Text(LAGGED, style="yellow")
            yield Text()
        yield _slis(cells)
        if any(cell.money for cell in cells):
            yield _money(cells)
        yield from _failures(self._summary)
        if self._summary.rollout:
            yield _rollout(self._summary.rollout)


def verdict_text(verdict: VerdictBlock) -> Text:
    """The closing line, in the colour of its verdict; printed with `soft_wrap` it stays one line in a log."""
    return Text(verdict.line, style=_VERDICT_STYLES[verdict.verdict])


def _table(title: str, *columns: str) -> Table:
    table = Table(
        box=SIMPLE_HEAD, title=title, title_justify="left", title_style="bold", pad_edge=False, padding=(0, 1)
    )
    table.add_column("")
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _runs(cells: list[CellBlock]) -> Table:
    table = _table("Runs", *[f"{cell.cell} {cell.version}" for cell in cells])
    table.add_row("runs", *[str(cell.runs) for cell in cells])
    for outcome in RunOutcome:
        if outcome is RunOutcome.OK or any(cell.by_outcome[outcome] for cell in cells):
            table.add_row(outcome.value, *[str(cell.by_outcome[outcome]) for cell in cells])
        if outcome is RunOutcome.FAILED:
            _blames(table, cells)
    table.add_row("pass ratio", *[_passed(cell.passed) for cell in cells])
    table.add_row("95 % interval", *[_interval(cell.passed) for cell in cells])
    for scenario in sorted({name for cell in cells for name in cell.scenarios}):
        table.add_row(f"  {scenario}", *[_passed(cell.scenarios.get(scenario)) for cell in cells])
    if any(sli.left_out for cell in cells for sli in cell.slis):
        # Labelled SLIs are parts of the whole ones: counting both would count a step twice.
        lefts = [sum(sli.left_out for sli in cell.slis if not sli.labels) for cell in cells]
        table.add_row("steps not counted (our own lag)", *[str(left) for left in lefts])
    table.add_row("WebSocket RTT p95", *[_ms(cell.ws_rtt_p95_ms, "ms") for cell in cells])
    return table


def _mostly_left_out(cells: list[CellBlock]) -> bool:
    whole = [sli for cell in cells for sli in cell.slis if not sli.labels]
    return sum(sli.left_out for sli in whole) > sum(sli.passed.total for sli in whole)


def _blames(table: Table, cells: list[CellBlock]) -> None:
    """Whose failures they are. What nobody could attribute counts like any other, and stands apart."""
    for blame in Blame:
        counts = [cell.by_blame.get(blame, 0) for cell in cells]
        if any(counts) and blame is not Blame.HARNESS:
            table.add_row(f"  blame {blame}", *map(str, counts))


def _slis(cells: list[CellBlock]) -> Table:
    columns = [column for cell in cells for column in (cell.cell, "p50 ms", "p95 ms")]
    table = _table("Steps: pass ratio and latency", *columns)
    by_cell = [{sli.label: sli for sli in cell.slis} for cell in cells]
    flow = list(dict.fromkeys(sli.name for cell in cells for sli in cell.slis))
    names = {sli.label: flow.index(sli.name) for cell in cells for sli in cell.slis}
    for label in sorted(names, key=lambda label: (names[label], label)):
        values = [value for slis in by_cell for value in _sli_values(slis.get(label))]
        table.add_row(_indented(label), *values)
    return table


def _indented(label: str) -> str:
    """A label's part of an SLI stands under the whole: `  psp-a` under `deposit`."""
    name, bracket, labels = label.partition("[")
    return f"  {labels.rstrip(']')}" if bracket else name


def _sli_values(sli: SliBlock | None) -> tuple[str, str, str]:
    if sli is None:
        return "-", "-", "-"
    return _passed(sli.passed), _ms(sli.p50_ms), _ms(sli.p95_ms)


def _money(cells: list[CellBlock]) -> Table:
    table = _table("Money", *[cell.cell for cell in cells])
    by_cell = [{money.currency: money for money in cell.money} for cell in cells]
    for currency in sorted({currency for money in by_cell for currency in money}):
        for label, field in _MONEY_ROWS.items():
            blocks = [money.get(currency) for money in by_cell]
            if field not in _SHOWN_ONLY_WHERE_ANY or any(block and getattr(block, field) for block in blocks):
                table.add_row(label, *[_amount(block, field) for block in blocks])
    return table


_MONEY_ROWS = {
    "in": "in_minor",
    "out": "out_minor",
    "net cost of playing": "net_cost_minor",
    "did not come back": "missing_minor",
    "outcome unknown": "unknown_minor",
    "STRANDED": "stranded_minor",
}
_SHOWN_ONLY_WHERE_ANY = {"missing_minor", "unknown_minor", "stranded_minor"}


def _amount(block: MoneyBlock | None, field: str) -> str:
    return "-" if block is None else str(Money(getattr(block, field), block.currency))


def _failures(summary: Summary) -> Iterator[RenderableType]:
    if not summary.failures:
        return
    yield Text("Not passed", style="bold")
    for failure in summary.failures:
        counts = ", ".join(f"{count} on {cell}" for cell, count in failure.cells.items())
        style = "red" if failure.outcome is RunOutcome.FAILED else "yellow"
        yield Text(f"  {failure.outcome}: {summary.named(failure)}", style=style)
        yield Text(f"    blame {failure.blame or 'nobody'}: {counts}", style=style)
        yield Text(f"    {one_line(failure.reason)}", style="dim")
        yield Text(f"    synthetic explain {failure.example}")
    yield Text()


def _rollout(shares: list[ShareBlock]) -> Table:
    """Share by share what the gate said, and what a controller does then."""
    table = Table(
        box=SIMPLE_HEAD, title="Rollout", title_justify="left", title_style="bold", pad_edge=False, padding=(0, 1)
    )
    for column in ("share", "pairs"):
        table.add_column(column, justify="right", no_wrap=True)
    for column in ("the gate says", "a controller"):
        table.add_column(column, no_wrap=True)
    for share in shares:
        said = Text(f"{share.verdict} ({share.reason})", style=_VERDICT_STYLES[share.verdict])
        table.add_row(f"{share.weight} %", str(share.pairs), said, share.then)
    return table


def _passed(ratio: PassRatio | None) -> str:
    """`97.5 % 39/40`; a ratio is never rounded up to a hundred per cent."""
    if ratio is None or ratio.ratio is None:
        return "unknown"
    percent = "100" if ratio.held == ratio.total else f"{min(ratio.ratio * 100, 99.9):.1f}"
    return f"{percent} % {ratio.held}/{ratio.total}"


def _interval(ratio: PassRatio) -> str:
    return (
        "unknown" if ratio.low is None or ratio.high is None else f"{ratio.low * 100:.1f} .. {ratio.high * 100:.1f} %"
    )


def _ms(value: float | None, unit: str = "") -> str:
    return "-" if value is None else f"{value:.1f} {unit}".rstrip()
