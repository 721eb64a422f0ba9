"""Money that nobody has settled: what earlier runs left open in the journal, and what this session did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from synthetic.cli.screen import say
from synthetic.core.events import Event, RunStarted
from synthetic.core.money import Money
from synthetic.core.outcome import IntentState
from synthetic.journal.entry import JournalEntry

_MEANINGS = {
    IntentState.INTENT: "its request may have left",
    IntentState.DONE: "it has happened, and its run was cut off",
    IntentState.UNKNOWN: "it may have happened, or may yet",
    IntentState.STUCK: "it could not be undone",
}


def tell_earlier(left: Sequence[JournalEntry], journal: Path) -> None:
    """One line on what the journal has open before anything is played; none where there is nothing."""
    if left:
        hint = "`synthetic sweep` brings home what no run is at any more"
        say(f"the journal {journal} holds {_counted(left)} of earlier runs: {_sums(left)}; {hint}", style="yellow")


def tell_left(left: Sequence[JournalEntry], journal: Path) -> None:
    """What this session leaves open, each on its line."""
    if not left:
        return
    kept = f"the journal {journal} keeps them; `synthetic sweep` tries to bring them home"
    say(f"MONEY STRANDED: {_counted(left)}, {_sums(left)}; {kept}", style="bold red")
    for entry in left:
        what = entry.intent
        where = f"run {what.run_id}  on {what.cell}  player {what.player}"
        say(f"  {what.amount}  step {what.step}  {where}  {entry.state}: {_MEANINGS[entry.state]}", style="red")


def left_by(events: Iterable[Event], left: Iterable[JournalEntry]) -> list[JournalEntry]:
    """Those open effects that belong to the runs which began in these events, whether or not they came to an end."""
    own = {event.run_id for event in events if isinstance(event, RunStarted)}
    return [entry for entry in left if entry.intent.run_id in own]


def _counted(left: Sequence[JournalEntry]) -> str:
    return f"{len(left)} open {'effect' if len(left) == 1 else 'effects'}"


def _sums(left: Iterable[JournalEntry]) -> str:
    return sums(entry.intent.amount for entry in left)


def sums(amounts: Iterable[Money]) -> str:
    """`1.20 EUR, 300 JPY`."""
    minor: Counter[str] = Counter()
    for amount in amounts:
        minor[amount.currency] += amount.minor
    return ", ".join(str(Money(minor[currency], currency)) for currency in sorted(minor))
