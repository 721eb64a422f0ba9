"""The base of all law machines: a Hypothesis state machine over one play, judged after every step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from hypothesis.stateful import RuleBasedStateMachine, invariant

from synthetic.contracts.laws.findings import BrokenLawsError, Finding
from synthetic.core.secrets import Redactor


class Play(Protocol):
    """One play against the examined side: what its rules do is its own; what comes of it is the same for all."""

    @property
    def redactor(self) -> Redactor:
        """Masks what must not be shown."""

    def findings(self) -> tuple[Finding, ...]:
        """The laws that are broken so far."""

    def end(self) -> None:
        """Wait for what is still to come, bring the money home."""


P = TypeVar("P", bound=Play)


class LawMachine(RuleBasedStateMachine, Generic[P]):
    """A state machine over a play. A machine of a boundary adds its rules, each of which does one thing with `self.play`."""

    def __init__(self, begin: Callable[[], P]) -> None:
        super().__init__()
        self.play = begin()

    @invariant()
    def laws_hold(self) -> None:
        """Nothing that has been seen so far breaks a law."""
        self._judge()

    def teardown(self) -> None:
        """End the play, and judge what came at the end. Its money is brought home even where a law is broken."""
        self.play.end()
        self._judge()

    def _judge(self) -> None:
        found = self.play.findings()
        if found:
            raise BrokenLawsError(found, self.play.redactor)
