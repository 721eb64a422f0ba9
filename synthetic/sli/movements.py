"""What each money effect of a run came to, once the run had asked about what it did not know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from synthetic.core.events import MoneyMoved
from synthetic.core.outcome import StepOutcome
from synthetic.sli.samples import RunSample

_UNDO = "undo "


def settled_movements(run: RunSample) -> Iterator[MoneyMoved]:
    """Every movement once, in order, with the last that was said of it.

    An unknown effect that was undone has happened: it counts, and so does its undoing. One of which there was nothing to
    undo has not: it is refused. What stays unknown is what nobody could find out.
    """
    undone = {moved.key for moved in run.moved if moved.kind.startswith(_UNDO) and moved.key}
    for moved in _last_words(run):
        yield replace(moved, outcome=_outcome(moved, run, undone)) if moved.outcome is StepOutcome.UNKNOWN else moved


def _last_words(run: RunSample) -> Iterator[MoneyMoved]:
    """A request that is sent again keeps its key, so that money is told of twice; what has no key stands for itself."""
    last: dict[tuple[str | int, str], MoneyMoved] = {}
    for place, moved in enumerate(run.moved):
        last[moved.key or place, moved.kind] = moved
    yield from last.values()


def _outcome(moved: MoneyMoved, run: RunSample, undone: set[str]) -> StepOutcome:
    if moved.key in undone:
        return StepOutcome.DONE
    return StepOutcome.REFUSED if moved.step in run.nothing_to_undo else StepOutcome.UNKNOWN
