"""One run as a waterfall: each exchange on the time axis, what was expected, what came, whom to blame, money, checks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.text import Text

from synthetic.core.outcome import RunOutcome, StepOutcome
from synthetic.core.wording import one_line
from synthetic.report.bars import Axis, Bar, group_polls
from synthetic.report.dialogue import dialogue
from synthetic.report.records import Check, Exchange, RunRecord, Step

_STYLES = {RunOutcome.OK: "bold green", RunOutcome.FAILED: "bold red"}
_WIDTH_MIN = 60
_WIDTH_MAX = 160
_LEFT = 24  # columns before what an exchange is: when, how long, its status


@dataclass(frozen=True, slots=True)
class Waterfall:
    """A rich renderable of one run. `full` shows every exchange's request and answer; else only the failing one's."""

    record: RunRecord
    full: bool = False

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Render for the width and the characters that this console has."""
        axis = Axis(
            total_ms=max(self.record.duration_ms, 0.001),
            width=min(max(options.max_width, _WIDTH_MIN), _WIDTH_MAX),
            ascii_only=options.ascii_only,
        )
        yield from _head(self.record)
        yield from _timeline(self.record, axis, full=self.full)
        yield from _money(self.record)
        yield from _checks(self.record)
        yield from _undo(self.record)


def waterfall_text(record: RunRecord, *, full: bool = False, width: int = 100) -> str:
    """The waterfall as plain text, for a file or a test's message."""
    console = Console(file=StringIO(), width=width, color_system=None, force_terminal=False, legacy_windows=False)
    with console.capture() as captured:
        console.print(Waterfall(record, full=full))
    return captured.get()


def failing_exchange(record: RunRecord) -> Exchange | None:
    """The exchange that shows best why the failed step failed: its last one that did not hold, else its last one."""
    failed = [step for step in record.steps if step.id == record.failed_step and not step.held]
    exchanges = [
        exchange for step in failed for exchange in step.exchanges if exchange.purpose not in ("lookup", "undo")
    ]
    telling = [exchange for exchange in exchanges if not exchange.held] or exchanges
    return telling[-1] if telling else None


def _head(record: RunRecord) -> Iterator[RenderableType]:
    style = _STYLES.get(record.outcome, "bold yellow")
    yield Text.assemble((record.outcome.upper(), style), f"  {record.name}  on {record.cell} {record.version}")
    yield Text(record.title, style="dim")
    started = record.started_at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    yield _fact("run", f"{record.run_id}  seed {record.seed}  player {record.player}")
    yield _fact(
        "started", f"{started}  took {record.duration_ms:.1f} ms  {record.schedule_lag_ms:.1f} ms after its time"
    )
    yield _fact("trace", record.trace_id)
    if record.outcome is not RunOutcome.OK:
        yield _fact("blame", str(record.blame or "nobody"), style)
        yield _fact("reason", one_line(record.reason))
        if record.attribution and record.attribution != f"{record.blame}: {record.reason}":
            yield _fact("because", one_line(record.attribution))
    if any(step.tainted for step in record.steps):
        yield _fact("tainted", "our own lag spoiled a measurement of this run; see below", "yellow")


def _fact(name: str, value: str, style: str = "") -> RenderableType:
    line = Text(f"{name:<9}")
    line.append(value, style=style)
    return _hanging(line, 9)


def _hanging(line: Text, indent: int) -> RenderableType:
    """A line whose continuation stays right of its label."""
    return _Hanging(line, indent)


@dataclass(frozen=True, slots=True)
class _Hanging:
    line: Text
    indent: int

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        label, value = self.line[: self.indent], self.line[self.indent :]
        for number, part in enumerate(value.wrap(console, max(20, options.max_width - self.indent))):
            part.rstrip()
            yield (label if number == 0 else Text(" " * self.indent)) + part


