"""What is known of each law in the end: held, broken, or not testable, with the exchanges that show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from synthetic.conformance.stories import Exchange
from synthetic.core.secrets import Redactor


class Standing(StrEnum):
    """How a law stands at this endpoint."""

    HELD = "held"
    BROKEN = "broken"
    NOT_TESTABLE = "not testable"


@dataclass(frozen=True, slots=True)
class Ruling:
    """One law's standing. `law` is its sentence, `number` that of domain reference 6 (0: the law of another document).

    `missed`: it is not testable though nothing was left out that it needs (see `NotTried`).
    """

    name: str
    number: int
    law: str
    standing: Standing
    message: str = ""
    shown_by: tuple[Exchange, ...] = ()
    took_ms: float = 0.0
    missed: bool = False

    @property
    def title(self) -> str:
        """`14 concurrent-duplicates`."""
        return f"{self.number} {self.name}" if self.number else self.name


@dataclass(frozen=True, slots=True)
class Report:
    """A whole examination. `knobs` are the allowed differences that were found, `remarks` what a person should know of it."""

    subject: str  # "wallet hub88", "psp intents"
    url: str
    started_at: datetime
    took_s: float
    requests: int
    rulings: tuple[Ruling, ...]
    redactor: Redactor = field(repr=False)
    knobs: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    def having(self, standing: Standing) -> tuple[Ruling, ...]:
        """The rulings of one standing."""
        return tuple(ruling for ruling in self.rulings if ruling.standing is standing)

    @property
    def broken(self) -> tuple[Ruling, ...]:
        """The laws that are broken."""
        return self.having(Standing.BROKEN)

    @property
    def missed(self) -> tuple[Ruling, ...]:
        """Those that were not tried, for want of time, requests or plain answers."""
        return tuple(ruling for ruling in self.rulings if ruling.missed)
