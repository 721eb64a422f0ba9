"""What an examination answers: a law that is broken, the sentence that says how, and the exchanges that show it."""

from __future__ import annotations

from dataclasses import dataclass

from synthetic.conformance.stories import Exchange
from synthetic.conformance.telling import exchange_lines
from synthetic.core.secrets import Redactor


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach. `law` is the name of a check of `synthetic.core.checks`, or of a law of this package that has none there."""

    law: str
    sentence: str
    exchanges: tuple[Exchange, ...] = ()

    def lines(self, redactor: Redactor) -> tuple[str, ...]:
        """The finding for a person: the sentence, then each exchange."""
        shown = (f"  {line}" for one in self.exchanges for line in exchange_lines(one, redactor))
        return (f"{self.law}: {redactor.redact(self.sentence)}", *shown)


@dataclass(frozen=True, slots=True)
class Examined:
    """What an examination found. `seed` repeats it; `examples` is how many random plays there were, `requests` what they asked."""

    subject: str
    seed: int
    examples: int
    requests: int
    findings: tuple[Finding, ...]
    redactor: Redactor

    @property
    def laws(self) -> frozenset[str]:
        """The names of the laws that are broken."""
        return frozenset(finding.law for finding in self.findings)

    def told(self) -> str:
        """The findings and how to see them again."""
        head = f"{self.subject}: {len(self.findings)} laws broken, seed {self.seed}, {self.requests} requests"
        return "\n".join([head, *(line for finding in self.findings for line in finding.lines(self.redactor))])


class BrokenLawsError(AssertionError):
    """A play broke laws: what a state machine raises, so that Hypothesis makes the play shorter. The message has them all."""

    def __init__(self, findings: tuple[Finding, ...], redactor: Redactor) -> None:
        super().__init__("\n".join(line for finding in findings for line in finding.lines(redactor)))
        self.findings = findings
