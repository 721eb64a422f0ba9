"""`examine`: one boundary, its fixed tour through every rule, then random plays from a seed; the laws that are broken come back."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import seed as seeded
from hypothesis.errors import Flaky
from hypothesis.stateful import run_state_machine_as_test

from synthetic.conformance.stories import NotTestable
from synthetic.contracts.laws.findings import BrokenLawsError, Examined, Finding
from synthetic.contracts.laws.machine import LawMachine, P, Play
from synthetic.core.secrets import Redactor

UNREADABLE = "answers-can-be-read"
EXAMPLES, STEPS = 4, 15

Q_co = TypeVar("Q_co", bound=Play, covariant=True)


class Opened(Protocol[Q_co]):
    """The examined side, connected to."""

    def begin(self) -> Q_co:
        """A new play, with fresh ids."""

    @property
    def requests(self) -> int:
        """How many requests have been sent so far."""


class Target(Protocol[P]):
    """Who is examined, and how: its address and keys, the machine of its boundary, and the tour through all of its rules."""

    @property
    def name(self) -> str:
        """As a report calls it: `wallet hub88`."""

    def opened(self) -> AbstractContextManager[Opened[P]]:
        """Connect."""

    def machine(self, begin: Callable[[], P]) -> LawMachine[P]:
        """A machine over a new play."""

    def tour(self, play: P) -> None:
        """Every rule once, in an order that lets each law be judged."""


def examine(
    target: Target[P], *, seed: int = 0, examples: int = EXAMPLES, steps: int = STEPS, tour: bool = True
) -> Examined:
    """Examine a target. Ends at the first play that breaks a law; the tour is the first. Raises TargetUnreachable.

    The same seed chooses the same rules; ids are fresh each time, since the other side remembers them. 0 examples: the tour only.
    """
    with target.opened() as opened:
        try:
            play = opened.begin()
        except NotTestable as stuck:
            return Examined(target.name, seed, 0, opened.requests, (Finding(UNREADABLE, str(stuck)),), Redactor())
        found, played = (tour_findings(target, play) if tour else ()), 0
        if not found and examples:
            found, played = _random_findings(
                target, opened, seed, settings(quiet(), max_examples=examples, stateful_step_count=steps)
            )
        return Examined(target.name, seed, played, opened.requests, found, play.redactor)


def tour_findings(target: Target[P], play: P) -> tuple[Finding, ...]:
    """What the fixed tour finds. A side whose answers let it go no further has broken a law, too."""
    try:
        target.tour(play)
        play.end()
    except NotTestable as stuck:
        return play.findings() or (Finding(UNREADABLE, str(stuck)),)
    return play.findings()


def quiet() -> settings:
    """Settings of an examination: from its seed alone, without a database, without making what it found shorter."""
    return settings(
        database=None,
        deadline=None,
        derandomize=False,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )


def check_laws(
    target: Target[P], opened: Opened[P], *, seed: int | None = None, within: settings | None = None
) -> None:
    """Random plays as a test: raises BrokenLawsError, with the shortest play that shows it where the settings shrink."""

    def factory() -> LawMachine[P]:
        return target.machine(opened.begin)

    run_state_machine_as_test(factory if seed is None else seeded(seed)(factory), settings=within)  # type: ignore[arg-type] # a function will do


def _random_findings(
    target: Target[P], opened: Opened[P], seed: int, within: settings
) -> tuple[tuple[Finding, ...], int]:
    """What random plays find first, and how many there were."""
    plays: list[P] = []

    def begin() -> P:
        plays.append(opened.begin())
        return plays[-1]

    def factory() -> LawMachine[P]:
        return target.machine(begin)

    try:
        run_state_machine_as_test(seeded(seed)(factory), settings=within)  # type: ignore[arg-type] # a function will do
    except BrokenLawsError as broken:
        return broken.findings, len(plays)
    except NotTestable as stuck:
        return (Finding(UNREADABLE, str(stuck)),), len(plays)
    except Flaky:  # what was seen once is broken, even where the next play does not show it
        return next((found for play in plays if (found := play.findings())), ()), len(plays)
    return (), len(plays)
