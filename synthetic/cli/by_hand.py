"""What people do with money from a command line, as the audit keeps it: under their name, in the chain `operators`."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from synthetic.audit.chain import Chain
from synthetic.audit.log import AuditLog
from synthetic.audit.places import OPERATORS
from synthetic.audit.trail import AuditedJournal, AuditTrail
from synthetic.cli.screen import say
from synthetic.core.effects import Intent
from synthetic.core.events import Event
from synthetic.core.ports import EventSink, Journal
from synthetic.journal.book import Book
from synthetic.journal.model import Caps, Lease
from synthetic.journal.run_journal import RunJournal

WRITTEN_WITHIN_S = 10.0


MakeJournal = Callable[[Book, Lease, Sequence[Caps]], Journal]


@dataclass(frozen=True, slots=True)
class Witness:
    """Who hears of events, and of which kind the journals are that tell of money."""

    sink: EventSink
    journal: MakeJournal


def audited(trail: AuditTrail) -> MakeJournal:
    """Journals of runs that tell the audit, also of what an earlier process had intended for the same run."""

    def make(book: Book, lease: Lease, caps: Sequence[Caps]) -> Journal:
        def earlier() -> list[Intent]:
            return [entry.intent for entry in book.effects_of(lease.run_id)]

        return AuditedJournal(RunJournal(book, lease, caps), trail, earlier)

    return make


@contextmanager
def witnessed(folder: Path | None) -> Iterator[Witness]:
    """Keep in the audit what happens meanwhile; None: nobody hears of it. Where it can't be written that is said at the end."""
    if folder is None:
        yield Witness(_heard_by_nobody, RunJournal)
        return
    with AuditLog(lambda: Chain(folder, OPERATORS), retry_s=0.2) as log:
        trail = AuditTrail(log.note, f"user:{own_name()}")
        yield Witness(trail, audited(trail))
        if not log.flush(WRITTEN_WITHIN_S):
            say(f"not in the audit: {log.failed or 'it could not be written in time'}", style="yellow")


def own_name() -> str:
    """The user's name; a container's user often has none, and then it is the number."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid-{os.getuid()}"


def _heard_by_nobody(_event: Event) -> None:
    return
