"""What `python -m bench` can run: a benchmark with a bounded number of rounds, or a program of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bench.results import Result


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One benchmark. `run` gets how many rounds to play; `counts` says what one round is."""

    name: str
    title: str
    counts: str
    rounds: int
    rounds_max: int
    run: Callable[[int], Result]


@dataclass(frozen=True, slots=True)
class Program:
    """A benchmark that is `python -m bench.NAME`: it keeps its own result, and its exit code is 1 where a bar is missed."""

    name: str
    title: str

    @property
    def module(self) -> str:
        """What is started."""
        return f"bench.{self.name}"
