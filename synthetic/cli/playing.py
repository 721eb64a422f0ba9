"""Playing turns from the command line: preflight, the session, Ctrl-C, and what is kept of every run."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from synthetic.cli.open_money import left_by, tell_earlier, tell_left
from synthetic.cli.screen import say
from synthetic.config.names import NOWHERE
from synthetic.core.errors import AuthorError, HarnessError
from synthetic.core.events import Event
from synthetic.core.plan import CellPlan
from synthetic.core.ports import EventSink, fan_out
from synthetic.journal.book import Book, open_book
from synthetic.journal.entry import JournalEntry
from synthetic.report.recorder import RunRecorder
from synthetic.report.records import RunRecord
from synthetic.report.store import DEFAULT_PATH, RunStore
from synthetic.runner.identity import run_id
from synthetic.runner.kept_runs import KeptRuns
from synthetic.runner.preflight import check_fit, check_reach
from synthetic.runner.provoked import Provocation
from synthetic.runner.session import Session
from synthetic.runner.specs import Turn

JOURNAL_PATH = Path(".synthetic") / "journal.db"


@dataclass(slots=True)
class Played:
    """What a session left: its events, its run records, the money that it left open, and whether it was interrupted."""

    events: list[Event] = field(default_factory=list)
    records: list[RunRecord] = field(default_factory=list)
    left_open: list[JournalEntry] = field(default_factory=list)
    interrupted: bool = False


NextBatch = Callable[[Played], Sequence[Turn]]
"""What is played next, after what has been played; nothing: that was all."""


def play_turns(
    turns: Sequence[Turn],
    *,
    seed: int,
    at_once: int,
    tell: Callable[[RunRecord], None] = lambda _record: None,
    store: Path = DEFAULT_PATH,
    journal: Path = JOURNAL_PATH,
    provoked: Mapping[str, Provocation] | None = None,
    batch: NextBatch | None = None,
) -> Played:
    """Play all turns and keep every record; `tell` hears of each run as it ends, `provoked` are our own faults by cell.

    With `batch`, which is asked whenever nothing is played, those of `turns` that it says, until it says none.

    Raises AuthorError where a scenario does not fit its cell, TargetUnreachable and RefusedByPolicy before anything is sent.
    """
    check_fit(turns)
    played = Played()

    def deliver(record: RunRecord) -> None:
        played.records.append(record)
        tell(record)

    sink = fan_out([played.events.append, RunRecorder(deliver)])
    with open_journal(journal) as intents:
        _refuse_known(turns, seed, intents, journal)
        KeptRuns(intents, seed).free_what_is_gone()
        tell_earlier(intents.open_intents(), journal)
        try:
            asyncio.run(
                _play(turns, seed, at_once, sink, intents, played, provoked or {}, batch or _all_at_once(turns))
            )
        finally:
            played.left_open = left_by(played.events, intents.open_intents())
            tell_left(played.left_open, journal)
            _keep(played.records, store)
    return played


def _refuse_known(turns: Sequence[Turn], seed: int, journal: Book, path: Path) -> None:
    """A seed whose keys have moved money before would be answered with what they moved then. Raises AuthorError."""
    planned = {
        run_id(seed, part.plan.name, turn.row, part.cell.name, turn.number) for turn in turns for part in turn.parts
    }
    if journal.runs_known(planned):
        message = f"--seed {seed} was played before: the journal {path} knows its runs and their keys"
        raise AuthorError.at(NOWHERE, message, "leave --seed out, or choose another one")


def _keep(records: Sequence[RunRecord], store: Path) -> None:
    """Written after the last run: a write in between would show as our own lag in the runs that are still going."""
    if records:
        with RunStore(store) as kept:
            kept.save(records)


def open_journal(path: Path) -> Book:
    """The journal of the project, made where there is none. Raises HarnessError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HarnessError(f"the journal {path} can't be written: {error.strerror}; nothing was sent") from None
    return open_book(path)


async def _play(
    turns: Sequence[Turn],
    seed: int,
    at_once: int,
    sink: EventSink,
    journal: Book,
    played: Played,
    provoked: Mapping[str, Provocation],
    batch: NextBatch,
) -> None:
    cells = cells_of(turns)
    async with Session(cells, seed=seed, sink=sink, kept=KeptRuns(journal, seed)) as session:
        await check_reach(session, cells)
        for cell, provocation in provoked.items():
            session.provoke(cell, provocation)
        with _interruptible(session, played):
            while not played.interrupted and (chosen := batch(played)):
                await session.play_all(chosen, at_once=at_once)


def _all_at_once(turns: Sequence[Turn]) -> NextBatch:
    batches = iter([turns])
    return lambda _played: next(batches, ())


def cells_of(turns: Sequence[Turn]) -> list[CellPlan]:
    """The cells that the turns are played on, each once."""
    return list({part.cell.name: part.cell for turn in turns for part in turn.parts}.values())


@contextmanager
def _interruptible(session: Session, played: Played) -> Iterator[None]:
    """The first Ctrl-C (or SIGTERM) begins no further run and lets money come home; the second one stops at once."""
    loop = asyncio.get_running_loop()
    playing = asyncio.current_task()
    assert playing is not None

    def stop() -> None:
        if played.interrupted:
            playing.cancel()
            return
        played.interrupted = True
        say("stopping: the runs that have begun play on, so that their money comes home; once more stops at once")
        session.stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    try:
        yield
    except asyncio.CancelledError:
        playing.uncancel()
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
            signal.signal(number, signal.default_int_handler)
