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
    """A named law. `invariants` are its numbers in the domain reference.

    `cause`: it is no law of its own, but says why something did not come about (who was told, whose clock is off). It
    decides whom a failed step is blamed on, and is silent where a law is broken (`core/blame.py`).
    """

    name: str
    invariants: tuple[int, ...]
    law: str
    judge: Judge
    cause: bool = False
