"""The shortest piece of a history that still breaks a law: what a person has to look at.

Facts, lines of statements and movements are taken away, in halves first and one by one in the end (delta debugging: Zeller and
Hildebrandt, 2002), as long as the same finding stays. A statement's line is taken out of every statement at once, so
that nothing looks new that is not; of a long statement the lines that were there all the time go together, or stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from synthetic.core.checks.finding import Check, Finding
from synthetic.core.history import Fact, History
from synthetic.core.history.telling import lines_of

WORK_MAX = 15_000
"""Facts and lines that are judged, over all tries: some milliseconds, for it happens where other runs are being measured."""

LINES_MAX = 40
OLD_LINES_MAX = 40

Part = tuple[Any, ...]
"""The name of something that can be taken away: a fact, a line of a kind of statement, a movement, an unknown stake."""

Kind = tuple[type, str]
"""A kind of statement whose lines have ids, and whose it is."""


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
        self._old = _old_lines(history)
        self._parts: list[Part] = list(dict.fromkeys(self._parts_of()))

    def shortened(self) -> History:
        size = max(1, len(self._parts) // 2)
        self._spare_old_lines()
        while self._left > 0:
            spared = self._spare(size)
            if size == 1 and not spared:
                break
            size = max(1, size // 2)
        return self._with(self._parts)

    def _spare_old_lines(self) -> None:
        """Try at once without what was there all the time: whatever is tried then is cheap."""
        rest = [part for part in self._parts if part[0] != "old"]
        if len(rest) < len(self._parts) and self._is_broken(rest):
            self._history, self._old = self._with(rest), {}
            self._parts = list(dict.fromkeys(self._parts_of()))

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
        tried = self._with(parts)
        self._left -= 1 + sum(1 + len(getattr(fact, "entries", ())) for fact in tried.facts)
        wanted = (self._finding.message, self._finding.blame)
        return any((finding.message, finding.blame) == wanted for finding in self._check.judge(tried) or ())

    def _parts_of(self) -> Iterator[Part]:
        history = self._history
        for index, fact in enumerate(history.facts):
            yield ("fact", index)
            yield from self._lines_of(index, fact)
        yield from (("moved", index) for index in range(len(history.moved)))
        yield from (("stake", index) for index in range(len(history.unknown_stakes)))

    def _lines_of(self, index: int, fact: Fact) -> Iterator[Part]:
        """The names of a statement's lines: the same in all statements of its kind, where lines have ids."""
        kind = _kind(fact)
        old = self._old.get(kind, frozenset())
        for position, entry in enumerate(getattr(fact, "entries", ())):
            id_ = getattr(entry, "id", None)
            yield ("old", *kind) if id_ in old else ("line", index, position) if id_ is None else ("line", *kind, id_)

    def _with(self, parts: Sequence[Part]) -> History:
        """The history with these parts only."""
        kept, history = set(parts), self._history
        facts = (
            self._trimmed(index, fact, kept) for index, fact in enumerate(history.facts) if ("fact", index) in kept
        )
        moved = (one for index, one in enumerate(history.moved) if ("moved", index) in kept)
        stakes = (one for index, one in enumerate(history.unknown_stakes) if ("stake", index) in kept)
        return replace(history, facts=tuple(facts), moved=tuple(moved), unknown_stakes=tuple(stakes))

    def _trimmed(self, index: int, fact: Fact, kept: set[Part]) -> Fact:
        if not hasattr(fact, "entries"):
            return fact
        names = self._lines_of(index, fact)
        entries = tuple(entry for entry, name in zip(fact.entries, names, strict=True) if name in kept)
        whole = len(entries) == len(fact.entries)
        return fact if whole else replace(fact, entries=entries)  # type: ignore[arg-type]  # lines of its own kind


def _old_lines(history: History) -> Mapping[Kind, frozenset[str]]:
    """The ids that every statement of a kind has, where there are many of them."""
    told: dict[Kind, list[frozenset[str]]] = {}
    for fact in history.facts:
        if hasattr(fact, "entries"):
            ids = (getattr(entry, "id", None) for entry in fact.entries)
            told.setdefault(_kind(fact), []).append(frozenset(id_ for id_ in ids if id_ is not None))
    old = {kind: frozenset.intersection(*every) for kind, every in told.items()}
    return {kind: ids for kind, ids in old.items() if len(ids) > OLD_LINES_MAX}


def _kind(fact: Fact) -> Kind:
    return type(fact), str(getattr(fact, "psp", ""))
