"""Progress of a session: a live display on a terminal, plain lines elsewhere. On standard error, so that answers stay clean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from synthetic.cli.screen import remarks, say
from synthetic.core.outcome import RunOutcome
from synthetic.report.records import RunRecord
from synthetic.report.text import run_line

_LAST_SHOWN = 5


@contextmanager
def showing_progress(total: int) -> Iterator[Callable[[RunRecord], None]]:
    """Yields what has to hear of each run as it ends."""
    console = remarks()
    if not console.is_terminal:
        yield _lines(total)
        return
    board = _Board(total)
    # Drawn by a thread of its own a few times a second: drawing at each run's end would be our own lag in the others.
    with Live(get_renderable=board.view, console=console, transient=True, refresh_per_second=4):
        yield board.take


def _lines(total: int) -> Callable[[RunRecord], None]:
    """A line for each run that is not ok, and one for every tenth part of the whole."""
    done = 0
    every = max(1, total // 10)

    def tell(record: RunRecord) -> None:
        nonlocal done
        done += 1
        if record.outcome is not RunOutcome.OK:
            say(run_line(record))
        if done % every == 0 or done == total:
            say(f"{done} of {max(done, total)} runs")

    return tell


class _Board:
    """What the live display shows: how far, per cell how many of each outcome, and the last runs that were not ok."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._by_cell: dict[str, Counter[RunOutcome]] = {}
        self._last: list[str] = []

    def take(self, record: RunRecord) -> None:
        """Hear of a run that has ended."""
        self._by_cell.setdefault(record.cell, Counter())[record.outcome] += 1
        if record.outcome is not RunOutcome.OK:
            self._last = [*self._last, run_line(record)][-_LAST_SHOWN:]

    def view(self) -> Group:
        """What is shown now."""
        done = sum(counts.total() for counts in self._by_cell.values())
        grid = Table.grid(padding=(0, 2))
        total = max(done, self._total)  # a gate that is not sure has more of them played
        grid.add_row(ProgressBar(total, done, width=40), f"{done} of {total} runs")
        for cell, counts in sorted(self._by_cell.items()):
            told = ", ".join(f"{counts[outcome]} {outcome}" for outcome in RunOutcome if counts[outcome])
            grid.add_row(cell, told)
        return Group(grid, *[Text(line, style="red", overflow="ellipsis", no_wrap=True) for line in self._last])
