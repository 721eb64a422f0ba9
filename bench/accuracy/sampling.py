"""What a client measured: for each answer the error of its latency, and whether the client itself said that it is worth nothing."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

WARM_UP_S = 1.5
"""Journeys begin one after the other within it, and what is measured in it does not count: connections are opened then."""
OVER_WITHIN_S = 60.0
"""How long what is under way at the end may take."""
CALL_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Task:
    """What a client has to do: journeys against a server, so many at once, for so long. `cells_file` has a player for each."""

    url: str
    cells_file: Path
    at_once: int
    for_s: float

    @classmethod
    def of(cls, arguments: Sequence[str]) -> Task:
        """From the command line of a client's process."""
        parser = argparse.ArgumentParser()
        parser.add_argument("url")
        parser.add_argument("cells_file", type=Path)
        parser.add_argument("at_once", type=int)
        parser.add_argument("for_s", type=float)
        return cls(**vars(parser.parse_args(arguments)))

    def command(self, module: str) -> list[str]:
        """The process that does it with a client of ours or of others."""
        return [sys.executable, "-m", module, self.url, str(self.cells_file), str(self.at_once), str(self.for_s)]

    def begins_after_s(self, number: int) -> float:
        """When the journeys of one player begin."""
        return WARM_UP_S * number / self.at_once


@dataclass(slots=True)
class Samples:
    """For each answer its number and the error in nanoseconds (measured minus true); those that the client calls tainted apart."""

    errors_ns: list[tuple[int, int]] = field(default_factory=list)
    tainted_ns: list[tuple[int, int]] = field(default_factory=list)
    journeys: int = 0
    failed: int = 0
    _since_ns: int = field(default_factory=time.monotonic_ns)

    def add(self, latency_ns: int, truth: tuple[int, int], *, tainted: bool = False) -> None:
        """Take one answer and what it said of itself (`truth_of`); not before the warm-up is over."""
        if time.monotonic_ns() - self._since_ns > WARM_UP_S * 1e9:
            true_ns, number = truth
            (self.tainted_ns if tainted else self.errors_ns).append((number, latency_ns - true_ns))

    def tell(self) -> None:
        """Print what was measured, for `told`."""
        print(json.dumps([self.errors_ns, self.tainted_ns, self.journeys, self.failed, time.process_time()]))


@dataclass(frozen=True, slots=True)
class Told:
    """What a client's process said, its errors in milliseconds and sorted. `doubtful`: how many the server can't vouch for."""

    errors_ms: list[float]
    tainted_ms: list[float]
    journeys: int
    failed: int
    cpu_s: float
    doubtful: int = 0

    @classmethod
    def read(cls, text: str, doubtful: frozenset[int] = frozenset()) -> Told:
        """The last line of a client's output. Answers of which the server itself does not know when they left prove nothing."""
        errors_ns, tainted_ns, journeys, failed, cpu_s = json.loads(text.strip().splitlines()[-1])
        errors, tainted = (
            sorted(ns / 1e6 for number, ns in some if number not in doubtful) for some in (errors_ns, tainted_ns)
        )
        left_out = len(errors_ns) + len(tainted_ns) - len(errors) - len(tainted)
        return cls(errors, tainted, journeys, failed, cpu_s, left_out)

    @property
    def tainted_share(self) -> float:
        """How much of what was measured the client takes back."""
        every = len(self.errors_ms) + len(self.tainted_ms)
        return len(self.tainted_ms) / every if every else 0.0

    def beyond(self, limit_ms: float) -> int:
        """How many untainted samples are off by more than that."""
        return sum(abs(error) > limit_ms for error in self.errors_ms)
