"""One kind of bad input: what the target does, what we say of it, and what it may cost. docs/bad-input.md has a row for each."""

from __future__ import annotations

from dataclasses import dataclass

from synthetic.tests.drivers.servers import Behaviour

MB = 1_000_000


@dataclass(frozen=True)
class Case:
    """`name` is its row in the documentation; `says` a pattern that the one finding's reason has to match.

    The bounds are of a whole run: log-in, the spoilt step, evidence, look-up and undo. `timeout_s` is that of the mapping, longer
    where a limit has to end the answer, however slow the machine is.
    """

    name: str
    does: Behaviour | bytes
    says: str
    took_s_max: float = 4.0
    peak_mb_max: int = 16
    timeout_s: float = 0.4

    def __str__(self) -> str:
        return self.name.replace(" ", "-")
