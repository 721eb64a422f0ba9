"""What a checker answers: findings, each of one breach. The history's shortest piece that shows it comes from `shortest`."""

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
"""Findings; none if the law holds; None if the history has not the evidence to say. It never raises, whatever the history."""


@dataclass(frozen=True, slots=True)
class Check:
    """A named law. `invariants` are its numbers in the domain reference, none for a law that is not among them.

    `cause`: it is no law of its own, but says why something did not come about (who was told, whose clock is off). It
    decides whom a failed step is blamed on, and is silent where a law is broken (`core/blame.py`).
    `own`: it proves that the harness itself did it, so nothing else that the run shows can be held against the target.
    """

    name: str
    invariants: tuple[int, ...]
    law: str
    judge: Judge
    cause: bool = False
    own: bool = False


def platform(message: str) -> Finding:
    """A breach that is the platform's."""
    return Finding(message, Blame.PLATFORM)
