"""The shortest piece of a history that still breaks a law: what a person has to look at.

Facts, lines of statements and movements are taken away, in halves first and one by one in the end (delta debugging: Zeller and
Hildebrandt, 2002), as long as the same finding stays. A statement's line is taken out of every statement at once, so
that nothing looks new that is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from synthetic.core.checks.finding import Check, Finding
from synthetic.core.history import Fact, History
from synthetic.core.history.telling import lines_of

WORK_MAX = 60_000
"""Parts that are judged, over all tries: some milliseconds, or tens of them where a statement has thousands of lines."""

LINES_MAX = 40

Part = tuple[Any, ...]
"""The name of something that can be taken away: a fact, a line of a kind of statement, a movement, an unknown stake."""


def show(check: Check, history: History, finding: Finding) -> Finding:
    """The finding with its evidence: the lines of the shortest piece, at most 40 of them."""
    lines = lines_of(shortest(check, history, finding))
    if len(lines) > LINES_MAX:
        lines = (*lines[: LINES_MAX - 1], f"... and {len(lines) - LINES_MAX + 1} lines more")
    return replace(finding, evidence=lines)


def shortest(check: Check, history: History, finding: Finding, *, work_max: int = WORK_MAX) -> History:
    """A history without whatever can be spared one by one. Bounded: after so much work it stays as long as it is."""
    return _Shortening(check, history, finding, work_max).shortened()


class _Shortening:
    def __init__(self, check: Check, history: History, finding: Finding, work_max: int) -> None:
        self._check, self._history, self._finding = check, history, finding
        self._left = work_max
        self._parts: list[Part] = list(dict.fromkeys(_parts_of(history)))

    def shortened(self) -> History:
        size = max(1, len(self._parts) // 2)
        while self._left > 0:
            spared = self._spare(size)
            if size == 1 and not spared:
                break
            size = max(1, size // 2)
        return _with(self._history, self._parts)

    def _spare(self, size: int) -> bool:
        """Take every run of `size` parts away that can be spared; whether there was any."""
        spared, start = False, 0
        while start < len(self._parts) and self._left > 0:
            rest = self._parts[:start] + self._parts[start + size :]
            if self._is_broken(rest):
                self._parts, spared = rest, True
            else:
                start += size
        return spared

    def _is_broken(self, parts: Sequence[Part]) -> bool:
        """Whether the same finding stays."""
        self._left -= len(parts) + 1
        wanted = (self._finding.message, self._finding.blame)
        found = self._check.judge(_with(self._history, parts)) or ()
        return any((finding.message, finding.blame) == wanted for finding in found)


def _parts_of(history: History) -> Iterator[Part]:
    for index, fact in enumerate(history.facts):
        yield ("fact", index)
        yield from _lines_of(index, fact)
    yield from (("moved", index) for index in range(len(history.moved)))
    yield from (("stake", index) for index in range(len(history.unknown_stakes)))


def _lines_of(index: int, fact: Fact) -> Iterator[Part]:
    """The names of a statement's lines: the same in all statements of its kind, where lines have ids."""
    for position, entry in enumerate(getattr(fact, "entries", ())):
        id_ = getattr(entry, "id", None)
        yield ("line", index, position) if id_ is None else ("line", type(fact), getattr(fact, "psp", ""), id_)


def _with(history: History, parts: Sequence[Part]) -> History:
    """The history with these parts only."""
    kept = set(parts)
    facts = tuple(_trimmed(index, fact, kept) for index, fact in enumerate(history.facts) if ("fact", index) in kept)
    moved = tuple(one for index, one in enumerate(history.moved) if ("moved", index) in kept)
    stakes = tuple(one for index, one in enumerate(history.unknown_stakes) if ("stake", index) in kept)
    return replace(history, facts=facts, moved=moved, unknown_stakes=stakes)


def _trimmed(index: int, fact: Fact, kept: set[Part]) -> Fact:
    if not hasattr(fact, "entries"):
        return fact
    names = list(_lines_of(index, fact))
    entries = tuple(entry for entry, name in zip(fact.entries, names, strict=True) if name in kept)
    whole = len(entries) == len(fact.entries)
    return fact if whole else replace(fact, entries=entries)  # type: ignore[arg-type]  # lines of its own kind
