"""What a checker answers: findings, each with the shortest piece of evidence that breaks the law."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from synthetic.core.history import History
from synthetic.core.outcome import Blame


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach of a law. `evidence`: the lines of the history that show it, for a person."""

    message: str
    blame: Blame
    evidence: tuple[str, ...] = ()


Judge = Callable[[History], tuple[Finding, ...] | None]
"""Findings; none if the law holds; None if the history has not the evidence to say."""


@dataclass(frozen=True, slots=True)
class Check:
    """A named law. `invariants` are its numbers in the domain reference."""

    name: str
    invariants: tuple[int, ...]
    law: str
    judge: Judge