def _timeline(record: RunRecord, axis: Axis, *, full: bool) -> Iterator[RenderableType]:
    yield Text()
    yield Text(f"{'at ms':>8} {'took ms':>8}  exchange".ljust(axis.bar_at) + axis.ruler(), style="dim")
    failing = failing_exchange(record)
    for step in record.steps:
        yield from _step(step, axis)
        for bar in [Bar.of(exchange) for exchange in step.exchanges] if full else group_polls(step.exchanges):
            yield _bar_line(bar, axis)
            if full or bar.last is failing:
                yield from (_hanging(Text("    ") + line, 4) for line in dialogue(bar.last, full=full))


def _step(step: Step, axis: Axis) -> Iterator[RenderableType]:
    words, style = _step_words(step)
    line = Text(f"{step.offset_ms:>8.1f} {step.latency_ms:>8.1f}  ")
    line.append(step.id, style="bold")
    line.append(f"  {step.operation}  ", style="dim")
    line.append(words, style=style)
    line.truncate(axis.width, overflow="ellipsis")
    yield line
    if not step.held and step.reason:
        yield _hanging(Text(" " * 19).append(f"{one_line(step.reason)} (blame {step.blame or 'nobody'})", "red"), 19)


def _step_words(step: Step) -> tuple[str, str]:
    words = [step.outcome.value] if step.held else ["FAILED", step.outcome.value]
    if step.code:
        words.append(step.code)
    if step.held and step.outcome is StepOutcome.REFUSED and step.expected_refusal:
        words.append(f"(as wanted: {step.refusal_class})" if step.refusal_class else "(as wanted)")
    if step.tainted:
        words.append("(tainted)")
    if step.purpose != "step":
        words.append(f"({step.purpose})")
    if not step.held:
        return " ".join(words), "red"
    return " ".join(words), "yellow" if step.tainted else "green"


def _bar_line(bar: Bar, axis: Axis) -> Text:
    line = Text(f"{bar.start_ms:>8.1f} {bar.took_ms:>8.1f}  ", style="" if bar.held else "red")
    line.append(f"{bar.status:>4} ", style="" if bar.held else "bold red")
    what = Text(bar.what)
    what.truncate(axis.bar_at - _LEFT - 2, overflow="ellipsis", pad=True)
    line.append_text(what)
    line.append("  ")
    line.append(axis.draw(bar), style="cyan" if bar.held else "red")
    return line


def _money(record: RunRecord) -> Iterator[RenderableType]:
    if not record.money:
        return
    yield Text("\nmoney", style="bold")
    for moved in record.money:
        line = Text(f"  {moved.direction:<7}{moved.amount!s:>10}  {moved.step:<12}")
        line.append(f"{moved.outcome:<8}", style="green" if moved.outcome is StepOutcome.DONE else "yellow")
        undone = " (undone)" if moved.kind.startswith("undo ") else ""
        yield _hanging(line.append(f" {moved.key}{undone}", style="dim"), 19)


_CHECK_WORDS = {True: ("held", "green"), False: ("BROKEN", "bold red"), None: ("unjudged", "yellow")}


def _checks(record: RunRecord) -> Iterator[RenderableType]:
    if record.checks:
        yield Text("\nchecks", style="bold")
    for check in record.checks:
        yield from _check(check)


def _check(check: Check) -> Iterator[RenderableType]:
    word, style = _CHECK_WORDS[check.held]
    line = Text("  ").append(f"{word:<9}", style=style).append(one_line(check.name))
    if check.message:
        line.append(f": {one_line(check.message)}")
    if check.blame:
        line.append(f" (blame {check.blame})", style=style)
    yield _hanging(line, 11)
    for evidence in check.evidence:
        yield _hanging(Text(" " * 13).append(one_line(evidence), "dim"), 13)


def _undo(record: RunRecord) -> Iterator[RenderableType]:
    if record.undo:
        yield Text("\nbrought back", style="bold")
    for undo in record.undo:
        stuck = undo.stranded is not None
        line = Text("  ").append(f"{undo.step:<12}").append(undo.result, style="bold red" if stuck else "green")
        yield _hanging(line.append(f"  {one_line(undo.reason)}"), 14)
    for amount in record.stranded:
        yield Text(f"  STRANDED {amount}: somebody has to bring it back by hand", style="bold red")
