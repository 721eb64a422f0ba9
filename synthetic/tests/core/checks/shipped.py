"""The histories that ship in `fixtures/histories/`: good, bad and undecided cases of every law."""

from __future__ import annotations

from functools import cache

from synthetic.config.histories import HistoryCase, load_histories
from synthetic.config.shipped import shipped_root
from synthetic.core.checks import CHECKS


@cache
def shipped_cases() -> tuple[HistoryCase, ...]:
    """All of them, in order of their files."""
    files = sorted((shipped_root() / "fixtures" / "histories").glob("*.yaml"))
    return tuple(case for file in files for case in load_histories(file, known_checks=frozenset(CHECKS)))
