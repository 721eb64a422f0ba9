"""A history as lines for people: one for each fact, and below a statement one for each of its lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, fields

from synthetic.core.history.entries import DoubleEntryLine, LedgerEntry, OpenItem, PspEntry, PspEvent, SinkRow
from synthetic.core.history.facts import FACTS, Fact, Told
from synthetic.core.history.history import History
from synthetic.core.outcome import StepOutcome

Line = DoubleEntryLine | LedgerEntry | OpenItem | PspEntry | PspEvent | SinkRow

_OWN = {field.name for field in fields(Told)} | {"entries"}
_NAMES = {made: kind.replace("_", " ") for kind, made in FACTS.items()}


def lines_of(history: History) -> tuple[str, ...]:
    """All of it, in order: the facts with their lines, and what the run itself asked for."""
    told = [line for fact in history.facts for line in _told(fact)]
    told += [f"a bet of {stake} was sent, and never answered" for stake in history.unknown_stakes]
    told += [
        f"step {moved.step} moved {moved.amount} ({moved.kind}, {moved.direction}) under {moved.key}: {moved.outcome}"
        for moved in history.moved
    ]
    return tuple(told)


def line_of(fact: Fact) -> str:
    """A fact as one line: its step, its kind, its fields as far as they are told, and how it ended."""
    told = [_field(name, value) for name, value in _given(fact) if name not in _OWN]
    what = ", ".join([_NAMES[type(fact)], *told])
    ending = (
        "" if fact.outcome is StepOutcome.DONE else f" ({fact.outcome}{': ' if fact.refusal else ''}{fact.refusal})"
    )
    return f"step {fact.step}: {what}{ending}" if fact.step else f"{what}{ending}"


def _told(fact: Fact) -> Iterator[str]:
    yield line_of(fact)
    for entry in getattr(fact, "entries", ()):
        yield f"  {entry_line(entry)}"


def entry_line(entry: Line) -> str:
    """A line of a statement: `ledger e1: bet -0.20 EUR for b1`."""
    match entry:
        case LedgerEntry():
            bucket = "" if entry.bucket == "cash" else f", in {entry.bucket}"
            after = "" if entry.balance_after is None else f", then {entry.balance_after}"
            key = f", key {entry.key}" if entry.key else ""
            return f"ledger {entry.id}: {entry.kind} {entry.amount} for {entry.reference}{bucket}{after}{key}"
        case PspEntry():
            fee = "" if entry.fee is None else f", fee {entry.fee}"
            key = f", key {entry.key}" if entry.key else ""
            return f"psp {entry.id}: {entry.kind} {entry.amount} for {entry.reference}{fee}{key}"
        case PspEvent():
            signed = "" if entry.signature == "good" else f", {entry.signature} signature"
            age = "" if entry.age_s is None else f", {entry.age_s} s before"
            return f"event {entry.id}: {entry.event} for {entry.reference}, answered {entry.status or 'never'}{signed}{age}"
        case DoubleEntryLine():
            return f"journal {entry.entry}: {entry.amount} on {entry.account}"
        case OpenItem():
            return f"open {entry.kind} {entry.reference}: {entry.amount}"
        case SinkRow():
            return f"row {entry.id}" + (f" for {entry.reference}" if entry.reference else "")


def _given(fact: Fact) -> Iterator[tuple[str, object]]:
    """The fields that say more than their default."""
    for field in fields(fact):
        value = getattr(fact, field.name)
        if field.default is MISSING or value != field.default:
            yield field.name, value


def _field(name: str, value: object) -> str:
    return f"{name.replace('_', ' ')} {value}"
